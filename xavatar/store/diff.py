"""What changed between two snapshots: as values, as a table, and to look at."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from html import escape
from typing import Final, NamedTuple

import pandas as pd

from xavatar.frames.schema import STRING
from xavatar.model import Snapshot, Source

_SHOWN: Final = 50


class Change(StrEnum):
    """What happened, to somebody or to one of their sources."""

    APPEARED = "appeared"
    """Somebody new in the roster or room."""
    VANISHED = "vanished"
    PICTURE_ADDED = "picture added"
    PICTURE_CHANGED = "picture changed"
    PICTURE_REMOVED = "picture removed"
    FACTS_CHANGED = "facts changed"
    """The same picture, announced otherwise; or somebody's name, groups or subscription."""
    ACCESS_LOST = "access lost"
    ACCESS_GAINED = "access gained"
    STATUS_CHANGED = "status changed"
    FINDING_NEW = "finding new"
    FINDING_FIXED = "finding fixed"
    FINDING_STILL = "finding still"


class Difference(NamedTuple):
    """One change: the row of a :class:`Diff`'s table."""

    change: Change
    jid: str
    source: Source | None = None
    field: str | None = None
    """What changed: a column of the frame, or ``picture``; for findings the rule's id."""
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, repr=False)
class Diff:
    """What changed from one snapshot to a later one.

    Parameters
    ----------
    before, after : Snapshot
    differences : tuple of Difference
        In the order of :class:`Change`, then by JID.
    """

    before: Snapshot
    after: Snapshot
    differences: tuple[Difference, ...]

    @cached_property
    def changes(self) -> pd.DataFrame:
        """One row per change: change, jid, source, field, before, after."""
        return pd.DataFrame(self.differences, columns=list(Difference._fields)).astype(STRING)

    @cached_property
    def counts(self) -> dict[Change, int]:
        """How many subjects each change happened to, those that happened to nobody left out."""
        jids: defaultdict[Change, set[str]] = defaultdict(set)
        for difference in self.differences:
            jids[difference.change].add(difference.jid)
        return {change: len(jids[change]) for change in Change if change in jids}

    def __bool__(self) -> bool:
        """Whether anything changed; findings that are still there do not count."""
        return bool(self._news)

    @property
    def _news(self) -> list[Difference]:
        return [each for each in self.differences if each.change is not Change.FINDING_STILL]

    def __repr__(self) -> str:
        news = self._news
        told = ", ".join(f"{number} {change}" for change, number in self.counts.items()) or "nothing changed"
        lines = [f"{self._heading}: {told}"]
        lines += [f"  {each.change:<16} {_plain(each.jid, 48)}  {_plain(_words(each), 120)}" for each in news[:_SHOWN]]
        lines += [f"  … and {len(news) - _SHOWN} more: see .changes"] if len(news) > _SHOWN else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        news = self._news
        counts = "".join(f"<li><b>{number}</b> {change}</li>" for change, number in self.counts.items())
        rows = "".join(
            f"<tr><td>{each.change}</td><td>{_html(each.jid)}</td><td>{each.source or ''}</td>"
            f"<td>{_html(each.field)}</td><td>{_html(each.before)}</td><td>{_html(each.after)}</td></tr>"
            for each in news[:_SHOWN]
        )
        heads = "".join(f'<th scope="col">{name}</th>' for name in Difference._fields)
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        more = f"<p>… and {len(news) - _SHOWN} more: see <code>.changes</code></p>" if len(news) > _SHOWN else ""
        return (
            f"<div><p><b>{_html(self._heading)}</b></p>"
            f"{f'<ul>{counts}</ul>' if counts else '<p>Nothing changed.</p>'}{table}{more}</div>"
        )

    @property
    def _heading(self) -> str:
        times = f"{self.before.taken_at:%Y-%m-%d %H:%M} to {self.after.taken_at:%Y-%m-%d %H:%M} UTC"
        return f"{_plain(self.after.scope, 80)} of {_plain(self.after.account, 80)}, {times}"


def _words(difference: Difference) -> str:
    where = f"{difference.source}: " if difference.source else ""
    if difference.before is None or difference.after is None:
        what = difference.after or difference.before or ""
    else:
        what = f"{difference.before} → {difference.after}"
    return f"{where}{difference.field + ' ' if difference.field else ''}{what}"


def _plain(text: str, most: int) -> str:
    """Return a stranger's text on one line, without control characters, cut."""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _html(text: str | None) -> str:
    return escape(_plain(text or "", 200))
