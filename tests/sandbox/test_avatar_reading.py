"""Reading avatars, one test for each defect of DOMAIN 4.1, on the embedded server."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from hashlib import sha1
from typing import Any

import aioxmpp
import pytest

from tests.avatar_support import Watched, enter, jid, png, settled, until
from tests.support import patience
from xavatar.avatar import HttpAvatarDescriptor, PubsubAvatarDescriptor, VCardAvatarDescriptor
from xavatar.errors import Forbidden, NotFound, QueryTimeout
from xavatar.sandbox import Account, Fault, Item, Node, Options, Resource, Sandbox, Scenario

META, DATA = "urn:xmpp:avatar:metadata", "urn:xmpp:avatar:data"
IMAGE, OTHER = png("teal"), png("red")
ID, OTHER_ID = sha1(IMAGE).hexdigest(), sha1(OTHER).hexdigest()
ROMEO = jid("romeo@montague.lit")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def info(image: bytes = IMAGE, **attributes: Any) -> str:
    values = {"id": sha1(image).hexdigest(), "type": "image/png", "bytes": len(image), "width": 64, "height": 64}
    pairs = (values | attributes).items()
    return f"<info {' '.join(f'{name}={str(value)!r}' for name, value in pairs if value is not None)}/>"


def metadata(*children: str) -> str:
    return f"<metadata xmlns='{META}'>{''.join(children)}</metadata>"


def pep(*payloads: str, data: dict[str, str] | None = None, access: str = "presence") -> tuple[Node, ...]:
    """The metadata node with these items, oldest first, and a data node."""
    items = tuple(Item(f"item{n}", payload) for n, payload in enumerate(payloads))
    images = tuple(Item(id_, f"<data xmlns='{DATA}'>{text}</data>") for id_, text in (data or {ID: b64(IMAGE)}).items())
    return Node(META, items, access, 10), Node(DATA, images, access, 10)


def card(*images: bytes | str, mime: str = "<TYPE>image/png</TYPE>") -> str:
    photos = (
        f"<PHOTO>{mime}<BINVAL>{each if isinstance(each, str) else b64(each)}</BINVAL></PHOTO>" for each in images
    )
    return f"<vCard xmlns='vcard-temp'><FN>Romeo</FN>{''.join(photos)}</vCard>"


def hash_of(id_: str) -> str:
    return f"<x xmlns='vcard-temp:x:update'><photo>{id_}</photo></x>"


class Stage:
    """Juliet's server with one Romeo on it, of the test's making."""

    def __init__(self) -> None:
        self.boxes: list[Sandbox] = []

    def __call__(self, *others: Account, options: Options | None = None, **romeo: Any) -> Sandbox:
        juliet = Account("juliet@capulet.lit", password="wherefore")
        cast = (juliet, Account(str(ROMEO), **romeo), *others)
        options = options or Options(conversion=False, injection=False)
        box = Sandbox(Scenario("reading", "capulet.lit", juliet.jid, cast, options=options))
        self.boxes.append(box)
        return box


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    for box in stage.boxes:
        box.close()


def asked(box: Sandbox, kind: str) -> int:
    return box.stats().by_kind.get(kind, 0)


async def test_disable_pep_means_the_vcard_only_cached_or_fresh(stage: Stage) -> None:  # D-01, D-02
    box = stage(nodes=pep(metadata(info())), vcard=card(OTHER))
    async with enter(box, visible=False) as juliet:
        service = juliet.service
        for _ in range(2):
            (found,) = await service.get_avatar_metadata(ROMEO)
            assert isinstance(found, PubsubAvatarDescriptor)
            (found,) = await service.get_avatar_metadata(ROMEO, disable_pep=True)
            assert (type(found), found.id_) == (VCardAvatarDescriptor, OTHER_ID)
        (found,) = await service.get_avatar_metadata(ROMEO, disable_pep=True, require_fresh=True)
        assert found.id_ == OTHER_ID
        assert (asked(box, "metadata"), asked(box, "vcard")) == (1, 2)


@pytest.mark.parametrize(
    ("condition", "kind"),
    [
        ("item-not-found", "cancel"), ("feature-not-implemented", "cancel"), ("service-unavailable", "cancel"),
        ("not-allowed", "cancel"), ("remote-server-not-found", "cancel"), ("gone", "cancel"),
        ("forbidden", "auth"), ("not-authorized", "auth"), ("registration-required", "auth"),
        ("remote-server-timeout", "wait"), ("resource-constraint", "wait"), ("internal-server-error", "wait"),
        ("bad-request", "modify"),
    ],
)  # fmt: skip
async def test_whatever_keeps_pep_from_answering_the_vcard_is_asked(  # D-03
    stage: Stage, condition: str, kind: str
) -> None:
    box = stage(vcard=card(IMAGE), faults=(Fault("error", "metadata", condition, kind),))
    async with enter(box, visible=False) as juliet:
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
        assert (type(found), found.id_) == (VCardAvatarDescriptor, ID)


@pytest.mark.parametrize("condition", ["item-not-found", "service-unavailable", "feature-not-implemented"])
async def test_no_vcard_is_no_avatar(stage: Stage, condition: str) -> None:  # D-03, P54-01
    box = stage(faults=(Fault("error", "metadata", "forbidden", "auth"), Fault("error", "vcard", condition, "cancel")))
    async with enter(box, visible=False) as juliet:
        assert await juliet.service.get_avatar_metadata(ROMEO) == []


async def test_both_failing_is_an_error_with_both_causes(stage: Stage) -> None:
    faults = (Fault("error", "metadata", "forbidden", "auth"), Fault("error", "vcard", "not-allowed", "cancel"))
    box = stage(faults=faults)
    async with enter(box, visible=False) as juliet:
        for _ in range(2):  # the second time from memory, and as complete
            with pytest.raises(aioxmpp.XMPPCancelError) as caught:
                await juliet.service.get_avatar_metadata(ROMEO)
            assert isinstance(caught.value, Forbidden)
            assert caught.value.condition is aioxmpp.ErrorCondition.NOT_ALLOWED
            assert isinstance(caught.value.__cause__, aioxmpp.XMPPAuthError)
            assert caught.value.__cause__.condition is aioxmpp.ErrorCondition.FORBIDDEN
            assert len(caught.value.__notes__) == 1
        assert (asked(box, "metadata"), asked(box, "vcard")) == (1, 1)


async def test_a_presence_hash_does_not_keep_pep_from_being_asked(stage: Stage) -> None:  # D-04
    box = stage(
        nodes=pep(metadata(info())), resources=(Resource("orchard", hash_of(ID)),),
        options=Options(conversion=False, injection=False, push_on_presence=False),
    )  # fmt: skip
    async with enter(box) as juliet:
        await until(lambda: juliet.ids(str(ROMEO)), lambda ids: ids == [[ID]])
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
        assert (type(found), found.mime_type, found.width) == (PubsubAvatarDescriptor, "image/png", 64)
        assert asked(box, "metadata") == 1


async def test_a_presence_during_the_pep_query_does_not_win(stage: Stage) -> None:  # D-05
    box = stage(
        nodes=pep(metadata(info())),
        resources=(Resource("orchard", ""),),
        faults=(Fault("delay", "metadata", seconds=0.3),),
        options=Options(conversion=False, injection=False, push_on_presence=False),
    )
    async with enter(box) as juliet:
        asking = asyncio.create_task(juliet.service.get_avatar_metadata(ROMEO, require_fresh=True))
        await until(lambda: asked(box, "metadata"))
        box.set_presence(str(ROMEO), "orchard", hash_of(OTHER_ID))
        await until(lambda: juliet.ids(str(ROMEO)))
        (found,) = await asking
        assert (type(found), found.id_) == (PubsubAvatarDescriptor, ID)
        # and a later change of the presence is not lost: the new avatar is told
        box.set_presence(str(ROMEO), "orchard", hash_of("c" * 40))
        await until(lambda: juliet.ids(str(ROMEO)), lambda ids: ids[-1] == ["c" * 40])


async def test_an_empty_node_is_no_avatar_and_the_vcard_is_asked(stage: Stage) -> None:  # D-06
    box = stage(nodes=(Node(META), Node(DATA)), vcard=card(IMAGE))
    async with enter(box, visible=False) as juliet:
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
        assert isinstance(found, VCardAvatarDescriptor)


async def test_everything_that_strangers_make_grow_is_bounded(stage: Stage) -> None:  # D-07, D-26
    crowd = tuple(
        Account(f"user{n}@montague.lit", nodes=pep(metadata(info())), resources=(Resource("x", hash_of(f"{n:040x}")),))
        for n in range(40)
    )
    box = stage(*crowd)
    async with enter(box, setup=lambda watched: setattr(watched.service, "metadata_cache_size", 10)) as juliet:
        await until(lambda: len({who for who, _ in juliet.told}), lambda count: count == 40)
        reader = juliet.service._reader
        assert len(reader.cache) <= 10
        assert juliet.service.metadata_cache_size == 10
        with pytest.raises(ValueError, match="at least 1"):
            juliet.service.metadata_cache_size = 0


@pytest.mark.parametrize("how", ["retract_item", "purge_node", "delete_node"])
async def test_removal_is_noticed(stage: Stage, how: str) -> None:  # D-08
    box = stage(nodes=pep(metadata(info())), resources=(Resource("orchard", hash_of(ID)),))
    async with enter(box) as juliet:
        await until(lambda: juliet.ids(str(ROMEO)), lambda ids: ids[-1:] == [[ID]])
        await settled(juliet)
        arguments = (str(ROMEO), META, "item0") if how == "retract_item" else (str(ROMEO), META)
        getattr(box, how)(*arguments)
        await until(lambda: juliet.ids(str(ROMEO)), lambda ids: ids[-1] == [])
        assert await juliet.service.get_avatar_metadata(ROMEO) == []


async def test_the_removal_of_an_older_item_is_none(stage: Stage) -> None:  # D-08
    box = stage(nodes=pep(metadata(info(OTHER)), metadata(info())))
    async with enter(box) as juliet:
        await until(lambda: juliet.ids(str(ROMEO)), lambda ids: ids[-1:] == [[ID]])
        box.retract_item(str(ROMEO), META, "item0")
        await settled(juliet)
        assert juliet.ids(str(ROMEO))[-1] == [ID]


async def test_bytes_of_another_image_are_refused(stage: Stage) -> None:  # D-09
    box = stage(nodes=pep(metadata(info()), data={ID: b64(OTHER)}))
    async with enter(box, visible=False) as juliet:
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="hash-mismatch"):
                await found.get_image_bytes()
        assert asked(box, "data") == 1  # an image that can never match is not downloaded again
        await juliet.service.get_avatar_metadata(ROMEO, require_fresh=True)
        with pytest.raises(RuntimeError, match="hash-mismatch"):
            await found.get_image_bytes()
        assert asked(box, "data") == 2


@pytest.mark.parametrize(
    "payload",
    ["", f"<data xmlns='{DATA}'/>", f"<data xmlns='{DATA}'>=</data>", metadata(), "<x xmlns='urn:odd'/>"],
    ids=["nothing", "empty", "padding", "metadata", "foreign"],
)
async def test_an_item_without_an_image_is_a_runtime_error(stage: Stage, payload: str) -> None:  # D-10, D-13
    box = stage(nodes=(Node(META, (Item("i", metadata(info())),)), Node(DATA, (Item(ID, payload),))))
    async with enter(box, visible=False) as juliet:
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
        with pytest.raises(RuntimeError):
            await found.get_image_bytes()


async def test_an_image_that_is_not_there_is_both_documented_errors(stage: Stage) -> None:
    box = stage(nodes=(Node(META, (Item("i", metadata(info())),)),))
    async with enter(box, visible=False) as juliet:
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
        with pytest.raises(aioxmpp.XMPPCancelError) as caught:
            await found.get_image_bytes()
        assert isinstance(caught.value, RuntimeError)


async def test_a_refused_image_is_an_xmpp_error(stage: Stage) -> None:
    box = stage(nodes=pep(metadata(info())), faults=(Fault("error", "data", "forbidden", "auth"),))
    async with enter(box, visible=False) as juliet:
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
        for _ in range(2):
            with pytest.raises(aioxmpp.XMPPCancelError) as caught:
                await found.get_image_bytes()
            assert isinstance(caught.value, aioxmpp.XMPPAuthError)
        assert asked(box, "data") == 1


@pytest.mark.parametrize(
    "payload", ["", f"<data xmlns='{DATA}'>AAAA</data>", "<x xmlns='urn:odd'/>", metadata("<pointer/>")]
)
async def test_an_item_that_is_no_metadata_leads_on_to_the_vcard(stage: Stage, payload: str) -> None:  # D-11
    box = stage(nodes=(Node(META, (Item("i", payload),)),), vcard=card(IMAGE))
    async with enter(box) as juliet:
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
        assert isinstance(found, VCardAvatarDescriptor)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (info(bytes=None), (None, "image/png", 64)),
        (info(type=None), (len(IMAGE), None, 64)),
        (info(bytes=""), (None, "image/png", 64)),
        (info(width="64px"), (len(IMAGE), "image/png", None)),
        (info(width=""), (len(IMAGE), "image/png", None)),
        (info(width="12.5"), (len(IMAGE), "image/png", None)),
        (info(width="-1"), (len(IMAGE), "image/png", None)),
        (info(width="1_000"), (len(IMAGE), "image/png", None)),
        (info().replace("/>", ">text</info>"), (len(IMAGE), "image/png", 64)),
        (info().replace("/>", "><b xmlns='urn:odd'/></info>"), (len(IMAGE), "image/png", 64)),
    ],
)
async def test_a_malformed_info_is_read_as_far_as_it_goes(  # D-12
    stage: Stage, element: str, expected: tuple[int | None, str | None, int | None]
) -> None:
    box = stage(nodes=pep(metadata(element)))
    async with enter(box) as juliet:
        await until(lambda: juliet.told)  # pushed
        for fresh in (False, True):  # and asked for
            (found,) = await juliet.service.get_avatar_metadata(ROMEO, require_fresh=fresh)
            assert (found.nbytes, found.mime_type, found.width) == expected
            assert await found.get_image_bytes() == IMAGE


@pytest.mark.parametrize(
    "text",
    [f"\n  {b64(IMAGE)[:40]}\n\t{b64(IMAGE)[40:]}\r\n", f"data:image/png;base64,{b64(IMAGE)}", b64(IMAGE).rstrip("="),
     f"{b64(IMAGE)}====", f"*{b64(IMAGE)}!"],
    ids=["white space", "data URI", "no padding", "much padding", "garbage"],
)  # fmt: skip
async def test_base64_is_decoded_as_far_as_the_hash_confirms(stage: Stage, text: str) -> None:  # D-13, D-38, A-19
    box = stage(nodes=pep(metadata(info()), data={ID: text}), vcard=card(text))
    async with enter(box, visible=False) as juliet:
        for disable_pep in (False, True):
            (found,) = await juliet.service.get_avatar_metadata(ROMEO, disable_pep=disable_pep)
            assert found.id_ == ID
            assert await found.get_image_bytes() == IMAGE


async def test_all_photos_of_a_vcard_with_their_real_types(stage: Stage) -> None:  # D-14, P153-16, P486-08
    photos = card(IMAGE, OTHER, IMAGE, mime="<TYPE> image/gif\n</TYPE>").replace(
        "</vCard>", "<PHOTO><EXTVAL>http://x.lit/y</EXTVAL></PHOTO><PHOTO/></vCard>"
    )
    box = stage(vcard=photos)
    async with enter(box, visible=False) as juliet:
        found = await juliet.service.get_avatar_metadata(ROMEO)
        assert [(each.id_, each.mime_type) for each in found] == [(ID, "image/png"), (OTHER_ID, "image/png")]
        assert [await each.get_image_bytes() for each in found] == [IMAGE, OTHER]
        assert asked(box, "vcard") == 1


@pytest.mark.parametrize(
    "photo",
    [
        "<PHOTO/>",
        "<PHOTO><BINVAL/></PHOTO>",
        "<PHOTO><BINVAL> \n</BINVAL></PHOTO>",
        "<PHOTO><BINVAL>====</BINVAL></PHOTO>",
        "<PHOTO><TYPE>image/png</TYPE></PHOTO>",
        "<PHOTO><EXTVAL>http://x.lit/y</EXTVAL></PHOTO>",
        "",
    ],
)
async def test_a_vcard_without_bytes_is_no_avatar(stage: Stage, photo: str) -> None:  # D-38, D-39, A-20, A-21
    box = stage(vcard=f"<vCard xmlns='vcard-temp'>{photo}</vCard>")
    async with enter(box, visible=False) as juliet:
        assert await juliet.service.get_avatar_metadata(ROMEO) == []


async def test_the_list_is_the_callers_own(stage: Stage) -> None:  # D-23
    box = stage(nodes=pep(metadata(info())))
    async with enter(box) as juliet:
        await until(lambda: juliet.told)
        juliet.told[0][1].clear()
        (await juliet.service.get_avatar_metadata(ROMEO)).clear()
        assert len(await juliet.service.get_avatar_metadata(ROMEO)) == 1


async def test_concurrent_calls_share_one_query(stage: Stage) -> None:  # D-24
    box = stage(vcard=card(IMAGE), faults=(Fault("delay", "metadata", seconds=0.2),))
    async with enter(box, visible=False) as juliet:
        calls = [juliet.service.get_avatar_metadata(ROMEO, require_fresh=n % 2 == 0) for n in range(10)]
        answers = await asyncio.gather(*calls)
        assert all(each == answers[0] and each is not answers[0] for each in answers[1:])
        assert (asked(box, "metadata"), asked(box, "vcard")) == (1, 1)
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
        await asyncio.gather(*(found.get_image_bytes() for _ in range(5)))
        assert asked(box, "vcard") == 1


async def test_silence_has_an_end(stage: Stage) -> None:  # D-24
    box = stage(faults=(Fault("silence"),))
    async with enter(box, visible=False, setup=lambda watched: setattr(watched.service, "timeout", 0.3)) as juliet:
        assert juliet.service.timeout == 0.3
        started = asyncio.get_running_loop().time()
        with pytest.raises(aioxmpp.XMPPCancelError) as caught:
            await juliet.service.get_avatar_metadata(ROMEO)
        assert isinstance(caught.value, QueryTimeout)
        assert isinstance(caught.value, TimeoutError)
        assert asyncio.get_running_loop().time() - started < patience(3)


async def test_the_signal_fires_for_changes_only(stage: Stage) -> None:  # D-25
    box = stage(nodes=pep(metadata(info())))
    async with enter(box, visible=False) as juliet:
        for _ in range(3):
            await juliet.service.get_avatar_metadata(ROMEO, require_fresh=True)
        await settled(juliet)
        assert juliet.told == []
        box.set_item(str(ROMEO), META, Item("item1", metadata(info(OTHER))))
        await juliet.service.get_avatar_metadata(ROMEO, require_fresh=True)
        await settled(juliet)
        assert juliet.ids(str(ROMEO)) == [[OTHER_ID]]


async def test_signals_come_in_the_order_of_events(stage: Stage) -> None:
    box = stage(nodes=pep(metadata(info())))
    async with enter(box) as juliet:
        await until(lambda: juliet.told)
        for number in range(30):
            box.set_item(str(ROMEO), META, Item(f"n{number}", metadata(info(id=f"{number:040x}"))))
        await until(lambda: juliet.ids(str(ROMEO)), lambda ids: len(ids) == 31)
        assert juliet.ids(str(ROMEO))[1:] == [[f"{number:040x}"] for number in range(30)]


async def test_no_image_lives_in_the_metadata_cache(stage: Stage) -> None:  # D-26
    box = stage(vcard=card(IMAGE))
    async with enter(box, visible=False) as juliet:
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
        slots = [getattr(found, name) for name in ("remote_jid", "id_", "mime_type", "nbytes", "url", "item_id")]
        assert not any(isinstance(value, bytes) for value in slots)


async def test_order_item_id_and_pointer_are_kept(stage: Stage) -> None:  # D-31
    linked = {"url": "https://montague.lit/a.gif", "type": "image/gif", "id": OTHER_ID}
    box = stage(
        nodes=pep(metadata(info(), info(**linked), info(id="c" * 40), "<pointer><x xmlns='urn:game'/></pointer>"))
    )
    async with enter(box, visible=False) as juliet:
        found = await juliet.service.get_avatar_metadata(ROMEO)
        assert [each.id_ for each in found] == [ID, OTHER_ID, "c" * 40]
        assert [each.info_index for each in found] == [0, 1, 2]
        assert {each.item_id for each in found} == {"item0"}
        assert found[0].pointer == "urn:game"
        assert isinstance(found[1], HttpAvatarDescriptor)
        assert found[1].url == linked["url"]
        with pytest.raises(NotImplementedError):
            await found[1].get_image_bytes()


async def test_the_newest_item_alone_counts(stage: Stage) -> None:  # D-32, A-10
    box = stage(nodes=pep(metadata(info(OTHER)), metadata()), vcard=card(IMAGE))
    async with enter(box, visible=False) as juliet:
        assert await juliet.service.get_avatar_metadata(ROMEO) == []
        assert asked(box, "vcard") == 0  # switched off is no reason to look elsewhere


async def test_an_id_in_another_spelling_is_no_change_and_is_asked_for_as_sent(stage: Stage) -> None:  # D-33, A-04
    shout = ID.upper()
    box = stage(nodes=pep(metadata(info(id=shout)), data={shout: b64(IMAGE)}))
    async with enter(box) as juliet:
        await until(lambda: juliet.told)
        (found,) = juliet.told[0][1]
        assert (found.id_, found.normalized_id) == (shout, ID)
        assert await found.get_image_bytes() == IMAGE
        box.set_item(str(ROMEO), META, Item("item0", metadata(info(id=f" {ID}"))))
        await settled(juliet)
        assert len(juliet.told) == 1


async def test_an_id_that_is_no_hash_gives_no_bytes(stage: Stage) -> None:  # D-33, A-02
    box = stage(nodes=pep(metadata(info(id="c82ffc88-3277")), data={"c82ffc88-3277": b64(IMAGE)}))
    async with enter(box, visible=False) as juliet:
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
        with pytest.raises(RuntimeError, match="hash-mismatch"):
            await found.get_image_bytes()


@pytest.mark.parametrize(
    ("update", "ids"),
    [
        (f"<x xmlns='vcard-temp:x:update'><photo>{ID}<b xmlns='urn:odd'/></photo></x>", [[ID]]),
        ("<x xmlns='vcard-temp:x:update'><photo><b xmlns='urn:odd'/></photo></x>", [[]]),
        (f"<x xmlns='vcard-temp:x:update'><photo>{ID}</photo><photo>{OTHER_ID}</photo></x>", [[ID]]),
        (hash_of(ID) + hash_of(OTHER_ID), [[ID]]),
        ("<x xmlns='vcard-temp:x:update'><odd/></x>", []),
        (hash_of("current"), []),
    ],
)
async def test_a_malformed_photo_does_not_make_a_contact_look_offline(  # D-34, A-01, A-29
    stage: Stage, update: str, ids: list[list[str]]
) -> None:
    box = stage(resources=(Resource("orchard", update),))
    async with enter(box) as juliet:
        presence = juliet.client.summon(aioxmpp.PresenceClient)
        await until(lambda: presence.get_peer_resources(ROMEO), seconds=3)
        await settled(juliet)
        assert juliet.ids(str(ROMEO)) == ids


async def test_a_negative_answer_expires(stage: Stage) -> None:  # D-36
    box = stage()
    async with enter(box, visible=False, setup=lambda w: setattr(w.service, "negative_lifetime", 0.3)) as juliet:
        assert juliet.service.negative_lifetime == 0.3
        for _ in range(3):
            assert await juliet.service.get_avatar_metadata(ROMEO) == []
        assert (asked(box, "metadata"), asked(box, "vcard")) == (1, 1)
        box.set_vcard(str(ROMEO), card(IMAGE))
        await asyncio.sleep(0.35)
        assert len(await juliet.service.get_avatar_metadata(ROMEO)) == 1


async def test_a_failure_expires_sooner(stage: Stage) -> None:
    box = stage(faults=(Fault("error", "any", "resource-constraint", "wait", times=2),), vcard=card(IMAGE))
    async with enter(box, visible=False, setup=lambda w: setattr(w.service, "failure_lifetime", 0.3)) as juliet:
        assert juliet.service.failure_lifetime == 0.3
        for _ in range(2):
            with pytest.raises(aioxmpp.XMPPWaitError):
                await juliet.service.get_avatar_metadata(ROMEO)
        await asyncio.sleep(0.35)
        assert len(await juliet.service.get_avatar_metadata(ROMEO)) == 1


def unadvertised(watched: Watched) -> None:
    """Keep the service from asking for its own vCard, which the server would count too."""
    watched.service.advertise_vcard = False


async def test_a_vcard_is_downloaded_once_and_its_photo_verified(stage: Stage) -> None:  # D-37
    box = stage(vcard=card(IMAGE), resources=(Resource("orchard", hash_of(ID)),))
    async with enter(box, setup=unadvertised) as juliet:
        await until(lambda: juliet.told)
        (found,) = juliet.told[-1][1]
        assert [await found.get_image_bytes() for _ in range(3)] == [IMAGE] * 3
        assert asked(box, "vcard") == 1


async def test_an_announced_hash_that_the_vcard_does_not_have(stage: Stage) -> None:  # D-37, A-13, A-15
    box = stage(vcard=card(OTHER), resources=(Resource("orchard", hash_of(ID)),))
    async with enter(box, setup=unadvertised) as juliet:
        await until(lambda: juliet.told)
        (found,) = juliet.told[-1][1]
        for _ in range(3):
            with pytest.raises(RuntimeError, match="hash-mismatch"):
                await found.get_image_bytes()
        assert asked(box, "vcard") == 1
        # what the card does have is told
        await until(lambda: juliet.ids(str(ROMEO)), lambda ids: ids[-1] == [OTHER_ID])


async def test_a_full_jid_of_a_contact_means_the_contact(stage: Stage) -> None:
    box = stage(nodes=pep(metadata(info())), resources=(Resource("orchard", ""),))
    async with enter(box) as juliet:
        presence = juliet.client.summon(aioxmpp.PresenceClient)
        await until(lambda: presence.get_peer_resources(ROMEO))
        (found,) = await juliet.service.get_avatar_metadata(ROMEO.replace(resource="orchard"))
        assert found.remote_jid == ROMEO


async def test_subscribe_and_unsubscribe(stage: Stage) -> None:  # D-48
    box = stage(nodes=pep(metadata(info()), access="open"), subscription=None)

    def quiet(watched: Watched) -> None:
        watched.service.avatar_pep.notify = False

    async with enter(box, setup=quiet) as juliet:
        await juliet.service.subscribe(ROMEO)
        box.set_item(str(ROMEO), META, Item("item1", metadata(info(OTHER))))
        await until(lambda: juliet.ids(str(ROMEO)), lambda ids: ids[-1:] == [[OTHER_ID]])
        await juliet.service.unsubscribe(ROMEO)
        box.set_item(str(ROMEO), META, Item("item2", metadata(info())))
        await settled(juliet)
        assert juliet.ids(str(ROMEO))[-1] == [OTHER_ID]
        with pytest.raises(aioxmpp.XMPPCancelError):
            await juliet.service.subscribe(jid("nobody@montague.lit"))


async def test_a_subscription_outlives_the_node(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xavatar.avatar.service._RESUBSCRIBE", 0.3)
    box = stage(nodes=pep(metadata(info()), access="open"))

    def quiet(watched: Watched) -> None:
        watched.service.avatar_pep.notify = False

    async with enter(box, setup=quiet) as juliet:
        await juliet.service.subscribe(ROMEO)
        box.delete_node(str(ROMEO), META)
        await until(lambda: juliet.ids(str(ROMEO)), lambda ids: ids[-1:] == [[]])

        def publish_anew() -> list[list[str]]:
            box.set_item(str(ROMEO), META, Item("item1", metadata(info())))
            return juliet.ids(str(ROMEO))

        await until(publish_anew, lambda ids: ids[-1] == [ID])


async def test_notify_takes_effect_by_itself(stage: Stage) -> None:  # D-48
    box = stage(nodes=pep(metadata(info())))

    def quiet(watched: Watched) -> None:
        watched.service.avatar_pep.notify = False
        watched.service.advertise_vcard = False

    async with enter(box, setup=quiet) as juliet:
        await settled(juliet)
        box.set_item(str(ROMEO), META, Item("item1", metadata(info(OTHER))))
        await settled(juliet)
        assert juliet.told == []
        sent = box.stats().presences
        juliet.service.avatar_pep.notify = True
        await until(lambda: box.stats().presences, lambda count: count == sent + 1)
        await until(lambda: juliet.ids(str(ROMEO)), lambda ids: ids[-1:] == [[OTHER_ID]])
        juliet.service.avatar_pep.notify = False
        await until(lambda: box.stats().presences, lambda count: count == sent + 2)
        await settled(juliet)
        box.set_item(str(ROMEO), META, Item("item2", metadata(info())))
        await settled(juliet)
        assert juliet.ids(str(ROMEO))[-1] == [OTHER_ID]


async def test_without_a_connection(stage: Stage) -> None:
    box = stage(nodes=pep(metadata(info())))
    async with enter(box, visible=False) as juliet:
        (found,) = await juliet.service.get_avatar_metadata(ROMEO)
    with pytest.raises(ConnectionError):
        await juliet.service.get_avatar_metadata(ROMEO)
    with pytest.raises(ConnectionError):
        await found.get_image_bytes()


async def test_unknown_accounts(stage: Stage) -> None:
    box = stage(options=Options(conversion=False, injection=False, forbid_unknown=False))
    async with enter(box, visible=False) as juliet:
        assert await juliet.service.get_avatar_metadata(jid("nobody@montague.lit")) == []
        with pytest.raises((NotFound, aioxmpp.XMPPCancelError)):
            await juliet.service.subscribe(jid("nobody@montague.lit"))
