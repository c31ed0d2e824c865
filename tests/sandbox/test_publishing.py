"""Plans, cautions and failures, on a server whose faults are ours; the publisher that widgets drive."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import ssl
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import aioxmpp
import pytest
from PIL import Image

import xavatar as xa
from tests.support import patience
from tests.unit.hostile import picture, saved
from xavatar.avatar import (
    AvatarService,
    AvatarSet,
    Current,
    Publication,
    PublicationFailed,
    Publisher,
    PublishPlan,
    Step,
    StepResult,
    UrlPolicy,
)
from xavatar.avatar.account import Account
from xavatar.avatar.cautions import of_publishing, of_removing, too_large
from xavatar.avatar.failures import NotStored
from xavatar.avatar.plan import Act, Progress, StepKind
from xavatar.avatar.plan_display import shortened
from xavatar.avatar.upload import UPLOAD, UploadService, upload
from xavatar.client import State
from xavatar.errors import NotSupported, PublishRejected, QueryError
from xavatar.imaging import distance, inspect, variant
from xavatar.model import Descriptor, Severity, Status
from xavatar.sandbox import Account as Person
from xavatar.sandbox import Options, Sandbox, Scenario
from xavatar.session import Session
from xavatar.session.publishing import SessionPublisher

JULIET = "juliet@capulet.lit"
PHOTO = saved(picture((300, 300)), "PNG")
NOISE = saved(Image.effect_noise((192, 192), 90).convert("RGB"), "PNG")
EVERYTHING = Account(pep=True, converts=True, publish_options=True)


@contextlib.contextmanager
def session(**options: bool) -> Iterator[Session]:
    """Log in to a server of one account with these habits."""
    people = (Person(JULIET, password="pw-juliet"),)
    scenario = Scenario("alone", "capulet.lit", JULIET, people, options=Options(**options))
    with Sandbox(scenario) as box, xa.connect(sandbox=box, timeout=patience(2)) as logged_in:
        yield logged_in


def rules(cautions: tuple[xa.avatar.Caution, ...]) -> list[str]:
    return [each.rule for each in cautions]


def cautions(account: Account = EVERYTHING, current: Current | None = None, **given: object) -> list[str]:
    options = {"access_model": None, "vcard": False, "service": None, "left_out": False} | given
    avatar = options.pop("avatar", None) or AvatarSet.from_image(PHOTO)
    return rules(of_publishing(account, current or Current(Status.NOT_FOUND), avatar, (), **options))  # type: ignore[arg-type]


def test_the_heaviest_caution_comes_first() -> None:
    found = of_publishing(
        dataclasses.replace(EVERYTHING, pep=False), Current(Status.NOT_FOUND), AvatarSet.from_image(PHOTO), (),
        access_model="open", vcard=False, service=None, left_out=True,
    )  # fmt: skip
    order = [Severity.ERROR, Severity.WARNING, Severity.INFO]
    assert [each.severity for each in found] == sorted((each.severity for each in found), key=order.index)
    assert found[0].rule == "P163-02"


def test_who_sees_it_is_told_for_each_access_model() -> None:
    assert "P398-08" in cautions(access_model="open")
    assert "P398-07" in cautions(access_model="presence")
    assert "P398-07" not in cautions(access_model="open")
    assert "P54-04" in cautions(dataclasses.replace(EVERYTHING, converts=False), access_model="presence", vcard=True)
    assert "P398-05" in cautions(vcard=True)
    apart = Current(Status.OK, access_model="open", data_access_model="presence")
    assert "P398-07" in cautions(current=apart)
    assert "P398-07" not in cautions(current=apart, access_model="open")


def test_sizes_that_somebody_will_not_take() -> None:
    noisy = AvatarSet.from_image(saved(picture((300, 200)), "PNG"), square=False)
    assert cautions(avatar=noisy).count("P153-13") == 1
    assert "A-17" not in cautions(avatar=noisy)


def test_what_the_server_says_of_its_stanzas_decides() -> None:
    """XEP-0478; without it what most servers take stands for it (A-17)."""
    store = Step(StepKind.STORE, "Store it", f"<data>{'A' * 45_000}</data>")
    (grave,) = too_large([store], Current(Status.NOT_FOUND, stanza_bytes=45_000))
    assert (grave.rule, grave.severity) == ("A-17", Severity.ERROR)
    assert "45,000 bytes, the most that this server announces (XEP-0478)" in grave.words
    assert list(too_large([store], Current(Status.NOT_FOUND, stanza_bytes=45_300))) == []
    assert list(too_large([store], Current(Status.NOT_FOUND))) == []
    usual = Step(StepKind.STORE, "Store it", f"<data>{'A' * (256 << 10)}</data>")
    assert "the usual most" in next(too_large([usual], Current(Status.NOT_FOUND))).words
    avatar = AvatarSet.from_image(NOISE, stanza_bytes=40_000)
    assert avatar.ladder is not None
    assert "stanza" in avatar.ladder.keeps(avatar.ladder.chosen)
    assert "stanza" not in avatar.ladder.keeps(avatar.ladder.rungs[0])


@contextlib.contextmanager
def strict(**options: bool) -> Iterator[Session]:
    """Log in to a server that takes small stanzas only, with a vCard of some size."""
    card = f"<vCard xmlns='vcard-temp'><FN>Juliet</FN><DESC>{'O Romeo! ' * 1500}</DESC></vCard>"
    people = (Person(JULIET, password="pw-juliet", vcard=card),)
    scenario = Scenario("strict", "capulet.lit", JULIET, people, options=Options(**options))
    with Sandbox(scenario, max_stanza=20_000) as box, xa.connect(sandbox=box, timeout=patience(2)) as logged_in:
        yield logged_in


def test_a_picture_is_made_for_the_server_at_hand() -> None:
    """Its stanza is taken; one that is larger would have cost the connection."""
    with strict() as juliet:
        assert juliet.stanza_bytes == 20_000
        plan = juliet.plan(NOISE)
        assert plan.avatar is not None
        assert len(plan.avatar.image_bytes or b"") <= 15_000
        assert juliet.publish(plan).done
        with pytest.raises(NotSupported, match="20,000 bytes"):
            juliet.publish(AvatarSet.from_image(NOISE))
        assert juliet.publish(plan).done  # still connected


def test_the_service_sends_nothing_that_costs_the_connection() -> None:
    with strict() as juliet:
        service = juliet._twin._online().client.summon(AvatarService)
        with pytest.raises(aioxmpp.XMPPModifyError, match="the server takes 20,000"):
            juliet._portal.call(service.publish_avatar_set(AvatarSet.from_image(NOISE)))
        juliet._portal.call(service.publish_avatar_set(AvatarSet.from_image(NOISE, stanza_bytes=juliet.stanza_bytes)))
        assert juliet.state is State.ONLINE


def test_the_rest_of_a_vcard_counts_too() -> None:
    """It is written as a whole (P54-03): the image fits, the card with it does not."""
    with strict(conversion=False, injection=False) as juliet:
        plan = juliet.plan(NOISE, vcard=True)
        (grave,) = (each for each in plan.cautions if each.severity is Severity.ERROR)
        assert grave.words.startswith("Write the photo of the vCard")
        with pytest.raises(NotSupported, match="Nothing was changed"):
            juliet.publish(plan)
        assert juliet.publish(NOISE).done


def test_uploads_are_told_of() -> None:
    avatar = AvatarSet.from_image(PHOTO, large=256)
    assert "P363-01" in cautions(avatar=avatar, service=UploadService("upload.capulet.lit"))
    assert "P363-01" not in cautions(avatar=avatar, service=UploadService("upload.capulet.lit", profile=True))
    assert "P363-01" in cautions(left_out=True)


def test_what_stays_when_an_avatar_goes() -> None:
    there = Current(Status.OK, (Descriptor(id="aa"), Descriptor(id="bb", url="https://capulet.lit/b")), b"image")
    plain = dataclasses.replace(EVERYTHING, converts=False)
    assert rules(of_removing(plain, there, wipe=False, photo="cc", vcard=False)) == ["P54-04", "P84-14", "D-27"]
    assert rules(of_removing(plain, Current(Status.EMPTY), wipe=True, photo="", vcard=False)) == ["P84-17"]


def test_a_refused_announcement_withdraws_the_image_and_says_so() -> None:
    with session() as juliet:
        plan = juliet.plan(PHOTO)
        bad = dataclasses.replace(
            plan.steps[1], payload=plan.steps[1].payload.replace("<publish node=", "<publish at=")
        )
        broken = dataclasses.replace(plan, steps=(plan.steps[0], bad, *plan.steps[2:]))
        with pytest.raises(PublicationFailed, match="Announce it") as caught:
            juliet.publish(broken)
        publication = caught.value.publication
        assert [each.progress for each in publication.results] == [
            Progress.DONE, Progress.FAILED, Progress.SKIPPED, Progress.SKIPPED,
        ]  # fmt: skip
        assert "was withdrawn again" in publication.results[1].detail
        assert "✗ 2." in repr(publication)
        assert juliet.plan(PHOTO).current.image is None


def broken(plan: PublishPlan, *places: int) -> PublishPlan:
    """Return a plan some of whose steps no server understands."""
    steps = [
        dataclasses.replace(step, payload=step.payload.replace("node=", "at=")) if place in places else step
        for place, step in enumerate(plan.steps)
    ]
    return dataclasses.replace(plan, steps=tuple(steps))


def test_wiping_goes_on_past_what_fails() -> None:  # D-28
    with session() as juliet:
        juliet.publish(PHOTO)
        plan = juliet.wipe(dry_run=True).plan
        with pytest.raises(PublicationFailed, match="Announce that the avatar is switched off") as caught:
            juliet.publish(broken(plan, 0, 2))
        progress = [each.progress for each in caught.value.publication.results]
        failed, done = Progress.FAILED, Progress.DONE
        assert progress == [failed, done, failed, done, done, done]
        assert juliet.plan(PHOTO).current.image is None


def test_a_photo_that_was_written_is_announced_whatever_comes_after() -> None:
    with session(conversion=False, injection=False) as juliet:
        plan = juliet.plan(PHOTO, vcard=True)
        kinds = [step.kind for step in plan.steps]
        assert kinds == [StepKind.STORE, StepKind.ANNOUNCE, StepKind.VCARD, StepKind.VERIFY, StepKind.VERIFY]
        lost = dataclasses.replace(plan, avatar=AvatarSet.from_image(saved(picture((50, 50)), "PNG")))
        with pytest.raises(PublicationFailed, match="Read the image back"):
            juliet.publish(lost)
        assert lost.avatar is not None
        assert announced(juliet, lost.avatar.png_id)


def test_without_a_service_the_large_image_is_left_out() -> None:
    with session(uploads=False) as juliet:
        publication = juliet.publish(AvatarSet.from_image(PHOTO, large=256))
        assert publication.done
        assert "P363-01" in rules(publication.plan.cautions)
        assert len(juliet.me(images=False, progress=False).query("source == 'pep'")) == 1


def test_a_profile_is_uploaded_as_such() -> None:
    with session() as juliet:
        publication = juliet.publish(AvatarSet.from_image(PHOTO, large=256))
        assert "<profile " in publication.plan.steps[0].stanza
        url = publication.results[0].detail
        assert url.startswith("https://127.0.0.1:")
        assert url in juliet.me(images=False, progress=False)["url"].dropna().tolist()


def test_a_picture_at_an_address_of_ones_own() -> None:
    with session() as juliet:
        done = juliet.publish(AvatarSet.from_image(PHOTO, large=256))
        url, made = done.results[0].detail, done.plan.avatar
        assert juliet.sandbox is not None
        policy = UrlPolicy(
            permits=lambda _: True,
            ports=frozenset(range(1, 65536)),
            context=ssl.create_default_context(cafile=str(juliet.sandbox.ca_file)),
        )
        again = AvatarSet.from_image(url, policy=policy)
        assert made is not None
        assert distance(inspect(again.check()).phash or "", inspect(made.check()).phash or "") <= 4


def test_the_hash_in_presence_follows_a_plan() -> None:
    """Without XEP-0398 our own presence says it (XEP-0153, 4.1.3), and says when there is none any more."""
    with session(conversion=False, injection=False) as juliet:
        published = juliet.publish(PHOTO, vcard=True)
        assert published.plan.avatar is not None
        assert announced(juliet, published.plan.avatar.png_id)
        assert juliet.wipe(vcard=True).done
        assert announced(juliet, None)
        assert juliet.me(images=False, progress=False).query("source == 'vcard'")["status"].tolist() != ["ok"]


def announced(juliet: Session, id_: str | None) -> bool:
    """Tell whether a presence says this hash before long."""
    for _ in range(20):
        found = juliet.me(images=False, progress=False).query("source == 'presence'")["id"].dropna().tolist()
        if found == ([id_] if id_ else []):
            return True
    return False


def test_a_widget_drives_a_publisher(tmp_path: Path) -> None:
    told: list[StepResult] = []
    path = tmp_path / "face.png"
    path.write_bytes(PHOTO)
    with session() as juliet:
        publisher: Publisher = SessionPublisher(juliet)
        assert publisher.account == JULIET
        assert publisher.current().result(patience(5)).status in (Status.NOT_FOUND, Status.EMPTY)
        avatar = publisher.prepare(path, crop=(0, 0, 200, 200), size=96).result(patience(5))
        assert avatar.size == (96, 96)
        plan = publisher.plan(avatar, access_model="open").result(patience(5))
        assert isinstance(publisher.carry_out(plan, tell=told.append).result(patience(5)), Publication)
        assert told[-1].progress is Progress.DONE
        assert publisher.current().result(patience(5)).image == avatar.image_bytes
        removal = publisher.plan_removal(wipe=True).result(patience(5))
        assert publisher.carry_out(removal).result(patience(5)).done
        assert publisher.current().result(patience(5)).image is None


def test_plans_show_themselves() -> None:
    with session() as juliet:
        plan = juliet.plan(PHOTO, access_model="open")
        dry = juliet.publish(plan, dry_run=True)
    for shown in (repr(plan), repr(dry)):
        assert JULIET in shown
        assert shown.count("·") == len(plan.steps)
    assert len(plan.stanzas) == len(plan.steps)
    html = plan._repr_html_()
    assert html.count("<li>") == len(plan.steps) + len(plan.cautions)
    assert "<script" not in html
    assert len(shortened(plan.stanzas[0])) < 1500


def test_nothing_of_a_server_becomes_markup() -> None:
    evil = "<script>alert(1)</script>"
    plan = PublishPlan(evil, Act.WIPE, (Step(StepKind.PURGE, evil, f"<x a='{evil}'/>"),),
                       current=Current(Status.OK, (Descriptor(id=evil),)))  # fmt: skip
    assert "<script" not in plan._repr_html_()
    assert "<script" not in Publication(plan, (StepResult(plan.steps[0], Progress.FAILED, evil),))._repr_html_()


class _Slots:
    """A wire on which an upload service gives the slot of a test."""

    def __init__(self, put: str, get: str) -> None:
        self._put, self._get = put, get

    async def request(self, payload: str, **_: object) -> Element:
        iq = Element("iq")
        slot = SubElement(iq, f"{{{UPLOAD}}}slot")
        SubElement(slot, f"{{{UPLOAD}}}put", {"url": self._put})
        SubElement(slot, f"{{{UPLOAD}}}get", {"url": self._get})
        return iq


@pytest.mark.parametrize(
    ("put", "get"),
    [
        ("http://capulet.lit/x", "https://capulet.lit/x"),
        ("https://capulet.lit/x", "javascript:alert(1)"),
        ("https://", "https://capulet.lit/x"),
        ("file:///etc/passwd", "https://capulet.lit/x"),
    ],
)
async def test_slots_that_are_not_used(put: str, get: str) -> None:
    image = variant(PHOTO, size=64, format="webp")
    with pytest.raises(PublishRejected, match="no slot of two https addresses"):
        await upload(_Slots(put, get), UploadService("upload.lit"), image, timeout=1)  # type: ignore[arg-type]


async def test_a_host_that_does_not_take_it() -> None:
    """A server that hangs up, and certificates that nobody vouches for."""
    image = variant(PHOTO, size=64, format="webp")

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
        service = UploadService("upload.lit", context=ssl.create_default_context())
        with pytest.raises(PublishRejected, match=r"upload to 127\.0\.0\.1 failed"):
            await upload(_Slots(url, url), service, image, timeout=patience(2))  # type: ignore[arg-type]


def test_errors_are_ours() -> None:
    assert issubclass(PublicationFailed, PublishRejected)
    assert issubclass(NotStored, PublishRejected)
    assert not issubclass(PublicationFailed, QueryError)
