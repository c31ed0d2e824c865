"""The servers the other tests stand on: login, roster, PEP, vCard and rooms, by bare stanzas."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from xml.etree.ElementTree import Element

import pytest
import trustme

from tests.servers import Ejabberd, Prosody, RawClient, RunningServer, picture
from tests.servers.cast import DATA, METADATA
from tests.servers.rawclient import PUBSUB, StreamEnded, condition
from tests.support import requires

ROSTER = "jabber:iq:roster"
VCARD = "vcard-temp"
SM = "urn:xmpp:sm:3"
DISCO = "http://jabber.org/protocol/disco#info"
PROSODY_HASH = "{http://modules.prosody.im/mod_vcard_muc}avatar#sha1"
MUC = "http://jabber.org/protocol/muc"


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def photo(answer: Element) -> bytes | None:
    """Return the bytes of the first PHOTO in the answer."""
    text = answer.findtext(f".//{{{VCARD}}}BINVAL")
    return None if text is None else base64.b64decode(text)


def only_item(answer: Element) -> Element:
    items = answer.findall(f".//{{{PUBSUB}}}item")
    assert len(items) == 1
    return items[0]


async def get_vcard(client: RawClient, to: str = "") -> Element:
    return await client.iq("get", f"<vCard xmlns='{VCARD}'/>", to)


async def test_login_is_by_verified_tls(real_server: RunningServer) -> None:
    async with await real_server.raw("juliet", resource="here") as client:
        assert client.jid == f"{real_server.jid('juliet')}/here"


async def test_login_on_the_direct_tls_port(real_server: RunningServer) -> None:
    async with await real_server.raw("juliet", resource="direct", direct_tls=True) as client:
        assert client.jid == f"{real_server.jid('juliet')}/direct"


async def test_another_authority_is_not_trusted(real_server: RunningServer, tmp_path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with pytest.raises(ssl.SSLCertVerificationError):
        await RawClient.login(
            real_server.host, real_server.port, "juliet", real_server.domain, "wherefore", ca_file=other
        )


async def test_a_wrong_password_is_refused(real_server: RunningServer) -> None:
    with pytest.raises(ConnectionError, match="not-authorized"):
        await RawClient.login(
            real_server.host, real_server.port, "juliet", real_server.domain, "art", ca_file=real_server.ca_file
        )


async def test_stream_management_is_offered(real_server: RunningServer) -> None:
    async with await real_server.raw("juliet") as client:
        assert client.features.find(f"{{{SM}}}sm") is not None


async def test_the_roster_is_the_declared_one(real_server: RunningServer) -> None:
    async with await real_server.raw("juliet") as client:
        answer = await client.iq("get", f"<query xmlns='{ROSTER}'/>")
    entries = {item.get("jid"): item for item in answer.iter(f"{{{ROSTER}}}item")}
    nurse = entries[real_server.jid("nurse")]
    assert nurse.get("name") == "Nurse"
    assert {group.text for group in nurse} == {"Household", "Friends"}
    assert entries[real_server.jid("romeo")].get("subscription") == "both"
    assert entries[real_server.jid("balthasar")].get("subscription") == "to"
    assert entries[real_server.jid("mercutio")].get("name") == "Mercutio †"
    assert real_server.jid("walkon12") in entries
    assert real_server.jid("sampson") not in entries


async def test_both_sides_of_a_subscription_see_each_other(real_server: RunningServer) -> None:
    async with await real_server.raw("walkon1") as one, await real_server.raw("juliet", resource="seen") as other:
        one.send("<presence/>")
        other.send("<presence/>")
        await one.receive("presence", from_=real_server.jid("juliet"), type="")
        await other.receive("presence", from_=real_server.jid("walkon1"), type="")


async def test_an_avatar_comes_back_by_pep(real_server: RunningServer) -> None:
    png = picture(1)
    async with await real_server.raw("juliet") as client:
        metadata = only_item(await client.items(METADATA, real_server.jid("romeo")))
        data = only_item(await client.items(DATA, real_server.jid("romeo"), sha1(png)))
    info = metadata.find(f"{{{METADATA}}}metadata/{{{METADATA}}}info")
    assert info is not None
    assert metadata.get("id") == info.get("id") == data.get("id") == sha1(png)
    assert info.get("bytes") == str(len(png))
    assert base64.b64decode(data.findtext(f"{{{DATA}}}data", "")) == png


async def test_a_switched_off_avatar_is_an_empty_metadata(real_server: RunningServer) -> None:
    async with await real_server.raw("juliet") as client:
        item = only_item(await client.items(METADATA, real_server.jid("paris")))
    assert len(item[0]) == 0


@pytest.mark.parametrize(
    ("user", "visible"),
    [("nurse", True), ("friar", False), ("sampson", True), ("gregory", False)],
    ids=["contact-presence", "contact-whitelist", "stranger-open", "stranger-presence"],
)
async def test_access_models_hold(real_server: RunningServer, user: str, visible: bool) -> None:
    async with await real_server.raw("juliet") as client:
        answer = await client.items(METADATA, real_server.jid(user))
    if visible:
        assert only_item(answer).get("id")
    else:
        assert condition(answer) in {"forbidden", "not-authorized", "not-allowed"}


async def test_an_account_that_does_not_exist_has_nothing(real_server: RunningServer) -> None:
    async with await real_server.raw("juliet") as client:
        metadata = await client.items(METADATA, real_server.jid("mercutio"))
        card = await get_vcard(client, real_server.jid("mercutio"))
    assert condition(metadata) in {"forbidden", "item-not-found"}
    # P54-01 wants service-unavailable; both servers answer with an empty vCard instead.
    assert card.get("type") == "result"
    assert photo(card) is None


async def test_a_vcard_comes_back_with_its_photo(real_server: RunningServer) -> None:
    async with await real_server.raw("juliet") as client:
        assert photo(await get_vcard(client, real_server.jid("tybalt"))) == picture(3)


async def test_a_room_has_its_avatar(real_server: RunningServer) -> None:
    room = real_server.room("balcony")
    async with await real_server.raw("romeo") as client:
        assert photo(await get_vcard(client, room)) == picture(8)
        info = await client.iq("get", f"<query xmlns='{DISCO}'/>", room)
    features = {feature.get("var") for feature in info.iter(f"{{{DISCO}}}feature")}
    assert VCARD in features
    assert "The balcony" in {identity.get("name") for identity in info.iter(f"{{{DISCO}}}identity")}
    fields = {field.get("var"): [value.text for value in field] for field in info.iter("{jabber:x:data}field")}
    hashes = {name: value for name, value in fields.items() if "avatar" in str(name)}
    # Neither has XEP-0486's muc#roominfo_avatarhash yet: Prosody's module has its own name, ejabberd 23 has none.
    expected = {} if real_server.kind == "ejabberd" else {PROSODY_HASH: [sha1(picture(8))]}
    assert hashes == expected


async def test_an_occupant_shows_the_vcard_of_who_is_behind_it(real_server: RunningServer) -> None:
    room = real_server.room("balcony")
    async with await real_server.raw("tybalt") as one, await real_server.raw("juliet", resource="room") as other:
        one.send(f"<presence to='{room}/Cat'><x xmlns='{MUC}'/></presence>")
        await one.receive("message")
        other.send(f"<presence to='{room}/Capulet'><x xmlns='{MUC}'/></presence>")
        await other.receive("message")
        assert photo(await get_vcard(other, f"{room}/Cat")) == picture(3)


@pytest.mark.parametrize("kind", [Prosody, Ejabberd], ids=["prosody", "ejabberd"])
async def test_a_killed_server_comes_back_with_its_data(kind: type[RunningServer], cast) -> None:
    requires(*kind.needs)
    server = await asyncio.to_thread(kind.start, cast, stream_management=False)
    try:
        client = await server.raw("juliet")
        assert client.features.find(f"{{{SM}}}sm") is None
        server.kill()
        with pytest.raises((StreamEnded, ConnectionError)):
            await client.receive(timeout=20)
        await client.close()
        with pytest.raises(ConnectionError):
            await server.raw("juliet")
        await asyncio.to_thread(server.restart)
        async with await server.raw("juliet") as again:
            assert only_item(await again.items(METADATA, server.jid("romeo"))).get("id") == sha1(picture(1))
    finally:
        await asyncio.to_thread(server.stop)
    assert not server.home.exists()
