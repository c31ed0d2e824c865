"""Put a cast's content on a running server, over its own client port."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from .cast import Room, User
from .rawclient import RawClient, condition, insist

if TYPE_CHECKING:
    from .base import RunningServer

AT_ONCE = 8
MUC = "http://jabber.org/protocol/muc"


async def fill(server: RunningServer) -> None:
    """Publish every user's items and vCard, then make the rooms."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(user: User) -> None:
        async with gate, await server.raw(user.name, resource="seed") as client:
            await _publish(client, user)

    async with asyncio.TaskGroup() as group:
        for user in server.cast.users:
            if user.exists and (user.items or user.vcard):
                group.create_task(one(user))
    for room in server.cast.rooms:
        async with await server.raw(room.owner, resource="seed") as client:
            await _make_room(client, server.room(room.name), room)


async def _publish(client: RawClient, user: User) -> None:
    for item in user.items:
        ask = partial(client.publish, item.node, item.id, item.payload, item.access)
        await insist(f"publishing {item.node} of {user.name}", ask)
    if user.vcard:
        await insist(f"setting the vCard of {user.name}", partial(client.iq, "set", user.vcard))


async def _make_room(client: RawClient, jid: str, room: Room) -> None:
    client.send(f"<presence to='{jid}/{room.owner}'><x xmlns='{MUC}'/></presence>")
    await client.receive("presence", from_=jid)
    fields = {"FORM_TYPE": f"{MUC}#roomconfig", "muc#roomconfig_persistentroom": "1"}
    if room.title:
        fields["muc#roomconfig_roomname"] = room.title
    form = "".join(f"<field var='{name}'><value>{value}</value></field>" for name, value in fields.items())
    submit = f"<query xmlns='{MUC}#owner'><x xmlns='jabber:x:data' type='submit'>{form}</x></query>"
    for step, payload in (("made", submit), ("given its vCard", room.vcard)):
        if payload and (problem := condition(await client.iq("set", payload, jid))):
            raise RuntimeError(f"room {jid} could not be {step}: {problem}")
    client.send(f"<presence to='{jid}/{room.owner}' type='unavailable'/>")
    await client.receive("presence", from_=jid, type="unavailable")
