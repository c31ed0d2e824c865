"""Comparing two snapshots, source by source.

An answer that is missing says nothing: a timeout is no removal, and a finding whose source did
not answer this time is not fixed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from xavatar.errors import ConfigError
from xavatar.frames.agreement import normalized
from xavatar.frames.schema import JOIN
from xavatar.model import Finding, Outcome, Reading, Snapshot, Source, Status, Subject

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
        for source in Source:
            found += _source(jid, source, old[jid].of(source), new[jid].of(source))
    if were is not None and are is not None:
        found += _findings(were, are, old, new, complete=before.complete)
    rank = {change: number for number, change in enumerate(Change)}
    found.sort(key=lambda each: (rank[each.change], each.jid, each.source or "", each.field or ""))
    return Diff(before, after, tuple(found))


class _Person(NamedTuple):
    subject: Subject
    outcomes: list[Outcome]

    def of(self, source: Source) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.source is source]


_ANSWERED: Final = frozenset({Status.OK, Status.DISABLED, Status.EMPTY, Status.NOT_FOUND})
_HEARD: Final = frozenset({Status.OK, Status.EMPTY, Status.UNSUPPORTED})
_TELLING: Final = {status: rank for rank, status in enumerate(Status)}
# Nobody sent a presence, or nobody asked: somebody is offline, which is no change of an avatar.
_SILENT: Final = frozenset({Status.SKIPPED, Status.UNAVAILABLE})
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


def _source(jid: str, source: Source, old: list[Outcome], new: list[Outcome]) -> Iterator[Difference]:
    if not old or not new:
        return
    was, now = (min((each.status for each in outcomes), key=_TELLING.__getitem__) for outcomes in (old, new))
    yield from _statuses(jid, source, was, now)
    if was in _ANSWERED and now in _ANSWERED:
        yield from _pictures(jid, source, _readings(old), _readings(new))


def _statuses(jid: str, source: Source, was: Status, now: Status) -> Iterator[Difference]:
    ignored = _SILENT if source is Source.PRESENCE else {Status.SKIPPED}
    if was is now or was in ignored or now in ignored:
        return
    yield Difference(_status_change(was, now), jid, source, "status", was.value, now.value)


def _status_change(was: Status, now: Status) -> Change:
    if was in _ANSWERED and now is Status.FORBIDDEN:
        return Change.ACCESS_LOST
    return Change.ACCESS_GAINED if was is Status.FORBIDDEN and now in _ANSWERED else Change.STATUS_CHANGED


def _readings(outcomes: list[Outcome]) -> list[Reading]:
    return [reading for outcome in outcomes for reading in outcome.readings]


def _pictures(jid: str, source: Source, old: list[Reading], new: list[Reading]) -> Iterator[Difference]:
    gone = [each for each in old if not any(_same(each, other) for other in new)]
    come = [each for each in new if not any(_same(other, each) for other in old)]
    if gone or come:
        change = Change.PICTURE_CHANGED if old and new else Change.PICTURE_ADDED if new else Change.PICTURE_REMOVED
        yield Difference(change, jid, source, "picture", _names(gone) or _names(old), _names(come) or _names(new))
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
    # One was fetched and the other was not: that is about the asking.
    if was is not now and Status.SKIPPED not in (was, now):
        yield Difference(_status_change(was, now), jid, source, "image_status", was.value, now.value)


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
    was, now = ({(each.jid, each.rule, each.source): each for each in reversed([*those])} for those in (were, are))
    for key, finding in now.items():
        if key in was:
            yield _finding(Change.FINDING_STILL, was[key], finding)
        elif _comparable(old[finding.jid], finding.source) if finding.jid in old else complete:
            yield _finding(Change.FINDING_NEW, None, finding)
    for key, finding in was.items():
        if key not in now and finding.jid in new and _comparable(new[finding.jid], finding.source):
            yield _finding(Change.FINDING_FIXED, finding, None)


def _comparable(person: _Person, source: Source | None) -> bool:
    """Tell whether a rule could be asked about somebody: whether its source answered, or all those asked did."""
    if source is Source.PRESENCE:
        return any(outcome.status in _HEARD for outcome in person.of(source))
    asked = person.of(source) if source else [each for each in person.outcomes if each.source is not Source.PRESENCE]
    return bool(asked) and all(outcome.status in _ANSWERED for outcome in asked)


def _finding(change: Change, was: Finding | None, now: Finding | None) -> Difference:
    known = now or was
    assert known is not None
    return Difference(
        change, known.jid, known.source, known.rule, was.message if was else None, now.message if now else None
    )


def _text(value: Any) -> str | None:
    if isinstance(value, tuple):
        return JOIN.join(value) or None
    return None if value is None else str(value)
