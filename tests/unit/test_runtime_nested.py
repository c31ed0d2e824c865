"""Calls on a loop somebody else owns: from its thread, from others, standing still."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from xavatar.errors import ConfigError, SessionClosed
from xavatar.runtime import BorrowedLoop, WrongThread, enable_nested, run_on

PRELUDE = """
import asyncio, os, signal, sys, threading, time, warnings, _thread
from xavatar.runtime import *
async def work(seconds=0.05):
    await asyncio.sleep(seconds)
    return threading.current_thread().name
left = []
async def collect():
    got = []
    try:
        while True:
            got.append(1); await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        await asyncio.sleep(0.02); left.append("clean"); return got
"""


def run_script(body: str, *flags: str, path: Path | None = None) -> str:
    """Run a program of its own, since nested runs patch asyncio for the whole interpreter; return its output."""
    prelude = f"import sys; sys.path.insert(0, {str(path)!r})\n" if path else ""
    done = subprocess.run(
        [sys.executable, *flags, "-c", prelude + PRELUDE + textwrap.dedent(body)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


@pytest.fixture
def standing() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


async def where(seconds: float = 0.01) -> str:
    await asyncio.sleep(seconds)
    return threading.current_thread().name


def test_standing_loop_is_run_unpatched(standing: asyncio.AbstractEventLoop) -> None:
    assert run_on(standing, where(), timeout=5) == "MainThread"
    assert not hasattr(asyncio, "_nest_patched")


def test_standing_loop_timeout_carries_the_partial_result(standing: asyncio.AbstractEventLoop) -> None:
    async def collect() -> list[int]:
        got: list[int] = []
        try:
            while True:
                got.append(1)
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            return got

    with pytest.raises(TimeoutError, match=r"0\.1 s") as caught:
        run_on(standing, collect(), timeout=0.1)
    assert len(caught.value.partial) > 2  # type: ignore[attr-defined]


def test_the_works_own_error_passes(standing: asyncio.AbstractEventLoop) -> None:
    async def fails() -> None:
        raise TimeoutError("the server's")

    with pytest.raises(TimeoutError, match="the server's"):
        run_on(standing, fails(), timeout=5)


def test_closed_loop() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    with pytest.raises(SessionClosed):
        run_on(loop, where())
    with pytest.raises(SessionClosed):
        BorrowedLoop(loop).submit(where())


async def test_call_from_another_thread() -> None:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "handler") as pool:
        assert await loop.run_in_executor(pool, run_on, loop, where(), 5.0) == "MainThread"


async def test_call_from_another_thread_with_a_loop_of_its_own() -> None:
    loop = asyncio.get_running_loop()

    async def handler() -> str:
        return run_on(loop, where(), timeout=5)

    assert await asyncio.to_thread(lambda: asyncio.run(handler())) == "MainThread"


async def test_busy_loop_ends_the_wait_of_another_thread_in_time() -> None:
    ran: list[int] = []

    async def work() -> None:
        ran.append(1)

    def handler(loop: asyncio.AbstractEventLoop) -> float:
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            run_on(loop, work(), timeout=0.1)
        return time.monotonic() - started

    waiting = asyncio.create_task(asyncio.to_thread(handler, asyncio.get_running_loop()))
    await asyncio.sleep(0)
    time.sleep(1)  # noqa: ASYNC251
    assert await waiting < 0.5
    assert not ran


async def test_submit_can_be_awaited_but_not_waited_for() -> None:
    borrowed = BorrowedLoop(asyncio.get_running_loop())
    pending = borrowed.submit(where())
    with pytest.raises(WrongThread, match="await"):
        pending.result()
    assert await pending == "MainThread"


def test_nested_call_on_the_running_loop() -> None:
    assert (
        run_script("""
        async def cell():
            ticks = []
            async def tick():
                while True:
                    ticks.append(1); await asyncio.sleep(0.01)
            ticking = asyncio.create_task(tick())
            loop = asyncio.get_running_loop()
            print(run_on(loop, work(0.2)), len(ticks) > 5)
            async def inner():
                return run_on(loop, work(0.01))
            print(run_on(loop, inner()))
            ticking.cancel()
        asyncio.run(cell())
    """)
        == "MainThread True\nMainThread\n"
    )


def test_enable_nested_lets_asyncio_run() -> None:
    assert (
        run_script("""
        async def cell():
            try:
                coroutine = work(); asyncio.run(coroutine)
            except RuntimeError:
                coroutine.close()
            enable_nested(); enable_nested()
            print(asyncio.run(work()))
        asyncio.run(cell())
    """)
        == "MainThread\n"
    )


def test_standing_loop_called_from_a_running_one() -> None:
    assert (
        run_script("""
        other = asyncio.new_event_loop()
        async def cell():
            print(run_on(other, work()))
        asyncio.run(cell())
        print(run_on(other, work()))
        other.close()
    """)
        == "MainThread\nMainThread\n"
    )


@pytest.mark.parametrize(
    "apply", ["pass", pytest.param("import nest_asyncio2; nest_asyncio2.apply()", marks=pytest.mark.slow)]
)
def test_first_nested_run_may_empty_the_ready_queue(apply: str) -> None:
    """Without :class:`_Ready` the loop's own iteration dies of `IndexError: pop from an empty deque`."""
    assert (
        run_script(f"""
        {apply}
        loop = asyncio.new_event_loop()
        def cell():
            for n in range(10):
                loop.call_soon(got.append, n)
            print(run_on(loop, work(0.02)))
            loop.call_later(0.02, loop.stop)
        got = []
        loop.call_soon(cell)
        for n in range(10):
            loop.call_soon(got.append, n)
        loop.run_forever()
        loop.close()
        print(len(got))
    """)
        == "MainThread\n20\n"
    )


def test_print_goes_to_the_submitting_context() -> None:
    assert (
        run_script("""
        import contextvars
        cell_id = contextvars.ContextVar("cell")
        async def read():
            return cell_id.get()
        async def cell():
            cell_id.set("In [7]")
            print(run_on(asyncio.get_running_loop(), read()))
        asyncio.run(cell())
    """)
        == "In [7]\n"
    )


INTERRUPTS = ["os.kill(os.getpid(), signal.SIGINT)", pytest.param("_thread.interrupt_main()", marks=pytest.mark.slow)]


@pytest.mark.parametrize("how", INTERRUPTS)
@pytest.mark.parametrize("nested", [True, False])
def test_interrupt_cancels_the_work_and_nothing_else(how: str, nested: bool) -> None:
    # Like a kernel: the loop runs with Python's own handler of SIGINT, not with that of asyncio.run.
    assert (
        run_script(f"""
        loop = asyncio.new_event_loop()
        def call():
            began = time.monotonic()
            threading.Timer(0.3, lambda: {how}).start()
            try:
                run_on(loop, collect())
            except KeyboardInterrupt as interrupt:
                print(left, len(interrupt.partial) > 5, time.monotonic() - began < 1.5)
        async def other():
            while True:
                await asyncio.sleep(0.001)
        async def cell():
            others = [asyncio.create_task(other()) for _ in range(20)]
            await asyncio.sleep(0.01)
            call()
            await asyncio.sleep(0.01)
            print(sum(not task.done() for task in others), len(asyncio.all_tasks()))
            print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
            for task in others: task.cancel()
            await asyncio.wait(others)
        if {nested}:
            loop.run_until_complete(cell())
        else:
            call()
            print(20, len(asyncio.all_tasks(loop)) + 21)
            print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
        loop.close()
    """)
        == "['clean'] True True\n20 21\nTrue\n"
    )


@pytest.mark.slow
def test_users_own_signal_handler_stays_and_the_work_is_cancelled() -> None:
    assert (
        run_script("""
        def handler(*_):
            raise KeyboardInterrupt("mine")
        signal.signal(signal.SIGINT, handler)
        loop = asyncio.new_event_loop()
        async def cell():
            threading.Timer(0.3, _thread.interrupt_main).start()
            try:
                run_on(loop, collect())
            except KeyboardInterrupt as interrupt:
                print(interrupt)
            await asyncio.sleep(0.1)
            print(len(asyncio.all_tasks()), signal.getsignal(signal.SIGINT) is handler)
        loop.run_until_complete(cell())
        loop.close()
    """)
        == "mine\n1 True\n"
    )


@pytest.mark.slow
def test_second_interrupt_does_not_wait_for_stubborn_work() -> None:
    assert (
        run_script("""
        async def stubborn():
            for _ in range(3):
                try:
                    await asyncio.sleep(0.5)
                except asyncio.CancelledError:
                    pass
        loop = asyncio.new_event_loop()
        async def cell():
            for delay in (0.3, 0.5):
                threading.Timer(delay, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
            began = time.monotonic()
            try:
                run_on(loop, stubborn())
            except KeyboardInterrupt as interrupt:
                print(time.monotonic() - began < 0.9, interrupt.__notes__)
            while len(asyncio.all_tasks()) > 1:
                await asyncio.sleep(0.02)
        loop.run_until_complete(cell())
        loop.close()
    """)
        == "True ['The operation was cancelled, but is still cleaning up.']\n"
    )


class StrangeLoop(asyncio.AbstractEventLoop):
    """A loop that, as uvloop's, is none of asyncio's own."""


StrangeLoop.__module__ = "uvloop"


def test_uvloop_is_refused_with_a_way_out() -> None:
    with pytest.raises(ConfigError, match=r"uvloop cannot run nested.*xavatar\.connect"):
        enable_nested(StrangeLoop())  # type: ignore[abstract]


def test_real_uvloop() -> None:
    pytest.importorskip("uvloop")
    assert (
        run_script("""
        import uvloop
        async def cell():
            try:
                run_on(asyncio.get_running_loop(), work())
            except ValueError as error:
                print(type(error).__name__, "uvloop cannot run nested" in str(error))
            with acquire() as thread:
                print(thread.call(work()))
        uvloop.run(cell())
    """)
        == "ConfigError True\nxavatar-loop\n"
    )


def test_nothing_installed() -> None:
    assert (
        run_script("""
        sys.modules["nest_asyncio2"] = sys.modules["nest_asyncio"] = None
        async def cell():
            try:
                run_on(asyncio.get_running_loop(), work())
            except ImportError as error:
                print(type(error).__name__, "pip install 'nest-asyncio2>=1.7.3'" in str(error))
        asyncio.run(cell())
        print(environment().nest)
    """)
        == "MissingExtra True\nNone\n"
    )


def test_the_original_is_used_when_it_is_all_there_is(tmp_path: Path) -> None:
    import nest_asyncio2

    source = Path(nest_asyncio2.__file__).read_text().replace("asyncio._nest_asyncio2 = ", "_unused = ")
    (tmp_path / "nest_asyncio.py").write_text(source.replace("cls._nest_asyncio2 = ", "_unused = "))
    assert run_script(
        """
        sys.modules["nest_asyncio2"] = None
        async def cell():
            print(environment().nest)
            print(run_on(asyncio.get_running_loop(), work()))
            print(environment().nest)
        asyncio.run(cell())
        """,
        path=tmp_path,
    ) == (
        "Nest(name='nest-asyncio', version='', applied=False)\nMainThread\n"
        "Nest(name='nest-asyncio', version='', applied=True)\n"
    )
