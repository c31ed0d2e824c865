"""From outcomes to the frame of :mod:`xavatar.frames.schema`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import pandas as pd

from xavatar.errors import FrameError
from xavatar.model import Outcome, Source

from .agreement import Claim, agree, claim, is_sha1, normalized
from .schema import COLUMNS, DTYPES, INT64, INTEGER, JOIN, NAMES, STRING
from .text import clean, is_plain

# By name it takes pandas as long to find a dtype as to make a short column of it.
_RESOLVED: Final = {name: pd.api.types.pandas_dtype(dtype) for name, dtype in DTYPES.items()}
_UNKNOWN: Final = {dtype: pd.Series([None], dtype=dtype).array for dtype in set(_RESOLVED.values())}

# Attributes of descriptors and of facts that are columns, and those that are columns of another name.
_DECLARED: Final = ("item_id", "info_index", "id", "mime", "nbytes", "width", "height", "url", "pointer")
_REAL: Final = ("sha1", "frames", "has_exif", "has_gps", "dhash")
_REAL_BY_NAME: Final = {
    "mime_real": "mime",
    "nbytes_real": "nbytes",
    "width_real": "width",
    "height_real": "height",
    "image_error": "error",
}
_NO_FACTS: Final = SimpleNamespace(**dict.fromkeys((*_REAL, *_REAL_BY_NAME.values())))
_UNREAD: Final = SimpleNamespace(
    descriptor=SimpleNamespace(**dict.fromkeys(_DECLARED)), facts=None, image_status=None, image_condition=None
)
"""In the place of a reading, where there is none."""


def frame(outcomes: Iterable[Outcome], *, snapshot: str | None = None) -> pd.DataFrame:
    """Lay outcomes out as a table.

    Parameters
    ----------
    outcomes : iterable of Outcome
    snapshot : str, optional
        Id of the snapshot they are from.

    Returns
    -------
    pandas.DataFrame
        One row per descriptor, in the order of the outcomes; an outcome without any is one
        row that says why. Columns and dtypes are those of the schema, for no rows as well.

    Notes
    -----
    `agrees` is one value per subject, see :mod:`xavatar.frames.agreement`; rows of sources
    that claim nothing have none.

    Examples
    --------
    >>> from xavatar.frames import frame
    >>> frame(audit.snapshot.outcomes).dtypes["sha1"]
    <StringDtype(na_value=<NA>)>
    """
    told = [(outcome, claim(outcome)) for outcome in outcomes]
    verdicts = _verdicts(told)
    answers: list[Outcome] = []
    readings: list[Any] = []
    agrees: list[bool | None] = []
    for outcome, what in told:
        shown = outcome.readings or (_UNREAD,)
        answers += [outcome] * len(shown)
        readings += shown
        agrees += [verdicts[outcome.subject.jid] if what is not None else None] * len(shown)
    judged: dict[str, Sequence[Any]] = {"agrees": agrees, "snapshot": [snapshot] * len(agrees)}
    return from_columns(_told(answers) | _shown(readings) | judged)


def _told(answers: Sequence[Outcome]) -> dict[str, Sequence[Any]]:
    """Return the columns of subject, source and provenance."""
    who = [outcome.subject for outcome in answers]
    return {
        **_of(who, "jid", "nick", "name", "subscription"),
        **_of(answers, "resource", "condition", "text", "elapsed_ms", "observed_at"),
        "kind": [str(subject.kind) for subject in who],
        "groups": [JOIN.join(subject.groups) or None for subject in who],
        "source": [str(outcome.source) for outcome in answers],
        "status": [str(outcome.status) for outcome in answers],
        "problems": [JOIN.join(outcome.problems) or None for outcome in answers],
    }


def _shown(readings: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """Return the columns of what is declared, real and judged of one picture."""
    facts = [reading.facts or _NO_FACTS for reading in readings]
    declared = _of([reading.descriptor for reading in readings], *_DECLARED)
    real = _of(facts, *_REAL, **_REAL_BY_NAME)
    return {
        **declared,
        **real,
        "image_status": [None if reading is _UNREAD else str(reading.image_status) for reading in readings],
        "image_condition": [reading.image_condition for reading in readings],
        "id_is_sha1": [None if id is None else is_sha1(id) for id in declared["id"]],
        "hash_ok": list(map(_holds, declared["id"], real["sha1"])),
    }


def _holds(promised: str | None, sha1: str | None) -> bool | None:
    """Tell whether bytes are what they were announced as; without them, as of a presence, nobody knows."""
    return None if promised is None or sha1 is None else normalized(promised) == sha1


def _of(values: Sequence[Any], *names: str, **by_name: str) -> dict[str, Sequence[Any]]:
    """Return columns of attributes, some by another name."""
    attributes = {name: name for name in names} | by_name
    return {column: list(map(attrgetter(name), values)) for column, name in attributes.items()}


def from_columns(columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return a frame of our dtypes from plain values, ``None`` for what is unknown.

    Parameters
    ----------
    columns : mapping of str to sequence
        Values by column name; all columns of the schema, of one length.
    """
    return pd.DataFrame({name: _array(columns[name], dtype) for name, dtype in _RESOLVED.items()})


def _array(values: Sequence[Any], dtype: Any) -> Any:
    known = [value for value in values if value is not None]
    if not known:
        return _UNKNOWN[dtype].repeat(len(values))
    if dtype == INTEGER:
        return _integers(values, known)
    if dtype == STRING and not is_plain("".join(known)):  # one look at all, since a look at each costs more
        values = [clean(text) for text in values]
    return pd.array(values, dtype=dtype)


def _integers(values: Sequence[int | None], known: Sequence[int]) -> Any:
    """Do what ``pandas.array`` does, which looks at each value several times."""
    if min(known) not in INT64 or max(known) not in INT64:
        # Declared sizes are what a stranger wrote; a number no column can hold counts as none.
        values = [number if number is not None and number in INT64 else None for number in values]
    missing = np.array([number is None for number in values], np.bool_)
    return pd.arrays.IntegerArray(np.array([number or 0 for number in values], np.int64), missing)


def conform(table: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with our columns first, in order and of our dtypes; others follow unchanged.

    Raises
    ------
    FrameError
        A column is missing, or holds what its dtype cannot.

    Examples
    --------
    >>> from xavatar.frames import conform
    >>> conform(df.assign(team="Capulet")).columns[-1]
    'team'
    """
    require(table)
    data: dict[str, Any] = {}
    for column in COLUMNS:
        try:
            data[column.name] = _cast(table[column.name], _RESOLVED[column.name])
        except (AttributeError, TypeError, ValueError) as error:
            raise FrameError(
                f"Column {column.name!r} should hold {column.doc[0].lower()}{column.doc[1:-1]} "
                f"({column.dtype}), but does not: {error}"
            ) from error
    others = {name: table[name] for name in table.columns if name not in DTYPES}
    return pd.DataFrame(data | others, index=table.index)


def _cast(cells: pd.Series[Any], dtype: Any) -> pd.Series[Any]:
    ours = cells.dtype == dtype
    if dtype == STRING and not (ours and is_plain("".join(cells.to_numpy(dtype=object, na_value="").tolist()))):
        return cells.astype("object").map(clean, na_action="ignore").astype(dtype)
    return cells if ours else cells.astype(dtype)


def require(table: pd.DataFrame) -> None:
    """Raise FrameError when the table lacks columns of the schema, naming the first ones."""
    missing = [name for name in NAMES if name not in table.columns]
    if missing:
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise FrameError(
            f"Not a frame of xavatar: {named} missing. Use the frame that roster(), room(), me() or audit() "
            "returned, and filter its rows rather than its columns."
        )


def _verdicts(told: Iterable[tuple[Outcome, Claim | None]]) -> dict[str, bool | None]:
    claims: dict[str, list[tuple[Source, Claim | None]]] = {}
    for outcome, what in told:
        claims.setdefault(outcome.subject.jid, []).append((outcome.source, what))
    return {jid: agree(said) for jid, said in claims.items()}
