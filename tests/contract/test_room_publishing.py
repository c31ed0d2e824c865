"""The avatar of a room one owns: planned, written, announced, undone; refused to those who do not own it."""

from __future__ import annotations

import asyncio
import io
import random

import pytest
from PIL import Image

from tests.contract.conftest import login
from tests.servers import RunningServer
from tests.servers.cast import picture
from xavatar.avatar import AvatarSet, PublicationFailed, StepResult
from xavatar.avatar.carry_out import carry_out
from xavatar.avatar.plan import Act, Progress, StepKind
from xavatar.avatar.room_planning import plan_room
from xavatar.errors import ConfigError, NotSupported
from xavatar.model import Severity, Status
from xavatar.session import AsyncSession
from xavatar.session.room_publishing import RoomPublisher


def photo() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").save(out, "PNG")
    return out.getvalue()


async def test_an_owner(server: RunningServer) -> None:
    async with AsyncSession(**login(server), timeout=10) as session:
        publisher = RoomPublisher(session, f"{server.room('tomb')}/nick")
        assert publisher.account == server.room("tomb")
        assert (await asyncio.wrap_future(publisher.current())).status is Status.NOT_FOUND
        nothing = await asyncio.wrap_future(publisher.plan_removal())
        assert (nothing.steps, nothing.cautions[-1].rule) == ((), "P486-02")
        avatar = await asyncio.wrap_future(publisher.prepare(photo(), size=64))
        plan = await asyncio.wrap_future(publisher.plan(avatar))
        assert [step.kind for step in plan.steps] == [StepKind.VCARD, StepKind.VERIFY]
        assert all(step.to == server.room("tomb") for step in plan.steps)
        assert not [each for each in plan.cautions if each.severity is Severity.ERROR]
        told: list[StepResult] = []
        done = await asyncio.wrap_future(publisher.carry_out(plan, tell=told.append))
        try:
            assert done.done
            assert told[-1].progress is Progress.DONE
            current = await asyncio.wrap_future(publisher.current())
            assert (current.image, current.descriptors[0].id) == (avatar.image_bytes, avatar.png_id)
            seen = await session.room(server.room("tomb"), nick="looker", progress=False)
            own = seen.query("kind == 'room' and source == 'vcard'")
            assert own["sha1"].tolist() == [avatar.png_id]
            with pytest.raises(ConfigError, match="The plan is one of"):
                await asyncio.wrap_future(RoomPublisher(session, server.room("balcony")).carry_out(plan))
        finally:
            removal = await asyncio.wrap_future(publisher.plan_removal())
            assert removal.act is Act.WIPE
            assert (await asyncio.wrap_future(publisher.carry_out(removal))).done
        assert (await asyncio.wrap_future(publisher.current())).image is None


async def test_a_photo_that_no_stanza_holds(server: RunningServer) -> None:
    """The server would close the connection over it."""
    async with AsyncSession(**login(server), timeout=10) as session:
        publisher = RoomPublisher(session, server.room("tomb"))
        noise = Image.frombytes("RGB", (400, 400), random.Random(1).randbytes(3 * 400 * 400))
        plan = await asyncio.wrap_future(publisher.plan(AvatarSet.from_image(noise, size=400, max_bytes=1 << 20)))
        with pytest.raises(NotSupported, match="do not fit into a stanza of 262,144 bytes"):
            await asyncio.wrap_future(publisher.carry_out(plan))
        assert (await asyncio.wrap_future(publisher.current())).image is None


async def test_somebody_else(server: RunningServer) -> None:
    """The plan tells; and the room refuses whoever does it all the same."""
    async with AsyncSession(**login(server, "romeo"), timeout=10) as session:
        publisher = RoomPublisher(session, server.room("balcony"))
        before = await asyncio.wrap_future(publisher.current())
        assert before.image == picture(8)
        plan = await asyncio.wrap_future(publisher.plan(photo()))
        assert plan.cautions[0].rule == "P486-03"
        with pytest.raises(NotSupported, match="Only owners"):
            await asyncio.wrap_future(publisher.carry_out(plan))
        wire = session._online().wire
        blind = await plan_room(wire, server.room("balcony"), AvatarSet.from_image(photo()), timeout=10)
        with pytest.raises(PublicationFailed) as failure:
            await carry_out(wire, blind, timeout=10)
        assert [each.progress for each in failure.value.publication.results] == [Progress.FAILED, Progress.SKIPPED]
        assert (await asyncio.wrap_future(publisher.current())).image == before.image
