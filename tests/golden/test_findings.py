"""What the audit of Verona finds, word for word.

A change of rules or words shows in the kept file: ``XAVATAR_GOLDEN=write pytest tests/golden`` writes it anew, and
``git diff`` tells what readers of reports will see.
"""

from __future__ import annotations

import csv
import os
import re
from io import StringIO
from pathlib import Path

import xavatar as xa

KEPT = Path(__file__).with_name("verona-findings.csv")
OWN_RESOURCE = re.compile(r"“[0-9a-f]{8}-[0-9a-f-]+…?”")  # the server's choice, another one each time


def test_the_findings_of_verona() -> None:
    # One is silent, and one late; a picture that a store holds would not be asked for.
    with xa.Store.temporary() as store, xa.connect(sandbox="verona", timeout=4.0, store=store) as session:
        audit = session.audit(progress=False)
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("rule", "severity", "jid", "source", "message", "advice"))
    table.writerows(
        sorted(
            (found.rule, found.severity.value, found.jid, found.source or "", found.message, found.advice)
            for found in audit.results
        )
    )
    told = OWN_RESOURCE.sub("“(this session)”", text.getvalue())
    if os.environ.get("XAVATAR_GOLDEN") == "write":
        KEPT.write_text(told, encoding="utf-8")
    assert told == KEPT.read_text(encoding="utf-8")
