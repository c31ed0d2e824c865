"""Hearing of changes: what one session publishes, another hears of, on each server."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.contract.conftest import login
from tests.servers import RunningServer, picture
from xavatar.collect.changes import Change, Following, What
from xavatar.model import Source
from xavatar.session import AsyncSession

USER = "walkon10"


async def about(coming: Following, jid: str, source: Source, what: What) -> Change:
    """Return the next change of this kind; others, as what a server says of the vCard, pass."""
    async for change in coming:
        if (change.jid, change.source, change.what) == (jid, source, what):
            return change
    pytest.fail(f"{jid} was not heard to have {what}: {[str(change) for change in coming._changes]}")


async def test_published_again_and_switched_off(server: RunningServer) -> None:
    options: dict[str, Any] = {"timeout": 20}
    jid = server.jid(USER)
    async with AsyncSession(**login(server, USER), **options) as owner:
        try:
            one = (await owner.publish(picture(900))).plan.avatar
            async with AsyncSession(**login(server), **options) as watcher:
                changes = await watcher.changes(pictures=True)
                coming = changes.follow(timeout=20)
                other = (await owner.publish(picture(902))).plan.avatar
                assert one is not None
                assert other is not None
                change = await about(coming, jid, Source.PEP, What.PUBLISHED)
                assert change.before is not None
                assert change.before.sha1 == hashlib.sha1(one.image_bytes).hexdigest()
                assert change.after.sha1 == hashlib.sha1(other.image_bytes).hexdigest()
                assert change.note == ""
                await owner.unpublish()
                change = await about(coming, jid, Source.PEP, What.DISABLED)
                assert change.before is not None
                assert (change.before.id, change.after.id) == (hashlib.sha1(other.image_bytes).hexdigest(), "")
            assert changes.ended
            assert changes.error is None
        finally:
            await owner.wipe()
