"""What a good pupil writes instead of the dots of lesson 06, and what many write at first."""

SOLUTIONS = [
    """
held = df.dropna(subset="sha1").pivot_table(index="jid", columns="source", values="sha1", aggfunc="first")
both = held[["pep", "vcard"]].dropna()
check("06.1", both.index[both["pep"] != both["vcard"]], df=df)
""",
    'check("06.2", (held["vcard"].notna() & held["pep"].isna()).sum(), df=df)',
    """
with xa.connect(sandbox="verona") as s:
    s.publish(Image.new("RGB", (96, 96), "tan"), access_model="open")
    check("06.3", s.me(progress=False))
""",
]
MISTAKES = [
    ('check("06.1", people.query("verdict == \'diverges\'")["jid"], df=df)', "Compare `sha1`"),
    ('check("06.2", (held["pep"].notna() & held["vcard"].isna()).sum(), df=df)', "the other way round"),
    ('check("06.2", len(people), df=df)', "for whichever reason"),
    (
        """
with xa.connect(sandbox="verona") as s:
    s.publish(Image.new("RGB", (96, 96), "tan"))
    check("06.3", s.me(progress=False))
""",
        "for everybody to see",
    ),
]
