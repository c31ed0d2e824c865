"""From outcomes to the frame of :mod:`xavatar.frames.schema`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from xavatar.errors import FrameError
from xavatar.model import Outcome, Reading, Source

from .agreement import Claim, agree, claim, is_sha1, normalized
from .schema import COLUMNS, DTYPES, INT64, INTEGER, JOIN, NAMES, STRING
from .text import clean, is_plain

# By name it takes pandas as long to find a dtype as to make a short column of it.
_RESOLVED: Final = {name: pd.api.types.pandas_dtype(dtype) for name, dtype in DTYPES.items()}
_UNKNOWN: Final = {dtype: pd.Series([None], dtype=dtype).array for dtype in set(_RESOLVED.values())}


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
    rows: list[tuple[Any, ...]] = []
    for outcome, what in told:
        agrees = verdicts[outcome.subject.jid] if what is not None else None
        before, after = _before(outcome), (_joined(outcome.problems), snapshot, outcome.observed_at)
        rows += [
            (*before, *_of_reading(reading, outcome.source), agrees, *after) for reading in outcome.readings or (None,)
        ]
    columns = zip(*rows, strict=True) if rows else ((),) * len(NAMES)
    return from_columns(dict(zip(NAMES, columns, strict=True)))


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
        return _integers(values)
    if dtype == STRING and not is_plain("".join(known)):  # one look at all, since a look at each costs more
        values = [clean(text) for text in values]
    return pd.array(values, dtype=dtype)


def _integers(values: Sequence[int | None]) -> Any:
    """Do what ``pandas.array`` does, which looks at each value several times."""
    # Declared sizes are what a stranger wrote; a number no column can hold counts as none.
    kept = [number if number is not None and number in INT64 else None for number in values]
    missing = np.array([number is None for number in kept], np.bool_)
    return pd.arrays.IntegerArray(np.array([number or 0 for number in kept], np.int64), missing)


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


def _joined(parts: Sequence[str]) -> str | None:
    return JOIN.join(parts) or None


def _before(outcome: Outcome) -> tuple[Any, ...]:
    """Return the cells of the groups subject and source."""
    who = outcome.subject
    return (
        who.jid,
        str(who.kind),
        who.nick,
        who.name,
        _joined(who.groups),
        who.subscription,
        str(outcome.source),
        outcome.resource,
        str(outcome.status),
        outcome.condition,
        outcome.text,
        outcome.elapsed_ms,
    )


_NO_READING: Final = (None,) * 23


def _of_reading(reading: Reading | None, source: Source) -> tuple[Any, ...]:
    """Return the cells of the groups declared and real, with id_is_sha1 and hash_ok."""
    if reading is None:
        return _NO_READING
    declared = reading.descriptor
    facts = reading.facts
    real = (
        (
            facts.sha1,
            facts.mime,
            facts.nbytes,
            facts.width,
            facts.height,
            facts.frames,
            facts.has_exif,
            facts.has_gps,
            facts.dhash,
            facts.error,
        )
        if facts
        else (None,) * 10
    )
    # A presence announces a hash, it has no bytes that could break the promise.
    promised = declared.id if source is not Source.PRESENCE else None
    return (
        declared.item_id,
        declared.info_index,
        declared.id,
        declared.mime,
        declared.nbytes,
        declared.width,
        declared.height,
        declared.url,
        declared.pointer,
        str(reading.image_status),
        reading.image_condition,
        *real,
        is_sha1(declared.id) if declared.id is not None else None,
        normalized(promised) == facts.sha1 if promised is not None and facts else None,
    )
