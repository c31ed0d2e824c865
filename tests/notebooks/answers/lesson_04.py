"""What a good pupil writes instead of the dots of lesson 04, and what many write at first."""

SOLUTIONS = [
    'check("04.1", hashlib.sha1(picture).hexdigest(), picture=picture)',
    'check("04.2", [entry.number for entry in looking if entry.images][0], trace=looking)',
    """
described = f"<info id='{hashlib.sha1(picture).hexdigest()}' bytes='{len(picture)}' type='image/png'/>"
check("04.3", f"<metadata xmlns='urn:xmpp:avatar:metadata'>{described}</metadata>", picture=picture)
""",
]
MISTAKES = [
    ("""
import base64
check("04.1", hashlib.sha1(base64.b64encode(picture)).hexdigest(), picture=picture)
""", "Bytes are what counts"),
    ('check("04.1", "me", picture=picture)', "40 digits"),
    ('check("04.2", 100_000, trace=looking)', "no stanza"),
    ('check("04.2", next(each.number for each in looking if each.direction == "out"), trace=looking)', "comes in"),
    ('check("04.2", next(each.number for each in looking if each.direction == "in"), trace=looking)', "no image in it"),
    ('check("04.3", f"<metadata>{described}</metadata>", picture=picture)', "in the namespace"),
    ('check("04.3", f"<metadata xmlns=\'urn:xmpp:avatar:metadata\'>{described}", picture=picture)', "not one XML"),
    ('check("04.3", metadata, picture=picture)', "`id` is not that"),
]  # fmt: skip
