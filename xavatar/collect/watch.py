"""Hearing of changes: events and presences as they come, completed by the pictures before and after."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final, TypeAlias
from xml.etree.ElementTree import Element

from xavatar.avatar.events import Happened, read_event
from xavatar.avatar.ids import is_sha1
from xavatar.avatar.parse import Metadata, parse_update
from xavatar.avatar.read import fetch_metadata, fetch_vcard
from xavatar.avatar.tasks import Tasks
from xavatar.client import Connection, State
from xavatar.errors import QueryError, SessionClosed
from xavatar.imaging import inspect
from xavatar.model import Descriptor, ImageFacts, Outcome, Reading, Source, Status
from xavatar.wire.xml import MUC_USER, tag

from .baseline import Baseline, News, shown
from .changes import Change, Changes, Face
from .pictures import Pictures

_WAITING: Final = 500  # changes whose pictures are looked for at once; further ones come without
_MUC: Final = tag(MUC_USER, "x")

Work: TypeAlias = Callable[[], Awaitable[None]]
Looking: TypeAlias = Callable[[], Awaitable[Reading]]


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
        self._connection = connection
        self._wire = connection.wire
        self._pictures = pictures
        self._timeout = timeout
        self._changes = weakref.ref(changes)
        self._baseline = Baseline()
        self._turns: dict[str, deque[Work]] = {}
        self._waiting = 0
        self._tasks = Tasks()
        for bare, metadata in connection.pushes.known().items():
            self._baseline.published(bare, metadata)
        for bare, sightings in connection.presences.known().items():
            for sighting in sightings:
                self._baseline.said(bare, sighting.resource, sighting.update)
        self._endings = [
            connection.wire.observe("message", self._message),
            connection.wire.observe("presence", self._presence),
        ]
        self._bind(changes)

    def _bind(self, changes: Changes) -> None:
        """End with the changes, and they with the connection; neither holds the other."""
        loop = asyncio.get_running_loop()
        ends, lost = weakref.WeakMethod(self.end), weakref.WeakMethod(self._state)

        def end() -> None:
            if (method := ends()) is not None:
                with suppress(RuntimeError):  # a loop that is closed watches nothing any more
                    loop.call_soon_threadsafe(method)

        changes._at_end = end
        self._connection.on_state(lambda state: method(state) if (method := lost()) is not None else None)

    def learn(self, outcomes: Iterable[Outcome]) -> None:
        """Take what a collection found, about those of whom nothing newer is known."""
        self._baseline.learn(outcomes)

    def end(self) -> None:
        """Hear no more; on the loop."""
        for end in self._endings:
            end()
        self._endings.clear()
        self._turns.clear()
        self._tasks.cancel()

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

    # -- events (XEP-0163, 4.3) and presences (XEP-0153, 3)

    def _message(self, message: Element) -> None:
        event = read_event(message)
        if event is None or self._abandoned():
            return
        jid = message.get("from") or self._connection.bare
        if event.happened is Happened.TOUCHED:
            self._spawn(jid, partial(self._ask, jid, datetime.now(UTC)))
        elif event.metadata is not None:
            self._published(jid, event.metadata, datetime.now(UTC))
        elif (news := self._baseline.removed(jid, event)) is not None:
            self._spawn(jid, partial(self._complete, self._change(jid, Source.PEP, news)))

    def _published(self, jid: str, metadata: Metadata, at: datetime) -> None:
        news = self._baseline.published(jid, metadata)
        if news is None:
            return
        descriptor = shown(metadata.descriptors)
        looking = partial(self._of_item, jid, descriptor) if descriptor is not None else None
        self._spawn(jid, partial(self._complete, replace(self._change(jid, Source.PEP, news), at=at), looking))

    async def _ask(self, jid: str, at: datetime) -> None:
        """Ask for the item of which an event only said that it is there."""
        with suppress(QueryError, SessionClosed):
            metadata = await fetch_metadata(self._wire, self._addressee(jid), timeout=self._timeout)
            if metadata.status is not Status.EMPTY:
                self._published(jid, metadata, at)

    def _presence(self, presence: Element) -> None:
        sender, kind = presence.get("from"), presence.get("type")
        if not sender or kind not in (None, "unavailable") or sender == self._connection.jid or self._abandoned():
            return
        in_room = presence.find(_MUC) is not None
        bare, _, resource = sender.partition("/")
        jid = sender if in_room else bare
        if kind is not None and in_room:
            self._baseline.forget(jid)  # the next one of this nickname may be somebody else
        elif kind is not None:
            self._baseline.left(jid, resource)
        elif (news := self._baseline.said(jid, resource, parse_update(presence))) is not None:
            change = replace(self._change(jid, Source.PRESENCE, news), resource=resource or None)
            self._spawn(jid, partial(self._complete, change, partial(self._of_photo, jid, news.after)))

    def _change(self, jid: str, source: Source, news: News) -> Change:
        before = None if news.before is None else Face(news.before)
        name = self._baseline.names.get(jid)
        return Change(jid, news.what, source, datetime.now(UTC), before, Face(news.after), name=name)

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
        if before is not None:
            before = _face(before.id, await self._at_hand(before.id))
        if looking is not None and after.id:
            reading, note = await self._look(looking)
            after = _face(after.id, reading.facts if reading is not None else None)
            note = note or _note(reading, after.id)
        if (changes := self._changes()) is not None:
            changes.add(replace(change, before=before, after=after, note=note))

    async def _look(self, looking: Looking) -> tuple[Reading | None, str]:
        if self._waiting >= _WAITING:
            return None, "too many at once: not fetched"
        self._waiting += 1
        try:
            return await looking(), ""
        except QueryError as error:
            return None, f"{error.status.value.replace('_', ' ')}: {error.condition or 'no picture'}"
        except SessionClosed:
            return None, "the connection was lost"
        finally:
            self._waiting -= 1

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

    def _addressee(self, jid: str) -> str | None:
        return None if jid == self._connection.bare else jid

    def _abandoned(self) -> bool:
        if self._changes() is not None:
            return False
        self.end()
        return True


def _face(id_: str, facts: ImageFacts | None) -> Face:
    if facts is None:
        return Face(id_)
    return Face(id_, facts.sha1, facts.mime, facts.nbytes, facts.width, facts.height)


def _note(reading: Reading | None, id_: str) -> str:
    """Say why a picture is not here, or not the one that was announced."""
    if reading is None:
        return ""
    if reading.facts is not None:
        other = is_sha1(id_) and reading.facts.sha1 != id_
        return "the picture there is not the announced one" if other else ""
    if reading.image_condition == "url":
        return "at an address, which is not fetched"
    why = f": {reading.image_condition}" if reading.image_condition else ""
    return f"picture {reading.image_status.value.replace('_', ' ')}{why}"
