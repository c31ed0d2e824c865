"""When a server has said by itself all it had to say."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.support import patience
from xavatar.client.arrivals import Arrivals


async def seconds(arrivals: Arrivals, quiet: float, longest: float) -> float:
    began = time.monotonic()
    await arrivals.settle(quiet, longest)
    return time.monotonic() - began


async def note_often(arrivals: Arrivals, times: int, gap: float) -> None:
    for _ in range(times):
        arrivals.note()
        await asyncio.sleep(gap)


async def test_a_pause_is_waited_for_once() -> None:
    arrivals = Arrivals()
    assert await seconds(arrivals, patience(0.1), 5) >= patience(0.09)
    assert await seconds(arrivals, patience(0.1), 5) < patience(0.05)
    arrivals.note()
    assert await seconds(arrivals, patience(0.1), 5) >= patience(0.09)


async def test_each_arrival_begins_the_pause_anew() -> None:
    arrivals = Arrivals()
    noting = asyncio.create_task(note_often(arrivals, 10, 0.03))
    assert await seconds(arrivals, patience(0.2), 5) >= 0.27 + patience(0.18)
    assert noting.done()


async def test_an_end_to_the_wait() -> None:
    arrivals = Arrivals()
    noting = asyncio.create_task(note_often(arrivals, 1000, 0.01))
    assert 0.19 <= await seconds(arrivals, patience(1), 0.2) < patience(1)
    assert not noting.done()
    noting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await noting


async def test_no_wait_at_all() -> None:
    assert await seconds(Arrivals(), 0, 0) < patience(0.05)
