"""The rooms a client is in, by the presences that come from them (XEP-0045)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from xavatar.wire.xml import MUC_USER, tag

_ITEM = f"{tag(MUC_USER, 'x')}/{tag(MUC_USER, 'item')}"
_STATUS = f"{tag(MUC_USER, 'x')}/{tag(MUC_USER, 'status')}"
_LIMIT = 1000


class Rooms:
    """Which bare JIDs are rooms, and who one is in those one has joined."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Any, None] = OrderedDict()
        self._own: dict[Any, Any] = {}

    def __contains__(self, room: Any) -> bool:
        return room in self._seen

    def __iter__(self) -> Iterator[Any]:
        """Yield one's own occupant JIDs."""
        return iter(tuple(self._own.values()))

    def joined(self, room: Any) -> bool:
        """Tell whether one is in a room."""
        return room in self._own

    def occupant(self, jid: Any, presence: Element) -> None:
        """Take an occupant's presence."""
        room = jid.bare()
        self._seen[room] = None
        self._seen.move_to_end(room)
        if len(self._seen) > _LIMIT:
            self._seen.popitem(last=False)
        codes = {status.get("code") for status in presence.iterfind(_STATUS)}
        if presence.get("type") is None:
            if "110" in codes:
                self._own[room] = jid
        elif self._own.get(room) == jid:
            item = presence.find(_ITEM)
            nick = item.get("nick") if item is not None and "303" in codes else None
            if nick:
                self._own[room] = jid.replace(resource=nick)
            else:
                del self._own[room]

    def clear(self) -> None:
        """Forget all."""
        self._seen.clear()
        self._own.clear()
