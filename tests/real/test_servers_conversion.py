"""What real servers do between PEP and vCard (XEP-0398), and where they differ: the ground of DOMAIN 1.3."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import uuid
from collections.abc import AsyncIterator
from functools import partial
from xml.etree.ElementTree import Element

import pytest

from tests.servers import RawClient, RunningServer, avatar, picture
from tests.servers.cast import DATA, METADATA, vcard
from tests.servers.rawclient import PUBSUB, condition, insist

CONVERSION = "urn:xmpp:pep-vcard-conversion:0"
UPDATE = "vcard-temp:x:update"
DISCO = "http://jabber.org/protocol/disco#info"
CAPS = "http://jabber.org/protocol/caps"
VCARD = "vcard-temp"


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


async def features(client: RawClient, jid: str) -> set[str | None]:
    answer = await client.iq("get", f"<query xmlns='{DISCO}'/>", jid)
    return {feature.get("var") for feature in answer.iter(f"{{{DISCO}}}feature")}


async def publish(client: RawClient, png: bytes) -> None:
    for item in avatar(png):
        await insist(item.node, partial(client.publish, item.node, item.id, item.payload, item.access))


async def eventually(client: RawClient, ask, wanted) -> Element:
    """Repeat a request until its answer is as wanted; servers convert after they have answered."""
    for _ in range(40):
        answer = await ask()
        if wanted(answer):
            return answer
        await asyncio.sleep(0.05)
    raise AssertionError(f"never came: last answer {[element.tag for element in answer.iter()]}")


def binval(answer: Element) -> bytes:
    return base64.b64decode(answer.findtext(f".//{{{VCARD}}}BINVAL", ""))


async def get_vcard(client: RawClient, to: str = "") -> Element:
    return await client.iq("get", f"<vCard xmlns='{VCARD}'/>", to)


async def test_conversion_is_announced_by_the_account(real_server: RunningServer) -> None:
    async with await real_server.raw("walkon18") as client:
        assert CONVERSION in await features(client, real_server.jid("walkon18"))


async def test_no_conversion_is_announced_without_it(plain_server: RunningServer) -> None:
    async with await plain_server.raw("walkon18") as client:
        assert CONVERSION not in await features(client, plain_server.jid("walkon18"))


async def test_a_published_avatar_becomes_the_vcard_photo(real_server: RunningServer) -> None:
    png = picture(102)
    async with await real_server.raw("walkon18") as client:
        await publish(client, png)
        await eventually(client, lambda: get_vcard(client), lambda answer: binval(answer) == png)


async def test_without_conversion_the_vcard_stays_empty(plain_server: RunningServer) -> None:
    async with await plain_server.raw("walkon18") as client:
        await publish(client, picture(102))
        await asyncio.sleep(0.3)
        assert binval(await get_vcard(client)) == b""


async def test_a_vcard_photo_becomes_an_avatar(real_server: RunningServer) -> None:
    png = picture(103)
    async with await real_server.raw("walkon19") as client:
        await insist("vCard", partial(client.iq, "set", vcard(png, "Walk-on")))
        answer = await eventually(
            client, lambda: client.items(METADATA), lambda answer: answer.find(f".//{{{METADATA}}}info") is not None
        )
        infos = answer.findall(f".//{{{METADATA}}}info")
        assert [info.get("id") for info in infos] == [sha1(png)]
        data = await client.items(DATA, id_=sha1(png))
        assert base64.b64decode(data.findtext(f".//{{{DATA}}}data", "")) == png


async def test_the_hash_is_injected_into_presence(real_server: RunningServer) -> None:
    png = picture(104)
    async with await real_server.raw("walkon20") as client, await real_server.raw("juliet", resource="eye") as observer:
        observer.send("<presence/>")
        await observer.receive("presence", from_=observer.jid)
        await publish(client, png)
        await eventually(client, lambda: get_vcard(client), lambda answer: binval(answer) == png)
        client.send("<presence/>")
        presence = await observer.receive("presence", from_=real_server.jid("walkon20"), type="")
    assert [photo.text for photo in presence.findall(f"{{{UPDATE}}}x/{{{UPDATE}}}photo")] == [sha1(png)]


async def test_no_hash_is_injected_without_conversion(plain_server: RunningServer) -> None:
    async with (
        await plain_server.raw("walkon20") as client,
        await plain_server.raw("juliet", resource="eye") as observer,
    ):
        observer.send("<presence/>")
        await observer.receive("presence", from_=observer.jid)
        await publish(client, picture(104))
        client.send("<presence/>")
        presence = await observer.receive("presence", from_=plain_server.jid("walkon20"), type="")
    assert presence.find(f"{{{UPDATE}}}x") is None


async def test_prosody_takes_the_first_info_even_with_a_url(prosody: RunningServer) -> None:
    """P398-02 wants the info without url; Prosody 0.12 takes the first, and the vCard has no picture."""
    png = picture(105)
    data, metadata = avatar(png)
    first = f"<info id='{'a' * 40}' bytes='9' type='image/png' url='https://example.org/a.png'/>"
    payload = metadata.payload.replace("<info", first + "<info", 1)
    async with await prosody.raw("walkon21") as client:
        assert condition(await client.publish(data.node, data.id, data.payload, "open")) is None
        assert condition(await client.publish(metadata.node, metadata.id, payload, "open")) is None
        answer = await get_vcard(client)
    assert answer.findtext(f".//{{{VCARD}}}EXTVAL") == "https://example.org/a.png"
    assert answer.find(f".//{{{VCARD}}}BINVAL") is None


async def test_prosody_purges_the_avatar_when_a_vcard_without_photo_is_set(prosody: RunningServer) -> None:
    """A-11: editing one's name deletes the avatar."""
    async with await prosody.raw("walkon22") as client:
        await publish(client, picture(106))
        assert condition(await client.iq("set", vcard(None, "New name"))) is None
        answer = await client.items(METADATA)
    assert answer.find(f".//{{{PUBSUB}}}item") is None


async def test_prosody_does_not_tell_strangers_from_nobody(prosody: RunningServer) -> None:
    """P60-02: the same answer for an account that refuses and for one that does not exist."""
    async with await prosody.raw("juliet") as client:
        refused = await client.items(METADATA, prosody.jid("gregory"))
        nobody = await client.items(METADATA, prosody.jid("nobody"))
    assert condition(refused) == condition(nobody) == "forbidden"


class Interested:
    """A client whose capabilities (XEP-0115) ask for avatar metadata, and who answers whoever asks for them."""

    NODE = "https://example.org/raw"
    WANTED = f"{METADATA}+notify"

    def __init__(self, client: RawClient) -> None:
        self._client = client
        self._name = uuid.uuid4().hex       # a server asks only once for each version
        text = f"client/bot//{self._name}<{self.WANTED}<"
        self._ver = base64.b64encode(hashlib.sha1(text.encode()).digest()).decode()
        caps = f"<c xmlns='{CAPS}' hash='sha-1' node='{self.NODE}' ver='{self._ver}'/>"
        client.send(f"<presence>{caps}</presence>")

    def answer(self, question: Element) -> None:
        assert question.find(f"{{{DISCO}}}query") is not None
        self._client.send(
            f"<iq type='result' id='{question.get('id')}' to='{question.get('from')}'>"
            f"<query xmlns='{DISCO}' node='{self.NODE}#{self._ver}'>"
            f"<identity category='client' type='bot' name='{self._name}'/><feature var='{self.WANTED}'/></query></iq>"
        )

    async def news(self) -> AsyncIterator[Element]:
        """Yield messages with avatar metadata, and answer questions meanwhile.

        Prosody may ask in the name of every contact before it has the first answer.
        """
        while True:
            stanza = await self._client.receive()
            if stanza.get("type") == "get":
                self.answer(stanza)
            elif stanza.find(f".//*[@node='{METADATA}']") is not None:
                yield stanza

    async def pushed(self, seconds: float) -> set[str]:
        """Return who sends avatar metadata unasked within that time."""
        senders = set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for message in self.news():
                    senders.add(message.get("from", "").partition("/")[0])
        return senders


async def test_prosody_pushes_contacts_avatars_at_login(prosody: RunningServer) -> None:
    """Design decision 4 stands on this: what is pushed need not be asked for."""
    async with await prosody.raw("juliet", resource="push") as client:
        senders = await Interested(client).pushed(1.5)
    assert {prosody.jid("romeo"), prosody.jid("nurse"), prosody.jid("paris")} <= senders


async def test_ejabberd_pushes_no_offline_contacts_avatar(ejabberd: RunningServer) -> None:
    async with await ejabberd.raw("juliet", resource="push") as client:
        senders = await Interested(client).pushed(1.5)
    assert ejabberd.jid("romeo") not in senders


@pytest.mark.parametrize("access", ["open", "presence"])
async def test_a_new_avatar_is_notified(real_server: RunningServer, access: str) -> None:
    user = {"open": "walkon23", "presence": "walkon24"}[access]
    async with await real_server.raw("juliet", resource="news") as observer, await real_server.raw(user) as client:
        interested = Interested(observer)
        client.send("<presence/>")
        await interested.pushed(0.7)        # until the server knows who wants to hear
        for item in avatar(picture(107), access):
            await insist(item.node, partial(client.publish, item.node, item.id, item.payload, access))
        wanted = f".//{{{METADATA}}}info[@id='{sha1(picture(107))}']"
        async with asyncio.timeout(30):
            async for message in interested.news():
                if message.find(wanted) is not None:
                    break
    assert message.get("from", "").partition("/")[0] == real_server.jid(user)
