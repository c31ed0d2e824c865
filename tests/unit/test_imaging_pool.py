"""Decoding off the loop."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import pytest

from tests.support import patience
from tests.unit.hostile import corpus, picture, saved
from xavatar.errors import StoreError
from xavatar.imaging import Fault, Inspector, Limits, inspect, inspect_async, pool
from xavatar.imaging.facts import Examined, examine
from xavatar.model import ImageFacts


async def test_same_facts() -> None:
    files = [sample.data for sample in corpus() if len(sample.data) < 50_000]
    assert await asyncio.gather(*(inspect_async(data) for data in files)) == [inspect(data) for data in files]


@pytest.mark.slow
async def test_the_loop_is_free_meanwhile() -> None:
    data = saved(picture((3000, 3000)), "PNG")
    longest = 0.0
    work = asyncio.gather(*(inspect_async(data) for _ in range(4)))
    while not work.done():
        started = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - started)
    assert all(facts.error is None for facts in await work)
    assert longest < 0.5 * sum(timed(data) for _ in range(4))


def timed(data: bytes) -> float:
    started = time.perf_counter()
    inspect(data)
    return time.perf_counter() - started


async def test_time_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that does not come back is left behind."""
    stuck = threading.Event()

    def slow(data: bytes, limits: Limits) -> Examined:
        stuck.wait(patience(10))
        return examine(data, limits)

    monkeypatch.setattr(pool, "examine", slow)
    data = saved(picture(), "PNG")
    started = time.perf_counter()
    facts = await inspect_async(data, Limits(seconds=0.1))
    stuck.set()
    assert time.perf_counter() - started < patience(2)
    assert Fault.of(facts.error) is Fault.TIME
    assert (facts.sha1, facts.nbytes, facts.format) == (inspect(data).sha1, len(data), "png")


async def test_one_slow_picture_does_not_hold_the_others_up(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = threading.Event()
    files = [saved(picture((size, size)), "PNG") for size in range(8, 28)]

    def slow(data: bytes, limits: Limits) -> Examined:
        if data == files[5]:
            stuck.wait(patience(10))
        return examine(data, limits)

    monkeypatch.setattr(pool, "examine", slow)
    inspector = Inspector(Limits(seconds=0.2))
    facts = await asyncio.gather(*(inspector.inspect(data) for data in files))
    stuck.set()
    assert [Fault.of(each.error) for each in facts] == [None] * 5 + [Fault.TIME] + [None] * 14
    assert [each.width for each in facts[6:]] == list(range(14, 28))


async def test_what_is_looked_at_is_kept_before_it_is_told() -> None:
    kept: dict[str, bytes] = {}

    def keep(pictures: Sequence[tuple[ImageFacts, bytes]]) -> None:
        assert threading.current_thread() is not threading.main_thread()
        kept.update((facts.sha1, data) for facts, data in pictures)

    data = saved(picture(), "PNG")
    facts = await Inspector(keep=keep).inspect(data)
    assert kept == {facts.sha1: data}


async def test_a_keeper_that_fails_is_heard() -> None:
    def keep(pictures: Sequence[tuple[ImageFacts, bytes]]) -> None:
        raise StoreError("The disk is full.")

    inspector = Inspector(keep=keep)
    told = await asyncio.gather(*(inspector.inspect(bytes(n)) for n in range(3)), return_exceptions=True)
    assert [str(error) for error in told] == ["The disk is full."] * 3


async def test_the_last_one_and_those_before_it_wait_for_no_company(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_GATHER", patience(60))
    inspector = Inspector()
    first = asyncio.create_task(inspector.inspect(b"first"))
    await asyncio.sleep(0.05)
    assert not first.done()
    async with asyncio.timeout(patience(10)):
        await inspector.inspect(b"last", last=True)
        assert (await first).nbytes == 5


async def test_two_workers_at_pictures_that_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_WORKERS", 2)
    pool.close()
    both = threading.Barrier(2, timeout=patience(10))

    def keep(pictures: Sequence[tuple[ImageFacts, bytes]]) -> None:
        both.wait()

    inspector = Inspector(keep=keep)
    facts = await asyncio.gather(*(inspector.inspect(b"%d" % number) for number in range(64)))
    assert len(facts) == 64
    pool.close()


async def test_one_worker_at_small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_WORKERS", 2)
    monkeypatch.setattr(pool, "_QUICK", patience(60))
    pool.close()
    alone = threading.Lock()
    batches: list[int] = []

    def keep(pictures: Sequence[tuple[ImageFacts, bytes]]) -> None:
        assert alone.acquire(blocking=False)
        time.sleep(0.01)
        batches.append(len(pictures))
        alone.release()

    inspector = Inspector(keep=keep)
    await asyncio.gather(*(inspector.inspect(b"%d" % number) for number in range(320)))
    assert batches == [32] * 10
    pool.close()


async def test_waiting_in_line_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(data: bytes, limits: Limits) -> Examined:
        time.sleep(0.05)
        return examine(data, limits)

    monkeypatch.setattr(pool, "examine", slow)
    many = [inspect_async(saved(picture(), "PNG"), Limits(seconds=0.3)) for _ in range(20)]
    assert all(facts.error is None for facts in await asyncio.gather(*many))


async def test_cancelled_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[bytes] = []
    hold = threading.Event()

    def slow(data: bytes, limits: Limits) -> Examined:
        begun.append(data)
        hold.wait(10)
        return examine(data, limits)

    monkeypatch.setattr(pool, "examine", slow)
    tasks = [asyncio.create_task(inspect_async(b"%d" % i)) for i in range(20)]
    await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    hold.set()
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
    await asyncio.sleep(0.1)
    assert len(begun) <= 4  # those that queued were never decoded


async def test_after_close_a_new_pool_is_made() -> None:
    await inspect_async(b"x")
    pool.close()
    pool.close()
    assert (await inspect_async(b"x")).error


def test_no_thread_before_the_first_picture_and_a_clean_exit() -> None:
    code = (
        "import threading, asyncio, xavatar.imaging as i\n"
        "assert threading.active_count() == 1\n"
        "asyncio.run(i.inspect_async(b'x'))\n"
        "assert threading.active_count() > 1\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_every_loop_can_use_it() -> None:
    for _ in range(3):
        assert asyncio.run(inspect_async(saved(picture(), "PNG"))).format == "png"
