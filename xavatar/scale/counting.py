"""How many subjects of a fleet break which rule, each counted once."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from xavatar.audit import Audit
from xavatar.audit.audit import SUMMARY
from xavatar.frames.schema import INTEGER, STRING
from xavatar.model import Severity

from .pieces import Judging, Piece, audits, together

_RULE: Final = ["severity", "rule", "title", "xep"]
_SEVERITIES: Final = [severity.value for severity in Severity]


def broken(piece: Piece, judging: Judging) -> pd.DataFrame:
    """Return who breaks which rule how often."""
    return _added(together([breaches(audit) for audit in audits(piece, judging)]), [*_RULE, "jid"])


def breaches(audit: Audit) -> pd.DataFrame:
    """Return the same of one audit."""
    found = audit.findings[[*_RULE, "jid"]]
    found = found.assign(severity=found["severity"].astype(STRING), findings=1).astype({"findings": INTEGER})
    return _added(found, [*_RULE, "jid"])


def per_rule(rows: pd.DataFrame) -> pd.DataFrame:
    """Return subjects and findings of each rule; all rows of a subject are here."""
    once = _added(rows, [*_RULE, "jid"])
    return _added(once.drop(columns="jid").assign(subjects=1).astype({"subjects": INTEGER}), _RULE)[list(PER_RULE)]


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of all partitions as one table, in the order of :attr:`Audit.summary`."""
    total = _added(rows, _RULE)
    total["severity"] = pd.Categorical(total["severity"], categories=_SEVERITIES, ordered=True)
    ascending = [True, False, True]
    return total.sort_values(["severity", "subjects", "rule"], ascending=ascending, ignore_index=True)[list(SUMMARY)]


def _added(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return rows.groupby(by, sort=False, as_index=False).sum()


def _nothing(*texts: str) -> pd.DataFrame:
    numbers = ("subjects", "findings")
    dtypes: dict[str, Any] = dict.fromkeys(texts, STRING) | dict.fromkeys(numbers, INTEGER)
    return pd.DataFrame({name: pd.array([], dtype=dtype) for name, dtype in dtypes.items()})


PER_RULE: Final = _nothing(*_RULE)
SUMMARY_META: Final = summary(PER_RULE)
