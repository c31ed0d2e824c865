"""Hearing of changes: what events and presences say, held against what was known before."""

from __future__ import annotations

import asyncio
import weakref
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeAlias
from xml.etree.ElementTree import Element

from xavatar.avatar.events import Happened, MetadataEvent, read_event
from xavatar.avatar.ids import is_sha1, normalize_id
from xavatar.avatar.parse import Metadata, UpdateState, parse_update
from xavatar.avatar.read import fetch_metadata, fetch_vcard
from xavatar.avatar.tasks import Tasks
from xavatar.client import Connection, State
from xavatar.errors import QueryError, SessionClosed
from xavatar.imaging import inspect
from xavatar.model import Descriptor, ImageFacts, Kind, Outcome, Reading, Source, Status
from xavatar.wire.xml import MUC_USER, tag

from .changes import NONE, Change, Changes, Face, What
from .pictures import Pictures

_LIMIT: Final = 100_000
_RESOURCES: Final = 64
_WAITING: Final = 500  # changes whose pictures are looked for at once; further ones come without
_SHOWN: Final = 200
_MUC: Final = tag(MUC_USER, "x")
_GONE: Final = {
    Happened.RETRACTED: What.RETRACTED,
    Happened.CLEARED: What.PURGED,
    Happened.DELETED: What.DELETED,
}
_SILENT: Final = {Status.OK: What.PUBLISHED, Status.DISABLED: What.DISABLED, Status.MALFORMED: What.MALFORMED}

Work: TypeAlias = Callable[[], Awaitable[None]]
Looking: TypeAlias = Callable[[], Awaitable[Reading]]


@dataclass(slots=True)
class _Known:
    """What is known of somebody: ids of the metadata, the hash in presences, and who said which."""

    ids: tuple[str, ...] | None = None
    what: What | None = None
    hash: str | None = None
    heard: dict[str, str] = field(default_factory=dict)


class Watch:
    """Feeds :class:`Changes` from a connection, on its loop.

    What is known when it begins, and what somebody says once more, is no change. An event about
    somebody of whom nothing was known is one, with nothing before it: the metadata that servers
    send at login has come by then. A first presence is none.

    Parameters
    ----------
    connection : Connection
    pictures : Pictures
    changes : Changes
        Held weakly: with it the watching ends.
    timeout : float
        Seconds for each answer.
    """

    def __init__(self, connection: Connection, pictures: Pictures, changes: Changes, *, timeout: float) -> None:
        self._wire = connection.wire
        self._connection = connection
        self._pictures = pictures
        self._timeout = timeout
        self._changes = weakref.ref(changes)
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._names: dict[str, str] = {}
        self._turns: dict[str, deque[Work]] = {}
        self._waiting = 0
        self._tasks = Tasks()
        loop = asyncio.get_running_loop()
        for bare, metadata in connection.pushes.known().items():
            self._learn_metadata(bare, metadata)
        for bare, sightings in connection.presences.known().items():
            for sighting in sightings:
                self._hears(bare, sighting.resource, sighting.update.state, sighting.update.hash)
        self._endings = [
            connection.wire.observe("message", self._message),
            connection.wire.observe("presence", self._presence),
        ]
        ends, lost = weakref.WeakMethod(self.end), weakref.WeakMethod(self._state)

        def end() -> None:
            if (method := ends()) is not None:
                with suppress(RuntimeError):  # a loop that is closed watches nothing any more
                    loop.call_soon_threadsafe(method)

        changes._at_end = end
        connection.on_state(lambda state: method(state) if (method := lost()) is not None else None)

    def learn(self, outcomes: Iterable[Outcome]) -> None:
        """Take what a collection found, about those of whom nothing newer is known."""
        for outcome in outcomes:
            subject = outcome.subject
            if subject.name:
                self._names[subject.jid] = subject.name
            if outcome.source is not Source.PEP or subject.kind not in (Kind.CONTACT, Kind.SELF):
                continue
            known = self._of(subject.jid)
            if known.ids is None and outcome.status in (Status.OK, Status.DISABLED, Status.EMPTY, Status.NOT_FOUND):
                known.ids = _ids([reading.descriptor for reading in outcome.readings])
                known.what = _SILENT.get(outcome.status)

    def end(self) -> None:
        """Hear no more; on the loop."""
        for end in self._endings:
            end()
        self._endings.clear()
        self._tasks.cancel()
        self._turns.clear()

    async def close(self) -> None:
        """End with the session."""
        changes = self._changes()
        self.end()
        await self._tasks.close()
        if changes is not None:
            changes.stop()

    def _state(self, state: State) -> None:
        if state is State.FAILED and (changes := self._changes()) is not None:
            changes.stop(self._connection.last_error)

    # -- events (XEP-0163, 4.3)

    def _message(self, message: Element) -> None:
        event = read_event(message)
        if event is None or self._abandoned():
            return
        jid = message.get("from") or self._connection.bare
        if event.happened is Happened.TOUCHED:
            self._spawn(jid, partial(self._ask, jid, datetime.now(UTC)))
        elif event.metadata is not None:
            self._published(jid, event.metadata, datetime.now(UTC))
        else:
            self._removed(jid, event)

    def _published(self, jid: str, metadata: Metadata, at: datetime) -> None:
        known, before = self._of(jid), self._before(jid)
        what, ids = _SILENT.get(metadata.status, What.MALFORMED), _ids(metadata.descriptors)
        if (known.ids, known.what) == (ids, what):
            return
        known.ids, known.what = ids, what
        shown = _main(metadata.descriptors)
        change = self._change(jid, what, Source.PEP, before, Face(ids[0]) if ids else NONE, at=at)
        self._spawn(
            jid, partial(self._complete, change, partial(self._of_item, jid, shown) if shown is not None else None)
        )

    def _removed(self, jid: str, event: MetadataEvent) -> None:
        known, what = self._of(jid), _GONE[event.happened]
        items = {normalize_id(item) for item in event.items}
        if what is What.RETRACTED and known.ids and not items & set(known.ids):
            return  # an older item went (XEP-0060, 7.2): what is announced stays
        if known.ids == () and known.what is what:
            return
        before = self._before(jid)
        known.ids, known.what = (), what
        self._spawn(jid, partial(self._complete, self._change(jid, what, Source.PEP, before, NONE)))

    async def _ask(self, jid: str, at: datetime) -> None:
        with suppress(QueryError, SessionClosed):
            metadata = await fetch_metadata(self._wire, self._addressee(jid), timeout=self._timeout)
            if metadata.status is not Status.EMPTY:
                self._published(jid, metadata, at)

    # -- presences (XEP-0153, 3)

    def _presence(self, presence: Element) -> None:
        sender, kind = presence.get("from"), presence.get("type")
        if not sender or kind not in (None, "unavailable") or sender == self._connection.jid or self._abandoned():
            return
        in_room = presence.find(_MUC) is not None
        bare, _, resource = sender.partition("/")
        jid = sender if in_room else bare
        if kind is not None:
            if in_room:
                self._known.pop(jid, None)  # the next one of this nickname may be somebody else
            elif jid in self._known:
                self._known[jid].heard.pop(resource, None)
            return
        update = parse_update(presence)
        before = self._known[jid].hash if jid in self._known else None
        if not self._hears(jid, resource, update.state, update.hash):
            return
        after = self._of(jid).hash or ""
        what = What.ANNOUNCED if after else What.WITHDRAWN
        change = self._change(jid, what, Source.PRESENCE, Face(before or ""), Face(after), resource=resource or None)
        self._spawn(jid, partial(self._complete, change, partial(self._of_photo, jid, after) if after else None))

    def _hears(self, jid: str, resource: str, state: UpdateState, said: str | None) -> bool:
        """Take what a presence says; tell whether it changes what is known of the account."""
        if state not in (UpdateState.EMPTY, UpdateState.HASH):
            return False
        value = normalize_id(said or "")[:_SHOWN]
        known = self._of(jid)
        if known.heard.get(resource) == value:
            return False
        if resource not in known.heard and len(known.heard) >= _RESOURCES:
            del known.heard[next(iter(known.heard))]
        known.heard[resource] = value
        # One resource that wants no avatar does not speak for another that has one.
        if not value and any(known.heard.values()):
            return False
        before, known.hash = known.hash, value
        return before is not None and before != value

    # -- pictures

    def _spawn(self, jid: str, work: Work) -> None:
        """Do it soon; what is about one account one after the other, so that its changes stay in order."""
        if (turns := self._turns.get(jid)) is not None:
            turns.append(work)
            return
        self._turns[jid] = deque([work])
        self._tasks.spawn(self._take_turns(jid))

    async def _take_turns(self, jid: str) -> None:
        turns = self._turns[jid]
        try:
            while turns:
                await turns.popleft()()
        finally:
            if self._turns.get(jid) is turns:
                del self._turns[jid]

    async def _complete(self, change: Change, looking: Looking | None = None) -> None:
        before, after, note = change.before, change.after, ""
        if before is not None and before.id:
            before = _face(before.id, await self._at_hand(before.id))
        if looking is not None and self._waiting >= _WAITING:
            note = "too many at once: not fetched"
        elif looking is not None:
            self._waiting += 1
            try:
                reading = await looking()
                after, note = _face(after.id, reading.facts), _note(reading, after.id)
            except QueryError as error:
                note = f"{error.status.value.replace('_', ' ')}: {error.condition or 'no picture'}"
            except SessionClosed:
                note = "the connection was lost"
            finally:
                self._waiting -= 1
        if (changes := self._changes()) is not None:
            changes.add(replace(change, before=before, after=after, note=note))

    async def _of_item(self, jid: str, descriptor: Descriptor) -> Reading:
        return (await self._pictures.of_item(self._addressee(jid), descriptor))[0]

    async def _of_photo(self, jid: str, hash: str) -> Reading:
        descriptor = Descriptor(id=hash)
        if (facts := await self._at_hand(hash)) is not None:
            return Reading(descriptor, facts, Status.OK)
        photos = (await fetch_vcard(self._wire, self._addressee(jid), timeout=self._timeout)).photos
        if not photos:
            return Reading(descriptor, None, Status.EMPTY, "no-data")
        return await self._pictures.of_photo(replace(descriptor, mime=photos[0].mime), photos[0])

    async def _at_hand(self, id_: str) -> ImageFacts | None:
        """Look at a picture that is kept already."""
        changes = self._changes()
        if changes is None or not is_sha1(id_):
            return None
        data = await asyncio.to_thread(changes.picture, id_)
        return await asyncio.to_thread(inspect, data) if data else None

    # -- who

    def _of(self, jid: str) -> _Known:
        known = self._known.setdefault(jid, _Known())
        self._known.move_to_end(jid)
        if len(self._known) > _LIMIT:
            self._known.popitem(last=False)
        return known

    def _learn_metadata(self, bare: str, metadata: Metadata) -> None:
        known = self._of(bare)
        known.ids, known.what = _ids(metadata.descriptors), _SILENT.get(metadata.status)

    def _before(self, jid: str) -> Face | None:
        ids = self._of(jid).ids
        return None if ids is None else Face(ids[0]) if ids else NONE

    def _change(
        self,
        jid: str,
        what: What,
        source: Source,
        before: Face | None,
        after: Face,
        *,
        resource: str | None = None,
        at: datetime | None = None,
    ) -> Change:
        return Change(jid, what, source, at or datetime.now(UTC), before, after, resource, self._names.get(jid))

    def _addressee(self, jid: str) -> str | None:
        return None if jid == self._connection.bare else jid

    def _abandoned(self) -> bool:
        if self._changes() is not None:
            return False
        self.end()
        return True


def _main(descriptors: Iterable[Descriptor]) -> Descriptor | None:
    """Return the descriptor whose picture is shown: the first that is in PEP, else the first."""
    all_ = list(descriptors)
    return next((each for each in all_ if each.url is None), all_[0] if all_ else None)


def _ids(descriptors: Iterable[Descriptor]) -> tuple[str, ...]:
    """Return the declared ids, that of the shown one first."""
    all_ = list(descriptors)
    shown = _main(all_)
    ordered = sorted(all_, key=lambda each: each is not shown)
    return tuple(normalize_id(each.id or each.item_id or "")[:_SHOWN] for each in ordered)


def _face(id_: str, facts: ImageFacts | None) -> Face:
    if facts is None:
        return Face(id_)
    return Face(id_, facts.sha1, facts.mime, facts.nbytes, facts.width, facts.height)


def _note(reading: Reading, id_: str) -> str:
    """Say why a picture is not here, or not the one that was announced."""
    if reading.facts is not None:
        other = is_sha1(id_) and reading.facts.sha1 != id_
        return "the picture there is not the announced one" if other else ""
    if reading.image_condition == "url":
        return "at an address, which is not fetched"
    why = f": {reading.image_condition}" if reading.image_condition else ""
    return f"picture {reading.image_status.value.replace('_', ' ')}{why}"
