"""From a photo on disk to what a second session sees, on each server; planned before, read back after."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import canonicalize, tostring

import numpy as np
import pytest
from PIL import Image

from tests.contract.conftest import login
from tests.servers import RunningServer
from tests.unit.hostile import exif
from xavatar.avatar import AvatarSet, HttpAvatarDescriptor, Publication, StepResult, UrlPolicy, fetch_url
from xavatar.avatar.plan import Progress, StepKind
from xavatar.avatar.read import fetch_data
from xavatar.errors import ConfigError, Forbidden, NotFound, NotSupported
from xavatar.imaging import inspect
from xavatar.session import AsyncSession
from xavatar.session.publishing import perform
from xavatar.wire.entry import Direction
from xavatar.wire.xml import parse

USER, STRANGER = "walkon3", "walkon7"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A phone's photo: on its side, with the place where it was taken."""
    y, x = np.mgrid[0:480, 0:640] / 480
    light = np.stack([128 + 100 * np.sin(3 * x + 2 * y + hue) for hue in range(3)], -1)
    path = tmp_path / "IMG_1597.JPG"
    Image.fromarray(light.astype(np.uint8)).save(path, "JPEG", exif=exif(6, gps=True, camera="PHONE"))
    return path


@contextlib.asynccontextmanager
async def owner(server: RunningServer, **options: Any) -> AsyncIterator[AsyncSession]:
    """Log somebody in who leaves no avatar behind."""
    async with AsyncSession(**login(server, USER), timeout=10, **options) as session:
        try:
            yield session
        finally:
            await session.wipe(vcard=True)


async def image_seen(session: AsyncSession, server: RunningServer, id_: str, user: str = USER) -> bytes | None:
    """Return what is in the data node under an id, asked for by a session of juliet."""
    try:
        return (await fetch_data(session._online().wire, server.jid(user), id_, timeout=30)).data
    except NotFound:
        return None


async def test_a_photo_is_published_and_seen_by_another(server: RunningServer, photo: Path) -> None:
    async with owner(server) as session, AsyncSession(**login(server), timeout=30) as juliet:
        publication = await session.publish(photo, access_model="open")
        assert publication.done
        assert publication.plan.current.descriptors == ()
        id_ = publication.plan.avatar.png_id  # type: ignore[union-attr]
        table = await juliet.roster(sources=["pep"])
        (row,) = table[table["jid"] == server.jid(USER)].to_dict("records")
        assert (row["status"], row["id"], row["hash_ok"], row["mime_real"]) == ("ok", id_, True, "image/png")
        assert (row["width_real"], row["height_real"], row["has_exif"], row["has_gps"]) == (192, 192, False, False)
        seen = inspect(await image_seen(juliet, server, id_) or b"")
        assert seen.sha1 == id_


async def test_the_plan_is_what_is_sent(server: RunningServer, photo: Path) -> None:
    async with owner(server) as session:
        plan = await session.plan(photo, access_model="open")
        assert (await session.me(images=False)).query("source == 'pep'")["status"].tolist() != ["ok"]
        with session.trace() as trace:
            publication = await session.publish(plan)
        assert publication.plan is plan
        sent = [entry.element for entry in trace if entry.direction is Direction.OUT and entry.kind == "iq"]
        payloads = [canonicalize(tostring(iq[0])) for iq in sent if iq is not None and len(iq)]
        assert payloads == [canonicalize(tostring(parse(step.payload))) for step in plan.steps]


async def test_a_dry_run_changes_nothing(server: RunningServer, photo: Path) -> None:
    async with owner(server) as session:
        before = await session.publish(photo)
        dry = await session.publish(AvatarSet.from_image(photo, size=64), dry_run=True)
        assert not dry.done
        assert {result.progress for result in dry.results} == {Progress.PLANNED}
        assert dry.plan.current.image == before.plan.avatar.image_bytes  # type: ignore[union-attr]
        again = await session.plan(photo)
        assert again.current.image == dry.plan.current.image
        assert [each.words for each in again.cautions if each.rule == "P84-24"] == [
            "This very image is announced already."
        ]


async def test_the_access_model_changes_before_the_image_does(server: RunningServer, photo: Path) -> None:
    """From contacts only to everybody and back: at no moment does the new image stand under the wider model."""
    async with owner(server) as session, AsyncSession(**login(server, STRANGER), timeout=30) as stranger:
        await session.publish(photo, access_model="open")
        publication = await session.publish(AvatarSet.from_image(photo, size=64), access_model="presence")
        kinds = [step.kind for step in publication.plan.steps]
        assert kinds.index(StepKind.CONFIGURE) < kinds.index(StepKind.STORE)
        after = await session.plan(photo)
        assert (after.current.access_model, after.current.data_access_model) == ("presence", "presence")
        id_ = publication.plan.avatar.png_id  # type: ignore[union-attr]
        with pytest.raises(Forbidden):
            await image_seen(stranger, server, id_)
        opened = await session.publish(photo, access_model="open")
        assert await image_seen(stranger, server, opened.plan.avatar.png_id or "") is not None  # type: ignore[union-attr]


async def test_switched_off_and_wiped(server: RunningServer, photo: Path) -> None:
    async with owner(server) as session, AsyncSession(**login(server), timeout=30) as juliet:
        published = await session.publish(photo, access_model="open")
        id_ = published.plan.avatar.png_id or ""  # type: ignore[union-attr]
        off = await session.unpublish()
        assert off.done
        assert off.plan.current.descriptors[0].id == id_
        table = await juliet.roster(images=False, sources=["pep"])
        assert table[table["jid"] == server.jid(USER)]["status"].tolist()[0] != "ok"
        assert (await session.publish(photo)).done
        wiped = await session.wipe()
        assert wiped.done
        assert await image_seen(juliet, server, id_) is None  # D-27
        nothing = await session.unpublish(dry_run=True)
        assert "No avatar is announced at the moment." in [each.words for each in nothing.plan.cautions]


async def test_the_vcard_too(unconverted: RunningServer, photo: Path) -> None:
    async with owner(unconverted) as session, AsyncSession(**login(unconverted), timeout=30) as juliet:
        plan = await session.plan(photo)
        assert "P398-01" in [each.rule for each in plan.cautions]
        publication = await session.publish(photo, vcard=True)
        id_ = publication.plan.avatar.png_id  # type: ignore[union-attr]
        table = await juliet.roster(sources=["vcard"])
        assert table[table["jid"] == unconverted.jid(USER)]["sha1"].tolist() == [id_]
        removal = await session.unpublish(dry_run=True)
        assert [each.rule for each in removal.plan.cautions if id_ in each.words] == ["P54-04"]
        await session.unpublish(vcard=True)
        table = await juliet.roster(sources=["vcard"])
        assert table[table["jid"] == unconverted.jid(USER)]["sha1"].isna().all()


async def test_what_cannot_succeed_is_not_begun(server: RunningServer, photo: Path) -> None:
    """A stanza that the server would answer by closing the connection is not sent."""
    async with owner(server) as session:
        noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (400, 400, 3), np.uint8))
        huge = AvatarSet.from_image(noise, size=400, max_bytes=1 << 20)
        with pytest.raises(NotSupported, match="do not fit into a stanza of 262,144 bytes"):
            await session.publish(huge)
        assert (await session.plan(photo)).current.descriptors == ()


async def test_a_plan_of_another_account(server: RunningServer, photo: Path) -> None:
    async with owner(server) as session, AsyncSession(**login(server, STRANGER), timeout=30) as other:
        plan = await session.plan(photo)
        with pytest.raises(ConfigError, match="is one of"):
            await other.publish(plan)


async def test_steps_are_told_as_they_happen(server: RunningServer, photo: Path) -> None:
    told: list[StepResult] = []
    async with owner(server) as session:
        plan = await session.plan(photo)
        publication = await perform(session, plan, tell=told.append)
        assert [each.progress for each in told] == [Progress.UNDER_WAY, Progress.DONE] * len(plan.steps)
        assert [each for each in told if each.progress is Progress.DONE] == list(publication.results)
        assert isinstance(publication, Publication)


async def test_a_large_variant_is_uploaded_and_announced(server: RunningServer, photo: Path) -> None:
    """XEP-0363: the small PNG in PEP, the large one at a url that gives the very bytes (P84-08, P84-14)."""
    avatar = AvatarSet.from_image(photo, large=400, formats=("webp", "jpeg"))
    async with owner(server) as session, AsyncSession(**login(server), timeout=30) as juliet:
        features = await session.features()
        assert features.upload == server.uploads_domain
        plan = await session.plan(avatar, access_model="open")
        assert [step.kind for step in plan.steps[:2]] == [StepKind.UPLOAD] * 2
        assert ("<profile " in plan.steps[0].payload) is features.upload_profile
        # Neither Prosody 0.12 nor ejabberd 23 knows what an upload is for: it may expire, and the plan says so.
        assert ("P363-01" in [each.rule for each in plan.cautions]) is not features.upload_profile
        publication = await session.publish(plan)
        table = await juliet.roster(images=False, sources=["pep"])
        rows = table[table["jid"] == server.jid(USER)].to_dict("records")
        assert [row["mime"] for row in rows] == ["image/png", "image/webp", "image/jpeg"]
        assert [row["url"] for row in rows[1:]] == [result.detail for result in publication.results[:2]]
        context = ssl.create_default_context(cafile=str(server.ca_file))
        policy = UrlPolicy(permits=lambda _: True, ports=frozenset(range(1, 65536)), context=context)
        for row, made in zip(rows[1:], avatar.uploads, strict=True):
            image = await fetch_url(HttpAvatarDescriptor(USER, row["id"], url=row["url"]), policy)
            assert (image, row["nbytes"], row["width"]) == (made.data, made.nbytes, 400)
