"""Real clients on the sandbox: aioxmpp and slixmpp."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aioxmpp
import aioxmpp.connector
import aioxmpp.disco
import aioxmpp.vcard
import pytest
import slixmpp

from tests.sandbox.conftest import BASE64, DATA, DATA_XML, IMAGE, META_XML, METADATA, SHA1, Enter
from tests.servers.rawclient import RawClient
from xavatar.client import Connection, Login, Secret
from xavatar.sandbox import Server

JULIET = "juliet@capulet.lit"
ROMEO = "romeo@montague.lit"


def login(server: Server, jid: str = JULIET, *, direct_tls: bool = False) -> Login:
    port = server.tls_port if direct_tls else server.port
    secret = Secret(server.scenario.account(jid).password or "")
    return Login(jid, secret, host=server.host, port=port, ca_file=server.ca_file, direct_tls=direct_tls)


@asynccontextmanager
async def aio(server: Server, jid: str = JULIET, **options: bool) -> AsyncIterator[aioxmpp.Client]:
    connection = Connection.to(login(server, jid, **options))
    await connection.open()
    try:
        yield connection.client
    finally:
        await connection.close()


def stock(server: Server, jid: str = JULIET) -> aioxmpp.PresenceManagedClient:
    """aioxmpp with nothing of ours: its own connector and TLS."""
    security = aioxmpp.make_security_layer(server.scenario.account(jid).password, no_verify=True)
    peer = (server.host, server.port, aioxmpp.connector.STARTTLSConnector())
    return aioxmpp.PresenceManagedClient(aioxmpp.JID.fromstr(jid), security, override_peer=[peer])


class Slix(slixmpp.ClientXMPP):
    """slixmpp, made to talk to a loopback server it can verify."""

    def __init__(self, server: Server, jid: str, mechanism: str | None) -> None:
        super().__init__(jid, server.scenario.account(jid.partition("/")[0]).password, sasl_mech=mechanism)
        self.ca_certs = str(server.ca_file)
        self.enable_direct_tls = False
        for plugin in ("xep_0030", "xep_0054", "xep_0060", "xep_0084", "xep_0115", "xep_0163", "xep_0199"):
            self.register_plugin(plugin)
        self.ready = asyncio.get_running_loop().create_future()
        self.add_event_handler("session_start", lambda _: self.ready.set_result(None))
        self.add_event_handler("failed_all_auth", lambda _: self.ready.set_exception(ConnectionError("auth")))


@asynccontextmanager
async def slix(server: Server, jid: str = JULIET, mechanism: str | None = None) -> AsyncIterator[Slix]:
    client = Slix(server, jid, mechanism)
    client.connect(server.host, server.port)
    try:
        async with asyncio.timeout(10):
            await client.ready
        yield client
    finally:
        await client.disconnect()


@pytest.mark.parametrize("direct_tls", [False, True])
async def test_aioxmpp_logs_in(server: Server, direct_tls: bool) -> None:
    async with aio(server, direct_tls=direct_tls) as client:
        assert client.stream.sm_enabled
        assert str(client.local_jid.bare()) == JULIET


async def test_aioxmpp_reads_roster_presence_and_features(server: Server) -> None:
    client = stock(server)
    presence, roster = client.summon(aioxmpp.PresenceClient), client.summon(aioxmpp.RosterClient)
    romeo, there = aioxmpp.JID.fromstr(ROMEO), asyncio.Event()

    def available(jid: aioxmpp.JID, _: object) -> None:
        if jid == romeo.replace(resource="orchard"):
            there.set()

    presence.on_available.connect(available)
    async with client.connected(presence=aioxmpp.PresenceState(False)), asyncio.timeout(5):
        client.presence = aioxmpp.PresenceState(True)
        await there.wait()
        assert set(presence.get_peer_resources(romeo)) == {"orchard"}
        assert roster.items[romeo].groups == {"Friends", "Night & Day"}
        info = await client.summon(aioxmpp.DiscoClient).query_info(client.local_jid.bare())
        assert "urn:xmpp:pep-vcard-conversion:0" in info.features


async def test_aioxmpp_reads_avatars_and_refusals(server: Server) -> None:
    async with aio(server) as client:
        pubsub = client.summon(aioxmpp.PubSubClient)
        items = await pubsub.get_items(aioxmpp.JID.fromstr(ROMEO), METADATA)
        assert [item.id_ for item in items.payload.items] == [SHA1]
        items = await pubsub.get_items_by_id(aioxmpp.JID.fromstr(ROMEO), DATA, [SHA1])
        assert items.payload.items[0].registered_payload.data == IMAGE
        vcard = await client.summon(aioxmpp.vcard.VCardService).get_vcard(aioxmpp.JID.fromstr(ROMEO))
        assert vcard.get_photo_data() == IMAGE
        with pytest.raises(aioxmpp.XMPPAuthError) as caught:
            await pubsub.get_items(aioxmpp.JID.fromstr("tybalt@capulet.lit"), METADATA)
        assert caught.value.condition is aioxmpp.ErrorCondition.FORBIDDEN


async def test_aioxmpp_is_resumed_after_a_broken_connection(server: Server) -> None:
    client = stock(server)
    client.backoff_start = timedelta(milliseconds=50)
    destroyed: list[object] = []
    async with client.connected(presence=aioxmpp.PresenceState(False)):
        resumed = asyncio.get_running_loop().create_future()
        client.on_stream_resumed.connect(lambda: resumed.done() or resumed.set_result(None))
        client.on_stream_destroyed.connect(lambda *reason: destroyed.append(reason))
        before = client.local_jid
        for stream in list(server._streams):
            stream._transport.abort()
        async with asyncio.timeout(10):
            await resumed
        info = await client.summon(aioxmpp.DiscoClient).query_info(aioxmpp.JID.fromstr("capulet.lit"))
        assert "urn:xmpp:ping" in info.features
        assert client.local_jid == before
        assert not destroyed


async def test_aioxmpp_hears_of_changes(server: Server, enter: Enter) -> None:
    client = stock(server)
    heard: asyncio.Queue[tuple[str, str | None]] = asyncio.Queue()
    pep = client.summon(aioxmpp.PEPClient)
    claim = pep.claim_pep_node(METADATA, notify=True)

    def published(jid: aioxmpp.JID, node: str, item: object, *, message: object = None) -> None:
        heard.put_nowait((str(jid), item.id_))

    claim.on_item_publish.connect(published)
    async with client.connected(presence=aioxmpp.PresenceState(False)), asyncio.timeout(5):
        client.presence = aioxmpp.PresenceState(True)
        first = {await heard.get(), await heard.get()}
        assert first == {(ROMEO, SHA1), ("nurse@capulet.lit", SHA1)}
        romeo = await enter(server, ROMEO)
        await romeo.publish(METADATA, "next", META_XML)
        assert await heard.get() == (ROMEO, "next")
    claim.close()


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", None])
async def test_slixmpp_logs_in_by_every_mechanism(server: Server, mechanism: str | None) -> None:
    async with slix(server, f"{JULIET}/slix", mechanism) as client:
        assert client.boundjid.full == f"{JULIET}/slix"


async def test_slixmpp_with_a_wrong_password(server: Server) -> None:
    client = Slix(server, JULIET, "SCRAM-SHA-256")
    client.password = "art"
    client.credentials["password"] = "art"
    client.connect(server.host, server.port)
    with pytest.raises(ConnectionError, match="auth"):
        async with asyncio.timeout(10):
            await client.ready
    await client.disconnect()


async def test_slixmpp_publishes_and_another_reads(server: Server) -> None:
    async with slix(server, ROMEO) as romeo, aio(server) as juliet:
        romeo.send_presence()
        await romeo.plugin["xep_0084"].publish_avatar(IMAGE)
        await romeo.plugin["xep_0084"].publish_avatar_metadata({"id": SHA1, "type": "image/png", "bytes": len(IMAGE)})
        items = await juliet.summon(aioxmpp.PubSubClient).get_items(aioxmpp.JID.fromstr(ROMEO), METADATA)
        assert items.payload.items[0].registered_payload.info["image/png"][0].nbytes == len(IMAGE)


async def test_slixmpp_reads_what_another_published(server: Server, enter: Enter) -> None:
    raw: RawClient = await enter(server, ROMEO)
    await raw.publish(DATA, SHA1, DATA_XML, None)
    async with slix(server) as client:
        answer = await client.plugin["xep_0084"].retrieve_avatar(ROMEO, SHA1)
        assert base64.b64encode(answer["pubsub"]["items"]["item"]["avatar_data"]["value"]).decode() == BASE64
        vcard = await client.plugin["xep_0054"].get_vcard(ROMEO)
        assert vcard.xml.findtext(".//{vcard-temp}BINVAL") == BASE64
        with pytest.raises(slixmpp.exceptions.IqError) as caught:
            await client.plugin["xep_0054"].get_vcard("nobody@capulet.lit")
        assert caught.value.condition == "service-unavailable"
        assert await client.plugin["xep_0199"].ping("capulet.lit") < 5
