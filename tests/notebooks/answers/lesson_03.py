"""What a good pupil writes instead of the dots of lesson 03, and what many write at first.

They run after the lesson has put everything back and logged out, so they begin with a world of their own.
"""

SOLUTIONS = [
    'check("03.1", xa.AvatarSet.from_image(photo, crop=face, size=64, max_bytes=5000))',
    """
with xa.connect(sandbox="pair") as anew:
    done = anew.publish(avatar, access_model="presence")
    planned = anew.publish(avatar, access_model="presence", dry_run=True)
    unsaid = anew.publish(avatar)
check("03.2", done)
""",
    """
from xavatar.sandbox import sandbox
with sandbox(replace(pair, options=Options(conversion=False, injection=False))) as old, xa.connect(sandbox=old) as anew:
    cautions = anew.plan(avatar).cautions
check("03.3", cautions[0].rule)
""",
]
MISTAKES = [
    ('check("03.1", xa.AvatarSet.from_image(photo, size=64, max_bytes=5000))', "a boat"),
    ('check("03.1", xa.AvatarSet.from_image(photo, crop=face, size=64))', "fewer colours"),
    ('check("03.1", xa.AvatarSet.from_image(photo, crop=face, size=48, max_bytes=5000))', "48 pixels a side"),
    ('check("03.1", photo)', "not what was asked for"),
    ('check("03.2", planned)', "leave dry_run out"),
    ('check("03.2", unsaid)', "left it to the server"),
    ('check("03.3", "P84-24")', "do not belong there"),
]
