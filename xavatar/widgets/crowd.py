"""Everybody in a gallery, as the page gets them: two texts of lines, columns of numbers, all harmless and short."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from functools import cache
from typing import Any, Final

import hsluv
import numpy as np
import pandas as pd

from xavatar.audit.text import clean
from xavatar.frames.people import Verdict, people
from xavatar.frames.problems import problems
from xavatar.frames.text import person_label, plain_rows
from xavatar.imaging.placeholder import hue
from xavatar.model import Finding, Kind, Severity, Source, Status

from .album import Album

_READ: Final = (
    "jid", "kind", "nick", "name", "groups", "verdict", "sha1", "mime_real", "nbytes_real", "width_real", "height_real",
    "frames", *(source.value for source in Source),
)  # fmt: skip
_LABEL: Final = 120
_AT_ONCE: Final = 500
_ADDRESS: Final = 300
_COLUMNS: Final = (
    "shade", "kind", "group", "verdict", "picture", "mime", "bytes", "width", "height", "frames", "bits"
)  # fmt: skip
_VERDICTS: Final = {verdict.value: number for number, verdict in enumerate(Verdict)}


class _Table:
    """Distinct values, each told once and referred to by its number."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}
        self.values: list[Any] = []

    def number(self, key: Hashable, value: Any) -> int:
        """Return the number of a key, whose value is `value` when it is new."""
        number = self._numbers.setdefault(key, len(self.values))
        if number == len(self.values):
            self.values.append(value)
        return number


def crowd(
    table: pd.DataFrame, album: Album, findings: Iterable[Finding] | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Return a gallery's people, one row per subject in the frame's order, and their JIDs.

    Parameters
    ----------
    table : pandas.DataFrame
    album : Album
        Gets their pictures.
    findings : iterable of Finding, optional
        Left out, what :func:`~xavatar.frames.problems.problems` sees.
    """
    groups, kinds, rules = _Table(), _Table(), _Table()
    addresses: list[str] = []
    labels: list[str] = []
    numbers: list[tuple[int, ...]] = []
    rows: dict[str, int] = {}
    for jid, kind, nick, name, joined, verdict, sha1, mime, nbytes, width, height, frames, *answers in _folded(table):
        rows[jid] = len(rows)
        addresses.append(short(jid, _ADDRESS))
        labels.append(short(person_label(name, nick, jid), _LABEL))
        # Rooms may hide the JID; XEP-0392 then takes the nickname.
        angle = round(hue(nick if kind == Kind.OCCUPANT and nick else jid)) % 360
        numbers.append(
            (
                angle,
                kinds.number(kind, kind),
                groups.number(joined, short(joined or "", _LABEL)),
                _VERDICTS[verdict],
                album.number(sha1) if sha1 else -1,
                kinds.number(mime, (mime or "").removeprefix("image/").upper()),
                nbytes or 0,
                width or 0,
                height or 0,
                frames or 0,
                sum(1 << bit for bit, status in enumerate(answers) if status == Status.OK),
            )
        )
    broken: dict[int, list[int]] = {}
    for jid, rule in _rules(table, findings):
        if (number := rules.number(rule[0], rule)) not in (mine := broken.setdefault(rows.get(jid, -1), [])):
            mine.append(number)
    broken.pop(-1, None)
    told = {
        # One text and one buffer: a front end's libraries walk through lists value by value, on both sides.
        "jid": "\n".join(addresses),
        "label": "\n".join(labels),
        "columns": list(_COLUMNS),
        "numbers": np.array(numbers, dtype="<i4").reshape(-1, len(_COLUMNS)).T.tobytes(),
        "shades": _shades(),
        "verdicts": list(_VERDICTS),
        "kinds": kinds.values,
        "groups": groups.values,
        "rules": rules.values,
        "findings": {str(row): mine for row, mine in broken.items()},
    }
    return told, list(rows)


def _folded(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield a row for each subject, folding some at a time: all at once would take ten times the memory."""
    known: dict[str, int] = {}
    rows = table["jid"].to_numpy(dtype=object).tolist()
    numbers = np.fromiter((known.setdefault(jid, len(known)) for jid in rows), dtype=np.intp, count=len(rows))
    together = bool((np.diff(numbers) >= 0).all())
    for start in range(0, len(known), _AT_ONCE):
        end = start + _AT_ONCE
        mine = slice(*np.searchsorted(numbers, (start, end))) if together else (numbers >= start) & (numbers < end)
        yield from plain_rows(people(table.iloc[mine]), _READ)


def short(text: str, limit: int) -> str:
    """Return text as :func:`~xavatar.audit.text.clean` does, quickly where there is nothing to do."""
    return text if len(text) <= limit and text.isascii() and text.isprintable() else clean(text, limit)


def _rules(table: pd.DataFrame, findings: Iterable[Finding] | None) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield JIDs with what is wrong: a rule's id or a few words, and the severity."""
    if findings is not None:
        for finding in findings:
            yield finding.jid, (finding.rule, finding.severity.value)
        return
    for jid, problem in plain_rows(problems(table), ("jid", "problem")):
        yield jid, (clean(problem.partition(":")[0], _LABEL), Severity.WARNING.value)


@cache
def _shades() -> list[str]:
    """Return the colours of all angles (XEP-0392, 5.4), a degree apart: thousands are wanted at once."""
    return [str(hsluv.hsluv_to_hex((angle, 100, 50))) for angle in range(360)]
