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
from xavatar.model import Severity, Snapshot, Source

_SHOWN: Final = 50


class Change(StrEnum):
    """What happened, to somebody or to one of their sources."""

    APPEARED = "appeared"
    """Somebody new in the roster or room."""
    VANISHED = "vanished"
    """Somebody who is no longer in the roster or room."""
    PICTURE_ADDED = "picture added"
    """A source shows a picture that showed none."""
    PICTURE_CHANGED = "picture changed"
    """A source shows another picture."""
    PICTURE_REMOVED = "picture removed"
    """A source answers that there is no picture any more; the note tells how it went."""
    FACTS_CHANGED = "facts changed"
    """The same picture, announced otherwise; or somebody's name, groups or subscription."""
    ACCESS_LOST = "access lost"
    """What answered is now closed to this account, or gives no answer: nothing is said of the picture."""
    ACCESS_GAINED = "access gained"
    """What was closed, or gave no answer, answers."""
    FINDING_NEW = "finding new"
    """A rule is broken that was kept."""
    FINDING_FIXED = "finding fixed"
    """A rule is kept that was broken."""
    FINDING_STILL = "finding still"
    """A rule is broken as before."""


class Difference(NamedTuple):
    """One change: the row of a :class:`Diff`'s table."""

    change: Change
    jid: str
    source: Source | None = None
    field: str | None = None
    """What changed: a column of the frame, or ``picture``; for findings the rule's id."""
    before: str | None = None
    after: str | None = None
    severity: Severity | None = None
    """Of a finding."""
    note: str | None = None
    """What else there is to know, for a person."""


@dataclass(frozen=True, repr=False)
class Diff:
    """What changed from one snapshot to a later one.

    Parameters
    ----------
    before, after : Snapshot
    differences : tuple of Difference
        In the order of :class:`Change`, then by severity and JID.
    """

    before: Snapshot
    after: Snapshot
    differences: tuple[Difference, ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per change: change, jid, source, field, before, after, severity, note."""
        return pd.DataFrame(self.differences, columns=list(Difference._fields)).astype(STRING)

    @cached_property
    def counts(self) -> dict[Change, int]:
        """How many subjects each change happened to, those that happened to nobody left out."""
        jids: defaultdict[Change, set[str]] = defaultdict(set)
        for difference in self.differences:
            jids[difference.change].add(difference.jid)
        return {change: len(jids[change]) for change in Change if change in jids}

    @property
    def news(self) -> tuple[Difference, ...]:
        """All changes; findings that are still there are none."""
        return tuple(each for each in self.differences if each.change is not Change.FINDING_STILL)

    @property
    def worst(self) -> Severity | None:
        """The heaviest severity among the findings that are new; ``None`` without one."""
        rank = list(Severity)
        fresh = (each.severity for each in self.differences if each.change is Change.FINDING_NEW and each.severity)
        return min(fresh, key=rank.index, default=None)

    def __bool__(self) -> bool:
        """Whether anything changed; findings that are still there do not count."""
        return bool(self.news)

    def __repr__(self) -> str:
        news = self.news
        told = ", ".join(f"{number} {change}" for change, number in self.counts.items()) or "nothing changed"
        lines = [f"{self.heading}: {told}"]
        lines += [f"  {each.change:<16} {_plain(each.jid, 48)}  {_plain(words(each), 120)}" for each in news[:_SHOWN]]
        lines += [f"  … and {len(news) - _SHOWN} more: see .table"] if len(news) > _SHOWN else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        news = self.news
        counts = "".join(f"<li><b>{number}</b> {change}</li>" for change, number in self.counts.items())
        rows = "".join(
            f'<tr><td>{each.change}</td><td>{_html(each.jid)}</td><td style="text-align:left">{_html(words(each))}</td>'
            "</tr>"
            for each in news[:_SHOWN]
        )
        heads = "".join(f'<th scope="col">{name}</th>' for name in ("Change", "Who", "What"))
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
        more = f"<p>… and {len(news) - _SHOWN} more: see <code>.table</code></p>" if len(news) > _SHOWN else ""
        return (
            f"<div><p><b>{_html(self.heading)}</b></p>"
            f"{f'<ul>{counts}</ul>' if counts else '<p>Nothing changed.</p>'}{table}{more}</div>"
        )

    @property
    def heading(self) -> str:
        """Who looked at what, and the two times, in one line."""
        times = f"{self.before.taken_at:%Y-%m-%d %H:%M} to {self.after.taken_at:%Y-%m-%d %H:%M} UTC"
        return f"{_plain(self.after.scope, 80)} of {_plain(self.after.account, 80)}, {times}"


_NAMES: Final = {Source.PEP: "PEP", Source.VCARD: "vCard", Source.PRESENCE: "presence"}
_HASHES: Final = 12


def words(difference: Difference) -> str:
    """Return what a change was, on one line, for a person; it may hold a stranger's text."""
    where = f"{_NAMES[difference.source]}: " if difference.source else ""
    what = "" if difference.field == "picture" else f"{difference.field} " if difference.field else ""
    before, after = (_short(text, difference) for text in (difference.before, difference.after))
    told = after or before or ""
    if before is not None and after is not None and difference.severity is None:
        told = f"{before} → {after}"
    note = f" ({difference.note})" if difference.note else ""
    return f"{where}{what}{told}{note}"


def _short(text: str | None, difference: Difference) -> str | None:
    if text is None or difference.field != "picture":
        return text
    return ", ".join(f"{name[:_HASHES]}…" if len(name) == 40 else name for name in text.split(", "))


def _plain(text: str, most: int) -> str:
    """Return a stranger's text on one line, without control characters, cut."""
    shown = "".join(char if char.isprintable() else "\ufffd" for char in text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _html(text: str | None) -> str:
    return escape(_plain(text or "", 200))
