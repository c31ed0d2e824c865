"""Everybody in a gallery, as the page gets them: columns of short values, texts harmless and cut."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from functools import cache
from typing import Any, Final

import hsluv
import pandas as pd

from xavatar.audit.text import clean
from xavatar.frames.people import Verdict, people
from xavatar.frames.problems import problems
from xavatar.frames.text import person_label, plain_rows
from xavatar.imaging.placeholder import first_grapheme, hue
from xavatar.model import Finding, Kind, Severity, Source, Status

from .album import Album

_READ: Final = (
    "jid", "kind", "nick", "name", "groups", "verdict", "sha1", "mime_real", "nbytes_real", "width_real", "height_real",
    "frames", *(source.value for source in Source),
)  # fmt: skip
_LABEL: Final = 120
_ADDRESS: Final = 300
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


def crowd(table: pd.DataFrame, album: Album, findings: Iterable[Finding] | None = None) -> dict[str, Any]:
    """Return a gallery's people in columns, one row per subject in the frame's order.

    Parameters
    ----------
    table : pandas.DataFrame
    album : Album
        Gets their pictures.
    findings : iterable of Finding, optional
        Left out, what :func:`~xavatar.frames.problems.problems` sees.
    """
    groups, rules = _Table(), _Table()
    found: dict[str, list[Any]] = {
        name: []
        for name in ("jid", "label", "letter", "color", "kind", "group", "verdict", "picture",
                     "type", "bytes", "width", "height", "frames", "sources")
    }  # fmt: skip
    rows: dict[str, int] = {}
    for jid, kind, nick, name, joined, verdict, sha1, mime, nbytes, width, height, frames, *answers in plain_rows(
        people(table), _READ
    ):
        rows[jid] = len(rows)
        label = clean(person_label(name, nick, jid), _LABEL)
        row = (
            clean(jid, _ADDRESS),
            label,
            first_grapheme(label.replace("\ufffd", "")) or "?",
            # Rooms may hide the JID; XEP-0392 then takes the nickname.
            shade(nick if kind == Kind.OCCUPANT and nick else jid),
            kind,
            groups.number(joined, clean(joined or "", _LABEL)),
            _VERDICTS[verdict],
            album.number(sha1) if sha1 else -1,
            (mime or "").removeprefix("image/").upper(),
            nbytes or 0,
            width or 0,
            height or 0,
            frames or 0,
            sum(1 << bit for bit, status in enumerate(answers) if status == Status.OK),
        )
        for column, value in zip(found.values(), row, strict=True):
            column.append(value)
    broken: dict[int, list[int]] = {}
    for jid, rule in _rules(table, findings):
        if (number := rules.number(rule[0], rule)) not in (mine := broken.setdefault(rows.get(jid, -1), [])):
            mine.append(number)
    broken.pop(-1, None)
    return {
        **found,
        "verdicts": list(_VERDICTS),
        "groups": groups.values,
        "rules": rules.values,
        "findings": {str(row): numbers for row, numbers in broken.items()},
    }


def _rules(table: pd.DataFrame, findings: Iterable[Finding] | None) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield JIDs with what is wrong: a rule's id or a few words, and the severity."""
    if findings is not None:
        for finding in findings:
            yield finding.jid, (finding.rule, finding.severity.value)
        return
    for jid, problem in plain_rows(problems(table), ("jid", "problem")):
        yield jid, (clean(problem.partition(":")[0], _LABEL), Severity.WARNING.value)


def shade(key: str) -> str:
    """Return a key's colour (XEP-0392, 5.4), its angle rounded to a degree: thousands are wanted at once."""
    return _shade(round(hue(key)) % 360)


@cache
def _shade(angle: int) -> str:
    return str(hsluv.hsluv_to_hex((angle, 100, 50)))
