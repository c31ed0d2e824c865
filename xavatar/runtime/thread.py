"""One event loop in a daemon thread, and the ways into it.

A connection on the kernel's own loop stalls whenever a cell computes, blocking calls cannot
run there, and callbacks of widgets arrive on threads with loops of their own. A loop in its
own thread, entered from anywhere, has none of these troubles.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import threading
from collections.abc import Coroutine, Generator
from concurrent.futures import Future, InvalidStateError, wait
from time import monotonic
from types import TracebackType
from typing import Any, Self, TypeVar

from xavatar.errors import ConfigError, SessionClosed, XavatarError

__all__ = ["Lease", "LoopThread", "Pending", "WrongThread", "acquire"]

T = TypeVar("T")
_log = logging.getLogger(__name__)

# A wait on a lock notices an interrupt only when it wakes: on Windows always, and elsewhere
# when the interrupt is simulated (`_thread.interrupt_main`) instead of sent as a signal.
_SLICE = 0.2
_GRACE = 2.0


class WrongThread(XavatarError, RuntimeError):
    """A blocking call on the very thread that would have to do the work."""


class Pending(Future[T]):
    """Work under way on a :class:`LoopThread`.

    A concurrent future (``result``, ``add_done_callback``, :func:`concurrent.futures.wait`) that
    can be awaited from any event loop too. Cancelling the awaiting side cancels the work.

    Notes
    -----
    Unlike the futures of :func:`asyncio.run_coroutine_threadsafe`, which count as done the moment
    they are cancelled, this one is done when the work has finished its clean-up, and has a result
    if the work chose to return one.
    """

    def __init__(self, owner: LoopThread) -> None:
        super().__init__()
        self._owner = owner
        self._task: asyncio.Task[T] | None = None
        self._unwanted = False

    def cancel(self) -> bool:
        """Ask the work to stop; False when it is over already."""
        if self.done():
            return False
        self._unwanted = True
        return self._owner._soon(self._cancel_task)

    def running(self) -> bool:
        """Whether the work is not over yet."""
        return not self.done()

    def result(self, timeout: float | None = None) -> T:
        """Wait for the work and return what it returned, or raise what it raised."""
        self._owner._refuse_own_thread(self)
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the work and return what it raised, or None."""
        self._owner._refuse_own_thread(self)
        return super().exception(timeout)

    def __await__(self) -> Generator[Any, None, T]:
        """Await the work from whichever loop is running here."""
        return asyncio.wrap_future(self).__await__()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the work is over, open to interrupts; False when `timeout` seconds passed first."""
        deadline = None if timeout is None else monotonic() + timeout
        while not self.done():
            left = _SLICE if deadline is None else min(_SLICE, deadline - monotonic())
            if left <= 0:
                return False
            wait((self,), left)
        return True

    def _begin(self, work: Coroutine[Any, Any, T]) -> None:
        self._task = asyncio.get_running_loop().create_task(work)
        self._task.add_done_callback(self._settle)

    def _cancel_task(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _settle(self, task: asyncio.Task[T]) -> None:
        self._task = None
        if task.cancelled():
            self._owner._forget(self)
            self._fail(None if self._unwanted or not self._owner.closed else _closed_meanwhile())
        elif (error := task.exception()) is not None:
            self._owner._forget(self)
            self._fail(error)
        else:
            self._owner._forget(self)
            with contextlib.suppress(InvalidStateError):
                self.set_result(task.result())

    def _fail(self, error: BaseException | None) -> None:
        """End with `error`, or as cancelled; without effect when ended already."""
        if error is None:
            if super().cancel():
                self.set_running_or_notify_cancel()
            return
        with contextlib.suppress(InvalidStateError):
            self.set_exception(error)


class LoopThread:
    """A daemon thread that runs one event loop.

    Parameters
    ----------
    name : str
        The thread's name, as debuggers show it.

    Notes
    -----
    The loop is a selector loop on every platform: STARTTLS as aioxmpp does it needs
    ``add_reader``, which the default loop of Windows lacks.
    """

    def __init__(self, name: str = "xavatar-loop") -> None:
        self.name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._stopping = False
        self._grace = 1.0
        self._live: dict[Pending[Any], Coroutine[Any, Any, Any]] = {}

    def __repr__(self) -> str:
        """Name and state."""
        state = "not started" if self._thread is None else "closed" if self.closed else "running"
        return f"<LoopThread {self.name!r} {state}, {len(self._live)} under way>"

    def __enter__(self) -> Self:
        """Start the thread."""
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Stop the thread."""
        self.stop()

    @property
    def closed(self) -> bool:
        """Whether no more work is taken."""
        return self._stopping or self._pid != os.getpid()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop, for what must be built for it; enter it by :meth:`submit` and :meth:`call`."""
        return self._require_open()

    def start(self) -> Self:
        """Start the thread, once.

        Raises
        ------
        ConfigError
            Threads cannot be started here (as in a browser's Python).
        SessionClosed
            It was stopped already, or belongs to the process this one was forked from.
        """
        with self._lock:
            if self._thread is None and not self.closed:
                loop = asyncio.SelectorEventLoop()
                thread = threading.Thread(target=self._main, args=(loop,), name=self.name, daemon=True)
                try:
                    thread.start()
                except RuntimeError as error:
                    loop.close()
                    raise ConfigError(f"Starting the thread {self.name!r}: {error}. Use AsyncSession here.") from error
                self._loop, self._thread = loop, thread
                atexit.register(self.stop)
        self._require_open()
        return self

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
            self._refuse_own_thread(pending)
        except WrongThread:
            work.close()
            raise
        try:
            self._give(work, pending)
            if not pending.wait(timeout):
                raise TimeoutError(f"No result within {timeout:g} s; the operation was cancelled.")
        except XavatarError:
            raise
        except BaseException as error:
            _wind_down(pending, error)
            raise
        return pending.result()

    def stop(self, grace: float = 1.0) -> None:
        """Cancel what is under way, end the loop and its thread; harmless when repeated.

        Parameters
        ----------
        grace : float
            Seconds that cancelled work may take for its clean-up.
        """
        with self._lock:
            first, self._stopping = not self._stopping, True
        loop, thread = self._loop, self._thread
        # In a forked child the loop's file descriptors are still the parent's: hands off.
        if loop is None or thread is None or self._pid != os.getpid():
            return
        if first:
            atexit.unregister(self.stop)
            self._grace = grace
            self._soon(loop.stop)
        if threading.current_thread() is not thread:
            thread.join(grace + 0.5)
            self._abandon()

    def _main(self, loop: asyncio.AbstractEventLoop) -> None:
        # aioxmpp's constructors call asyncio.get_event_loop().
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            self._stopping = True
            try:
                loop.run_until_complete(_cancel_all(self._grace))
                loop.run_until_complete(loop.shutdown_asyncgens())
            finally:
                self._abandon()
                asyncio.set_event_loop(None)
                loop.close()

    def _give(self, work: Coroutine[Any, Any, T], pending: Pending[T]) -> None:
        if not asyncio.iscoroutine(work):
            raise ConfigError(f"The loop runs coroutines, not {type(work).__name__} objects.")
        try:
            with self._lock:
                loop = self._require_open()
                self._live[pending] = work
                loop.call_soon_threadsafe(pending._begin, work)
        except XavatarError:
            work.close()
            raise

    def _soon(self, callback: Any) -> bool:
        """Have the loop call `callback`; False when it is closed or another process's."""
        if self._loop is None or self._pid != os.getpid():
            return False
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            return False
        return True

    def _require_open(self) -> asyncio.AbstractEventLoop:
        if self._pid != os.getpid():
            raise SessionClosed("The session belongs to the process this one was forked from. Open a new one here.")
        if self._stopping:
            raise SessionClosed("The session is closed. Open a new one.")
        if self._loop is None:
            raise SessionClosed(f"The thread {self.name!r} was not started. Call start() first.")
        return self._loop

    def _refuse_own_thread(self, pending: Pending[Any]) -> None:
        if threading.current_thread() is self._thread and not pending.done():
            raise WrongThread(
                "A blocking call on the session's own loop would wait for itself for ever. "
                "Here, use the asynchronous session and `await`."
            )

    def _forget(self, pending: Pending[Any]) -> None:
        with self._lock:
            self._live.pop(pending, None)

    def _abandon(self) -> None:
        """Release whoever waits for work that will not end any more."""
        with self._lock:
            rest, self._live = self._live, {}
        for pending, work in rest.items():
            if pending._task is None:
                with contextlib.suppress(RuntimeError, ValueError):
                    work.close()
            pending._fail(_closed_meanwhile())


class Lease:
    """One user's share in the process's loop thread; see :func:`acquire`."""

    def __init__(self, thread: LoopThread) -> None:
        self.thread = thread
        self._held = True

    def __enter__(self) -> LoopThread:
        """Hand out the thread."""
        return self.thread

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Give the share back."""
        self.release()

    def release(self) -> None:
        """Give the share back, once; the last one to do so stops the thread."""
        with _shared.lock:
            if not self._held:
                return
            self._held = False
            last = _shared.give_back(self.thread)
        if last:
            self.thread.stop()


class _Shared:
    """The thread that all sessions of the process share, and how many do."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.thread: LoopThread | None = None
        self.users = 0

    def take(self) -> LoopThread:
        if self.thread is None or self.thread.closed:
            self.thread, self.users = LoopThread().start(), 0
        self.users += 1
        return self.thread

    def give_back(self, thread: LoopThread) -> bool:
        if thread is not self.thread:
            return False
        self.users -= 1
        if self.users == 0:
            self.thread = None
        return self.users == 0


_shared = _Shared()


def acquire() -> Lease:
    """Take a share in the process's one loop thread, which runs while anyone holds a share.

    In a forked child the first share starts a thread of the child's own.

    Examples
    --------
    >>> import asyncio
    >>> with acquire() as thread:
    ...     thread.call(asyncio.sleep(0, "done"))
    'done'
    """
    with _shared.lock:
        return Lease(_shared.take())


def _closed_meanwhile() -> SessionClosed:
    return SessionClosed("The session was closed while the operation ran. Open a new one and repeat it.")


def _wind_down(pending: Pending[Any], error: BaseException) -> None:
    """Cancel the work, wait shortly for its clean-up, and put what it left on `error`."""
    pending.cancel()
    with contextlib.suppress(KeyboardInterrupt):
        pending.wait(_GRACE)
    if not pending.done():
        error.add_note("The operation was cancelled, but is still cleaning up.")
    elif not pending.cancelled():
        if (failure := pending.exception()) is None:
            error.partial = pending.result()  # type: ignore[attr-defined]
        else:
            error.add_note(f"While being cancelled, the operation failed: {failure!r}")


async def _cancel_all(grace: float) -> None:
    """Cancel every other task of the loop and wait up to `grace` seconds for them."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if not tasks:
        return
    done, stubborn = await asyncio.wait(tasks, timeout=grace)
    for task in done:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.debug("a task failed while the loop was closing", exc_info=error)
    for task in stubborn:
        # It had its time; without this the interpreter complains once more when it goes.
        task._log_destroy_pending = False  # type: ignore[attr-defined]
