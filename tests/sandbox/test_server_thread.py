"""The sandbox on its own thread, as scripts and notebooks use it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.sandbox.conftest import DATA, DATA_XML, INFO, META_XML, METADATA, SCENARIO, SHA1, UPDATE, VCARD, scenario
from tests.servers.rawclient import PUBSUB, RawClient, StreamEnded, condition
from xavatar.errors import SandboxError
from xavatar.sandbox import Account, Fault, Item, Login, Occupant, Room, Sandbox, sandbox

ROMEO = "romeo@montague.lit"
CAPS = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/>"
EVENT = "http://jabber.org/protocol/pubsub#event"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with sandbox(SCENARIO) as running:
        yield running


async def enter(login: Login) -> RawClient:
    user, _, domain = login.jid.partition("@")
    return await RawClient.login(login.host, login.port, user, domain, login.password, ca_file=login.ca_file)


async def test_a_login_leads_in(box: Sandbox) -> None:
    async with await enter(box.login) as client:
        assert client.jid.startswith("juliet@capulet.lit/")
    async with await enter(box.logins[ROMEO]) as client:
        assert client.jid.startswith(ROMEO)
    assert set(box.logins) == {"juliet@capulet.lit", ROMEO, "nurse@capulet.lit", "tybalt@capulet.lit"}


def test_no_password_shows(box: Sandbox) -> None:
    shown = repr(box) + repr(box.login) + str(box.logins)
    assert "wherefore" not in shown
    assert "art" not in repr(box.logins[ROMEO]).replace("part", "")
    assert repr(box) == f"<Sandbox 'test' 127.0.0.1:{box.port}, 5 accounts, login juliet@capulet.lit>"


async def test_stats_count_what_was_asked(box: Sandbox) -> None:
    async with await enter(box.login) as client:
        for _ in range(2):
            await client.items(METADATA, ROMEO)
        await client.items(DATA, ROMEO)
        await client.iq("get", "<vCard xmlns='vcard-temp'/>", ROMEO)
        client.send("<presence/>")
        await client.receive("presence", from_=ROMEO)
        stats = box.stats()
    assert stats.by_kind == {"metadata": 2, "data": 1, "vcard": 1}
    assert (stats.requests, stats.presences, stats.connections, stats.sessions) == (4, 1, 1, 1)


async def test_a_played_avatar_changes_while_one_watches(box: Sandbox) -> None:
    other = b"another picture"
    sha1 = hashlib.sha1(other).hexdigest()
    async with await enter(box.login) as client:
        client.send(f"<presence>{CAPS}</presence>")
        question = await client.receive("iq", type="get")
        client.send(
            f"<iq type='result' id='{question.get('id')}' to='{question.get('from')}'>"
            f"<query xmlns='http://jabber.org/protocol/disco#info'><feature var='{METADATA}+notify'/></query></iq>"
        )
        await client.receive("message", from_=ROMEO)

        box.set_item(ROMEO, DATA, Item(sha1, DATA_XML.replace("iVBO", base64.b64encode(b"x").decode())))
        box.set_item(ROMEO, METADATA, Item(sha1, META_XML.replace(SHA1, sha1)))
        event = await client.receive("message", from_=ROMEO)
        info = event.find(f".//{{{METADATA}}}info")
        assert info is not None
        assert info.get("id") == sha1

        box.set_presence(ROMEO, "orchard", UPDATE.replace(SHA1, sha1))
        await client.receive("presence", from_=ROMEO)
        seen = await client.receive("presence", from_=ROMEO)
        assert seen.findtext(".//{vcard-temp:x:update}photo") == sha1
        box.set_presence(ROMEO, "orchard", None)
        assert (await client.receive("presence", from_=ROMEO)).get("type") == "unavailable"

        box.retract_item(ROMEO, METADATA, sha1)
        event = await client.receive("message", from_=ROMEO)
        retracted = event.find(f".//{{{EVENT}}}retract")
        assert retracted is not None
        assert retracted.get("id") == sha1
        box.purge_node(ROMEO, METADATA)
        assert (await client.receive("message", from_=ROMEO)).find(f".//{{{EVENT}}}purge") is not None
        box.delete_node(ROMEO, METADATA)
        assert (await client.receive("message", from_=ROMEO)).find(f".//{{{EVENT}}}delete") is not None

        box.set_vcard("friar@capulet.lit", VCARD)
        assert condition(await client.iq("get", "<vCard xmlns='vcard-temp'/>", "friar@capulet.lit")) is None
        box.set_vcard("friar@capulet.lit", None)
        assert condition(await client.iq("get", "<vCard xmlns='vcard-temp'/>", "friar@capulet.lit")) is not None


async def test_a_room_changes_while_one_is_in_it() -> None:
    room = Room("balcony@rooms.lit", owner=ROMEO)
    with sandbox(replace(SCENARIO, rooms_domain="rooms.lit", rooms=(room,))) as box:
        async with await enter(box.login) as client:
            client.send(f"<presence to='{room.jid}/me'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
            await client.receive("presence", from_=f"{room.jid}/me")
            box.set_occupant(room.jid, Occupant("Rose", ROMEO, UPDATE))
            seen = await client.receive("presence", from_=f"{room.jid}/Rose")
            assert seen.findtext(".//{vcard-temp:x:update}photo") == SHA1
            box.set_room_vcard(room.jid, VCARD)
            announced = await client.receive("message", type="groupchat", from_=room.jid)
            while announced.find(".//*[@code='104']") is None:
                announced = await client.receive("message", type="groupchat", from_=room.jid)
            assert condition(await client.iq("get", "<vCard xmlns='vcard-temp'/>", room.jid)) is None
            box.set_room_vcard(room.jid, None)
            answer = await client.iq("get", "<vCard xmlns='vcard-temp'/>", room.jid)
            assert answer.find(".//{vcard-temp}PHOTO") is None
        with pytest.raises(SandboxError, match="no room"):
            box.set_room_vcard("attic@rooms.lit", VCARD)


async def test_after_a_crash_no_room_has_ghosts() -> None:
    room = Room("balcony@rooms.lit", owner=ROMEO)
    joining = "<presence to='balcony@rooms.lit/{}'><x xmlns='http://jabber.org/protocol/muc'/></presence>"
    with sandbox(replace(SCENARIO, rooms_domain="rooms.lit", rooms=(room,))) as box:
        gone = await enter(box.login)
        gone.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>" + joining.format("me"))
        await gone.receive("presence", from_=f"{room.jid}/me")
        await asyncio.to_thread(box.kill)
        await gone.close()
        await asyncio.to_thread(box.restart)
        async with await enter(box.logins[ROMEO]) as client:
            client.send(joining.format("other"))
            await client.receive("presence", from_=f"{room.jid}/other")
            assert not [stanza for stanza in client.backlog if stanza.get("from") == f"{room.jid}/me"]


async def test_faults_come_and_go(box: Sandbox) -> None:
    async with await enter(box.login) as client:
        box.fault(ROMEO, Fault("error", condition="gone"))
        assert condition(await client.items(METADATA, ROMEO)) == "gone"
        box.clear_faults(ROMEO)
        assert condition(await client.items(METADATA, ROMEO)) is None


async def test_a_restart_ends_streams_and_forgets_nothing(box: Sandbox) -> None:
    port, ca = box.port, box.ca_file.read_bytes()
    client = await enter(box.login)
    await client.publish(METADATA, SHA1, META_XML)
    await asyncio.to_thread(box.restart)
    with pytest.raises(StreamEnded):
        await client.receive("iq")
    await client.close()
    assert (box.port, box.ca_file.read_bytes(), box.running) == (port, ca, True)
    async with await enter(box.login) as client:
        assert (await client.items(METADATA)).find(f".//{{{PUBSUB}}}item") is not None


async def test_a_killed_sandbox_can_come_back(box: Sandbox) -> None:
    client = await enter(box.login)
    await asyncio.to_thread(box.kill)
    with pytest.raises((StreamEnded, ConnectionError)):
        await client.receive("iq")
    await client.close()
    assert not box.running
    assert "down" in repr(box)
    with pytest.raises(ConnectionError):
        await enter(box.login)
    await asyncio.to_thread(box.restart)
    async with await enter(box.login) as client:
        assert client.jid


def test_close_ends_the_thread_and_removes_the_file() -> None:
    before = set(threading.enumerate())
    box = Sandbox(SCENARIO)
    ca_file = box.ca_file
    assert ca_file.exists()
    box.close()
    box.close()
    assert set(threading.enumerate()) == before
    assert "closed" in repr(box)
    with pytest.raises(SandboxError, match="closed"):
        box.stats()
    del box
    assert not ca_file.exists()


def test_the_key_of_the_authority_is_on_no_disk(box: Sandbox) -> None:
    assert [path.name for path in box.ca_file.parent.iterdir()] == ["ca.pem"]
    assert "PRIVATE" not in box.ca_file.read_text()


def test_what_cannot_be_changed(box: Sandbox) -> None:
    with pytest.raises(SandboxError, match=r"nobody@capulet\.lit"):
        box.set_vcard("nobody@capulet.lit", None)
    with pytest.raises(SandboxError, match="item-not-found"):
        box.retract_item(ROMEO, METADATA, "none")
    with pytest.raises(SandboxError, match="well-formed"):
        box.set_item(ROMEO, METADATA, Item("a", f"<metadata>{INFO}"))
    with pytest.raises(SandboxError, match="explode"):
        box.fault(ROMEO, Fault("explode"))


def test_its_own_thread_cannot_wait_for_itself(box: Sandbox) -> None:
    with pytest.raises(SandboxError, match="own thread"):
        box._runner.do(box.stats)
    assert box.stats().requests == 0


def test_a_failed_start_leaves_no_thread(box: Sandbox) -> None:
    before = set(threading.enumerate())
    with pytest.raises(SandboxError, match=str(box.port)):
        Sandbox(SCENARIO, port=box.port)
    assert set(threading.enumerate()) == before


def test_a_user_without_password_has_no_login() -> None:
    with sandbox(scenario(Account("juliet@capulet.lit"))) as box, pytest.raises(SandboxError, match="password"):
        _ = box.login


def test_scenarios_by_name() -> None:
    with sandbox("verona") as box:
        assert box.scenario.name == "verona"
        assert box.login.jid == box.scenario.user
    with pytest.raises(SandboxError):
        sandbox("no such scenario")
