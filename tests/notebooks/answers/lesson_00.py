"""What a good pupil writes instead of the dots of lesson 00, and what many write at first."""

SOLUTIONS = [
    'check("00.1", (people["verdict"] == "agrees").sum(), df=df)',
    'check("00.2", df.query("source == \'pep\' and status == \'forbidden\'")["jid"], df=df)',
    'check("00.3", ["abraham@montague.lit"], df=df)',
]
MISTAKES = [
    ('check("00.1", df["agrees"].sum(), df=df)', "Fold them with people()"),
    ('check("00.2", df.loc[df["status"] != "ok", "jid"], df=df)', "do not belong there"),
    ('check("00.3", 1, df=df)', "not what was asked for"),
]
