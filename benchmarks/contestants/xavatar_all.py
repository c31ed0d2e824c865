"""xavatar's blocking session as people use it: PEP, vCard and presence of every contact."""

from __future__ import annotations

from benchmarks.contestants.xavatar_pep import run
from benchmarks.race import report, task

if __name__ == "__main__":
    report(run(task(), ("pep", "vcard", "presence")))
