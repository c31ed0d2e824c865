"""What a room says by itself, before anybody in it is asked."""

from __future__ import annotations

from xavatar.client import Sighting
from xavatar.client.rooms import RoomView, announced_hashes, fetch_room_info
from xavatar.errors import QueryError
from xavatar.model import Descriptor, Kind, Outcome, Reading, Source, Status, Subject
from xavatar.wire import Wire

from .sources import presence_outcome

DISCO = "disco#info"
"""Stands as the resource of the hashes that a room's disco#info announces (XEP-0486, 3.3)."""


async def in_room(wire: Wire, view: RoomView, *, timeout: float) -> dict[Subject, list[Outcome]]:
    """Return the room and its occupants, each with what they announce without being asked.

    Parameters
    ----------
    wire : Wire
    view : RoomView
        The room, entered.
    timeout : float
        Seconds for the room's disco#info.
    """
    room, announced = await itself(wire, view.jid, timeout=timeout)
    if view.update is not None:
        announced.append(presence_outcome(room, Sighting("", view.update)))
    known: dict[Subject, list[Outcome]] = {room: announced}
    for occupant in view.occupants:
        person = Subject(f"{view.jid}/{occupant.nick}", Kind.OCCUPANT, nick=occupant.nick)
        known[person] = [presence_outcome(person, Sighting("", occupant.update))]
    return known


async def itself(wire: Wire, jid: str, *, timeout: float) -> tuple[Subject, list[Outcome]]:
    """Return a room, and the hashes its disco#info announces; nobody needs to enter it for that."""
    try:
        info = await fetch_room_info(wire, jid, timeout=timeout)
    except QueryError as error:
        room = Subject(jid, Kind.ROOM)
        return room, [Outcome(room, Source.PRESENCE, error.status, error.condition, resource=DISCO)]
    room = Subject(jid, Kind.ROOM, name=info.name)
    hashes = announced_hashes(info)
    readings = tuple(Reading(Descriptor(id=value, info_index=index)) for index, value in enumerate(hashes))
    status, condition = (Status.OK, None) if readings else (Status.EMPTY, "no-hash")
    return room, [Outcome(room, Source.PRESENCE, status, condition, resource=DISCO, readings=readings)]
