"""What a good pupil writes instead of the dots of lesson 01, and what many write at first."""

SOLUTIONS = [
    'check("01.1", pictures["nbytes_real"].sum(), df=a.table)',
    'check("01.2", "sebastian@illyria.lit", df=a.table)',
    """
@rule("X-01", "Tiny", why="Nobody sees it.", advice="Larger.", severity=Severity.ERROR, registry=ours)
def tiny(case):
    for source, reading in case.announced():
        if reading.facts and reading.facts.width and min(reading.facts.width, reading.facts.height) < 16:
            yield Breach("Tiny.", source)
check("01.3", Audit.of(a.snapshot, rules=ours).findings)
""",
]
MISTAKES = [
    ('check("01.1", a.table["nbytes_real"].sum(), df=a.table)', "count each hash once"),
]
