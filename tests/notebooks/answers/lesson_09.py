"""What a good pupil writes instead of the dots of lesson 09, and what many write at first."""

_DAYS = "found=found, monday=monday, tuesday=tuesday"
_DAY = 'set(found[found["snapshot"] == {}][["jid", "rule", "source"]].fillna("").itertuples(index=False, name=None))'

SOLUTIONS = [
    'check("09.1", int(facts.drop_duplicates("sha1")["nbytes"].sum()), facts=facts)',
    'check("09.2", summary.nlargest(1, "subjects")["rule"].iloc[0], summary=summary)',
    f'gone = {_DAY.format("monday")} - {_DAY.format("tuesday")}\ncheck("09.3", {{each[0] for each in gone}}, {_DAYS})',
]
MISTAKES = [
    ('check("09.1", int(facts["nbytes"].sum()), facts=facts)', "counts twice"),
    ('check("09.2", summary["rule"].iloc[0], summary=summary)', "sort by `subjects`"),
    (f'check("09.3", set(found["jid"]), {_DAYS})', "subtract"),
]
