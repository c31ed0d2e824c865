"""Chat rooms: entering for a look, and what is seen there (XEP-0045, XEP-0486)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

import aioxmpp
import aioxmpp.muc.xso

from xavatar.avatar.parse import Update, parse_update
from xavatar.errors import ConfigError, QueryError, QueryTimeout
from xavatar.wire import Wire
from xavatar.wire.stanza_errors import from_stanza
from xavatar.wire.xml import MUC_USER, tag

from .disco import Info, fetch_info

_USER: Final = tag(MUC_USER, "x")
_SELF: Final = "110"
_TRIES: Final = 3
HASH_FIELDS: Final = (
    "muc#roominfo_avatarhash",
    "{http://modules.prosody.im/mod_vcard_muc}avatar#sha1",
)
"""Form fields that announce the room's avatar: XEP-0486's, and an older one of Prosody."""


@dataclass(frozen=True, slots=True)
class Occupant:
    """Somebody in a room.

    Parameters
    ----------
    nick : str
    update : Update
        What their presence says of their vCard photo.
    """

    nick: str
    update: Update


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as its visitor sees it.

    Parameters
    ----------
    jid : str
    nick : str
        One's own nickname there.
    occupants : tuple of Occupant
        Without oneself, in the order of their presences.
    update : Update, optional
        What a presence of the room itself says of its avatar (P486-09).
    """

    jid: str
    nick: str
    occupants: tuple[Occupant, ...]
    update: Update | None = None


def room_jid(text: str) -> str:
    """Return the normalised bare JID of a room.

    Raises
    ------
    ConfigError
        The text is none.
    """
    try:
        jid = aioxmpp.JID.fromstr(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is not a JID: {error}.") from None
    if jid.localpart is None:
        raise ConfigError(f"{text!r} names no room; a room looks like balcony@rooms.capulet.lit.")
    return str(jid.bare())


def announced_hashes(info: Info) -> tuple[str, ...]:
    """Return the avatar hashes of a room's disco#info (P486-05)."""
    return tuple(value for field in HASH_FIELDS for value in info.fields.get(field, ()) if value)


async def fetch_room_info(wire: Wire, room: str, *, timeout: float) -> Info:
    """Ask a room about itself.

    Raises
    ------
    QueryError
    """
    return await fetch_info(wire, room, timeout=timeout)


@asynccontextmanager
async def visit(wire: Wire, room: str, nick: str, *, timeout: float) -> AsyncGenerator[RoomView, None]:
    """Enter a room for the time of an ``async with``.

    Parameters
    ----------
    wire : Wire
    room : str
        Bare JID.
    nick : str
        Wanted nickname; when it is taken, one with a number is.
    timeout : float
        Seconds until the room must have let us in.

    Yields
    ------
    RoomView

    Raises
    ------
    QueryError
        The room refuses entry, or does not answer.

    Notes
    -----
    When the client is in the room already, it stays: its stay is only looked at anew.
    """
    muc = wire.client.summon(aioxmpp.MUCClient) if _uses_rooms(wire) else None
    joined = muc.get_muc(aioxmpp.JID.fromstr(room)) if muc is not None else None
    if joined is not None and joined.muc_active:
        yield await _enter(wire, room, joined.me.nick, timeout)
        return
    view = await _find_nick(wire, room, nick, timeout)
    try:
        yield view
    finally:
        if wire.client.established:
            _send(wire, room, view.nick, aioxmpp.PresenceType.UNAVAILABLE)


def _uses_rooms(wire: Wire) -> bool:
    # Summoning the service only to ask it would make the client announce what it does not do.
    return aioxmpp.MUCClient in getattr(wire.client, "_services", {})


async def _find_nick(wire: Wire, room: str, nick: str, timeout: float) -> RoomView:
    for attempt in range(1, _TRIES):
        try:
            return await _enter(wire, room, nick if attempt == 1 else f"{nick}-{attempt}", timeout)
        except QueryError as error:
            if error.condition != "conflict":
                raise
    return await _enter(wire, room, f"{nick}-{_TRIES}", timeout)


async def _enter(wire: Wire, room: str, nick: str, timeout: float) -> RoomView:
    seen: dict[str, Occupant] = {}
    own_update: Update | None = None
    inside: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def observe(presence: Element) -> None:
        nonlocal own_update
        bare, _, resource = presence.get("from", "").partition("/")
        if bare != room or inside.done():
            return
        if presence.get("type") == "error":
            inside.set_exception(from_stanza(presence, room, "entering the room"))
        elif presence.get("type") is None and not resource:
            own_update = parse_update(presence)
        elif presence.get("type") is None:
            if _SELF in _codes(presence):
                inside.set_result(resource)
            else:
                seen[resource] = Occupant(resource, parse_update(presence))
        elif presence.get("type") == "unavailable":
            seen.pop(resource, None)

    stop = wire.observe("presence", observe)
    try:
        _send(wire, room, nick, aioxmpp.PresenceType.AVAILABLE)
        async with asyncio.timeout(timeout):
            own = await inside
    except TimeoutError:
        raise QueryTimeout(room, "entering the room", text=f"no answer within {timeout:g} s") from None
    finally:
        stop()
    return RoomView(room, own, tuple(seen.values()), own_update)


def _codes(presence: Element) -> set[str]:
    user = presence.find(_USER)
    if user is None:
        return set()
    return {status.get("code", "") for status in user.findall(tag(MUC_USER, "status"))}


def _send(wire: Wire, room: str, nick: str, kind: aioxmpp.PresenceType) -> None:
    presence = aioxmpp.Presence(to=aioxmpp.JID.fromstr(room).replace(resource=nick), type_=kind)
    if kind is aioxmpp.PresenceType.AVAILABLE:
        presence.xep0045_muc = aioxmpp.muc.xso.GenericExt()
        presence.xep0045_muc.history = aioxmpp.muc.xso.History(maxstanzas=0)
    wire.client.enqueue(presence)
