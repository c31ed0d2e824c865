"""What a good pupil writes instead of the dots of lesson 08, and what many write at first."""

# The lesson has closed its client by then.
AGAIN = """
box = xa.sandbox("verona")
box.purge_node(ROMEO, METADATA)
login = box.login
security = aioxmpp.make_security_layer(login.password, no_verify=True)
peer = (login.host, login.port, aioxmpp.connector.STARTTLSConnector())
client = aioxmpp.Client(me, security, override_peer=[peer])
avatar = client.summon(xa.AvatarService)
running = AsyncExitStack()
await running.enter_async_context(client.connected())

async def descriptors_of(jid):
    return await avatar.get_avatar_metadata(aioxmpp.JID.fromstr(jid))
"""

SOLUTIONS = [
    f"""{AGAIN}
found = {{jid: await descriptors_of(jid) for jid in seven}}
seen = [jid for jid, each in found.items() if each and type(each[0]).__name__.startswith("VCard")]
check("08.1", seen, df=df, asked=seven)
""",
    """
async def face(jid):
    try:
        chosen = xa.choose(await descriptors_of(jid))
        return None if chosen is None else await chosen.get_image_bytes()
    except RuntimeError:
        return None

check("08.2", {jid: await face(jid) for jid in four}, df=df, asked=four)
""",
    'check("08.3", dict(zip("abcd", ["Session", "AsyncSession", "AvatarService", "attach"])))',
]
MISTAKES = [
    (
        'check("08.1", [*seen, *(jid for jid, each in found.items() if not each)], df=df, asked=seven)',
        "seen by neither",
    ),
    ('check("08.2", {jid: b"" for jid in four}, df=df, asked=four)', "not the image of mercutio"),
    ('check("08.2", dict.fromkeys(four), df=df, asked=four)', "What your `except` catches"),
    ('check("08.3", dict.fromkeys("abcd", "Session"))', "b: fifty logins"),
]
