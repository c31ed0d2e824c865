"""What a good pupil writes instead of the dots of lesson 05, and what many write at first."""

SOLUTIONS = [
    'check("05.1", "laptop", me=me)',
    'check("05.2", df.query("source == \'presence\' and status == \'unsupported\'")["jid"].nunique(), df=df)',
]
MISTAKES = [
    ('check("05.2", (df["status"] == "forbidden").sum(), df=df)', "count distinct JIDs"),
]
