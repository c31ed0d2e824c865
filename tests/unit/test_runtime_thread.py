"""The loop thread: calls, interrupts, leftovers."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import gc
import logging
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support import patience
from xavatar.errors import ConfigError, SessionClosed
from xavatar.runtime import LoopThread, Pending, WrongThread, acquire


@pytest.fixture
def thread() -> Iterator[LoopThread]:
    with LoopThread() as thread:
        yield thread


def run_script(body: str, timeout: float = 20.0) -> subprocess.CompletedProcess[str]:
    """Run a program of its own, since interrupts and exits concern a whole interpreter."""
    prelude = "import asyncio, sys, threading, time, os, signal, _thread\nfrom xavatar.runtime import *\n"
    return subprocess.run(
        [sys.executable, "-X", "dev", "-c", prelude + textwrap.dedent(body)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def live_loop_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "xavatar-loop"]


async def where() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


async def boom() -> None:
    await asyncio.sleep(0)
    raise LookupError("on the loop")


def test_import_starts_nothing() -> None:
    script = (
        "import threading, asyncio, sys, xavatar.runtime; assert threading.active_count() == 1;"
        "assert asyncio._get_running_loop() is None; assert not hasattr(asyncio, '_nest_patched');"
        "assert 'nest_asyncio2' not in sys.modules and 'nest_asyncio' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_call_runs_on_the_loop_thread(thread: LoopThread) -> None:
    assert thread.call(where()) == "xavatar-loop"
    assert [t.daemon for t in live_loop_threads()] == [True]


def test_loop_is_the_threads_current_loop(thread: LoopThread) -> None:
    async def same() -> bool:
        return asyncio.get_event_loop() is asyncio.get_event_loop_policy().get_event_loop() is thread.loop

    assert thread.call(same())
    assert isinstance(thread.loop, asyncio.SelectorEventLoop)


def test_call_raises_what_the_work_raised(thread: LoopThread) -> None:
    with pytest.raises(LookupError, match="on the loop"):
        thread.call(boom())


def test_the_works_own_timeout_is_not_taken_for_ours(thread: LoopThread) -> None:
    async def impatient() -> None:
        raise TimeoutError("the server's")

    with pytest.raises(TimeoutError, match="the server's"):
        thread.call(impatient(), timeout=5)


def test_timeout_cancels_and_waits_for_the_clean_up(thread: LoopThread) -> None:
    seen: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(patience(30))
        finally:
            await asyncio.sleep(0.05)
            seen.append("clean")

    started = time.monotonic()
    with pytest.raises(TimeoutError, match=r"No result within 0\.05 s") as caught:
        thread.call(slow(), timeout=0.05)
    assert time.monotonic() - started < patience(1.5)
    assert seen == ["clean"]
    assert not hasattr(caught.value, "partial")


def test_timeout_carries_the_partial_result(thread: LoopThread) -> None:
    async def collect() -> list[int]:
        got: list[int] = []
        try:
            while True:
                got.append(len(got))
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            return got

    with pytest.raises(TimeoutError) as caught:
        thread.call(collect(), timeout=0.1)
    assert caught.value.partial[:2] == [0, 1]  # type: ignore[attr-defined]


def test_failure_of_the_clean_up_becomes_a_note(thread: LoopThread) -> None:
    async def clumsy() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            raise LookupError("spilt")

    with pytest.raises(TimeoutError) as caught:
        thread.call(clumsy(), timeout=0.02)
    assert "LookupError('spilt')" in caught.value.__notes__[0]


def test_stubborn_work_does_not_hold_the_caller(thread: LoopThread, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xavatar.runtime.pending.GRACE", 0.1)

    async def stubborn() -> None:
        for _ in range(8):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.1)

    with pytest.raises(TimeoutError) as caught:
        thread.call(stubborn(), timeout=0.02)
    assert "still cleaning up" in caught.value.__notes__[0]


def test_blocking_on_the_loops_own_thread_is_refused(thread: LoopThread) -> None:
    async def reentrant(how: str) -> object:
        if how == "call":
            return thread.call(where())
        return thread.submit(where()).result()

    for how in ("call", "result"):
        with pytest.raises(WrongThread, match="await"):
            thread.call(reentrant(how), timeout=5)


def test_submit_on_the_loops_own_thread_can_be_awaited(thread: LoopThread) -> None:
    async def outer() -> str:
        return await thread.submit(where())

    assert thread.call(outer(), timeout=5) == "xavatar-loop"


def test_only_coroutines(thread: LoopThread) -> None:
    with pytest.raises(ConfigError, match="not int objects"):
        thread.submit(3)  # type: ignore[arg-type]


def test_pending_is_a_concurrent_future(thread: LoopThread) -> None:
    pending = [thread.submit(asyncio.sleep(0.01 * n, n)) for n in (3, 1, 2)]
    assert [p.result() for p in concurrent.futures.as_completed(pending, timeout=5)] == [1, 2, 3]
    failed = thread.submit(boom())
    assert isinstance(failed.exception(5), LookupError)
    called: list[Pending[str]] = []
    done = thread.submit(where())
    done.add_done_callback(called.append)  # type: ignore[arg-type]
    assert done.result(5) == "xavatar-loop"
    assert not done.running()
    assert not done.cancel()
    assert called == [done]


def test_cancelled_is_done_after_the_clean_up(thread: LoopThread) -> None:
    order: list[str] = []
    begun = threading.Event()

    async def work() -> None:
        try:
            begun.set()
            await asyncio.sleep(patience(30))
        finally:
            await asyncio.sleep(0.05)
            order.append("cleaned")

    pending = thread.submit(work())
    pending.add_done_callback(lambda _: order.append("done"))
    begun.wait(5)
    assert pending.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        pending.result(5)
    assert order == ["cleaned", "done"]
    assert pending.cancelled()


def test_cancel_before_the_loop_got_to_it(thread: LoopThread) -> None:
    ran: list[int] = []

    async def work() -> None:
        ran.append(1)

    thread.loop.call_soon_threadsafe(time.sleep, 0.1)
    pending = thread.submit(work())
    pending.cancel()
    assert pending.wait(5)
    assert pending.cancelled()
    assert not ran
    assert "0 under way" in repr(thread)


def test_await_from_another_loop(thread: LoopThread) -> None:
    async def main() -> tuple[str, list[int]]:
        ticks: list[int] = []

        async def tick() -> None:
            while True:
                ticks.append(1)
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        await thread.submit(asyncio.sleep(0.15))
        ticking.cancel()
        return await thread.submit(where()), ticks

    name, ticks = asyncio.run(main())
    assert name == "xavatar-loop"
    assert len(ticks) > 4
    with pytest.raises(LookupError):
        asyncio.run(_awaiting(thread.submit(boom())))


async def _awaiting(pending: Pending[None]) -> None:
    await pending


def test_cancelling_the_awaiting_side_cancels_the_work(thread: LoopThread) -> None:
    ended = threading.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.set()
            raise

    async def main() -> None:
        async with asyncio.timeout(0.05):
            await thread.submit(work())

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert ended.wait(5)


def test_context_variables_travel_with_the_work(thread: LoopThread) -> None:
    import contextvars

    cell = contextvars.ContextVar("cell", default="none")
    cell.set("In [3]")

    async def read() -> str:
        return cell.get()

    assert thread.call(read()) == "In [3]"


def test_no_exception_goes_unretrieved(thread: LoopThread, caplog: pytest.LogCaptureFixture) -> None:
    async def fails_when_cancelled() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            raise LookupError

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with pytest.raises(TimeoutError):
                thread.call(fails_when_cancelled(), timeout=0.01)
            thread.submit(boom()).wait(5)
        gc.collect()
    assert not caplog.records


def test_stop_is_idempotent_and_final() -> None:
    thread = LoopThread("to-stop").start()
    assert thread.start() is thread
    thread.stop()
    thread.stop()
    assert thread.closed
    assert "to-stop" not in {t.name for t in threading.enumerate()}
    for act in (lambda: thread.call(where()), lambda: thread.submit(where()), thread.start, lambda: thread.loop):
        with pytest.raises(SessionClosed, match="closed"):
            act()


def test_not_started() -> None:
    thread = LoopThread()
    with pytest.raises(SessionClosed, match="closed"):
        thread.call(where())
    thread.stop()


def test_stop_releases_waiters_and_lets_work_clean_up() -> None:
    thread = LoopThread().start()
    cleaned = threading.Event()
    outcome: list[SessionClosed] = []

    async def work() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.02)
            cleaned.set()

    def caller() -> None:
        try:
            thread.call(work())
        except SessionClosed as error:
            outcome.append(error)

    waiting = threading.Thread(target=caller)
    waiting.start()
    while "1 under way" not in repr(thread):
        time.sleep(0.005)
    time.sleep(0.02)
    thread.stop()
    waiting.join(5)
    assert cleaned.is_set()
    assert "while the operation ran" in str(outcome[0])


def test_stop_with_a_stuck_loop_returns_and_releases() -> None:
    thread = LoopThread().start()
    release = threading.Event()

    async def stuck() -> None:
        release.wait(patience(10))

    pending = thread.submit(stuck())
    late = thread.submit(where())
    started = time.monotonic()
    thread.stop(grace=0.1)
    assert time.monotonic() - started < patience(2)
    for p in (pending, late):
        assert isinstance(p.exception(1), SessionClosed)
    (native,) = live_loop_threads()
    release.set()
    native.join(5)
    assert not native.is_alive()


def test_stop_from_the_loops_own_thread() -> None:
    thread = LoopThread().start()
    (native,) = live_loop_threads()

    async def close() -> str:
        thread.stop()
        return "asked"

    assert thread.call(close(), timeout=5) == "asked"
    native.join(5)
    assert not native.is_alive()


def test_shared_thread_lives_while_anyone_holds_it() -> None:
    first, second = acquire(), acquire()
    assert first.thread is second.thread
    first.release()
    first.release()
    assert second.thread.call(where()) == "xavatar-loop"
    second.release()
    assert not live_loop_threads()
    with acquire() as thread:
        assert thread is not first.thread
        assert thread.call(where()) == "xavatar-loop"
    assert not live_loop_threads()


def test_many_callers_share_one_thread() -> None:
    def user(n: int) -> int:
        with acquire() as thread:
            return thread.call(asyncio.sleep(0.001 * (n % 3), n), timeout=10)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert list(pool.map(user, range(200))) == list(range(200))
    assert not live_loop_threads()


INTERRUPTED = """
    left = []
    async def collect():
        got = []
        try:
            while True:
                got.append(1); await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            left.append("clean"); return got
    thread = LoopThread().start()
    threading.Timer(0.4, lambda: {how}).start()
    began = time.monotonic()
    try:
        thread.call(collect())
    except KeyboardInterrupt as interrupt:
        assert left == ["clean"] and len(interrupt.partial) > 3, interrupt.partial
        assert time.monotonic() - began < {patience}
        print("interrupted", thread.call(asyncio.sleep(0, "alive")))
"""


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(
            "os.kill(os.getpid(), signal.SIGINT)",
            marks=[pytest.mark.slow, pytest.mark.skipif("sys.platform == 'win32'")],
        ),
        "signal.raise_signal(signal.SIGINT)",
        pytest.param("_thread.interrupt_main()", marks=pytest.mark.slow),
    ],
)
def test_interrupt_cancels_and_keeps_the_partial_result(how: str) -> None:
    done = run_script(INTERRUPTED.format(how=how, patience=patience(1.5)))
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted alive\n", "", 0)


@pytest.mark.slow
def test_second_interrupt_stops_waiting_for_the_clean_up() -> None:
    done = run_script(
        f"""
        async def stubborn():
            for _ in range(4):
                try:
                    await asyncio.sleep({patience(1)})
                except asyncio.CancelledError:
                    pass
        thread = LoopThread().start()
        for delay in (0.3, 0.6):
            threading.Timer(delay, _thread.interrupt_main).start()
        began = time.monotonic()
        try:
            thread.call(stubborn())
        except KeyboardInterrupt as interrupt:
            print(time.monotonic() - began < {patience(1.5)}, interrupt.__notes__)
        """
    )
    assert done.stdout == "True ['The operation was cancelled, but is still cleaning up.']\n"
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.slow
@pytest.mark.skipif("sys.platform == 'win32'", reason="no signals to send")
def test_interrupts_at_any_moment_leave_nothing_behind() -> None:
    done = run_script(
        """
        import random
        random.seed(7)
        counts = dict(ok=0, interrupted=0, partial=0)
        async def work(n):
            try:
                await asyncio.sleep(random.random() * 0.004)
            except asyncio.CancelledError:
                await asyncio.sleep(0.001)
                if n % 2:
                    raise
            return n
        def shoot(fired):
            time.sleep(random.random() * 0.004)
            os.kill(os.getpid(), signal.SIGINT)
            fired.set()
        thread = LoopThread().start()
        for n in range(300):
            fired = threading.Event()
            shooter = threading.Thread(target=shoot, args=(fired,))
            try:
                shooter.start()
                try:
                    assert thread.call(work(n)) == n
                    counts["ok"] += 1
                except KeyboardInterrupt as interrupt:
                    counts["interrupted"] += 1
                    counts["partial"] += getattr(interrupt, "partial", None) == n
                while not fired.is_set():
                    time.sleep(0.0005)
                time.sleep(0.001)
            except KeyboardInterrupt:
                pass
            shooter.join()
        time.sleep(0.1)
        print(all(counts.values()), len(asyncio.all_tasks(thread.loop)), thread, thread.call(asyncio.sleep(0, "alive")))
        """
    )
    assert done.stdout == "True 0 <LoopThread 'xavatar-loop' running, 0 under way> alive\n"
    # An interrupt inside threading.Condition.wait can leave its lock to be released twice: CPython's own noise.
    assert done.returncode == 0
    assert done.stderr == "" or "RuntimeError: release unlocked lock" in done.stderr


@pytest.mark.parametrize(
    "work",
    [
        pytest.param("", id="idle"),
        pytest.param("thread.submit(asyncio.sleep(60))", id="working"),
        pytest.param("thread.submit(asyncio.to_thread(time.sleep, 0.3))", id="executor", marks=pytest.mark.slow),
        pytest.param("thread.submit(stubborn())", id="stubborn", marks=pytest.mark.slow),
        pytest.param("thread.submit(failing()); time.sleep(0.1)", id="failing"),
        pytest.param("agen = forever(); thread.call(anext(agen))", id="generator", marks=pytest.mark.slow),
        pytest.param(
            "thread.submit(asyncio.sleep(60)); time.sleep(0.1); sys.exit(7)", id="exit", marks=pytest.mark.slow
        ),
    ],
)
def test_interpreter_ends_quickly_and_quietly(work: str) -> None:
    started = time.monotonic()
    done = run_script(
        f"""
        async def stubborn():
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    pass
        async def failing():
            try:
                await asyncio.sleep(60)
            finally:
                raise LookupError
        async def forever():
            while True:
                yield 1
        thread = acquire().thread
        thread.call(asyncio.sleep(0))
        {work}
        """
    )
    assert done.stderr == ""
    assert done.returncode == (7 if "exit(7)" in work else 0)
    assert time.monotonic() - started < patience(4 if "stubborn" in work else 3)


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="no fork here")
def test_forked_child_gets_a_clear_error_or_a_thread_of_its_own() -> None:
    done = run_script(
        """
        import warnings; warnings.simplefilter("ignore", DeprecationWarning)
        lease = acquire()
        assert lease.thread.call(asyncio.sleep(0, "parent")) == "parent"
        pending = lease.thread.submit(asyncio.sleep(0.5, "kept"))
        # As when the fork hits the moment in which another thread takes or gives work, or a share.
        held = threading.Event()
        def hold():
            from xavatar.runtime import thread
            with lease.thread._lock, thread._shared.lock:
                held.set()
                time.sleep(0.05)
        threading.Thread(target=hold).start()
        held.wait()
        child = os.fork()
        if child == 0:
            for act in (lambda: lease.thread.call(asyncio.sleep(0)), pending.result):
                try:
                    act()
                except Exception as error:
                    print(type(error).__name__, "forked" in str(error), pending.cancel())
            lease.release()
            with acquire() as own:
                print(own.call(asyncio.sleep(0, "child")))
            sys.exit(5)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), pending.result(5))
        lease.release()
        print([t.name for t in threading.enumerate()])
        """
    )
    assert done.stdout == "SessionClosed True False\nSessionClosed True False\nchild\n5 kept\n['MainThread']\n"
    assert (done.stderr, done.returncode) == ("", 0)
