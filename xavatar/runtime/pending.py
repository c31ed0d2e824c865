"""Work under way on an event loop, and the way to it from other threads."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future, InvalidStateError, wait
from time import monotonic
from typing import Any, TypeVar

from xavatar.errors import ConfigError, SessionClosed, XavatarError

__all__ = ["Pending", "Portal", "WrongThread"]

T = TypeVar("T")

# A wait on a lock notices an interrupt only when it wakes: on Windows always, and elsewhere
# when the interrupt is simulated (`_thread.interrupt_main`) instead of sent as a signal.
SLICE = 0.2
# Seconds that cancelled work may take for its clean-up while a caller waits.
GRACE = 2.0


class WrongThread(XavatarError, RuntimeError):
    """A blocking call on the very thread that would have to do the work."""


class Pending(Future[T]):
    """Work given to an event loop by a :class:`Portal`.

    A concurrent future (``result``, ``add_done_callback``, :func:`concurrent.futures.wait`) that
    can be awaited from any event loop too. Cancelling the awaiting side cancels the work.

    Notes
    -----
    Unlike the futures of :func:`asyncio.run_coroutine_threadsafe`, which count as done the moment
    they are cancelled, this one is done when the work has finished its clean-up, and has a result
    if the work chose to return one.
    """

    def __init__(self, portal: Portal) -> None:
        super().__init__()
        self._portal = portal
        self._task: asyncio.Task[T] | None = None
        self._unwanted = False

    def cancel(self) -> bool:
        """Ask the work to stop; False when it is over already."""
        if self.done() or self._portal._inherited:
            return False
        self._unwanted = True
        if (work := self._portal._claim(self)) is None:
            return self._portal._soon(self._cancel_task)
        self._portal._forget(self)
        work.close()
        self._end_cancelled()
        return True

    def running(self) -> bool:
        """Whether the work is not over yet."""
        return not self.done()

    def result(self, timeout: float | None = None) -> T:
        """Wait for the work and return what it returned, or raise what it raised."""
        self._refuse_deadlock()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the work and return what it raised, or None."""
        self._refuse_deadlock()
        return super().exception(timeout)

    def __await__(self) -> Generator[Any, None, T]:
        """Await the work from whichever loop is running here."""
        return self._awaited().__await__()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the work is over, open to interrupts; False when `timeout` seconds passed first."""
        self._refuse_deadlock()
        deadline = None if timeout is None else monotonic() + timeout
        while not self.done():
            left = SLICE if deadline is None else min(SLICE, deadline - monotonic())
            if left <= 0:
                return False
            wait((self,), left)
        return True

    async def _awaited(self) -> T:
        # A kernel whose cell awaits turns an interrupt into a callback on its loop, but does not wake
        # the loop for it (ipykernel 7.4 on tornado 6.6); on a quiet loop it would never be seen.
        loop = asyncio.get_running_loop()
        pulse: asyncio.TimerHandle

        def beat() -> None:
            nonlocal pulse
            pulse = loop.call_later(SLICE, beat)

        beat()
        try:
            return await asyncio.wrap_future(self)
        finally:
            pulse.cancel()

    def _refuse_deadlock(self) -> None:
        if not self.done():
            self._portal._refuse_deadlock()

    def _begin(self) -> None:
        if (work := self._portal._claim(self)) is not None:
            self._task = asyncio.get_running_loop().create_task(work)
            self._task.add_done_callback(self._settle)

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _settle(self, task: asyncio.Task[T]) -> None:
        self._task = None
        self._portal._forget(self)
        if task.cancelled():
            if self._portal.closed and not self._unwanted:
                self._fail(closed_meanwhile())
            else:
                self._end_cancelled()
        elif (error := task.exception()) is not None:
            self._fail(error)
        else:
            with contextlib.suppress(InvalidStateError):
                self.set_result(task.result())

    def _end_cancelled(self) -> None:
        if super().cancel():
            self.set_running_or_notify_cancel()

    def _fail(self, error: BaseException) -> None:
        with contextlib.suppress(InvalidStateError):
            self.set_exception(error)


class Portal(ABC):
    """The way into an event loop from code that does not run on it."""

    def __init__(self) -> None:
        # Reentrant: the collector may run a session's finalizer while this thread holds it.
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        # A coroutine until the loop, or a cancellation, takes it; None from then on.
        self._live: dict[Pending[Any], Coroutine[Any, Any, Any] | None] = {}

    @property
    @abstractmethod
    def closed(self) -> bool:
        """Whether no more work is taken."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, for what must be built for it; enter it by :meth:`submit` and :meth:`call`."""
        return self._require_open()

    def submit(self, work: Coroutine[Any, Any, T]) -> Pending[T]:
        """Give the loop a coroutine to run, without waiting for it.

        Raises
        ------
        SessionClosed
            The loop takes no more work.
        """
        pending: Pending[T] = Pending(self)
        self._give(work, pending)
        return pending

    def call(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run a coroutine on the loop and wait for what it returns.

        Parameters
        ----------
        work : coroutine
            What to run.
        timeout : float, optional
            Seconds to wait at most.

        Raises
        ------
        KeyboardInterrupt, TimeoutError
            The wait was interrupted, or took longer than `timeout`. The work is cancelled before
            this is raised. When, being cancelled, it returned a value all the same, that value is
            the exception's attribute ``partial``, which is missing otherwise.
        WrongThread
            This is the loop's own thread, where waiting would be a deadlock.
        SessionClosed
            The loop takes no more work, or stopped meanwhile.
        """
        pending: Pending[T] = Pending(self)
        try:
            self._refuse_deadlock()
        except XavatarError:
            work.close()
            raise
        try:
            self._give(work, pending)
            if not pending.wait(timeout):
                raise expired(timeout)
        except XavatarError:
            raise
        except BaseException as error:
            pending.cancel()
            with contextlib.suppress(KeyboardInterrupt):
                pending.wait(GRACE)
            leave_on(error, pending)
            raise
        return pending.result()

    @property
    def _inherited(self) -> bool:
        # In a forked child the loop's descriptors are still the parent's, and the lock may have been
        # held at that moment by a thread that does not exist here: hands off both.
        return self._pid != os.getpid()

    def _refuse_inherited(self) -> None:
        if self._inherited:
            raise SessionClosed("The session belongs to the process this one was forked from. Open a new one here.")

    def _require_open(self) -> asyncio.AbstractEventLoop:
        self._refuse_inherited()
        if self._loop is None or self.closed:
            raise SessionClosed("The session is closed. Open a new one.")
        return self._loop

    def _refuse_deadlock(self) -> None:
        self._refuse_inherited()
        if self._loop is not None and running_loop() is self._loop:
            raise WrongThread(
                "A blocking call on the session's own loop would wait for itself for ever. "
                "Here, use the asynchronous session and `await`."
            )

    def _give(self, work: Coroutine[Any, Any, T], pending: Pending[T]) -> None:
        if not asyncio.iscoroutine(work):
            raise ConfigError(f"The loop runs coroutines, not {type(work).__name__} objects.")
        try:
            self._refuse_inherited()
            with self._lock:
                loop = self._require_open()
                self._live[pending] = work
                loop.call_soon_threadsafe(pending._begin)
        except XavatarError:
            work.close()
            raise

    def _soon(self, callback: Callable[[], object]) -> bool:
        """Have the loop call `callback`; False when it is closed or another process's."""
        if self._loop is None or self._inherited:
            return False
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            return False
        return True

    def _claim(self, pending: Pending[T]) -> Coroutine[Any, Any, T] | None:
        """Hand out the coroutine, to the first who asks."""
        with self._lock:
            work = self._live.get(pending)
            if work is not None:
                self._live[pending] = None
            return work

    def _forget(self, pending: Pending[Any]) -> None:
        with self._lock:
            self._live.pop(pending, None)

    def _abandon(self) -> None:
        """Release whoever waits for work that will not end any more."""
        with self._lock:
            rest, self._live = self._live, {}
        for pending, work in rest.items():
            if work is not None:
                work.close()
            pending._fail(closed_meanwhile())


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, or None."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def closed_meanwhile() -> SessionClosed:
    """Return the error of work whose loop ended."""
    return SessionClosed("The session was closed while the operation ran. Open a new one and repeat it.")


def expired(timeout: float | None) -> TimeoutError:
    """Return the error of a wait that took too long."""
    return TimeoutError(f"No result within {timeout:g} s; the operation was cancelled.")


def leave_on(error: BaseException, work: Future[Any] | asyncio.Future[Any]) -> None:
    """Put what cancelled work left behind on the error that its caller gets."""
    if not work.done():
        error.add_note("The operation was cancelled, but is still cleaning up.")
    elif not work.cancelled():
        if (failure := work.exception()) is None:
            error.partial = work.result()  # type: ignore[attr-defined]
        elif failure is not error:
            error.add_note(f"While being cancelled, the operation failed: {failure!r}")
