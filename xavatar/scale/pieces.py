"""What a worker does with its share of the snapshots: pure functions from a piece to a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import pandas as pd

from xavatar.audit import Audit
from xavatar.frames.schema import INTEGER, STRING
from xavatar.model import Snapshot
from xavatar.store import Exported

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
Judging: TypeAlias = Mapping[str, Any]
"""Keyword arguments of :meth:`Audit.of`."""


@dataclass(frozen=True, slots=True)
class Head:
    """A snapshot as its export lists it.

    Parameters
    ----------
    export : Exported
    id, account, scope : str
    taken_at : datetime
    complete : bool
    descriptors : int
        Rows of its frame, by which the work is dealt out.
    """

    export: Exported
    id: str
    account: str
    scope: str
    taken_at: datetime
    complete: bool
    descriptors: int

    def load(self) -> Snapshot:
        """Return it with its outcomes."""
        return Snapshot(self.account, self.scope, self.export.outcomes(self.id), self.taken_at, self.complete, self.id)


@dataclass(frozen=True, slots=True)
class Item:
    """A snapshot to judge.

    Parameters
    ----------
    head : Head
    before : Head, optional
        The one before it, of the same account and scope.
    number : int
        Its place in the fleet.
    """

    head: Head
    before: Head | None
    number: int


Piece: TypeAlias = tuple[Item, ...]
"""One partition's work, in the order of the fleet."""


def audits(piece: Piece, judging: Judging) -> Iterator[Audit]:
    """Yield the audits of a piece; a snapshot that the next one follows is read once."""
    last: tuple[Head, Snapshot] | None = None
    for item in piece:
        previous = None
        if item.before is not None:
            previous = last[1] if last is not None and last[0] == item.before else item.before.load()
        snapshot = item.head.load()
        last = (item.head, snapshot)
        yield Audit.of(snapshot, previous=previous, **judging)


def tables(piece: Piece) -> pd.DataFrame:
    """Return the frames."""
    return together([item.head.export.frame(item.head.id) for item in piece])


def people(piece: Piece) -> pd.DataFrame:
    """Return one row per subject of each snapshot, with its verdict."""
    frames = ((item.head.id, item.head.export.frame(item.head.id).xavatar.people()) for item in piece)
    return together([of(id, folded) for id, folded in frames])


def findings(piece: Piece, judging: Judging) -> pd.DataFrame:
    """Return the findings of each snapshot, the heaviest first."""
    return together([of(audit.snapshot.id, audit.findings) for audit in audits(piece, judging)])


def headlines(piece: Piece, judging: Judging) -> pd.DataFrame:
    """Return each snapshot in numbers."""
    return together([headline(audit) for audit in audits(piece, judging)])


def headline(audit: Audit) -> pd.DataFrame:
    """Return one audit in numbers, as a table of one row."""
    told = asdict(audit.headline)
    counts = {str(verdict): number for verdict, number in told.pop("verdicts")}
    subjects = told.pop("subjects")
    snapshot = audit.snapshot
    names = {"snapshot": snapshot.id, "account": snapshot.account, "scope": snapshot.scope}
    dtypes: dict[str, Any] = dict.fromkeys(names, STRING)
    numbers = {"subjects": subjects, "coverage": audit.headline.coverage, **told, **counts}
    dtypes |= {name: INTEGER for name in numbers if name != "coverage"}
    row = {**names, "taken_at": snapshot.taken_at, "complete": snapshot.complete, **numbers}
    dtypes |= {"taken_at": "datetime64[us, UTC]", "complete": "boolean", "coverage": "Float64"}
    return pd.DataFrame([row]).astype(dtypes)


def together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return tables of the same columns and dtypes as one."""
    return pd.concat(parts, ignore_index=True)


def empty(make: Callable[[Audit], pd.DataFrame], judging: Judging = MappingProxyType({})) -> pd.DataFrame:
    """Return what a function makes of an audit of nobody, without its rows: names and dtypes."""
    return make(Audit.of(Snapshot("", "", (), _EPOCH), **judging)).iloc[:0]


def of(id: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a snapshot's id before its columns."""
    table = table.copy(deep=False)
    table.insert(0, "snapshot", pd.Series([id] * len(table), table.index, dtype=STRING))
    return table
