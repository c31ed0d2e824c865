"""What a good pupil writes instead of the dots of lesson 02, and what many write at first."""

SOLUTIONS = [
    'check("02.1", "Capuletta", room=room, me=me)',
    'check("02.2", ["Aliena"], room=room)',
]
MISTAKES = [
    ('check("02.1", "Romeo", room=room, me=me)', "Compare the hashes"),
]
