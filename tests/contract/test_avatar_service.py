"""AvatarService on each server: the same claims, but for what is written down here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha1
from typing import Any
from xml.etree.ElementTree import Element

import aioxmpp
import aioxmpp.muc.xso
import pytest
import slixmpp

from tests.avatar_support import Watched, avatar_set, jid, online, photo_of, png, settled, until
from tests.servers import RunningServer, picture
from xavatar.avatar import NoProtocol, PubsubAvatarDescriptor, VCardAvatarDescriptor
from xavatar.avatar.parse import parse_photos
from xavatar.errors import NotFound

META, DATA = "urn:xmpp:avatar:metadata", "urn:xmpp:avatar:data"


def digest(image: bytes) -> str:
    return sha1(image).hexdigest()


@contextlib.asynccontextmanager
async def publisher(server: RunningServer, user: str, **options: Any) -> AsyncIterator[Watched]:
    """Log somebody in who leaves no avatar behind."""
    async with online(server, user, **options) as owner:
        try:
            yield owner
        finally:
            owner.service.synchronize_vcard = True
            await owner.service.wipe_avatar()


async def repeat(act: Callable[[], Awaitable[object]], noticed: Callable[[], bool]) -> None:
    """Publish until it is noticed: servers learn from a new session, in their time, what it wants to be told."""
    for _ in range(4):
        await act()
        with contextlib.suppress(AssertionError):
            await until(noticed, seconds=2)
            return
    raise AssertionError("published four times, and not noticed")


async def card(session: Watched, of: str | None = None) -> Element | None:
    try:
        return (await session.wire.request("<vCard xmlns='vcard-temp'/>", to=of)).find("{vcard-temp}vCard")
    except NotFound:
        return None


async def photos(session: Watched, of: str | None = None) -> list[bytes | None]:
    return [photo.data for photo in parse_photos(await card(session, of))]


async def test_retrieve_from_pep(server: RunningServer) -> None:
    async with online(server, "juliet") as juliet:
        (only,) = await juliet.service.get_avatar_metadata(jid(server.jid("romeo")))
        assert isinstance(only, PubsubAvatarDescriptor)
        assert (only.id_, only.mime_type, only.nbytes) == (digest(picture(1)), "image/png", len(picture(1)))
        assert (only.width, only.height, only.item_id) == (64, 64, digest(picture(1)))
        assert await only.get_image_bytes() == picture(1)


async def test_retrieve_from_the_vcard(unconverted: RunningServer) -> None:
    async with online(unconverted, "juliet") as juliet:
        (only,) = await juliet.service.get_avatar_metadata(jid(unconverted.jid("tybalt")))
        assert isinstance(only, VCardAvatarDescriptor)
        assert (only.id_, only.mime_type, only.nbytes) == (digest(picture(3)), "image/png", len(picture(3)))
        assert await only.get_image_bytes() == picture(3)


async def test_nobody_and_nothing(server: RunningServer) -> None:
    async with online(server, "juliet") as juliet:
        for user in ("balthasar", "mercutio", "paris"):
            assert await juliet.service.get_avatar_metadata(jid(server.jid(user))) == []


async def test_a_strangers_avatar(server: RunningServer) -> None:
    """Open to all, or for contacts only; then the vCard decides, and forbidden is not raised."""
    async with online(server, "juliet") as juliet:
        (only,) = await juliet.service.get_avatar_metadata(jid(server.jid("sampson")))
        assert await only.get_image_bytes() == picture(5)
        hidden = await juliet.service.get_avatar_metadata(jid(server.jid("gregory")))
        # ejabberd copies every avatar to the world-readable vCard, Prosody and the sandbox only open ones (P398-07).
        assert [each.id_ for each in hidden] == ([digest(picture(6))] if server.kind == "ejabberd" else [])


async def test_publish_notify_disable_wipe(server: RunningServer) -> None:
    await _publish_notify_disable_wipe(server, converts=True)


async def test_publish_notify_disable_wipe_unconverted(unconverted: RunningServer) -> None:
    await _publish_notify_disable_wipe(unconverted, converts=False)


async def _publish_notify_disable_wipe(server: RunningServer, *, converts: bool) -> None:
    one, two = png("navy"), png("maroon")
    who = server.jid("walkon9")
    async with online(server, "juliet") as juliet, publisher(server, "walkon9") as owner:
        await repeat(
            lambda: owner.service.publish_avatar_set(avatar_set(one), access_model="open"),
            lambda: juliet.ids(who)[-1:] == [[digest(one)]],
        )
        (seen,) = juliet.told[-1][1]
        assert await seen.get_image_bytes() == one
        await owner.service.publish_avatar_set(avatar_set(two))
        await until(lambda: juliet.ids(who), lambda ids: ids[-1:] == [[digest(two)]])
        await owner.service.disable_avatar()
        await until(lambda: juliet.ids(who), lambda ids: ids[-1:] == [[]])
        for session in (juliet, owner):
            assert await session.service.get_avatar_metadata(jid(who), require_fresh=True) == []
        if converts:
            assert await until(lambda: photos(juliet, who), lambda found: not found) == []
        await owner.service.publish_avatar_set(avatar_set(one))
        await until(lambda: juliet.ids(who), lambda ids: ids[-1:] == [[digest(one)]])
        (again,) = await juliet.service.get_avatar_metadata(jid(who))
        await owner.service.wipe_avatar()
        await until(lambda: juliet.ids(who), lambda ids: ids[-1:] == [[]])
        assert await juliet.service.get_avatar_metadata(jid(who), require_fresh=True) == []
        with pytest.raises((RuntimeError, aioxmpp.XMPPCancelError)):
            await again.get_image_bytes()


async def test_after_disabling_the_presence_says_so(server: RunningServer) -> None:
    async with online(server, "juliet") as juliet, publisher(server, "walkon9") as owner:
        await owner.service.publish_avatar_set(avatar_set(png("navy")), access_model="open")
        await owner.service.disable_avatar()
        juliet.presences.clear()

        def said() -> list[str | None]:
            owner.client.summon(aioxmpp.PresenceServer).resend_presence()
            return owner.sent_photos(juliet.presences)

        # Neither the old hash nor the id of an empty item: there is no avatar.
        found = await until(said, lambda photos: photos and photos[-1] in ("", None))
        assert found[-1] == ""


async def test_synchronised(unconverted: RunningServer) -> None:
    server, image = unconverted, png("olive")
    who = server.jid("walkon10")
    async with online(server, "juliet") as juliet, publisher(server, "walkon10") as owner:
        await owner.service.publish_avatar_set(avatar_set(image))
        assert await photos(owner) == []
        owner.service.synchronize_vcard = True
        await owner.service.publish_avatar_set(avatar_set(image))
        assert await photos(juliet, who) == [image]
        said = await until(lambda: owner.sent_photos(juliet.presences), lambda found: found[-1] == digest(image))
        assert said.count(digest(image)) == 1
        (found,) = await juliet.service.get_avatar_metadata(jid(who), disable_pep=True)
        assert await found.get_image_bytes() == image
        await owner.service.disable_avatar()
        assert await photos(juliet, who) == []
        await until(lambda: owner.sent_photos(juliet.presences), lambda found: found[-1] == "")


async def test_other_fields_of_the_vcard_survive(unconverted: RunningServer) -> None:  # D-42
    server, image = unconverted, png("olive")
    fields = "<FN>Walk &amp; On</FN><N><FAMILY>On</FAMILY><GIVEN>Walk</GIVEN></N><NICKNAME>wo</NICKNAME>"
    async with publisher(server, "walkon10") as owner:
        await owner.wire.request(f"<vCard xmlns='vcard-temp'>{fields}</vCard>", kind="set")
        owner.service.synchronize_vcard = True
        for act in (lambda: owner.service.publish_avatar_set(avatar_set(image)), owner.service.disable_avatar):
            await act()
            found = await card(owner)
            assert found is not None
            assert found.findtext("{vcard-temp}FN") == "Walk & On"
            assert found.findtext("{vcard-temp}N/{vcard-temp}GIVEN") == "Walk"
            assert found.findtext("{vcard-temp}NICKNAME") == "wo"


async def test_a_converting_server_is_left_to_convert(server: RunningServer) -> None:  # D-41
    image = png("plum")
    avatar = avatar_set(image)
    avatar.add_avatar_image("image/webp", id_="b" * 40, nbytes=9, width=512, height=512, url="https://x.test/a.webp")
    async with online(server, "juliet") as juliet, publisher(server, "walkon10") as owner:
        owner.service.synchronize_vcard = True
        await owner.service.publish_avatar_set(avatar, access_model="open")
        await until(lambda: photos(juliet, server.jid("walkon10")), lambda found: found == [image])
        found = await juliet.service.get_avatar_metadata(jid(server.jid("walkon10")), require_fresh=True)
        assert [(each.id_, each.width, each.url) for each in found] == [
            (digest(image), 64, None),
            ("b" * 40, 512, "https://x.test/a.webp"),
        ]


async def test_explicit_subscriptions(server: RunningServer) -> None:  # D-48
    who = server.jid("walkon6")

    def quiet(watched: Watched) -> None:
        watched.service.avatar_pep.notify = False

    async with online(server, "juliet", setup=quiet) as juliet, publisher(server, "walkon6") as owner:
        await owner.service.publish_avatar_set(avatar_set(png("navy")), access_model="open")
        await settled(juliet)
        # What the presence hash tells is not meant here.
        juliet.service._watcher._endings[0]()
        juliet.told.clear()
        await juliet.service.subscribe(jid(who))
        await owner.service.publish_avatar_set(avatar_set(png("red")))
        await until(lambda: juliet.ids(who), lambda ids: ids[-1:] == [[digest(png("red"))]])
        await juliet.service.unsubscribe(jid(who))
        if server.kind == "prosody":  # seen to go on telling a bare JID that its list of subscribers lacks
            return
        await owner.service.publish_avatar_set(avatar_set(png("navy")))
        await asyncio.sleep(0.3)
        await settled(juliet)
        assert juliet.ids(who)[-1] == [digest(png("red"))]


async def test_access_models(server: RunningServer) -> None:  # D-44, A-14
    image = png("navy")
    async with publisher(server, "walkon11") as owner, online(server, "sampson") as stranger:
        who = jid(server.jid("walkon11"))

        async def visible() -> bool:
            found = await stranger.service.get_avatar_metadata(who, require_fresh=True)
            return any(isinstance(each, PubsubAvatarDescriptor) for each in found)

        for access in ("presence", "open", "presence"):
            await owner.service.publish_avatar_set(avatar_set(image), access_model=access)
            assert await visible() is (access == "open")
        await owner.service.publish_avatar_set(avatar_set(image))
        assert not await visible()


# -- rooms


async def join(who: Watched, room: aioxmpp.JID, nick: str) -> None:
    presence = aioxmpp.Presence(type_=aioxmpp.PresenceType.AVAILABLE, to=room.replace(resource=nick))
    presence.xep0045_muc = aioxmpp.muc.xso.GenericExt()
    await who.client.send(presence)
    await until(lambda: who.service._watcher.rooms.joined(room))


def announced(server: RunningServer, image: bytes) -> tuple[str, ...]:
    """ejabberd 23 has room avatars, and does not announce them in service discovery."""
    return () if server.kind == "ejabberd" else (digest(image),)


async def test_a_rooms_own_avatar(server: RunningServer) -> None:  # P486-01 to P486-06
    room = jid(server.room("balcony"))
    async with online(server, "juliet") as juliet:
        (only,) = await juliet.service.get_room_avatar(room)
        assert (only.id_, only.mime_type) == (digest(picture(8)), "image/png")
        assert await only.get_image_bytes() == picture(8)
        assert await juliet.service.get_room_hashes(room) == announced(server, picture(8))
        assert await juliet.service.get_room_avatar(jid(server.room("tomb"))) == []
        assert await juliet.service.get_room_hashes(jid(server.room("tomb"))) == ()


async def test_setting_and_removing_a_rooms_avatar(server: RunningServer) -> None:  # P486-02 to P486-04
    room, image = jid(server.room("tomb")), png("gold")
    async with online(server, "juliet") as juliet, online(server, "romeo") as romeo:
        await join(juliet, room, "juliet")
        await join(romeo, room, "romeo")
        with pytest.raises(aioxmpp.XMPPAuthError):
            await romeo.service.publish_room_avatar(room, image)
        await juliet.service.publish_room_avatar(room, image)
        try:
            await until(lambda: romeo.ids(str(room)), lambda ids: ids[-1:] == [[digest(image)]])
            await asyncio.sleep(0.2)  # whatever else the server has to say of it
            assert romeo.ids(str(room))[-1:] == [[digest(image)]]
            (found,) = romeo.told[-1][1]
            assert await found.get_image_bytes() == image
            assert await juliet.service.get_room_hashes(room) == announced(server, image)
        finally:
            await juliet.service.remove_room_avatar(room)
        await until(lambda: romeo.ids(str(room)), lambda ids: ids[-1:] == [[]])
        assert await juliet.service.get_room_avatar(room) == []


async def test_what_is_no_room_has_no_room_avatar(server: RunningServer) -> None:
    async with online(server, "juliet") as juliet:
        with pytest.raises((NoProtocol, aioxmpp.XMPPCancelError)):
            await juliet.service.publish_room_avatar(jid(server.room("nowhere")), png())


async def test_occupants_by_vcard_through_the_room(server: RunningServer) -> None:  # D-43
    room, image = jid(server.room("tomb")), png("coral")
    async with online(server, "romeo") as romeo, publisher(server, "walkon12") as owner:
        await owner.service.publish_avatar_set(avatar_set(image), access_model="open")
        await until(lambda: photos(owner), lambda found: found == [image])
        await join(owner, room, "masked")
        await join(romeo, room, "romeo")
        occupant = room.replace(resource="masked")
        await until(lambda: romeo.ids(str(occupant)), lambda ids: ids[-1:] == [[digest(image)]])
        for disable_pep in (False, True):
            (found,) = await romeo.service.get_avatar_metadata(occupant, require_fresh=True, disable_pep=disable_pep)
            assert isinstance(found, VCardAvatarDescriptor)
            assert await found.get_image_bytes() == image
        # a new avatar reaches the room (D-47)
        await owner.service.publish_avatar_set(avatar_set(png("black")))
        await until(lambda: romeo.ids(str(occupant)), lambda ids: ids[-1:] == [[digest(png("black"))]])


# -- a peer on the same server


@contextlib.asynccontextmanager
async def slix(server: RunningServer, user: str) -> AsyncIterator[slixmpp.ClientXMPP]:
    client = slixmpp.ClientXMPP(server.jid(user), server.accounts[user])
    client.ca_certs = str(server.ca_file)
    client.enable_direct_tls = False
    for plugin in ("xep_0030", "xep_0054", "xep_0060", "xep_0084", "xep_0115", "xep_0153", "xep_0163", "xep_0199"):
        client.register_plugin(plugin)
    client.plugin["xep_0163"].add_interest(META)
    ready = asyncio.get_running_loop().create_future()
    client.add_event_handler("session_start", lambda _: ready.done() or ready.set_result(None))
    client.connect(server.host, server.port)
    try:
        async with asyncio.timeout(30):
            await ready
        client.send_presence()
        yield client
    finally:
        await client.disconnect()


async def test_slixmpp_reads_and_notices_what_ours_publishes(server: RunningServer) -> None:
    image = png("indigo")
    who = server.jid("walkon11")
    async with slix(server, "juliet") as peer, publisher(server, "walkon11") as owner:
        noticed: list[Any] = []
        peer.add_event_handler("avatar_metadata_publish", noticed.append)
        await repeat(
            lambda: owner.service.publish_avatar_set(avatar_set(image), access_model="open"),
            lambda: any(each["from"].bare == who for each in noticed),
        )
        event = next(each for each in noticed if each["from"].bare == who)
        (info,) = event["pubsub_event"]["items"]["item"]["avatar_metadata"]["items"]
        assert (info["id"], int(info["bytes"]), info["type"]) == (digest(image), len(image), "image/png")
        answer = await peer.plugin["xep_0084"].retrieve_avatar(who, digest(image))
        assert answer["pubsub"]["items"]["item"]["avatar_data"]["value"] == image
        stored = await until(
            lambda: peer.plugin["xep_0054"].get_vcard(who), lambda found: found["vcard_temp"]["PHOTO"]["BINVAL"]
        )
        assert stored["vcard_temp"]["PHOTO"]["BINVAL"] == image


async def test_ours_reads_and_notices_what_slixmpp_publishes(server: RunningServer) -> None:
    image = png("orchid")
    who = server.jid("walkon11")
    async with online(server, "juliet") as juliet:
        async with slix(server, "walkon11") as peer:
            await peer.plugin["xep_0084"].publish_avatar(image)
            info = {"id": digest(image), "type": "image/png", "bytes": len(image)}
            await repeat(
                lambda: peer.plugin["xep_0084"].publish_avatar_metadata(info),
                lambda: juliet.ids(who)[-1:] == [[digest(image)]],
            )
            (found,) = await juliet.service.get_avatar_metadata(jid(who))
            assert (found.mime_type, found.nbytes, found.width) == ("image/png", len(image), None)
            assert await found.get_image_bytes() == image
        async with publisher(server, "walkon11"):
            pass


async def test_ours_reads_slixmpps_vcard_avatar(unconverted: RunningServer) -> None:
    image = png("salmon")
    who = unconverted.jid("walkon11")
    async with online(unconverted, "juliet") as juliet:
        async with slix(unconverted, "walkon11") as peer:
            card_of_its_own = peer.plugin["xep_0054"].make_vcard()
            await peer.plugin["xep_0054"].publish_vcard(card_of_its_own)  # it insists on one to change
            await peer.plugin["xep_0153"].set_avatar(avatar=image, mtype="image/png")
            await until(lambda: juliet.ids(who), lambda ids: ids[-1:] == [[digest(image)]])
            (found,) = juliet.told[-1][1]
            assert isinstance(found, VCardAvatarDescriptor)
            assert await found.get_image_bytes() == image
        async with publisher(unconverted, "walkon11"):
            pass
        assert [photo_of(each) for each in juliet.presences if each.get("from", "").startswith(who)]
