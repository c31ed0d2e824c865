"""The widgets that an awaitable session makes: fed from its loop, closed on any thread."""

from __future__ import annotations

import asyncio

from tests.browser.people import picture
from tests.support import patience
from xavatar.session import AsyncSession


async def test_the_monitor_of_an_awaitable_session() -> None:
    async with AsyncSession(sandbox="pair") as session:
        monitor = await session.monitor(keep=7, progress=False)
        coming = monitor.changes.follow(timeout=patience(10))
        await session.publish(picture(50))
        change = await anext(coming)
        assert change.jid == session.jid.partition("/")[0]
        assert len(monitor.frame) == len(monitor.changes) > 0
        assert monitor._keep == 7
        await asyncio.to_thread(monitor.close)
        assert monitor.changes.ended
        seen = len(monitor.frame)
        await session.publish(picture(51))
        await session.me(progress=False)
        assert len(monitor.frame) == seen


async def test_the_trace_viewer_of_an_awaitable_session() -> None:
    async with AsyncSession(sandbox="pair") as session:
        viewer = await session.trace_viewer()
        await session.features()
        assert len(viewer.trace) > 0
        await asyncio.to_thread(viewer.close)
        await asyncio.sleep(0)  # the loop takes note
        recorded = len(viewer.trace)
        await session.me(progress=False)
        assert len(viewer.trace) == recorded
