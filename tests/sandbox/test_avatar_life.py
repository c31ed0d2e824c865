"""The service's life on a plain aioxmpp client: summoned late, beside others, shut down, on the public path."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from hashlib import sha1

import aioxmpp
import aioxmpp.connector
import aioxmpp.disco
import pytest

from tests.avatar_support import avatar_set, enter, jid, photo_of, png, until
from xavatar.avatar import AvatarService
from xavatar.avatar.ids import is_sha1
from xavatar.sandbox import Account, Options, Sandbox, Scenario
from xavatar.wire import Wire

JULIET, ROMEO = "juliet@capulet.lit", "romeo@montague.lit"
META = "urn:xmpp:avatar:metadata"
IMAGE, OTHER = png("teal"), png("red")
ID = sha1(IMAGE).hexdigest()
AWAY = aioxmpp.PresenceState(False)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    cast = (Account(JULIET, password="wherefore"), Account(ROMEO, password="art"))
    options = Options(conversion=False, injection=False)
    with Sandbox(Scenario("life", "capulet.lit", JULIET, cast, options=options)) as box:
        yield box


def stock(box: Sandbox, user: str = JULIET) -> aioxmpp.PresenceManagedClient:
    """aioxmpp with nothing of ours."""
    security = aioxmpp.make_security_layer(box.logins[user].password, no_verify=True)
    peer = (box.host, box.port, aioxmpp.connector.STARTTLSConnector())
    return aioxmpp.PresenceManagedClient(aioxmpp.JID.fromstr(user), security, override_peer=[peer])


async def test_summoned_before_or_after_the_connection(box: Sandbox) -> None:
    async with enter(box, ROMEO) as romeo:
        client = stock(box)
        async with client.connected(presence=AWAY):
            client.presence = aioxmpp.PresenceState(True)

            def said() -> list[str | None]:
                return [photo_of(each) for each in romeo.presences if each.get("from", "").startswith(JULIET)]

            await until(said, lambda found: found == ["-"])
            service = client.summon(AvatarService)
            assert client.summon(AvatarService) is service
            # The contact is told that XEP-0153 is spoken now, and what there is to be said.
            await until(said, lambda found: found[-1] == "")
            service.synchronize_vcard = True
            await service.publish_avatar_set(avatar_set(IMAGE))
            await until(said, lambda found: found[-1] == ID)
            await until(lambda: romeo.ids(JULIET), lambda ids: [ID] in ids)


async def test_a_timeout_is_a_keyword_of_the_constructor(box: Sandbox) -> None:
    client = stock(box)
    dependencies = {kind: client.summon(kind) for kind in AvatarService.ORDER_AFTER}
    service = AvatarService(client, timeout=7.0, dependencies=dependencies)
    assert service.timeout == 7.0
    await service.shutdown()


async def test_not_beside_aioxmpps_own(box: Sandbox) -> None:
    client = stock(box)
    client.summon(aioxmpp.AvatarService)
    with pytest.raises(RuntimeError, match="already claimed"):
        client.summon(AvatarService)


async def test_the_claim_ends_with_the_service(box: Sandbox) -> None:  # D-35
    client = stock(box)
    service = client.summon(AvatarService)
    features = client.summon(aioxmpp.disco.DiscoServer).iter_features
    pep = client.summon(aioxmpp.PEPClient)
    assert {META, f"{META}+notify"} <= set(features())
    assert pep.is_claimed(META)
    wire = client.summon(Wire)
    await service.shutdown()
    assert not {META, f"{META}+notify"} & set(features())
    assert not pep.is_claimed(META)
    assert not any(wire._lane._observers.values())


async def test_nothing_is_left_running(box: Sandbox) -> None:
    before = asyncio.all_tasks()
    client = stock(box)
    service = client.summon(AvatarService)
    async with client.connected(presence=AWAY):
        client.presence = aioxmpp.PresenceState(True)
        await service.get_avatar_metadata(jid(ROMEO))
    await until(lambda: asyncio.all_tasks() <= before | {asyncio.current_task()})


async def test_offline_and_online_again(box: Sandbox) -> None:
    async with enter(box, ROMEO) as romeo:
        client = stock(box)
        client.summon(AvatarService)
        async with client.connected(presence=AWAY):
            for _ in range(2):
                romeo.presences.clear()
                client.presence = aioxmpp.PresenceState(True)
                await until(lambda: [photo_of(each) for each in romeo.presences][-1:] == [""])
                client.presence = AWAY
                await until(lambda: romeo.presences[-1].get("type") == "unavailable")


@pytest.mark.parametrize("raw", [True, False])
async def test_by_the_public_path_too(box: Sandbox, raw: bool) -> None:
    client = stock(box)
    client.summon(Wire).raw = raw
    service = client.summon(AvatarService)
    service.synchronize_vcard = True
    async with client.connected(presence=AWAY), enter(box, ROMEO) as romeo:
        client.presence = aioxmpp.PresenceState(True)
        assert client.summon(Wire).raw is raw
        heard: list[list[str]] = []
        service.on_metadata_changed.connect(lambda who, found: heard.append([each.id_ for each in found]))
        assert await service.get_avatar_metadata(jid(ROMEO)) == []
        await romeo.service.publish_avatar_set(avatar_set(OTHER))
        await until(lambda: heard, lambda ids: ids and is_sha1(ids[-1][0]))
        (found,) = await service.get_avatar_metadata(jid(ROMEO), require_fresh=True)
        assert await found.get_image_bytes() == OTHER
        await service.publish_avatar_set(avatar_set(IMAGE), access_model="open")
        (found,) = await romeo.service.get_avatar_metadata(jid(JULIET), require_fresh=True)
        assert await found.get_image_bytes() == IMAGE
        (found,) = await romeo.service.get_avatar_metadata(jid(JULIET), require_fresh=True, disable_pep=True)
        assert await found.get_image_bytes() == IMAGE
        await service.disable_avatar()
        assert await romeo.service.get_avatar_metadata(jid(JULIET), require_fresh=True) == []
        await service.wipe_avatar()
        await service.subscribe(jid(ROMEO))
        await service.unsubscribe(jid(ROMEO))
