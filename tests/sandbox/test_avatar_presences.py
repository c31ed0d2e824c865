"""What our presences say of the avatar (XEP-0153, 4), as a contact sees it, on the embedded server."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Iterator
from hashlib import sha1
from typing import Any

import aioxmpp
import aioxmpp.avatar.xso
import pytest

from tests.avatar_support import Watched, avatar_set, enter, jid, photo_of, png, settled, until
from xavatar.avatar.presence import Pace
from xavatar.sandbox import Account, Fault, Occupant, Options, Room, Sandbox, Scenario

IMAGE, OTHER = png("teal"), png("red")
ID, OTHER_ID = sha1(IMAGE).hexdigest(), sha1(OTHER).hexdigest()
JULIET, ROMEO = "juliet@capulet.lit", "romeo@montague.lit"
ROOM = "balcony@rooms.capulet.lit"
PLAIN = Options(conversion=False, injection=False)


def card(image: bytes | str | None) -> str:
    text = image if isinstance(image, str) else base64.b64encode(image or b"").decode()
    photo = f"<PHOTO><TYPE>image/png</TYPE><BINVAL>{text}</BINVAL></PHOTO>" if image is not None else ""
    return f"<vCard xmlns='vcard-temp'><FN>Juliet</FN>{photo}</vCard>"


def says(id_: str | None) -> str:
    photo = "" if id_ is None else f"<photo>{id_}</photo>"
    return f"<x xmlns='vcard-temp:x:update'>{photo}</x>"


@pytest.fixture
def boxes() -> Iterator[list[Sandbox]]:
    boxes: list[Sandbox] = []
    yield boxes
    for box in boxes:
        box.close()


@contextlib.asynccontextmanager
async def stage(
    boxes: list[Sandbox], options: Options = PLAIN, *, setup: Any = None, **juliet: Any
) -> AsyncIterator[tuple[Sandbox, Watched, Watched]]:
    """A server, Juliet on it, and Romeo who watches."""
    cast = (Account(JULIET, password="wherefore", **juliet), Account(ROMEO, password="art"))
    room = Room(ROOM, occupants=(Occupant("nurse", ROMEO),), owner=JULIET, vcard=card(OTHER))
    scenario = Scenario("presences", "capulet.lit", JULIET, cast, (room,), "rooms.capulet.lit", options=options)
    box = Sandbox(scenario)
    boxes.append(box)
    async with enter(box, ROMEO) as romeo, enter(box, setup=setup) as juliet_:
        yield box, juliet_, romeo


def seen(juliet: Watched, romeo: Watched) -> list[str | None]:
    return juliet.sent_photos(romeo.presences)


async def comes(juliet: Watched, romeo: Watched, *photos: str | None) -> None:
    """Wait until exactly these were said, in this order."""
    await until(lambda: seen(juliet, romeo), lambda found: len(found) >= len(photos))
    await settled(juliet, romeo)
    assert seen(juliet, romeo) == list(photos)


def unhurried(watched: Watched) -> None:
    """Let tests not wait for the pace that other resources are answered at."""
    advertiser = watched.service._advertiser
    advertiser._broadcasts = advertiser._fetches = Pace(gap=0.0)
    advertiser.reset = _resetting(advertiser)


def _resetting(advertiser: Any) -> Any:
    reset = advertiser.reset

    def again() -> None:
        reset()
        advertiser._fetches = Pace(gap=0.0)

    return again


async def test_the_hash_is_computed_at_login_and_sent_once(boxes: list[Sandbox]) -> None:  # D-17, D-18, P153-06
    async with stage(boxes, vcard=card(IMAGE)) as (box, juliet, romeo):
        await comes(juliet, romeo, None, ID)
        assert box.stats().by_kind["vcard"] == 2  # romeo's session has its own to look at


async def test_a_card_without_photo_is_announced_as_such(boxes: list[Sandbox]) -> None:  # P153-05
    async with stage(boxes, vcard=card(None)) as (_, juliet, romeo):
        await comes(juliet, romeo, None, "")


@pytest.mark.parametrize("image", ["", "  ", "===="])
async def test_a_photo_without_bytes_is_none(boxes: list[Sandbox], image: str) -> None:  # D-16, D-39
    async with stage(boxes, vcard=card(image)) as (_, juliet, romeo):
        await comes(juliet, romeo, None, "")


async def test_a_card_that_cannot_be_read_is_no_noise(boxes: list[Sandbox], caplog: Any) -> None:  # D-16
    fault = Fault("error", "vcard", "internal-server-error", "wait")
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    async with stage(boxes, vcard=card(IMAGE), faults=(fault,)) as (box, juliet, romeo):
        await until(lambda: box.stats().by_kind.get("vcard", 0), lambda count: count == 2)
        await settled(juliet, romeo)
        assert seen(juliet, romeo) == [None]
    assert failures == []
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_only_available_presences_carry_it(boxes: list[Sandbox]) -> None:  # D-18
    async with stage(boxes, vcard=card(IMAGE)) as (_, juliet, romeo):
        await comes(juliet, romeo, None, ID)
        romeo.presences.clear()
        presence = aioxmpp.Presence(type_=aioxmpp.PresenceType.UNAVAILABLE)
        await juliet.client.send(presence)
        (last,) = await until(lambda: [each for each in romeo.presences if each.get("type") == "unavailable"])
        assert photo_of(last) == "-"


async def test_what_the_program_itself_says_stays(boxes: list[Sandbox]) -> None:  # D-18
    async with stage(boxes, vcard=card(IMAGE)) as (_, juliet, romeo):
        await comes(juliet, romeo, None, ID)
        presence = aioxmpp.Presence(type_=aioxmpp.PresenceType.AVAILABLE)
        presence.xep0153_x = aioxmpp.avatar.xso.VCardTempUpdate("")
        await juliet.client.send(presence)
        await comes(juliet, romeo, None, ID, "")


async def test_a_failed_upload_is_not_announced(boxes: list[Sandbox]) -> None:  # D-15
    async with stage(boxes, vcard=card(OTHER)) as (box, juliet, romeo):
        await comes(juliet, romeo, None, OTHER_ID)
        juliet.service.synchronize_vcard = True
        real = juliet.wire.request

        async def refusing(payload: str, **options: Any) -> Any:
            if "BINVAL" in payload and options.get("kind") == "set":
                box.fault(JULIET, Fault("error", "vcard", "not-acceptable", "modify", times=1))
            return await real(payload, **options)

        juliet.wire.request = refusing
        with pytest.raises(aioxmpp.XMPPCancelError):
            await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        juliet.client.summon(aioxmpp.PresenceServer).resend_presence()
        await comes(juliet, romeo, None, OTHER_ID, OTHER_ID)


async def test_what_is_stored_is_announced_once(boxes: list[Sandbox]) -> None:  # D-15, D-46
    async with stage(boxes, vcard=card(OTHER)) as (_, juliet, romeo):
        await comes(juliet, romeo, None, OTHER_ID)
        juliet.service.synchronize_vcard = True
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        await comes(juliet, romeo, None, OTHER_ID, ID)
        await juliet.service.disable_avatar()
        await comes(juliet, romeo, None, OTHER_ID, ID, "")
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        await comes(juliet, romeo, None, OTHER_ID, ID, "", ID)


async def test_a_new_stream_begins_not_ready(boxes: list[Sandbox]) -> None:  # D-19, P153-07
    async with stage(boxes, Options(conversion=False, injection=False, stream_management=False), vcard=card(IMAGE)) as (
        box, juliet, romeo,
    ):  # fmt: skip
        await comes(juliet, romeo, None, ID)
        box.set_vcard(JULIET, card(OTHER))
        juliet.presences.clear()
        await asyncio.to_thread(box.restart)
        own = f"{JULIET}/"

        def echoes() -> list[str | None]:
            return [photo_of(each) for each in juliet.presences if each.get("from", "").startswith(own)]

        await until(echoes, lambda found: len(found) >= 2, seconds=20)
        assert echoes() == [None, OTHER_ID]


async def test_switched_off_nothing_is_said_or_asked(boxes: list[Sandbox]) -> None:  # D-20
    def off(watched: Watched) -> None:
        watched.service.advertise_vcard = False

    async with stage(boxes, vcard=card(IMAGE), setup=off) as (box, juliet, romeo):
        await until(lambda: seen(juliet, romeo))
        box.set_presence(JULIET, "old", "")
        box.set_presence(JULIET, "phone", says(OTHER_ID))
        box.set_presence(JULIET, "old", None)
        await settled(juliet, romeo)
        assert seen(juliet, romeo) == ["-"]
        assert box.stats().by_kind["vcard"] == 1  # romeo's
        juliet.service.advertise_vcard = True
        await comes(juliet, romeo, "-", ID)
        juliet.service.advertise_vcard = False
        juliet.client.summon(aioxmpp.PresenceServer).resend_presence()
        await comes(juliet, romeo, "-", ID, "-")


async def test_a_resource_that_knows_no_hash_silences_ours(boxes: list[Sandbox]) -> None:  # P153-09, D-21
    async with stage(boxes, vcard=card(IMAGE), setup=unhurried) as (box, juliet, romeo):
        await comes(juliet, romeo, None, ID)
        box.set_presence(JULIET, "old", "")
        await comes(juliet, romeo, None, ID, None)
        box.set_presence(JULIET, "old", None)
        await comes(juliet, romeo, None, ID, None, ID)
        box.set_presence(JULIET, "old", "")
        await comes(juliet, romeo, None, ID, None, ID, None)
        box.set_presence(JULIET, "old", says(None))  # it was updated, and knows hashes now
        await comes(juliet, romeo, None, ID, None, ID, None, ID)


async def test_another_resources_hash_resets_ours(boxes: list[Sandbox]) -> None:  # P153-10, P153-11
    async with stage(boxes, vcard=card(IMAGE), setup=unhurried) as (box, juliet, romeo):
        await comes(juliet, romeo, None, ID)
        box.set_vcard(JULIET, card(OTHER))
        box.set_presence(JULIET, "phone", says(OTHER_ID))
        await comes(juliet, romeo, None, ID, None, OTHER_ID)
        box.set_vcard(JULIET, card(None))
        box.set_presence(JULIET, "phone", says(""))
        await comes(juliet, romeo, None, ID, None, OTHER_ID, "")


async def test_one_download_for_one_hash(boxes: list[Sandbox]) -> None:  # D-22
    async with stage(boxes, vcard=card(IMAGE), setup=unhurried) as (box, juliet, romeo):
        await comes(juliet, romeo, None, ID)
        before = box.stats().by_kind["vcard"]
        box.set_vcard(JULIET, card(OTHER))
        for number in range(7):
            box.set_presence(JULIET, f"phone{number}", says(OTHER_ID))
        await comes(juliet, romeo, None, ID, None, OTHER_ID)
        assert box.stats().by_kind["vcard"] - before <= 2


@pytest.mark.slow
async def test_others_are_answered_at_a_pace(boxes: list[Sandbox]) -> None:  # D-40
    async with stage(boxes, vcard=card(IMAGE)) as (box, juliet, romeo):
        await comes(juliet, romeo, None, ID)
        for number in range(100):
            box.set_presence(JULIET, "phone", says(f"{number:040x}"))
        await asyncio.sleep(2)
        assert len(seen(juliet, romeo)) <= 3
        assert box.stats().by_kind["vcard"] <= 4


@pytest.mark.slow
async def test_two_sessions_do_not_rouse_each_other(boxes: list[Sandbox]) -> None:  # D-40
    """A server that says a stale value in everybody's name, and announces nothing of it."""

    async def said(injected: str) -> int:
        def lying(watched: Watched) -> None:
            real = watched.service._watcher._presence

            def heard(element: Any) -> None:
                if element.get("from", "").startswith(JULIET) and element.get("type") is None:
                    for update in element.iter("{vcard-temp:x:update}x"):
                        for child in list(update):
                            update.remove(child)
                        photo = update.makeelement("{vcard-temp:x:update}photo", {})
                        photo.text = injected
                        update.append(photo)
                real(element)

            watched.service._watcher.close()
            watched.wire.observe("presence", heard)

        async with (
            stage(boxes, vcard=card(IMAGE), setup=lying) as (box, _, romeo),
            enter(box, setup=lying),
        ):
            await asyncio.sleep(3)
            return len([each for each in romeo.presences if each.get("from", "").startswith(JULIET)])

    both = await asyncio.gather(said("c82ffc88-3277-4f0a-9f0e-0d2b7c1f8f5e"), said(OTHER_ID))
    assert max(both) <= 4


async def test_a_converting_server_says_the_hash_itself(boxes: list[Sandbox]) -> None:  # D-40, D-41, P398-05
    async with stage(boxes, Options()) as (box, juliet, romeo):
        await juliet.service.publish_avatar_set(avatar_set(IMAGE), access_model="open")
        sent = box.stats().presences
        box.set_presence(JULIET, "old", "")
        box.set_presence(JULIET, "phone", says(OTHER_ID))
        box.set_presence(JULIET, "old", None)
        await settled(juliet, romeo)
        assert box.stats().presences == sent
        juliet.client.summon(aioxmpp.PresenceServer).resend_presence()
        await until(lambda: seen(juliet, romeo), lambda found: found[-1] == ID)
        assert box.stats().presences == sent + 1


async def test_the_hash_comes_back_after_another_client_published(boxes: list[Sandbox]) -> None:  # D-46
    async with stage(boxes, Options()) as (box, juliet, romeo):
        await juliet.service.publish_avatar_set(avatar_set(IMAGE), access_model="open")
        await juliet.service.disable_avatar()
        async with enter(box, resource="other") as other:
            await other.service.publish_avatar_set(avatar_set(OTHER), access_model="open")
            juliet.client.summon(aioxmpp.PresenceServer).resend_presence()
            await until(lambda: seen(juliet, romeo), lambda found: found[-1] == OTHER_ID)


async def test_injection_can_be_declined(boxes: list[Sandbox]) -> None:  # D-18, P398-04
    def declining(watched: Watched) -> None:
        watched.service.opt_out_of_injection = True

    async with stage(boxes, Options(), setup=declining) as (_, juliet, romeo):
        await juliet.service.publish_avatar_set(avatar_set(IMAGE), access_model="open")
        juliet.client.summon(aioxmpp.PresenceServer).resend_presence()
        await comes(juliet, romeo, "", "")
        juliet.service.opt_out_of_injection = False
        juliet.client.summon(aioxmpp.PresenceServer).resend_presence()
        await comes(juliet, romeo, "", "", ID)


@pytest.mark.parametrize("converts", [True, False])
async def test_rooms_are_told_of_a_new_avatar(boxes: list[Sandbox], converts: bool) -> None:  # D-47, P398-06
    options = Options(conversion=converts, injection=converts)
    async with stage(boxes, options, vcard=card(None)) as (_, juliet, romeo):
        await join(juliet, "juliet")
        await join(romeo, "romeo")
        juliet.service.synchronize_vcard = True
        romeo.presences.clear()
        await juliet.service.publish_avatar_set(avatar_set(IMAGE), access_model="open")

        def in_room() -> list[str | None]:
            return [photo_of(each) for each in romeo.presences if each.get("from") == f"{ROOM}/juliet"]

        assert await until(in_room) == [ID]


async def test_a_room_left_is_not_told(boxes: list[Sandbox]) -> None:
    async with stage(boxes, Options()) as (box, juliet, _):
        await join(juliet, "juliet")
        await juliet.client.send(aioxmpp.Presence(type_=aioxmpp.PresenceType.UNAVAILABLE, to=jid(f"{ROOM}/juliet")))
        await until(lambda: not list(juliet.service._watcher.rooms))
        sent = box.stats().presences
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        await settled(juliet)
        assert box.stats().presences == sent


async def join(who: Watched, nick: str) -> None:
    presence = aioxmpp.Presence(type_=aioxmpp.PresenceType.AVAILABLE, to=jid(f"{ROOM}/{nick}"))
    presence.xep0045_muc = aioxmpp.muc.xso.GenericExt()
    await who.client.send(presence)
    await until(lambda: who.service._watcher.rooms.joined(jid(ROOM)))
