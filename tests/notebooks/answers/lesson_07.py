"""What a good pupil writes instead of the dots of lesson 07, and what many write at first."""

# The lesson has closed its sessions by then.
BENCH = """
box = xa.sandbox(Scenario("lab", "verona.lit", VALENTINE, cast))
friend = xa.connect(PROTEUS, sandbox=box)
publish(image, info(image), SHA1)
"""

SOLUTIONS = [
    f"""{BENCH}
box.purge_node(VALENTINE, DATA)
check("07.1", friend.diagnose(VALENTINE))
""",
    'publish(image, info(image), SHA1)\ncheck("07.2", friend.diagnose(VALENTINE))',
    'check("07.3", lambda said, heard, held: held != said)',
]
MISTAKES = [
    ('check("07.1", friend.diagnose(VALENTINE))', "this avatar is sound"),
    (
        'box.purge_node(VALENTINE, METADATA)\ncheck("07.1", friend.diagnose(VALENTINE))',
        "empty the *other* node",
    ),
    ('publish(jpeg, info(jpeg), SHA1)\ncheck("07.2", friend.diagnose(VALENTINE))', "is still broken"),
    ('check("07.3", lambda said, heard, held: True)', "a storm"),
    ('check("07.3", lambda said, heard, held: heard != said)', "a storm"),
    ('check("07.3", lambda said, heard, held: False)', "nobody will hear from you"),
]
