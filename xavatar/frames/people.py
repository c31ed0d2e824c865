"""One row per subject: which picture it has, and what its sources make of it together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

import pandas as pd

from xavatar.model import Kind, Source, Status

from .agreement import EMPTY_SHA1, normalized
from .schema import BOOLEAN, DTYPES, STRING
from .text import plain_rows


class Verdict(StrEnum):
    """What all sources together say about one subject."""

    AGREES = "agrees"
    """Two or more sources announce a picture, and it is the same."""
    DIVERGES = "diverges"
    """Two or more announce one, but not the same, or another source says there is none (A-22)."""
    UNCOMPARED = "uncompared"
    """Two or more announce one, but too little is known to compare, as for a url (A-21)."""
    ONLY_PEP = "only pep"
    """PEP alone announces a picture; clients that know vCards only see none."""
    ONLY_VCARD = "only vcard"
    """The vCard alone announces a picture (A-36)."""
    ANNOUNCED = "announced"
    """A presence carries a hash, but no source has the picture (A-15)."""
    BROKEN = "broken"
    """There is a picture, but nobody is shown it: it is missing (A-09), damaged, not what its id promised (A-02), or
    lies in a vCard while every presence says otherwise (P153-05, P153-17)."""
    HIDDEN = "hidden"
    """Not for this account to see (A-13, P60-01)."""
    UNREACHABLE = "unreachable"
    """No answer, or one that may change: a timeout, a server that is down."""
    DISABLED = "disabled"
    """Switched off on purpose (XEP-0084, 3.5)."""
    NONE = "none"
    """The sources answered, and there is no avatar."""
    UNASKED = "unasked"
    """Nothing was asked."""


SHOWN: Final = frozenset(
    {
        Verdict.AGREES,
        Verdict.DIVERGES,
        Verdict.UNCOMPARED,
        Verdict.ONLY_PEP,
        Verdict.ONLY_VCARD,
    }
)
"""Verdicts with which somebody has an avatar that others can see."""

_SUBJECT: Final = ("jid", "kind", "nick", "name", "groups")
_REAL: Final = ("sha1", "mime_real", "nbytes_real", "width_real", "height_real", "frames", "has_gps", "image_error")
PEOPLE: Final[dict[str, str]] = {
    **{name: DTYPES[name] for name in _SUBJECT},
    "verdict": STRING,
    "agrees": BOOLEAN,
    **{name: DTYPES[name] for name in _REAL},
    **{source.value: STRING for source in Source},
}
"""Columns and dtypes of :func:`people`; those named after a source hold its status."""


class _Row(NamedTuple):
    jid: str
    kind: str
    nick: str | None
    name: str | None
    groups: str | None
    source: str
    status: str
    condition: str | None
    id: str | None
    info_index: int | None
    image_status: str | None
    sha1: str | None
    mime_real: str | None
    nbytes_real: int | None
    width_real: int | None
    height_real: int | None
    frames: int | None
    has_gps: bool | None
    dhash: str | None
    image_error: str | None
    id_is_sha1: bool | None
    hash_ok: bool | None
    agrees: bool | None


def people(table: pd.DataFrame) -> pd.DataFrame:
    """Fold a frame to one row per subject, in order of first appearance.

    Returns
    -------
    pandas.DataFrame
        The subject, a :class:`Verdict`, the best picture's real facts, and per source the
        status (of several resources the one that tells most).
    """
    subjects: dict[str, list[_Row]] = {}
    for cells in plain_rows(table, _Row._fields):
        row = _Row(*cells)
        subjects.setdefault(row.jid, []).append(row)
    folded = [_fold(rows) for rows in subjects.values()]
    columns: Sequence[Sequence[Any]] = list(zip(*folded, strict=True)) or [()] * len(PEOPLE)
    arrays: dict[str, Any] = {}
    for (name, dtype), values in zip(PEOPLE.items(), columns, strict=True):
        kind: Any = dtype
        arrays[name] = pd.array(list(values), dtype=kind)
    return pd.DataFrame(arrays)


def _fold(rows: Sequence[_Row]) -> tuple[Any, ...]:
    first = rows[0]
    best = min(rows, key=_rank)
    real = [getattr(best, name) for name in _REAL] if best.sha1 else [None] * len(_REAL)
    agrees = next((row.agrees for row in rows if row.agrees is not None), None)
    return (
        *(getattr(first, name) for name in _SUBJECT),
        verdict_of(rows).value,
        agrees,
        *real,
        *(_status(rows, source) for source in Source),
    )


_PREFERENCE: Final = {source.value: rank for rank, source in enumerate(Source)}


def _rank(row: _Row) -> tuple[bool, bool, bool, int, int]:
    """Order rows by how fit their picture is to be shown."""
    return (row.sha1 is None, row.dhash is None, row.hash_ok is False, _PREFERENCE[row.source], row.info_index or 0)


_TELLING: Final = {status.value: rank for rank, status in enumerate(Status)}


def _status(rows: Iterable[_Row], source: Source) -> str | None:
    return min((row.status for row in rows if row.source == source), key=_TELLING.__getitem__, default=None)


def _announces(row: _Row) -> bool:
    """Tell whether the row stands for a picture; what a presence carries must look like a hash (A-01)."""
    if row.status != Status.OK or row.nbytes_real == 0:
        return False
    if row.source != Source.PRESENCE:
        return True
    return row.id_is_sha1 is True and row.id is not None and normalized(row.id) != EMPTY_SHA1


_WITHOUT_PICTURE: Final = (
    (Verdict.DISABLED, {Status.DISABLED}),
    (Verdict.HIDDEN, {Status.FORBIDDEN}),
    (Verdict.BROKEN, {Status.MALFORMED}),
    (Verdict.UNREACHABLE, {Status.TIMEOUT, Status.UNAVAILABLE, Status.ERROR}),
    (Verdict.NONE, {Status.EMPTY, Status.NOT_FOUND, Status.UNSUPPORTED, Status.OK}),
)


def verdict_of(rows: Sequence[_Row]) -> Verdict:
    """Return the verdict on one subject's rows."""
    pictures = [row for row in rows if _announces(row)]
    announcing = {row.source for row in pictures}
    asked = {Status(row.status) for row in rows if row.source != Source.PRESENCE}
    if not pictures:
        # An absent presence says nothing while PEP or the vCard answered.
        statuses = asked or {Status(row.status) for row in rows}
        return next((verdict for verdict, those in _WITHOUT_PICTURE if those & statuses), Verdict.UNASKED)
    if announcing == {Source.PRESENCE}:
        return Verdict.HIDDEN if Status.FORBIDDEN in asked else Verdict.ANNOUNCED
    if failure := _failure(pictures, rows):
        return failure
    if len(announcing) == 1:
        return Verdict.ONLY_PEP if Source.PEP in announcing else Verdict.ONLY_VCARD
    agrees = next((row.agrees for row in pictures if row.agrees is not None), None)
    return {True: Verdict.AGREES, False: Verdict.DIVERGES, None: Verdict.UNCOMPARED}[agrees]


def _failure(pictures: Iterable[_Row], rows: Iterable[_Row]) -> Verdict | None:
    """Return why none of the pictures that were asked for can be shown; ``None`` when one can."""
    tried = [row for row in pictures if row.image_status not in (None, Status.SKIPPED)]
    said = [row for row in rows if row.source == Source.PRESENCE and row.kind != Kind.ROOM and _heard(row)]
    if not tried or any(_fit(row, said) for row in tried):
        return None
    reasons = {row.image_status for row in tried}
    if reasons == {Status.FORBIDDEN}:
        return Verdict.HIDDEN
    return Verdict.UNREACHABLE if reasons <= {Status.TIMEOUT, Status.UNAVAILABLE} else Verdict.BROKEN


def _heard(row: _Row) -> bool:
    return row.status in (Status.OK, Status.EMPTY, Status.UNSUPPORTED) or row.condition == "not-ready"


def _fit(row: _Row, said: Sequence[_Row]) -> bool:
    """Tell whether clients that keep to the XEPs show a picture: its id is its hash, and presence tells of it."""
    if row.dhash is None or row.hash_ok is False:
        return False
    if row.source == Source.PEP:
        return row.id_is_sha1 is not False
    return not said or any(each.id is not None and normalized(each.id) == row.sha1 for each in said)
