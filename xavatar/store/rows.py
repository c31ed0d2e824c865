"""Between the model's values and the store's rows, both ways, exactly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

import pandas as pd

from xavatar.errors import StoreError
from xavatar.frames.build import frame, from_columns
from xavatar.frames.schema import BOOLEAN, COLUMNS, INT64, JOIN, NAMES
from xavatar.frames.text import clean, plain_rows
from xavatar.model import Descriptor, Finding, ImageFacts, Kind, Outcome, Reading, Severity, Source, Status, Subject

from . import exact

Cells = Mapping[str, Any]

EXTRA: Final = ("outcome", "facts", "exact")
"""What a row of ``descriptors`` has before the frame's columns."""
FACT_FIELDS: Final = tuple(field.name for field in fields(ImageFacts))
FINDING_FIELDS: Final = tuple(field.name for field in fields(Finding))
_LISTS: Final = frozenset({"exif_tags", "colors"})
TRUTHS: Final = frozenset(field.name for field in fields(ImageFacts) if "bool" in str(field.type))
_BOOLEANS: Final = frozenset(column.name for column in COLUMNS if column.dtype == BOOLEAN)
_DECLARED: Final = tuple(field.name for field in fields(Descriptor))


@dataclass(frozen=True, slots=True)
class Rows:
    """A snapshot's outcomes as rows.

    Parameters
    ----------
    descriptors : list of tuple
        :data:`EXTRA`, then the frame's columns.
    facts : list of tuple
        The key, then :data:`FACT_FIELDS`; each once.
    """

    descriptors: list[tuple[Any, ...]]
    facts: list[tuple[Any, ...]]


def moment(when: datetime) -> str:
    """Return a time as it is stored: UTC, microseconds, and thus in order as text.

    Raises
    ------
    StoreError
        It has no time zone.
    """
    if when.tzinfo is None:
        raise StoreError(f"{when} has no time zone; times of a snapshot are UTC.")
    return when.astimezone(UTC).isoformat(timespec="microseconds")


def rows(outcomes: Sequence[Outcome], snapshot: str) -> Rows:
    """Lay outcomes out for the store; those that come back changed get an exact copy."""
    table = frame(outcomes, snapshot=snapshot)
    cells = (dict(zip(NAMES, row, strict=True)) for row in plain_rows(table, NAMES))
    keys: dict[ImageFacts, str] = {}
    known: dict[str, ImageFacts] = {}
    kept: list[tuple[Any, ...]] = []
    laid: list[tuple[Any, ...]] = []
    for number, outcome in enumerate(outcomes):
        mine: list[dict[str, Any]] = []
        for reading in outcome.readings or (None,):
            row = next(cells) | {"outcome": number, "facts": None, "exact": None}
            row["observed_at"] = moment(outcome.observed_at)
            if reading is not None and (facts := reading.facts) is not None:
                if facts not in keys:
                    keys[facts] = key = fact_key(facts)
                    kept.append((key, *fact_cells(facts)))
                    known[key] = _facts(kept[-1][1:])
                row["facts"] = keys[facts]
            mine.append(row)
        if _outcome(mine, known) != outcome:
            mine[0]["exact"] = exact.encode(outcome)
        laid += [tuple(row[name] for name in (*EXTRA, *NAMES)) for row in mine]
    return Rows(laid, kept)


def outcomes(descriptors: Iterable[Sequence[Any]], facts: Iterable[Sequence[Any]]) -> Iterator[Outcome]:
    """Return what :func:`rows` laid out."""
    known = {key: _facts(cells) for key, *cells in facts}
    named = (dict(zip((*EXTRA, *NAMES), row, strict=True)) for row in descriptors)
    for _, mine in groupby(named, key=lambda row: row["outcome"]):
        yield _outcome(list(mine), known)


def table(descriptors: Sequence[Sequence[Any]]) -> pd.DataFrame:
    """Return the frame of rows that have the frame's columns."""
    columns = dict(zip(NAMES, zip(*descriptors, strict=True) if descriptors else [()] * len(NAMES), strict=True))
    for name in _BOOLEANS:
        columns[name] = tuple(truth(cell) for cell in columns[name])
    columns["observed_at"] = tuple(datetime.fromisoformat(cell) for cell in columns["observed_at"])
    return from_columns(columns)


def fact_key(facts: ImageFacts) -> str:
    """Return the key under which equal facts are kept once."""
    text = json.dumps([getattr(facts, name) for name in FACT_FIELDS], ensure_ascii=False)
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def fact_cells(facts: ImageFacts) -> tuple[Any, ...]:
    """Return facts as cells, in the order of :data:`FACT_FIELDS`."""
    return tuple(_cell(getattr(facts, name)) for name in FACT_FIELDS)


def finding_cells(finding: Finding) -> tuple[Any, ...]:
    """Return a finding as cells, in the order of :data:`FINDING_FIELDS`."""
    return tuple(_cell(getattr(finding, name)) for name in FINDING_FIELDS)


def finding(cells: Sequence[Any]) -> Finding:
    """Return the finding of such cells."""
    rule, severity, jid, source, message, advice = cells
    return Finding(rule, Severity(severity), jid, Source(source) if source else None, message, advice)


def _outcome(mine: Sequence[Cells], facts: Mapping[str, ImageFacts]) -> Outcome:
    row = mine[0]
    if row["exact"] is not None:
        return exact.decode(row["exact"])
    return Outcome(
        Subject(row["jid"], Kind(row["kind"]), row["nick"], row["name"], _split(row["groups"]), row["subscription"]),
        Source(row["source"]),
        Status(row["status"]),
        row["condition"],
        row["text"],
        row["elapsed_ms"],
        row["resource"],
        tuple(_reading(each, facts) for each in mine if each["image_status"] is not None),
        _split(row["problems"]),
        datetime.fromisoformat(row["observed_at"]),
    )


def _reading(row: Cells, facts: Mapping[str, ImageFacts]) -> Reading:
    found = facts[row["facts"]] if row["facts"] is not None else None
    declared = Descriptor(**{name: row[name] for name in _DECLARED})
    return Reading(declared, found, Status(row["image_status"]), row["image_condition"])


def _facts(cells: Sequence[Any]) -> ImageFacts:
    values = dict(zip(FACT_FIELDS, cells, strict=True))
    values |= {name: _split(values[name]) for name in _LISTS} | {name: truth(values[name]) for name in TRUTHS}
    return ImageFacts(**values)


def _cell(value: Any) -> Any:
    """Return a value as SQLite keeps it, or the nearest to it that any reader can read."""
    if isinstance(value, tuple):
        return clean(JOIN.join(value)) or None
    if isinstance(value, str):
        return clean(str(value))
    if isinstance(value, int) and value not in INT64:
        return None
    return value


def _split(joined: str | None) -> tuple[str, ...]:
    return tuple(joined.split(JOIN)) if joined is not None else ()


def truth(cell: Any) -> bool | None:
    """Return a stored 0 or 1 as what it stands for."""
    return bool(cell) if cell is not None else None
