"""Comparing two snapshots, source by source.

An answer that is missing says nothing of a picture: a timeout is no removal but access lost, and a
finding whose source did not answer this time is neither new nor fixed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from xavatar.errors import ConfigError
from xavatar.frames.agreement import normalized
from xavatar.frames.schema import JOIN
from xavatar.model import Finding, Outcome, Reading, Severity, Snapshot, Source, Status, Subject

from .diff import Change, Diff, Difference

Findings = Collection[Finding] | None


def diff(before: Snapshot, after: Snapshot, were: Findings = None, are: Findings = None) -> Diff:
    """Compare two snapshots of the same people.

    Parameters
    ----------
    before, after : Snapshot
    were, are : collection of Finding, optional
        Their findings; compared when both are given.

    Raises
    ------
    ConfigError
        They looked at different things, or through different accounts.
    """
    if (before.account, before.scope) != (after.account, after.scope):
        raise ConfigError(
            f"A snapshot of {before.scope} by {before.account} cannot be compared with one of {after.scope} "
            f"by {after.account}."
        )
    old, new = _people(before), _people(after)
    found = [*_subjects(old, new, before, after)]
    for jid in old.keys() & new.keys():
        found += _subject(old[jid].subject, new[jid].subject)
        changed = [each for source in Source for each in _source(jid, source, old[jid], new[jid])]
        found += _together(changed)
    if were is not None and are is not None:
        found += _findings(were, are, old, new, complete=before.complete)
    found.sort(key=_order)
    return Diff(before, after, tuple(found))


def _order(each: Difference) -> tuple[int, int, str, str, str]:
    weight = _WEIGHTS[each.severity] if each.severity else 0
    return (_RANKS[each.change], weight, each.jid, each.source or "", each.field or "")


_RANKS: Final = {change: rank for rank, change in enumerate(Change)}
_WEIGHTS: Final = {severity: rank for rank, severity in enumerate(Severity)}


class _Person(NamedTuple):
    subject: Subject
    outcomes: list[Outcome]

    def of(self, source: Source) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.source is source]


_ANSWERED: Final = frozenset({Status.OK, Status.DISABLED, Status.EMPTY, Status.NOT_FOUND})
_LOST: Final = frozenset({Status.FORBIDDEN, Status.UNSUPPORTED, Status.UNAVAILABLE, Status.TIMEOUT, Status.ERROR})
_HEARD: Final = frozenset({Status.OK, Status.EMPTY, Status.UNSUPPORTED})
_TELLING: Final = {status: rank for rank, status in enumerate(Status)}
_GONE: Final = {
    Status.OK: "announced without a picture of its own",
    Status.DISABLED: "switched off",
    Status.EMPTY: "emptied",
    Status.NOT_FOUND: "node or vCard no longer there",
}
_STOCK: Final = {Source.PEP, Source.VCARD}
# Servers that convert purge PEP when a vCard is written without PHOTO, whatever was edited.
_EDITED: Final = "both at once: perhaps a vCard was edited by a client that dropped its picture, A-11"
# A data item's XML is not read again while its picture is known.
_ABOUT_ITEMS: Final = frozenset({"A-19", "P84-05", "P84-06"})
# These say that nothing could be seen, as access lost and gained do.
_ABOUT_ACCESS: Final = frozenset({"A-25", "A-26", "P163-01"})
_OF_SUBJECT: Final = ("name", "groups", "subscription")
_DECLARED: Final = ("id", "mime", "nbytes", "width", "height", "url", "pointer")


def _people(snapshot: Snapshot) -> dict[str, _Person]:
    people: dict[str, _Person] = {}
    for outcome in snapshot.outcomes:
        people.setdefault(outcome.subject.jid, _Person(outcome.subject, [])).outcomes.append(outcome)
    return people


def _subjects(
    old: Mapping[str, _Person], new: Mapping[str, _Person], before: Snapshot, after: Snapshot
) -> Iterator[Difference]:
    """Tell who came and went, as far as a collection that was not interrupted can know."""
    if before.complete:
        yield from (Difference(Change.APPEARED, jid, after=new[jid].subject.name) for jid in new.keys() - old.keys())
    if after.complete:
        yield from (Difference(Change.VANISHED, jid, before=old[jid].subject.name) for jid in old.keys() - new.keys())


def _subject(old: Subject, new: Subject) -> Iterator[Difference]:
    for name in _OF_SUBJECT:
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield Difference(Change.FACTS_CHANGED, new.jid, None, name, _text(was), _text(now))


def _source(jid: str, source: Source, old: _Person, new: _Person) -> Iterator[Difference]:
    one, other = old.of(source), new.of(source)
    if not one or not other:
        return
    was, now = _best(one), _best(other)
    if was in _ANSWERED and now in _ANSWERED:
        pictures = list(_pictures(jid, source, _readings(one), _readings(other), now))
        yield from pictures
        if was is not now and not pictures:
            yield Difference(Change.FACTS_CHANGED, jid, source, "status", was.value, now.value)
    # Somebody is offline, or uses another client, which is no change of an avatar.
    elif source is not Source.PRESENCE and was is not now:
        yield from _statuses(jid, source, was, now, _why(other))


def _best(outcomes: list[Outcome]) -> Status:
    return min((_status(each) for each in outcomes), key=_TELLING.__getitem__)


def _status(outcome: Outcome) -> Status:
    # Not asked, since its whole server was not reached.
    return Status.UNAVAILABLE if outcome.condition == "breaker-open" else outcome.status


def _why(outcomes: list[Outcome]) -> str | None:
    told = next((each for each in outcomes if _status(each) in _LOST), None)
    return (told.text or told.condition) if told else None


def _statuses(
    jid: str, source: Source, was: Status, now: Status, why: str | None, field: str = "status"
) -> Iterator[Difference]:
    """Tell what was lost and gained; not asked is neither."""
    change = Change.FACTS_CHANGED
    if Status.SKIPPED in (was, now) or (was in _LOST and now in _LOST and Status.FORBIDDEN not in (was, now)):
        return
    if was not in _LOST and now in _LOST:
        change = Change.ACCESS_LOST
    elif was in _LOST and now not in _LOST:
        change = Change.ACCESS_GAINED
    yield Difference(change, jid, source, field, was.value, now.value, note=why if now in _LOST else None)


def _readings(outcomes: list[Outcome]) -> list[Reading]:
    return [reading for outcome in outcomes for reading in outcome.readings]


def _pictures(jid: str, source: Source, old: list[Reading], new: list[Reading], now: Status) -> Iterator[Difference]:
    gone = [each for each in old if not any(_same(each, other) for other in new)]
    come = [each for each in new if not any(_same(other, each) for other in old)]
    if gone or come:
        change = Change.PICTURE_CHANGED if old and new else Change.PICTURE_ADDED if new else Change.PICTURE_REMOVED
        note = _GONE[now] if change is Change.PICTURE_REMOVED else None
        names = _names(gone) or _names(old), _names(come) or _names(new)
        yield Difference(change, jid, source, "picture", *names, note=note)
    # A presence declares nothing but the hash, and each of its resources the same one.
    if source is not Source.PRESENCE:
        for after in new:
            before = next((each for each in old if _same(each, after)), None)
            if before is not None:
                yield from _facts(jid, source, before, after)


def _same(one: Reading, other: Reading) -> bool:
    """Tell whether two readings are of one picture: by their bytes, or by what is announced."""
    if one.facts is not None and other.facts is not None:
        return one.facts.sha1 == other.facts.sha1
    if one.descriptor.id is None or other.descriptor.id is None:
        return one.descriptor.url == other.descriptor.url
    return normalized(one.descriptor.id) == normalized(other.descriptor.id)


def _facts(jid: str, source: Source, before: Reading, after: Reading) -> Iterator[Difference]:
    for name in _DECLARED:
        was, now = getattr(before.descriptor, name), getattr(after.descriptor, name)
        if was != now:
            yield Difference(Change.FACTS_CHANGED, jid, source, name, _text(was), _text(now))
    was, now = before.image_status, after.image_status
    if was is not now:
        yield from _statuses(jid, source, was, now, after.image_condition, "image_status")


def _together(changed: list[Difference]) -> list[Difference]:
    """Note pictures that went from PEP and vCard at once."""
    removed = {each.source for each in changed if each.change is Change.PICTURE_REMOVED}
    if not removed >= _STOCK:
        return changed
    stock = [each.change is Change.PICTURE_REMOVED and each.source in _STOCK for each in changed]
    return [
        each._replace(note=f"{each.note}; {_EDITED}") if mine else each
        for each, mine in zip(changed, stock, strict=True)
    ]


def _names(readings: list[Reading]) -> str | None:
    """Name pictures by their hash, announced id or url; a frame's ``sha1`` looks them up."""
    names = (
        each.facts.sha1 if each.facts else normalized(each.descriptor.id or "") or each.descriptor.url
        for each in readings
    )
    return ", ".join(sorted({name for name in names if name})) or None


def _findings(
    were: Collection[Finding],
    are: Collection[Finding],
    old: Mapping[str, _Person],
    new: Mapping[str, _Person],
    *,
    complete: bool,
) -> Iterator[Difference]:
    """Compare findings by subject, rule and source.

    Parameters
    ----------
    complete : bool
        Whether the earlier collection saw everybody, so that who is new there is new.
    """
    was, now = (
        {(each.jid, each.rule, each.source): each for each in reversed([*those]) if each.rule not in _ABOUT_ACCESS}
        for those in (were, are)
    )
    for key, finding in now.items():
        if key in was:
            yield _finding(Change.FINDING_STILL, was[key], finding)
        elif finding.jid not in old:
            if complete:
                yield _finding(Change.FINDING_NEW, None, finding)
        elif _could_be_seen(finding, new[finding.jid], old[finding.jid]):
            yield _finding(Change.FINDING_NEW, None, finding)
    for key, finding in was.items():
        if key not in now and finding.jid in new and _could_be_seen(finding, old[finding.jid], new[finding.jid]):
            yield _finding(Change.FINDING_FIXED, finding, None)


def _could_be_seen(finding: Finding, here: _Person, there: _Person) -> bool:
    """Tell whether a rule that is broken `here` could have been looked at `there`."""
    if finding.rule in _ABOUT_ITEMS and _shown(here) == _shown(there):
        return False
    seen = _seen(there)
    return finding.source in seen if finding.source else _seen(here) <= seen


def _seen(person: _Person) -> frozenset[Source]:
    """Return the sources that told something."""
    return frozenset(
        each.source
        for each in person.outcomes
        if each.status in (_HEARD if each.source is Source.PRESENCE else _ANSWERED)
    )


def _shown(person: _Person) -> str | None:
    return _names(_readings(person.of(Source.PEP)))


def _finding(change: Change, was: Finding | None, now: Finding | None) -> Difference:
    known = now or was
    assert known is not None
    before, after = (each.message if each else None for each in (was, now))
    return Difference(change, known.jid, known.source, known.rule, before, after, known.severity)


def _text(value: Any) -> str | None:
    if isinstance(value, tuple):
        return JOIN.join(value) or None
    return None if value is None else str(value)
