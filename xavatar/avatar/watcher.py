"""What comes by itself: events, presences, rooms that changed. Read raw, before aioxmpp (D-12, D-34)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

import aioxmpp

from xavatar.errors import QueryError, SessionClosed
from xavatar.wire import Wire
from xavatar.wire.xml import MUC_USER, tag

from .account import fetch_room
from .advertise import Advertiser
from .events import Happened, read_event, tells_room_change
from .parse import Update, UpdateState, parse_update
from .reader import Reader
from .rooms import Rooms
from .tasks import Tasks

_logger = logging.getLogger(__name__)
_MUC = tag(MUC_USER, "x")
_ROOM_PAUSE = 1.0


class Watcher:
    """Hears presences and messages, and tells reader and advertiser what they say.

    Parameters
    ----------
    wire : Wire
    reader : Reader
    advertiser : Advertiser
    tasks : Tasks
    deleted : callable
        Called with the JID whose metadata node was deleted.

    Attributes
    ----------
    rooms : Rooms
    """

    def __init__(
        self, wire: Wire, reader: Reader, advertiser: Advertiser, tasks: Tasks, deleted: Callable[[Any], None]
    ) -> None:
        self.rooms = Rooms()
        self._wire = wire
        self._reader = reader
        self._advertiser = advertiser
        self._tasks = tasks
        self._deleted = deleted
        self._changed_rooms: set[Any] = set()
        self._looking = False
        self._endings = (wire.observe("presence", self._presence), wire.observe("message", self._message))

    def close(self) -> None:
        """Hear no more."""
        for end in self._endings:
            end()

    def clear(self) -> None:
        """Forget the rooms."""
        self.rooms.clear()
        self._changed_rooms.clear()

    def _message(self, message: Element) -> None:
        sender = message.get("from", "")
        if tells_room_change(message, MUC_USER):
            self._room_changed(_jid(sender))
            return
        event = read_event(message)
        if event is None:
            return
        jid = _jid(sender) if sender else self._wire.client.local_jid.bare()
        if jid is None:
            return
        if event.metadata is not None:
            self._reader.published(jid, event.metadata)
        elif event.happened is Happened.TOUCHED:
            self._reader.touched(jid)
        else:
            self._reader.removed(jid, event.items or None)
            if event.happened is Happened.DELETED:
                self._deleted(jid)

    def _presence(self, presence: Element) -> None:
        kind, sender = presence.get("type"), presence.get("from", "")
        if kind not in (None, "unavailable"):
            return
        update = parse_update(presence)
        in_room = presence.find(_MUC) is not None
        own = sender.startswith(f"{self._wire.client.local_jid.bare()}/")
        # Most presences say nothing of avatars; parsing their JIDs would be the costliest part.
        if kind is None and update.state is UpdateState.ABSENT and not in_room and not own:
            return
        address, _, resource = sender.partition("/")
        bare = _jid(address)
        if bare is None:
            return
        if in_room:
            self._occupant(_jid(sender), presence, update)
        elif sender != str(self._wire.client.local_jid):  # our own words are no news
            if own:
                self._own_resource(resource, update, online=kind is None)
            if kind is not None:
                self._left(bare, resource)
            elif update.state in (UpdateState.EMPTY, UpdateState.HASH):
                self._reader.announced(bare, resource, update)

    def _occupant(self, jid: Any, presence: Element, update: Update) -> None:
        if jid is None:
            return
        self.rooms.occupant(jid, presence)
        if presence.get("type") is not None:
            # The next one of this nickname may be somebody else.
            self._reader.cache.forget(jid)
        elif update.state in (UpdateState.EMPTY, UpdateState.HASH):
            self._reader.announced(jid, jid.resource or "", update)

    def _own_resource(self, resource: str, update: Update, *, online: bool) -> None:
        rules = self._advertiser.rules
        self._advertiser.act(rules.heard(resource, update) if online else rules.gone(resource))

    def _left(self, bare: Any, resource: str) -> None:
        if bare in self._reader.cache:
            self._reader.cache.known(bare).left(resource)

    def _room_changed(self, room: Any) -> None:
        if room is None or not self.rooms.joined(room):
            return
        self._changed_rooms.add(room)
        if not self._looking:
            self._looking = True
            self._tasks.spawn(self._look_at_rooms())

    async def _look_at_rooms(self) -> None:
        """Ask the rooms that said they changed, one after the other (P486-04)."""
        try:
            while self._changed_rooms:
                await self._look_at(self._changed_rooms.pop())
                await asyncio.sleep(_ROOM_PAUSE)
        finally:
            self._looking = False

    async def _look_at(self, room: Any) -> None:
        try:
            info = await fetch_room(self._wire, str(room), timeout=self._reader.timeout)
            if info.hashes:
                self._reader.card_changed(room, info.hashes)
            else:
                # No avatar, or a server that announces none, as ejabberd 23: the card knows.
                await self._reader.metadata(room, fresh=True, pep=False)
        except (QueryError, SessionClosed) as error:
            _logger.info("%s changed, and does not say how: %s", room, error)


@lru_cache(maxsize=1024)
def _jid(text: str) -> Any:
    """Return a JID from the wire, ``None`` when it is none."""
    try:
        return aioxmpp.JID.fromstr(text)
    except ValueError:
        return None
