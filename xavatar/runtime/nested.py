"""Blocking calls on a loop the user owns, as the kernel's.

A client made with ``await`` in a cell lives on the kernel's loop. From that loop's thread a
blocking call needs a nested run, which asyncio has not; nest-asyncio2 adds it. From any other
thread (a widget's handler on a subshell, an executor) the work is handed over. Everything here
patches late, when a nested run is really wanted, and stalls while a cell computes; a session with
its own :class:`~xavatar.runtime.LoopThread` does neither.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
import threading
import warnings
from collections import deque
from collections.abc import Coroutine, Iterator
from time import monotonic
from types import FrameType
from typing import Any, TypeVar

from xavatar.errors import ConfigError, MissingExtra

from .environment import Nest, find_nest, ipykernel_version, loop_kind
from .pending import GRACE, SLICE, Portal, expired, leave_on, running_loop

__all__ = ["BorrowedLoop", "enable_nested", "run_on"]

T = TypeVar("T")

INSTALL = "pip install 'nest-asyncio2>=1.7.3'"
_warned: set[str] = set()


class BorrowedLoop(Portal):
    """A loop that somebody else made and runs, with the calls of :class:`Portal`.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
        The loop; it may be running, here or in another thread, or stand still.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._loop: asyncio.AbstractEventLoop = loop

    def __repr__(self) -> str:
        """Name the loop it enters."""
        return f"<BorrowedLoop {self._loop!r}>"

    @property
    def closed(self) -> bool:
        """Whether the loop was closed by its owner."""
        return self._loop.is_closed()

    def call(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run a coroutine on the loop and wait for what it returns, from whichever thread.

        On the loop's own thread this is a nested run. Interrupts and `timeout` behave as in
        :meth:`Portal.call`. On another thread the wait lasts as long as a cell holds the loop:
        give a `timeout` there.

        Raises
        ------
        ConfigError
            The loop cannot run nested, as uvloop's.
        MissingExtra
            No library for nested runs is installed.
        """
        here = running_loop()
        if self._loop.is_running() and here is not self._loop:
            return super().call(work, timeout)
        try:
            self._require_open()
            if here is not None:
                enable_nested(self._loop)
        except Exception:
            work.close()
            raise
        return _run_here(self._loop, work, timeout)


def run_on(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
    """Run a coroutine on a loop you own, and wait for what it returns, from whichever thread.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
        On its own thread this is a nested run; otherwise the work is handed over.
    work : coroutine
    timeout : float, optional
        Seconds. Give one in widgets' handlers: a cell that computes holds the kernel's loop.

    Raises
    ------
    TimeoutError
    ConfigError
        The loop cannot run nested, as uvloop's.
    MissingExtra
        No library for nested runs is installed.

    Examples
    --------
    >>> loop = asyncio.new_event_loop()
    >>> run_on(loop, asyncio.sleep(0, result=42))
    42
    >>> loop.close()
    """
    return BorrowedLoop(loop).call(work, timeout)


def enable_nested(loop: asyncio.AbstractEventLoop | None = None) -> None:
    """Let `loop`, else this thread's running loop, run nested, so that ``asyncio.run`` works in a cell.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop, optional
        Without it, and with no loop running, the next one made by asyncio is meant.

    Raises
    ------
    ConfigError
        The loop is of a kind that cannot be patched, as uvloop's.
    MissingExtra
        No library for nested runs is installed.

    Warns
    -----
    RuntimeWarning
        Once, when the library found is known to lose queued cells on this version of ipykernel.
    """
    loop = loop or running_loop()
    if loop is not None and not isinstance(loop, asyncio.BaseEventLoop):
        raise ConfigError(
            f"A loop of {loop_kind(loop)} cannot run nested. Use `await`, or a session of its own (xavatar.connect), "
            "which needs no nested runs."
        )
    nest = find_nest()
    if nest is None:
        raise MissingExtra(f"Nested event loops need nest-asyncio2. Run `{INSTALL}` and restart the kernel.")
    _warn_of_losses(nest)
    if not (nest.applied and hasattr(loop, "_nest_patched")):
        with warnings.catch_warnings():
            # nest-asyncio2 tells that nest-asyncio came first; ours says when that matters.
            warnings.filterwarnings("ignore", message="asyncio is already patched by nest_asyncio")
            importlib.import_module(nest.module).apply(loop)
    if loop is not None and loop.is_running():
        _Ready.put_under(loop)


def _warn_of_losses(nest: Nest) -> None:
    ipykernel = ipykernel_version()
    if not nest.loses_messages(ipykernel) or nest.name in _warned:
        return
    _warned.add(nest.name)
    swap = " and import nest_asyncio2 instead of nest_asyncio" if nest.applied and nest.name == "nest-asyncio" else ""
    warnings.warn(
        f"{nest.name} {nest.version} loses queued cells and clicks on ipykernel {ipykernel}. "
        f"Run `{INSTALL}`{swap}, then restart the kernel.",
        RuntimeWarning,
        stacklevel=3,
    )


class _Ready(deque[asyncio.Handle]):
    """A loop's queue of ready handles that outlives being emptied by a nested run.

    asyncio's own iteration counts the queue once and then takes that many handles. When a nested
    run inside one of them has taken the rest, the next take raises IndexError, and a kernel dies
    of it. Here it gets a cancelled handle instead, which iterations skip.
    """

    nothing: asyncio.Handle

    @classmethod
    def put_under(cls, loop: asyncio.AbstractEventLoop) -> None:
        ready = getattr(loop, "_ready", None)
        if not isinstance(ready, deque) or isinstance(ready, cls):
            return
        patient = cls()
        patient.nothing = asyncio.Handle(lambda: None, (), loop)
        patient.nothing.cancel()
        while ready:
            patient.append(ready.popleft())
        loop._ready = patient  # type: ignore[attr-defined]

    def popleft(self) -> asyncio.Handle:
        return super().popleft() if self else self.nothing


class _Interruption:
    """Turns the first interrupt of a run into a cancellation, the second into KeyboardInterrupt."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.wanted = loop.create_future()
        self.happened = False

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        if self.happened:
            raise KeyboardInterrupt
        self.happened = True
        self.loop.call_soon_threadsafe(self.wanted.set_result, None)

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        # Raised in the middle of a nested run, a KeyboardInterrupt would end whichever task
        # happens to run, and leave ours running. A handler the user installed stays.
        before = signal.getsignal(signal.SIGINT)
        ours = before is signal.default_int_handler or isinstance(before, _Interruption)
        if not ours or threading.current_thread() is not threading.main_thread():
            yield
            return
        signal.signal(signal.SIGINT, self)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def _run_here(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], timeout: float | None) -> T:
    """Run `work` on a loop of this thread, standing still or patched, as a call open to interrupts."""
    task = loop.create_task(work)
    task.add_done_callback(_look_at)
    interruption = _Interruption(loop)
    watch = loop.create_task(_watch(task, interruption.wanted, timeout))
    try:
        with interruption.installed():
            in_time = loop.run_until_complete(watch)
    except BaseException as error:
        task.cancel()
        watch.cancel()
        if not interruption.happened:
            with contextlib.suppress(RuntimeError):
                loop.run_until_complete(asyncio.wait((task, watch), timeout=GRACE))
        leave_on(error, task)
        raise
    if interruption.happened or not in_time:
        late = KeyboardInterrupt() if interruption.happened else expired(timeout)
        leave_on(late, task)
        raise late
    return task.result()


async def _watch(task: asyncio.Task[T], wanted: asyncio.Future[None], timeout: float | None) -> bool:
    """Wait for `task`; cancel it when an interrupt or the time limit comes first. Tell whether it was in time."""
    deadline = None if timeout is None else monotonic() + timeout
    in_time = True
    while not (task.done() or wanted.done()) and in_time:
        left = SLICE if deadline is None else max(0.0, min(SLICE, deadline - monotonic()))
        await asyncio.wait((task, wanted), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        in_time = deadline is None or monotonic() < deadline
    if not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=GRACE)
        return False
    return True


def _look_at(task: asyncio.Task[Any]) -> None:
    """Count the task's exception as seen; an interrupted caller does not ask for it."""
    if not task.cancelled():
        task.exception()
