"""One event loop in a daemon thread, shared by the sessions of a process.

A connection on the kernel's own loop stalls whenever a cell computes, blocking calls cannot
run there, and callbacks of widgets arrive on threads with loops of their own. A loop in its
own thread, entered from anywhere, has none of these troubles.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
from types import TracebackType
from typing import Self

from xavatar.errors import ConfigError

from .pending import Portal

__all__ = ["Lease", "LoopThread", "acquire"]

_log = logging.getLogger(__name__)


class LoopThread(Portal):
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
        super().__init__()
        self.name = name
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._grace = 1.0

    def __repr__(self) -> str:
        """Name and state."""
        state = "closed" if self.closed else "not started" if self._thread is None else "running"
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
        return self._stopping or self._inherited

    def start(self) -> Self:
        """Start the thread, once.

        Raises
        ------
        ConfigError
            Threads cannot be started here (as in a browser's Python).
        SessionClosed
            It was stopped already, or belongs to the process this one was forked from.
        """
        self._refuse_inherited()
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

    def stop(self, grace: float = 1.0) -> None:
        """Cancel what is under way, end the loop and its thread; harmless when repeated.

        Parameters
        ----------
        grace : float
            Seconds that cancelled work may take for its clean-up.
        """
        if self._inherited:
            return
        with self._lock:
            first, self._stopping = not self._stopping, True
        if self._loop is None or self._thread is None:
            return
        if first:
            atexit.unregister(self.stop)
            self._grace = grace
            self._soon(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(grace + 0.5)
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
        shared = _shared_here()
        with shared.lock:
            last = self._held and shared.give_back(self.thread)
            self._held = False
        if last:
            self.thread.stop()


class _Shared:
    """The thread that all sessions of the process share, and how many do."""

    def __init__(self) -> None:
        # Reentrant, as the lock of a portal.
        self.pid = os.getpid()
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


def _shared_here() -> _Shared:
    global _shared
    if _shared.pid != os.getpid():
        _shared = _Shared()
    return _shared


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
    shared = _shared_here()
    with shared.lock:
        return Lease(shared.take())


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
