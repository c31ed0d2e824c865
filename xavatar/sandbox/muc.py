"""The chat room service (XEP-0045): rooms of the scenario, and those that clients make."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_bytes
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from . import muc_queries, ns
from .muc_occupant import MUC, OCCUPANT_ID, enters
from .muc_relay import Relay
from .muc_room import LiveRoom
from .scenario import Occupant, Room
from .stanza import Stanza, StanzaError
from .users import kind_of
from .xml import attribute, escape, parse_fragment

if TYPE_CHECKING:
    from .host import Host

_FEATURES = (MUC, ns.DISCO_INFO, ns.DISCO_ITEMS, ns.PING, ns.VCARD, OCCUPANT_ID)


class Muc:
    """A :class:`~xavatar.sandbox.router.Service` of rooms.

    Parameters
    ----------
    host : Host
        Whose accounts come to the rooms of its scenario.

    Attributes
    ----------
    rooms : dict of str to LiveRoom
        By bare JID.
    """

    name = "Rooms"

    def __init__(self, host: Host) -> None:
        self.domain = host.scenario.rooms_domain
        self._host = host
        self._router, self._responder = host.router, host.responder
        self._relay = Relay(host.directory, host.router, host.responder, host.vcards, host.options)
        self._secret = token_bytes(16)
        self.rooms = {room.jid: self._live(room) for room in host.scenario.rooms}

    def handle(self, stanza: Stanza) -> None:
        """Take one stanza addressed to the service, a room or an occupant."""
        handlers = {"iq": self._iq, "message": self._message, "presence": self._presence}
        try:
            handlers[stanza.name](stanza)
        except StanzaError as error:
            self._router.refuse(stanza, error)
        for jid in [jid for jid, room in self.rooms.items() if not room.persistent and not room.occupants]:
            del self.rooms[jid]

    def play(self, room: str, occupant: Occupant) -> None:
        """Let a figure enter a room, or change its presence there, while clients watch.

        Raises
        ------
        KeyError
            There is no such room.
        StanzaError
            ``conflict``: the nick is another account's.
        """
        self.rooms[room].play(occupant)

    def set_vcard(self, room: str, vcard: str) -> None:
        """Replace a room's vCard as its owner would, announcements included.

        Raises
        ------
        KeyError
            There is no such room.
        StanzaError
            The room takes no vCard.
        """
        if self.rooms[room].avatar.write(parse_fragment(vcard)[0]):
            self.rooms[room].announce_avatar()

    def _live(self, room: Room, *, persistent: bool = True) -> LiveRoom:
        return LiveRoom(room, self._router, self._host.directory, self._secret, persistent=persistent)

    def _room(self, stanza: Stanza) -> LiveRoom:
        assert stanza.to is not None
        room = self.rooms.get(stanza.to.bare)
        if room is None:
            raise StanzaError("item-not-found", text="There is no such room.")
        return room

    def _presence(self, stanza: Stanza) -> None:
        assert stanza.to is not None
        if not stanza.to.local:
            raise StanzaError("service-unavailable")
        created = stanza.to.bare not in self.rooms and not stanza.type and bool(stanza.to.resource) and enters(stanza)
        if created:
            # An instant room (XEP-0045, 10.1.2): who enters first owns it.
            room = Room(stanza.to.bare, name=stanza.to.local, owner=stanza.sender.bare)
            self.rooms[room.jid] = self._live(room, persistent=False)
        self._room(stanza).presence(stanza, created=created)

    def _message(self, stanza: Stanza) -> None:
        assert stanza.to is not None
        if not stanza.to.local:
            raise StanzaError("service-unavailable")
        self._room(stanza).message(stanza)

    def _iq(self, stanza: Stanza) -> None:
        assert stanza.to is not None
        if stanza.type in ("result", "error"):
            self._relay.answered(stanza)
        elif stanza.to.local and stanza.to.resource:
            self._relay.ask(self._room(stanza), stanza)
        else:
            kind = kind_of(stanza.element[0])
            self._responder.respond(stanza, stanza.to.bare, kind, self._answerer(stanza))

    def _answerer(self, stanza: Stanza) -> Callable[[], str]:
        assert stanza.to is not None
        if stanza.to.local:
            return lambda: muc_queries.answer(self._room(stanza), stanza)
        handlers: dict[str, Callable[[Element], str]] = {
            f"{{{ns.DISCO_INFO}}}query": self._info,
            f"{{{ns.DISCO_ITEMS}}}query": self._items,
            f"{{{ns.PING}}}ping": lambda payload: "",
        }
        payload = stanza.element[0]
        handler = handlers.get(payload.tag, _unknown) if stanza.type == "get" else _unknown
        return lambda: handler(payload)

    def _info(self, query: Element) -> str:
        if query.get("node"):
            raise StanzaError("item-not-found")
        features = "".join(f"<feature var='{feature}'/>" for feature in _FEATURES)
        identity = f"<identity category='conference' type='text' name='{self.name}'/>"
        return f"<query xmlns='{ns.DISCO_INFO}'>{identity}{features}</query>"

    def _items(self, query: Element) -> str:
        if query.get("node"):
            raise StanzaError("item-not-found")
        rooms = (
            f"<item jid='{escape(room.jid)}'{attribute('name', room.name or None)}/>" for room in self.rooms.values()
        )
        return f"<query xmlns='{ns.DISCO_ITEMS}'>{''.join(rooms)}</query>"


def _unknown(payload: Element) -> str:
    raise StanzaError("service-unavailable")
