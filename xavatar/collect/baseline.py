"""What is known of people's avatars, held against what events and presences say: news, or nothing new."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from xavatar.avatar.events import Happened, MetadataEvent
from xavatar.avatar.ids import normalize_id
from xavatar.avatar.parse import Metadata, Update, UpdateState
from xavatar.model import Descriptor, Kind, Outcome, Source, Status

from .changes import What

_LIMIT: Final = 100_000
_RESOURCES: Final = 64
_SHOWN: Final = 200
_GONE: Final = {
    Happened.RETRACTED: What.RETRACTED,
    Happened.CLEARED: What.PURGED,
    Happened.DELETED: What.DELETED,
}
_SAID: Final = {Status.OK: What.PUBLISHED, Status.DISABLED: What.DISABLED, Status.MALFORMED: What.MALFORMED}
_ANSWERS: Final = frozenset({Status.OK, Status.DISABLED, Status.EMPTY, Status.NOT_FOUND})


class News(NamedTuple):
    """Something that was not known.

    Parameters
    ----------
    what : What
    before : str, optional
        The id before; ``""`` when there was no avatar, ``None`` when nothing was known.
    after : str
    """

    what: What
    before: str | None
    after: str


@dataclass(slots=True)
class _Known:
    """Ids of the metadata, the hash in presences, and which resource said which."""

    ids: tuple[str, ...] | None = None
    what: What | None = None
    hash: str | None = None
    heard: dict[str, str] = field(default_factory=dict)


class Baseline:
    """What the newest events and presences said, of 100,000 accounts at most.

    Attributes
    ----------
    names : dict of str to str
        The roster's names, by JID.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def learn(self, outcomes: Iterable[Outcome]) -> None:
        """Take what a collection found, about those of whom nothing newer is known."""
        for outcome in outcomes:
            subject = outcome.subject
            if subject.name:
                self.names[subject.jid] = subject.name
            if outcome.source is not Source.PEP or subject.kind not in (Kind.CONTACT, Kind.SELF):
                continue
            known = self._of(subject.jid)
            if known.ids is None and outcome.status in _ANSWERS:
                known.ids = _ids([reading.descriptor for reading in outcome.readings])
                known.what = _SAID.get(outcome.status)

    def published(self, jid: str, metadata: Metadata) -> News | None:
        """Take a metadata item that was pushed, or asked for."""
        return self._turn(jid, _SAID.get(metadata.status, What.MALFORMED), _ids(metadata.descriptors))

    def removed(self, jid: str, event: MetadataEvent) -> News | None:
        """Take the removal of items, or of the node."""
        known, what = self._of(jid), _GONE[event.happened]
        items = {normalize_id(item) for item in event.items}
        if what is What.RETRACTED and known.ids and not items & set(known.ids):
            return None  # an older item went (XEP-0060, 7.2): what is announced stays
        return self._turn(jid, what, ())

    def said(self, jid: str, resource: str, update: Update) -> News | None:
        """Take what a presence says; the first that is heard of somebody is no news."""
        if update.state not in (UpdateState.EMPTY, UpdateState.HASH):
            return None
        value, known = normalize_id(update.hash or "")[:_SHOWN], self._of(jid)
        if known.heard.get(resource) == value:
            return None
        if resource not in known.heard and len(known.heard) >= _RESOURCES:
            del known.heard[next(iter(known.heard))]
        known.heard[resource] = value
        # One resource that wants no avatar does not speak for another that has one.
        if not value and any(known.heard.values()):
            return None
        before, known.hash = known.hash, value
        if before is None or before == value:
            return None
        return News(What.ANNOUNCED if value else What.WITHDRAWN, before, value)

    def left(self, jid: str, resource: str) -> None:
        """Forget what a resource said, but not what it told of the account."""
        if jid in self._known:
            self._known[jid].heard.pop(resource, None)

    def forget(self, jid: str) -> None:
        """Forget somebody whose JID may be another's next."""
        self._known.pop(jid, None)

    def _turn(self, jid: str, what: What, ids: tuple[str, ...]) -> News | None:
        known = self._of(jid)
        if (known.ids, known.what) == (ids, what):
            return None
        before = known.ids
        known.ids, known.what = ids, what
        return News(what, None if before is None else _first(before), _first(ids))

    def _of(self, jid: str) -> _Known:
        known = self._known.setdefault(jid, _Known())
        self._known.move_to_end(jid)
        if len(self._known) > _LIMIT:
            self._known.popitem(last=False)
        return known


def shown(descriptors: Iterable[Descriptor]) -> Descriptor | None:
    """Return the descriptor whose picture is shown: the first that is in PEP, else the first."""
    announced = list(descriptors)
    return next((each for each in announced if each.url is None), announced[0] if announced else None)


def _ids(descriptors: Iterable[Descriptor]) -> tuple[str, ...]:
    """Return the declared ids, that of the shown one first."""
    announced = list(descriptors)
    main = shown(announced)
    ordered = sorted(announced, key=lambda each: each is not main)
    return tuple(normalize_id(each.id or each.item_id or "")[:_SHOWN] for each in ordered)


def _first(ids: tuple[str, ...]) -> str:
    return ids[0] if ids else ""
