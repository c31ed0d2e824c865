"""Bounded concurrency and coalescing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator

import pytest

from tests.support import patience
from xavatar.errors import ConfigError, SessionClosed
from xavatar.runtime import SingleFlight, cancel_and_wait, completed, each


def others() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


async def test_each_runs_all_within_the_limit() -> None:
    now = peak = 0
    results: dict[int, int] = {}

    async def worker(n: int) -> int:
        nonlocal now, peak
        now += 1
        peak = max(peak, now)
        await asyncio.sleep(0.001 * (n % 3))
        now -= 1
        return n * n

    await each(range(100), worker, limit=7, done=results.__setitem__)
    assert results == {n: n * n for n in range(100)}
    assert peak == 7


async def test_results_come_in_completion_order() -> None:
    delays = [0.06, 0.02, 0.04]
    assert [item async for item, _ in completed(delays, asyncio.sleep, limit=3)] == [0.02, 0.04, 0.06]
    assert [item async for item, _ in completed(delays, asyncio.sleep, limit=1)] == delays
    assert [item async for item, _ in completed((), asyncio.sleep, limit=3)] == []


async def test_items_are_read_only_when_a_worker_is_free() -> None:
    read: list[int] = []
    gate = asyncio.Event()

    def items() -> Iterator[int]:
        for n in range(100):
            read.append(n)
            yield n

    async def worker(n: int) -> None:
        await gate.wait()

    task = asyncio.create_task(each(items(), worker, limit=4))
    await asyncio.sleep(0.01)
    assert read == [0, 1, 2, 3]
    gate.set()
    await task
    assert len(read) == 100


async def test_each_makes_no_task_per_item() -> None:
    most = 0

    async def worker(n: int) -> None:
        nonlocal most
        most = max(most, len(others()))
        await asyncio.sleep(0)

    await each(range(500), worker, limit=8)
    assert most <= 9


async def test_ten_thousand_items_cost_little() -> None:
    async def worker(n: int) -> int:
        await asyncio.sleep(0)
        return n

    seen = 0

    def done(item: int, result: int) -> None:
        nonlocal seen
        seen += 1

    started = time.process_time()
    await each(range(10_000), worker, limit=64, done=done)
    assert seen == 10_000
    assert time.process_time() - started < patience(1.0)


async def test_workers_that_never_wait_do_not_starve_the_loop() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    async def worker(n: int) -> None:
        time.sleep(0.001)  # noqa: ASYNC251

    ticking = asyncio.create_task(tick())
    await each(range(200), worker, limit=1)
    await cancel_and_wait(ticking)
    assert ticks >= 10


@pytest.mark.parametrize("limit", [1, 5])
async def test_first_failure_ends_the_others(limit: int) -> None:
    ended: list[int] = []

    async def worker(n: int) -> None:
        try:
            await asyncio.sleep(0.01 if n == 3 else 0.005 if limit == 1 else 30)
            if n == 3:
                raise LookupError("three")
        finally:
            ended.append(n)

    started = time.monotonic()
    with pytest.raises(LookupError, match="three"):
        await each(range(50), worker, limit=limit)
    assert time.monotonic() - started < patience(2)
    assert sorted(ended) == list(range(4 if limit == 1 else 5))
    assert not others()


async def test_what_others_raise_on_their_way_out_is_noted() -> None:
    async def worker(n: int) -> None:
        if n == 0:
            await asyncio.sleep(0.01)
            raise LookupError("first")
        try:
            await asyncio.sleep(30)
        finally:
            raise OSError("second")

    with pytest.raises(LookupError, match="first") as caught:
        await each(range(2), worker, limit=2)
    assert caught.value.__notes__ == ["Besides: OSError('second')"]


async def test_failures_of_items_and_callback_surface() -> None:
    def items() -> Iterator[float]:
        yield 0
        raise LookupError("items")

    with pytest.raises(LookupError, match="items"):
        await each(items(), asyncio.sleep, limit=3)
    with pytest.raises(ZeroDivisionError):
        await each([0], asyncio.sleep, limit=1, done=lambda item, result: 1 / 0)
    with pytest.raises(ConfigError):
        await each([0], asyncio.sleep, limit=0)


async def test_worker_cancelled_from_below_loses_no_item_silently() -> None:
    """As a request whose future the stream cancels when it goes down."""

    async def worker(n: int) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(lambda: future.cancel() if n == 3 else future.set_result(None))
        await future

    for limit in (1, 4):
        with pytest.raises(SessionClosed, match="The operation on 3 was cancelled"):
            await each(range(10), worker, limit=limit)


async def test_cancelling_each_awaits_all_workers() -> None:
    cleaned: list[int] = []

    async def worker(n: int) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.02)
            cleaned.append(n)

    task = asyncio.create_task(each(range(50), worker, limit=5))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sorted(cleaned) == [0, 1, 2, 3, 4]
    assert not others()


async def test_leaving_the_iteration_cancels_the_rest() -> None:
    async with contextlib.aclosing(completed([0, 30, 30], asyncio.sleep, limit=3)) as results:
        async for item, _ in results:
            assert item == 0
            break
    assert not others()


async def test_iteration_raises_after_what_was_completed() -> None:
    async def worker(n: int) -> int:
        await asyncio.sleep(0.01 * n if n < 3 else 60)  # a machine that stands still ends none before the error
        if n == 2:
            raise LookupError
        return n

    results = completed(range(5), worker, limit=5)
    assert [await anext(results), await anext(results)] == [(0, 0), (1, 1)]
    with pytest.raises(LookupError):
        await anext(results)
    assert not others()


class Fetch:
    """Counts how often it ran to its end, and how often it was cancelled."""

    def __init__(self, seconds: float = 0.02) -> None:
        self.seconds = seconds
        self.started = self.ended = self.cancelled = 0

    async def __call__(self) -> int:
        self.started += 1
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            self.cancelled += 1
            raise
        self.ended += 1
        return self.ended


async def test_concurrent_calls_share_one_run() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    a, b = Fetch(), Fetch()
    got = await asyncio.gather(*(flights.run("a", a) for _ in range(10)), flights.run("b", b))
    assert got == [1] * 11
    assert (a.started, b.started, len(flights)) == (1, 1, 0)
    assert await flights.run("a", a) == 2


@pytest.mark.parametrize("leaver", [0, 1])
async def test_who_is_cancelled_leaves_the_others_theirs(leaver: int) -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    fetch = Fetch()
    calls = [asyncio.create_task(flights.run("a", fetch)) for _ in range(3)]
    await asyncio.sleep(0.005)
    calls.pop(leaver).cancel()
    assert await asyncio.gather(*calls) == [1, 1]
    # The first one runs it; when that goes, one of the others runs it anew.
    assert (fetch.started, fetch.cancelled) == ((2, 1) if leaver == 0 else (1, 0))


async def test_all_may_go() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    fetch = Fetch(30)
    calls = [asyncio.create_task(flights.run("a", fetch)) for _ in range(3)]
    await asyncio.sleep(0.005)
    await cancel_and_wait(*calls)
    assert (fetch.cancelled, len(flights)) == (1, 0)
    assert not others()
    fetch.seconds = 0
    assert await flights.run("a", fetch) == 1


async def test_a_newcomer_never_joins_what_is_being_cancelled() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    fetch = Fetch(0.05)
    leaver = asyncio.create_task(flights.run("a", fetch))
    await asyncio.sleep(0.005)
    leaver.cancel()
    newcomer = asyncio.create_task(flights.run("a", fetch))
    assert await newcomer == 1
    assert leaver.cancelled()


async def test_failure_reaches_every_waiter_and_is_not_kept() -> None:
    flights: SingleFlight[str, int] = SingleFlight()

    async def fails() -> int:
        await asyncio.sleep(0)
        raise LookupError

    got = await asyncio.gather(*(flights.run("a", fails) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in got] == [LookupError] * 3
    assert await flights.run("a", Fetch()) == 1
