"""Publishing and removing, one test for each defect of DOMAIN 4.2, on the embedded server."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from hashlib import sha1
from typing import Any
from xml.etree.ElementTree import Element

import aioxmpp
import aioxmpp.errors
import pytest

from tests.avatar_support import Watched, avatar_set, enter, jid, png, until
from xavatar.avatar import AvatarSet, NoProtocol
from xavatar.avatar.parse import parse_photos
from xavatar.errors import NotFound, PublishRejected
from xavatar.sandbox import Account, Fault, Item, Node, Options, Sandbox, Scenario

META, DATA = "urn:xmpp:avatar:metadata", "urn:xmpp:avatar:data"
PUBSUB = "http://jabber.org/protocol/pubsub"
IMAGE, OTHER = png("teal"), png("red")
ID, OTHER_ID = sha1(IMAGE).hexdigest(), sha1(OTHER).hexdigest()
JULIET, ROMEO = "juliet@capulet.lit", "romeo@montague.lit"
CARD = """<vCard xmlns='vcard-temp'><FN>Juliet &amp; Co</FN><N><GIVEN>Juliet</GIVEN></N><X-ODD a='1'/>
<ADR><HOME/><STREET> The balcony </STREET></ADR></vCard>"""
PLAIN = Options(conversion=False, injection=False)


@pytest.fixture
def boxes() -> Iterator[list[Sandbox]]:
    boxes: list[Sandbox] = []
    yield boxes
    for box in boxes:
        box.close()


def start(boxes: list[Sandbox], options: Options = PLAIN, *, romeo: str | None = None, **juliet: Any) -> Sandbox:
    cast = (Account(JULIET, password="wherefore", **juliet), Account(ROMEO, password=romeo))
    boxes.append(Sandbox(Scenario("publishing", "capulet.lit", JULIET, cast, options=options)))
    return boxes[-1]


async def items(session: Watched, node: str, id_: str = "", to: str | None = None) -> list[Element]:
    item = f"<item id='{id_}'/>" if id_ else ""
    request = f"<pubsub xmlns='{PUBSUB}'><items node='{node}'>{item}</items></pubsub>"
    try:
        answer = await session.wire.request(request, to=to)
    except NotFound:
        return []
    return list(answer.iter(f"{{{PUBSUB}}}item"))


async def vcard(session: Watched) -> Element | None:
    answer = await session.wire.request("<vCard xmlns='vcard-temp'/>")
    return answer.find("{vcard-temp}vCard")


async def test_data_first_then_metadata_under_the_images_hash(boxes: list[Sandbox]) -> None:  # P84-01, P84-02, P84-03
    box = start(boxes, romeo="art", vcard=CARD)
    avatar = avatar_set(IMAGE)
    avatar.add_avatar_image("image/webp", id_=OTHER_ID, nbytes=9, url="https://capulet.lit/j.webp")
    avatar.add_pointer("<x xmlns='urn:game'/>")
    async with enter(box) as juliet, enter(box, ROMEO) as romeo:
        events: list[Element] = []
        romeo.wire.observe("message", events.append)
        await juliet.service.publish_avatar_set(avatar)
        (data,), (meta,) = await items(juliet, DATA), await items(juliet, META)
        assert (data.get("id"), meta.get("id")) == (ID, ID)
        assert base64.b64decode(data[0].text or "") == IMAGE
        assert data[0].attrib == {}
        assert [child.tag.split("}")[1] for child in meta[0]] == ["info", "info", "pointer"]
        found = await romeo.service.get_avatar_metadata(jid(JULIET))
        assert [each.id_ for each in found] == [ID, OTHER_ID]
        assert await found[0].get_image_bytes() == IMAGE
        assert not parse_photos(await vcard(juliet))


async def test_ones_own_metadata_is_known_after_publishing(boxes: list[Sandbox]) -> None:  # D-45
    box = start(boxes)

    def quiet(watched: Watched) -> None:
        watched.service.avatar_pep.notify = False

    async with enter(box, setup=quiet) as juliet:
        assert await juliet.service.get_avatar_metadata(jid(JULIET)) == []
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        (found,) = await juliet.service.get_avatar_metadata(jid(JULIET))
        assert found.id_ == ID
        await until(lambda: juliet.ids(JULIET), lambda ids: ids == [[ID]])
        await juliet.service.wipe_avatar()
        assert await juliet.service.get_avatar_metadata(jid(JULIET)) == []


async def test_a_set_without_png_is_refused_before_anything_is_sent(boxes: list[Sandbox]) -> None:  # D-29
    box = start(boxes)
    async with enter(box) as juliet:
        avatar = AvatarSet()
        avatar.add_avatar_image("image/webp", id_=ID, nbytes=9, url="https://capulet.lit/j.webp")
        with pytest.raises(RuntimeError, match="no PNG image"):
            await juliet.service.publish_avatar_set(avatar)
        assert await items(juliet, META) == []


async def test_metadata_that_is_refused_leaves_no_orphan(boxes: list[Sandbox]) -> None:  # D-45
    box = start(boxes)
    async with enter(box) as juliet:
        real = juliet.wire.request

        async def refusing(payload: str, **options: Any) -> Element:
            if "<publish " in payload and META in payload:
                box.fault(JULIET, Fault("error", "any", "not-acceptable", "modify", times=1))
            return await real(payload, **options)

        juliet.wire.request = refusing
        with pytest.raises(aioxmpp.XMPPCancelError) as caught:
            await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        assert isinstance(caught.value, aioxmpp.XMPPModifyError)
        assert any("withdrawn again" in note for note in caught.value.__notes__)
        assert await items(juliet, DATA) == []


async def test_an_orphan_that_is_announced_already_stays(boxes: list[Sandbox]) -> None:  # D-45
    box = start(boxes)
    async with enter(box) as juliet:
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        real = juliet.wire.request

        async def refusing(payload: str, **options: Any) -> Element:
            if "<publish " in payload and META in payload:
                box.fault(JULIET, Fault("error", "any", "not-acceptable", "modify", times=1))
            return await real(payload, **options)

        juliet.wire.request = refusing
        with pytest.raises(aioxmpp.XMPPCancelError) as caught:
            await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        assert any("announced already" in note for note in caught.value.__notes__)
        assert len(await items(juliet, DATA)) == 1


async def test_a_server_that_keeps_another_image_is_found_out(boxes: list[Sandbox]) -> None:  # D-45
    box = start(boxes, faults=(Fault("wrong-hash", "data"),))
    async with enter(box) as juliet:
        with pytest.raises(PublishRejected, match="another image"):
            await juliet.service.publish_avatar_set(avatar_set(IMAGE))


@pytest.mark.parametrize("access", ["open", "presence"])
async def test_the_access_model_is_set_and_repaired(boxes: list[Sandbox], access: str) -> None:  # D-44, A-14
    nodes = tuple(Node(name, (), "whitelist") for name in (META, DATA))
    box = start(boxes, nodes=nodes)
    async with enter(box) as juliet:
        await juliet.service.publish_avatar_set(avatar_set(IMAGE), access_model=access)
        for node in (META, DATA):
            request = f"<pubsub xmlns='{PUBSUB}#owner'><configure node='{node}'/></pubsub>"
            form = await juliet.wire.request(request)
            fields = {
                field.get("var"): field.findtext("{jabber:x:data}value") for field in form.iter("{jabber:x:data}field")
            }
            assert fields["pubsub#access_model"] == access


async def test_an_access_model_that_does_not_exist(boxes: list[Sandbox]) -> None:
    async with enter(start(boxes)) as juliet:
        with pytest.raises(ValueError, match="access_model is one of"):
            await juliet.service.publish_avatar_set(avatar_set(IMAGE), access_model="friends")


async def test_the_wiped_image_is_not_to_be_had_by_its_hash(boxes: list[Sandbox]) -> None:  # D-27
    box = start(boxes, nodes=(Node(DATA, (), "open", 10), Node(META, (), "open", 10)), romeo="art")
    async with enter(box) as juliet, enter(box, ROMEO) as romeo:
        for image in (IMAGE, OTHER):
            await juliet.service.publish_avatar_set(avatar_set(image))
        (found,) = await romeo.service.get_avatar_metadata(jid(JULIET), require_fresh=True)
        assert len(await items(romeo, DATA, ID, JULIET)) == 1
        await juliet.service.wipe_avatar()
        for id_ in (ID, OTHER_ID, ""):
            assert await items(romeo, DATA, id_, JULIET) == []
        assert await items(romeo, META, "", JULIET) == []
        with pytest.raises(RuntimeError):
            await found.get_image_bytes()


@pytest.mark.parametrize("converts", [True, False])
async def test_a_disabled_avatar_is_off_and_its_image_stays(boxes: list[Sandbox], converts: bool) -> None:
    nodes = tuple(Node(name, (), "open", 10) for name in (META, DATA))
    box = start(boxes, Options(conversion=converts, injection=converts), nodes=nodes, romeo="art")
    async with enter(box) as juliet, enter(box, ROMEO) as romeo:
        events: list[Element] = []
        romeo.wire.observe("message", events.append)
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        await juliet.service.disable_avatar()
        await until(lambda: romeo.ids(JULIET), lambda ids: ids[-1:] == [[]])
        assert await romeo.service.get_avatar_metadata(jid(JULIET), require_fresh=True) == []
        assert len(await items(romeo, DATA, ID, JULIET)) == 1
        said = "".join(
            child.tag.split("}")[1] for event in events for child in event.iter() if "pubsub#event" in child.tag
        )
        # Who understands only an empty item has seen one, who understands only the node's removal too (DOMAIN 2.1).
        assert "delete" in said
        assert any(len(each) == 0 for event in events for each in event.iter(f"{{{META}}}metadata"))
        # Where the server says the hash, no item is left whose id it could take for one.
        assert len(await items(juliet, META)) == (0 if converts else 1)
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        assert len(await romeo.service.get_avatar_metadata(jid(JULIET), require_fresh=True)) == 1
        request = f"<pubsub xmlns='{PUBSUB}#owner'><configure node='{META}'/></pubsub>"
        values = [each.text for each in (await juliet.wire.request(request)).iter("{jabber:x:data}value")]
        assert "open" in values


@pytest.mark.parametrize("what", ["disable_avatar", "wipe_avatar"])
async def test_nothing_to_remove_is_no_error(boxes: list[Sandbox], what: str) -> None:
    for converts in (True, False):
        async with enter(start(boxes, Options(conversion=converts, injection=converts))) as juliet:
            juliet.service.synchronize_vcard = True
            await getattr(juliet.service, what)()


@pytest.mark.parametrize("what", ["disable_avatar", "wipe_avatar"])
async def test_the_vcard_is_cleared_even_if_pep_fails(boxes: list[Sandbox], what: str) -> None:  # D-28
    photo = f"<PHOTO><TYPE>image/png</TYPE><BINVAL>{base64.b64encode(IMAGE).decode()}</BINVAL></PHOTO></vCard>"
    box = start(boxes, vcard=CARD.replace("</vCard>", photo))
    async with enter(box) as juliet:
        juliet.service.synchronize_vcard = True
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        for on in ("metadata", "data", "pep"):
            if on != "pep":
                box.fault(JULIET, Fault("error", on, "internal-server-error", "wait"))
        with pytest.raises(aioxmpp.errors.GatherError) as caught:
            await getattr(juliet.service, what)()
        assert all(isinstance(each, aioxmpp.XMPPWaitError) for each in caught.value.exceptions)
        assert not parse_photos(await vcard(juliet))


@pytest.mark.parametrize("what", ["disable_avatar", "wipe_avatar"])
async def test_the_vcard_is_cleared_even_if_nothing_is_known_of_pep(boxes: list[Sandbox], what: str) -> None:  # D-28
    box = start(boxes, vcard=CARD, faults=(Fault("error", "disco", "internal-server-error", "wait"),))
    async with enter(box) as juliet:
        juliet.service.synchronize_vcard = True
        with pytest.raises(aioxmpp.errors.GatherError) as caught:
            await getattr(juliet.service, what)()
        assert len(caught.value.exceptions) == 1
        assert not parse_photos(await vcard(juliet))


async def test_both_failures_are_in_the_error(boxes: list[Sandbox]) -> None:  # D-28
    box = start(boxes, vcard=CARD)
    async with enter(box) as juliet:
        juliet.service.synchronize_vcard = True
        await until(lambda: juliet.service._writer._account)
        box.fault(JULIET, Fault("error", "any", "internal-server-error", "wait"))
        with pytest.raises(aioxmpp.errors.GatherError) as caught:
            await juliet.service.disable_avatar()
        assert len(caught.value.exceptions) == 2


async def test_synchronising_writes_the_photo_and_nothing_else(boxes: list[Sandbox]) -> None:  # D-42
    box = start(boxes, vcard=CARD)
    async with enter(box) as juliet:
        before = await vcard(juliet)
        juliet.service.synchronize_vcard = True
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        card = await vcard(juliet)
        (photo,) = parse_photos(card)
        assert (photo.data, photo.mime) == (IMAGE, "image/png")
        rest = [
            (each.tag, dict(each.attrib), "".join(each.itertext())) for each in card if not each.tag.endswith("PHOTO")
        ]
        assert rest == [(each.tag, dict(each.attrib), "".join(each.itertext())) for each in before]
        await juliet.service.disable_avatar()
        assert not parse_photos(await vcard(juliet))


async def test_the_same_photo_is_not_uploaded_twice(boxes: list[Sandbox]) -> None:  # P153-08
    box = start(boxes, vcard=CARD)
    async with enter(box) as juliet:
        juliet.service.synchronize_vcard = True
        real, written = juliet.wire.request, []

        async def watched(payload: str, **options: Any) -> Element:
            if payload.startswith("<vCard") and options.get("kind") == "set":
                written.append(payload)
            return await real(payload, **options)

        juliet.wire.request = watched
        for _ in range(2):
            await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        assert len(written) == 1
        for _ in range(2):
            await juliet.service.disable_avatar()
        assert len(written) == 2


async def test_a_card_that_could_not_be_read_is_not_written_over(boxes: list[Sandbox]) -> None:  # D-42
    box = start(boxes, vcard=CARD)
    async with enter(box) as juliet:
        juliet.service.synchronize_vcard = True
        await until(lambda: box.stats().by_kind.get("vcard", 0))
        for fault in (
            Fault("error", "vcard", "internal-server-error", "wait", times=1),
            Fault("error", "vcard", "service-unavailable", "cancel", times=1),
        ):
            box.fault(JULIET, fault)
            with pytest.raises(aioxmpp.XMPPCancelError):
                await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        # One wrong "there is none" is asked about again.
        box.fault(JULIET, Fault("error", "vcard", "item-not-found", "cancel", times=1))
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        card = await vcard(juliet)
        assert card.findtext("{vcard-temp}FN") == "Juliet & Co"
        assert len(parse_photos(card)) == 1


async def test_a_card_another_client_wrote_meanwhile_is_not_lost(boxes: list[Sandbox]) -> None:  # D-42
    box = start(boxes, vcard=CARD)
    async with enter(box) as juliet:
        juliet.service.synchronize_vcard = True
        await until(lambda: box.stats().by_kind.get("vcard", 0))
        real, written = juliet.wire.request, []

        async def interrupted(payload: str, **options: Any) -> Element:
            answer = await real(payload, **options)
            if "BINVAL" in payload and options.get("kind") == "set":
                written.append(payload)
                if len(written) == 1:
                    box.set_vcard(JULIET, "<vCard xmlns='vcard-temp'><FN>Edited elsewhere</FN></vCard>")
            return answer

        juliet.wire.request = interrupted
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        card = await vcard(juliet)
        assert len(written) == 2
        assert card.findtext("{vcard-temp}FN") == "Edited elsewhere"
        assert len(parse_photos(card)) == 1


async def test_on_a_converting_server_the_vcard_is_left_to_it(boxes: list[Sandbox]) -> None:  # D-41
    box = start(boxes, Options(), vcard=CARD)
    avatar = avatar_set(IMAGE)
    avatar.add_avatar_image("image/webp", id_=OTHER_ID, nbytes=9, url="https://capulet.lit/j.webp")
    async with enter(box) as juliet:
        juliet.service.synchronize_vcard = True
        # Servers copy what everybody may see (P398-07).
        await juliet.service.publish_avatar_set(avatar, access_model="open")
        found = await juliet.service.get_avatar_metadata(jid(JULIET), require_fresh=True)
        assert [(each.id_, each.width) for each in found] == [(ID, 64), (OTHER_ID, None)]
        assert [each.data for each in parse_photos(await vcard(juliet))] == [IMAGE]
        await juliet.service.disable_avatar()
        assert not parse_photos(await vcard(juliet))


async def test_without_any_protocol(boxes: list[Sandbox]) -> None:
    box = start(boxes)
    async with enter(box) as juliet:
        account = await juliet.service._writer.account()
        juliet.service._writer._account = type(account)(pep=False, converts=False, publish_options=False)
        with pytest.raises(NoProtocol) as caught:
            await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        assert isinstance(caught.value, RuntimeError)
        juliet.service.synchronize_vcard = True
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        assert await items(juliet, DATA) == []
        assert len(parse_photos(await vcard(juliet))) == 1
        await juliet.service.wipe_avatar()
        assert not parse_photos(await vcard(juliet))


async def test_one_at_a_time(boxes: list[Sandbox]) -> None:
    box = start(boxes)
    images = [png(color) for color in ("red", "green", "blue")]
    async with enter(box) as juliet:
        await asyncio.gather(*(juliet.service.publish_avatar_set(avatar_set(image)) for image in images))
        (found,) = await juliet.service.get_avatar_metadata(jid(JULIET), require_fresh=True)
        assert await found.get_image_bytes() == images[2]


async def test_an_item_of_someone_else_meanwhile_is_what_is_known(boxes: list[Sandbox]) -> None:
    box = start(boxes, nodes=(Node(META, (), "open", 10), Node(DATA, (), "open", 10)))
    async with enter(box) as juliet:
        await juliet.service.publish_avatar_set(avatar_set(IMAGE))
        box.set_item(JULIET, META, Item("x", f"<metadata xmlns='{META}'/>"))
        await until(lambda: juliet.ids(JULIET), lambda ids: ids[-1] == [])
