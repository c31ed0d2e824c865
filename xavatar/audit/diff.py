"""Two snapshots of the same people: who changed, what broke, what was fixed.

An answer that is missing now says nothing: a timeout is no removal, and a finding that could
not be looked for again is not fixed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from xavatar.errors import ConfigError
from xavatar.model import Finding, Outcome, Severity, Source, Status

from .case import Case
from .text import clean, count

if TYPE_CHECKING:
    from .audit import Audit

_ANSWERED = frozenset({Status.OK, Status.DISABLED, Status.EMPTY, Status.NOT_FOUND})
_GONE = {
    Status.DISABLED: "switched off",
    Status.EMPTY: "emptied",
    Status.NOT_FOUND: "node or vCard no longer there",
    Status.OK: "announced without a hash",
}
_STOCK = (Source.PEP, Source.VCARD)


class Change(StrEnum):
    """What happened between two snapshots."""

    BROKE = "broke"
    """A rule is broken that was kept."""
    FIXED = "fixed"
    """A rule is kept that was broken."""
    PICTURE_NEW = "new picture"
    PICTURE_CHANGED = "changed picture"
    PICTURE_REMOVED = "removed picture"
    JOINED = "joined"
    """Somebody new in the roster or room."""
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Difference:
    """One change.

    Parameters
    ----------
    change : Change
    jid : str
    source : Source, optional
    rule : str, optional
        For broke and fixed.
    severity : Severity, optional
        Of the finding that came or went.
    message : str
        For a person.
    """

    change: Change
    jid: str
    source: Source | None = None
    rule: str | None = None
    severity: Severity | None = None
    message: str = ""


@dataclass(frozen=True, repr=False)
class Diff:
    """What changed from one audit to a later one.

    Parameters
    ----------
    before, after : Audit
    differences : tuple of Difference
        In the order of :class:`Change`, then by severity and JID.
    """

    before: Audit
    after: Audit
    differences: tuple[Difference, ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """The changes, one row each: change, jid, source, rule, severity, message."""
        rows = [(d.change, d.jid, d.source, d.rule, d.severity, d.message) for d in self.differences]
        return pd.DataFrame(rows, columns=["change", "jid", "source", "rule", "severity", "message"]).astype("string")

    @cached_property
    def counts(self) -> dict[Change, int]:
        """How many subjects each change happened to."""
        return {change: len({d.jid for d in self.differences if d.change is change}) for change in Change}

    def __repr__(self) -> str:
        told = ", ".join(f"{number} {change}" for change, number in self.counts.items() if number) or "nothing changed"
        lines = [f"{self._when}: {told}"]
        lines += [f"  {d.change:<16}{clean(d.jid, 40)}  {d.message}" for d in self.differences[:20]]
        if len(self.differences) > 20:
            lines.append(f"  … and {count(len(self.differences) - 20, 'more change')}: see .table")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{d.change}</td><td>{escape(clean(d.jid, 80))}</td><td>{escape(d.message)}</td></tr>"
            for d in self.differences[:200]
        )
        head = "<tr><th>Change</th><th>Who</th><th>What</th></tr>"
        body = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else "<p>Nothing changed.</p>"
        return f"<div><b>{escape(self._when)}</b>{body}</div>"

    @property
    def _when(self) -> str:
        before, after = self.before.snapshot, self.after.snapshot
        return f"{clean(after.scope, 60)} from {before.taken_at:%Y-%m-%d %H:%M} to {after.taken_at:%Y-%m-%d %H:%M} UTC"


def diff(before: Audit, after: Audit) -> Diff:
    """Compare two audits of the same scope by the same account.

    Raises
    ------
    ConfigError
        They looked at different things, or through different accounts.
    """
    for name in ("account", "scope"):
        old, new = getattr(before.snapshot, name), getattr(after.snapshot, name)
        if old != new:
            raise ConfigError(f"These snapshots do not compare: their {name} is {old!r} and {new!r}.")
    order, weight = list(Change), list(Severity)
    differences = sorted(
        _differences(before, after),
        key=lambda d: (order.index(d.change), weight.index(d.severity) if d.severity else 0, d.jid),
    )
    return Diff(before, after, tuple(differences))


def _differences(before: Audit, after: Audit) -> Iterator[Difference]:
    old = {case.subject.jid: case for case in before.cases}
    new = {case.subject.jid: case for case in after.cases}
    for jid, case in new.items():
        if jid in old:
            yield from _pictures(old[jid], case)
            yield from _findings(old[jid], case, before.about(jid), after.about(jid))
        elif before.snapshot.complete:
            yield Difference(Change.JOINED, jid, message="Not there before.")
    if after.snapshot.complete:
        yield from (Difference(Change.LEFT, jid, message="No longer there.") for jid in old if jid not in new)


def _pictures(old: Case, new: Case) -> Iterator[Difference]:
    jid = new.subject.jid
    gone = []
    for source in _STOCK:
        if _answered(old, source) and _answered(new, source):
            was, now = old.hashes(source), new.hashes(source)
            if now and not was:
                yield Difference(Change.PICTURE_NEW, jid, source, message=f"{_hash(now)} in {_NAMES[source]}.")
            elif was and now and not was & now:
                told = f"{_NAMES[source]}: {_hash(was)} became {_hash(now)}."
                yield Difference(Change.PICTURE_CHANGED, jid, source, message=told)
            elif was and not now:
                gone.append(source)
    for source in gone:
        outcome = _outcome(new, source)
        told = f"{_NAMES[source]}: {_GONE[outcome.status] if outcome else 'gone'}."
        # Servers that convert purge PEP when a vCard is written without PHOTO, whatever was edited.
        hint = (
            " Both at once: perhaps a vCard was edited by a client that dropped its picture."
            if gone == [*_STOCK]
            else ""
        )
        yield Difference(Change.PICTURE_REMOVED, jid, source, message=told + hint)


def _findings(old: Case, new: Case, were: tuple[Finding, ...], are: tuple[Finding, ...]) -> Iterator[Difference]:
    was = {(finding.rule, finding.source): finding for finding in reversed(were)}
    now = {(finding.rule, finding.source): finding for finding in reversed(are)}
    for key, finding in now.items():
        if key not in was and _comparable(old, new, finding.source):
            yield Difference(Change.BROKE, finding.jid, finding.source, finding.rule, finding.severity, finding.message)
    for key, finding in was.items():
        if key not in now and _comparable(new, old, finding.source) and not _unseen(old, new, finding.rule):
            yield Difference(Change.FIXED, finding.jid, finding.source, finding.rule, finding.severity, finding.message)


def _comparable(case: Case, other: Case, source: Source | None) -> bool:
    """Tell whether a rule broken in the other case could have been looked at in this one."""
    heard = bool(case.heard) or not other.heard
    if source is Source.PRESENCE:
        return heard
    if source is not None:
        return _answered(case, source)
    return heard and all(_answered(case, each) for each in _STOCK if _outcome(case, each) is not None)


def _unseen(old: Case, new: Case, rule: str) -> bool:
    """Tell whether the rule is about a data item's XML, which is not read again while the picture is the same."""
    return rule in _ABOUT_ITEMS and old.hashes(Source.PEP) == new.hashes(Source.PEP)


_ABOUT_ITEMS = frozenset({"A-19", "P84-05", "P84-06"})


def _answered(case: Case, source: Source) -> bool:
    return case.status(source) in _ANSWERED


def _outcome(case: Case, source: Source) -> Outcome | None:
    return case.pep if source is Source.PEP else case.vcard


def _hash(hashes: frozenset[str]) -> str:
    return f"{sorted(hashes)[0][:12]}…"


_NAMES = {Source.PEP: "PEP", Source.VCARD: "the vCard"}
