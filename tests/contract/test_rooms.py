"""Rooms on the wire: one run of questions, the same answers from three servers but for what is written down here."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
from collections.abc import AsyncIterator
from xml.etree.ElementTree import Element

from tests.servers import RunningServer, picture
from tests.servers.rawclient import PUBSUB, RawClient, condition

USER = "{http://jabber.org/protocol/muc#user}"
INFO = "http://jabber.org/protocol/disco#info"
ENTER = "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"
PING, ASK_VCARD = "<ping xmlns='urn:xmpp:ping'/>", "<vCard xmlns='vcard-temp'/>"
FACE = base64.b64encode(picture(8)).decode()
FACE_SHA1 = hashlib.sha1(picture(8)).hexdigest()
ROOM_VCARD = f"<vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>{FACE}</BINVAL></PHOTO></vCard>"
NODE = "urn:xmpp:avatar:metadata"
WAYS = ("lane",)  # nothing here goes through our wire


@contextlib.asynccontextmanager
async def stage(server: RunningServer, room: str) -> AsyncIterator[tuple[RawClient, RawClient, str]]:
    """Juliet makes a room and Romeo enters it."""
    juliet, romeo = await server.raw("juliet", resource="rooms"), await server.raw("romeo", resource="rooms")
    async with juliet, romeo:
        jid = server.room(room)
        made = await enter(juliet, jid, "Jul")
        assert {"201", "110"} <= set(codes(made["Jul"]))
        await juliet.iq(
            "set",
            "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>",
            jid,
        )
        await settle(juliet, jid, "Jul")
        yield juliet, romeo, jid
        for client in (romeo, juliet):
            client.send(f"<presence type='unavailable' to='{jid}/any'/>")
            with contextlib.suppress(TimeoutError):
                await client.receive("presence", from_=jid, type="unavailable", timeout=2)


async def enter(client: RawClient, room: str, nick: str) -> dict[str, Element]:
    """Enter; return the presences seen, by nick."""
    client.send(f"<presence to='{room}/{nick}'>{ENTER}</presence>")
    await client.receive("message", from_=room)
    return {each.get("from", "").partition("/")[2]: each for each in await settle(client, room, nick)}


async def settle(client: RawClient, room: str, nick: str) -> list[Element]:
    """Return what the room has said until now."""
    await client.iq("get", PING, f"{room}/{nick}")
    await asyncio.sleep(0.1)  # notices of a change may take another way than answers
    await client.iq("get", PING, f"{room}/{nick}")
    seen = [each for each in client.backlog if each.get("from", "").startswith(room)]
    client.backlog.clear()
    return seen


def codes(stanza: Element) -> list[str]:
    return [status.get("code", "") for status in stanza.iter(f"{USER}status")]


def photo(stanza: Element) -> str | None:
    found = stanza.find(".//{vcard-temp:x:update}photo")
    return None if found is None else found.text or ""


async def test_entering_and_what_others_see(server: RunningServer) -> None:
    async with stage(server, "contract-enter") as (juliet, romeo, room):
        seen = await enter(romeo, room, "Rom")
        assert codes(seen["Jul"]) == []
        assert seen["Jul"].find(f".//{USER}item").get("jid") is None
        assert codes(seen["Rom"]) == ["110"]
        assert photo(seen["Rom"]) == hashlib.sha1(picture(1)).hexdigest()
        told = [each for each in await settle(juliet, room, "Jul") if each.get("from") == f"{room}/Rom"]
        assert [codes(each) for each in told] == [[]]
        assert told[0].find(f".//{USER}item").get("jid") == romeo.jid


async def test_refusals_at_the_door(server: RunningServer) -> None:
    async with stage(server, "contract-door") as (_, romeo, room):
        romeo.send(f"<presence to='{room}/Jul'>{ENTER}</presence>")
        assert condition(await romeo.receive("presence", type="error")) == "conflict"
        assert condition(await romeo.iq("get", PING, f"{room}/Jul")) == "not-acceptable"
        assert condition(await romeo.iq("get", ASK_VCARD, f"{room}/Jul")) == "not-acceptable"
        assert condition(await romeo.iq("get", ASK_VCARD, server.room("contract-void"))) == "item-not-found"


async def test_a_new_nick(server: RunningServer) -> None:
    async with stage(server, "contract-nick") as (juliet, romeo, room):
        await enter(romeo, room, "Rom")
        await settle(juliet, room, "Jul")
        romeo.send(f"<presence to='{room}/Romeo'/>")
        for client, own in ((romeo, ["110"]), (juliet, [])):
            left = await client.receive("presence", from_=f"{room}/Rom")
            assert (left.get("type"), codes(left)) == ("unavailable", ["303", *own])
            assert left.find(f".//{USER}item").get("nick") == "Romeo"
            assert codes(await client.receive("presence", from_=f"{room}/Romeo")) == own


async def test_leaving(server: RunningServer) -> None:
    async with stage(server, "contract-leave") as (juliet, romeo, room):
        await enter(romeo, room, "Rom")
        await settle(juliet, room, "Jul")
        romeo.send(f"<presence type='unavailable' to='{room}/Rom'/>")
        for client, own in ((romeo, ["110"]), (juliet, [])):
            left = await client.receive("presence", from_=f"{room}/Rom")
            assert (left.get("type"), codes(left)) == ("unavailable", own)
            assert left.find(f".//{USER}item").get("role") == "none"


async def test_questions_to_occupants(server: RunningServer) -> None:
    async with stage(server, "contract-ask") as (juliet, romeo, room):
        await enter(romeo, room, "Rom")
        assert condition(await romeo.iq("get", PING, f"{room}/Rom")) is None
        assert condition(await romeo.iq("get", PING, f"{room}/nobody")) == "item-not-found"
        answer = await romeo.iq("get", ASK_VCARD, f"{room}/Jul")
        assert answer.get("from") == f"{room}/Jul"
        face = answer.findtext(".//{vcard-temp}BINVAL") or ""
        assert hashlib.sha1(base64.b64decode(face)).hexdigest() == hashlib.sha1(picture(7)).hexdigest()
        romeo.send(f"<iq type='get' id='v1' to='{room}/Jul'><query xmlns='jabber:iq:version'/></iq>")
        asked = await juliet.receive("iq", type="get", from_=f"{room}/Rom")
        juliet.send(f"<iq type='result' id='{asked.get('id')}' to='{room}/Rom'/>")
        assert (await romeo.receive("iq", id="v1")).get("from") == f"{room}/Jul"


async def test_an_occupants_open_nodes(server: RunningServer) -> None:
    """Prosody lets the account's server answer, as the sandbox does; ejabberd asks the client."""
    async with stage(server, "contract-pep") as (juliet, romeo, room):
        await enter(romeo, room, "Rom")
        if server.kind == "ejabberd":
            items = f"<pubsub xmlns='{PUBSUB}'><items node='{NODE}'/></pubsub>"
            romeo.send(f"<iq type='get' id='p1' to='{room}/Jul'>{items}</iq>")
            assert (await juliet.receive("iq", type="get", from_=f"{room}/Rom"))[0].tag == f"{{{PUBSUB}}}pubsub"
            return
        answer = await romeo.items(NODE, f"{room}/Jul")
        assert [each.get("id") for each in answer.iter(f"{{{PUBSUB}}}item")] == [hashlib.sha1(picture(7)).hexdigest()]
        nurse = await server.raw("nurse", resource="rooms")
        async with nurse:
            await enter(nurse, room, "Nurse")
            assert condition(await romeo.items(NODE, f"{room}/Nurse")) == "forbidden"


async def test_the_rooms_avatar(server: RunningServer) -> None:
    async with stage(server, "contract-avatar") as (juliet, romeo, room):
        await enter(romeo, room, "Rom")
        info = await romeo.iq("get", f"<query xmlns='{INFO}'/>", room)
        assert "vcard-temp" in {each.get("var") for each in info.iter(f"{{{INFO}}}feature")}
        assert condition(await romeo.iq("get", ASK_VCARD, room)) == "item-not-found"
        assert condition(await romeo.iq("set", ROOM_VCARD, room)) == "forbidden"
        assert condition(await juliet.iq("set", ROOM_VCARD, room)) is None
        told = await settle(romeo, room, "Rom")
        assert ["104"] in [codes(each) for each in told]
        answer = await romeo.iq("get", ASK_VCARD, room)
        assert answer.findtext(".//{vcard-temp}BINVAL") == FACE
        info = await romeo.iq("get", f"<query xmlns='{INFO}'/>", room)
        announced = {
            field.get("var"): [value.text for value in field.iter("{jabber:x:data}value")]
            for field in info.iter("{jabber:x:data}field")
        }
        names = ("muc#roominfo_avatarhash", "{http://modules.prosody.im/mod_vcard_muc}avatar#sha1")
        assert [announced[name] for name in names if name in announced] == (
            # Debian's ejabberd 23 knows no XEP-0486: presence alone announces there (P486-09).
            [] if server.kind == "ejabberd" else [[FACE_SHA1]]
        )
        assert condition(await juliet.iq("set", ASK_VCARD, room)) is None
        answer = await romeo.iq("get", ASK_VCARD, room)
        assert condition(answer) is None
        assert answer.find(".//{vcard-temp}PHOTO") is None


async def test_messages(server: RunningServer) -> None:
    async with stage(server, "contract-talk") as (juliet, romeo, room):
        await enter(romeo, room, "Rom")
        romeo.send(f"<message type='groupchat' id='c1' to='{room}'><body>By yonder moon</body></message>")
        for client in (romeo, juliet):
            heard = await client.receive("message", id="c1")
            assert heard.get("from") == f"{room}/Rom"
        romeo.send(f"<message type='chat' id='c2' to='{room}/Jul'><body>psst</body></message>")
        heard = await juliet.receive("message", id="c2")
        assert (heard.get("from"), heard.find(f"{USER}x") is not None) == (f"{room}/Rom", True)
