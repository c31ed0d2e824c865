"""Decoding off the event loop, many pictures at a time."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import hashlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Final

from xavatar.model import ImageFacts

from .facts import Examined, conclude, examine
from .limits import Fault, Limits, Refused
from .sniff import mime_of, sniff

_WORKERS: Final = min(4, os.cpu_count() or 1)
_BATCH: Final = 32
"""Pictures that a worker takes along: waking threads for each would cost more than looking at a small one."""
_GATHER: Final = 0.02
"""Seconds that the first picture waits for others to go along."""
_QUICK: Final = 0.05
"""Seconds that a batch of small pictures never takes. These are Python most of all: two workers at them take no less
time than one, and 1.6 times the CPU. Decoding a large one leaves the interpreter to others."""
_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None

Keep = Callable[[Sequence[tuple[ImageFacts, bytes]]], object]


class Inspector:
    """Looks at pictures on worker threads, for one event loop.

    Parameters
    ----------
    limits : Limits, optional
        `seconds` count from when a worker takes a picture up, not while it queues.
    keep : callable, optional
        Called on the worker's thread with pictures and their facts, several at once, before these
        are told; what it raises is raised for each of them.

    Examples
    --------
    >>> async def main() -> str | None:
    ...     return (await Inspector().inspect(b"no picture")).error
    >>> asyncio.run(main())
    'unrecognised: not a picture of a known format'
    """

    def __init__(self, limits: Limits | None = None, keep: Keep | None = None) -> None:
        self._limits = limits or Limits()
        self._keep = keep
        self._queue: deque[_Job] = deque()
        self._under_way = 0
        self._handed_over = 0.0
        self._last = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def inspect(self, data: bytes, *, last: bool = False) -> ImageFacts:
        """Return what the bytes of an image are, without blocking the running loop.

        Parameters
        ----------
        data : bytes
            Anything at all.
        last : bool
            No other is expected soon: this one, and those that wait already, need not wait for company.

        Returns
        -------
        ImageFacts
            As of :func:`~xavatar.imaging.inspect`; when the time is over, with the error
            ``time`` and little else. A decoder cannot be stopped: the worker is free again when
            it ends, which the other limits bound.
        """
        loop = self._loop = self._loop or asyncio.get_running_loop()
        job = _Job(data, loop)
        self._queue.append(job)
        self._last = last
        self._dispatch(loop)
        return await job.future

    def _dispatch(self, loop: asyncio.AbstractEventLoop) -> None:
        enough = 1 if self._last else _BATCH
        while len(self._queue) >= enough and self._is_free(loop):
            self._hand_over(loop)
        if self._queue and self._timer is None:
            self._timer = loop.call_later(_GATHER, self._waited, loop)

    def _is_free(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Tell whether a worker may take a batch; a second one only beside one that is not quick."""
        late = loop.time() - self._handed_over > _QUICK
        return not self._under_way or (late and self._under_way < _WORKERS)

    def _waited(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._queue and self._is_free(loop):
            self._hand_over(loop)
        self._dispatch(loop)

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
        self._under_way += 1
        self._handed_over = loop.time()
        batch = _Batch(jobs, self._limits, self._keep, self._done)
        _executor().submit(batch.work).add_done_callback(batch.left)
        batch.watch()

    def _done(self, rest: Sequence[_Job]) -> None:
        self._under_way -= 1
        self._queue.extendleft(reversed(rest))
        assert self._loop is not None
        self._dispatch(self._loop)


async def inspect_async(data: bytes, limits: Limits | None = None) -> ImageFacts:
    """Look at one picture on a worker thread; see :meth:`Inspector.inspect`."""
    return await Inspector(limits).inspect(data, last=True)


class _Job:
    __slots__ = ("data", "future", "loop")

    def __init__(self, data: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self.data = data
        self.loop = loop
        self.future: asyncio.Future[ImageFacts] = loop.create_future()

    def tell(self, facts: ImageFacts) -> None:
        if not self.future.done():
            self.future.set_result(facts)

    def fail(self, error: BaseException) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class _Batch:
    """Some pictures that one worker looks at, one after the other.

    The worker is in :meth:`work`, everything else happens on the loop. When a picture takes too
    long, the loop leaves the worker alone with it and takes the others back.
    """

    def __init__(
        self, jobs: list[_Job], limits: Limits, keep: Keep | None, done: Callable[[Sequence[_Job]], None]
    ) -> None:
        self._jobs = jobs
        self._loop = jobs[0].loop
        self._limits = limits
        self._keep = keep
        self._done = done
        self._lock = threading.Lock()
        self._examined: list[Examined] = []
        self._facts: list[ImageFacts] = []
        self._since: float | None = None
        self._left = False
        self._error: BaseException | None = None
        self._timer: asyncio.TimerHandle | None = None

    def work(self) -> None:
        """Look at one after the other, and keep what was looked at."""
        self._jobs = [job for job in self._jobs if not job.future.cancelled()]
        for job in self._jobs:
            with self._lock:
                if self._left:
                    return
                self._since = time.monotonic()
            examined = examine(job.data, self._limits)
            with self._lock:
                if self._left:
                    return
                self._examined.append(examined)
        facts = conclude(self._examined)
        if self._keep is not None and facts:
            self._keep([(each, job.data) for job, each in zip(self._jobs, facts, strict=True)])
        self._facts = facts

    def left(self, work: Future[None]) -> None:
        """Tell the loop that the worker has ended, or that the pool was closed before it began."""
        self._error = CancelledError() if work.cancelled() else work.exception()
        with contextlib.suppress(RuntimeError):  # the loop is closed, nobody waits any more
            self._loop.call_soon_threadsafe(self._end)

    def watch(self) -> None:
        """Look again when the picture in hand may have taken too long."""
        with self._lock:
            since, finished = self._since, len(self._examined) == len(self._jobs)
            spent = time.monotonic() - since if since is not None else 0.0
            self._left = not finished and spent >= self._limits.seconds
        if self._left:
            at = len(self._examined)
            self._facts = conclude(self._examined)  # few, and looked at in no time
            self._tell()
            self._jobs[at].tell(_late(self._jobs[at].data, self._limits))
            self._done(self._jobs[at + 1 :])
        elif not finished:
            self._timer = self._loop.call_later(max(self._limits.seconds - spent, 0.01), self.watch)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._left:
            return
        if self._error is not None:
            for job in self._jobs:
                job.fail(self._error)
        self._tell()
        self._done(())

    def _tell(self) -> None:
        for job, facts in zip(self._jobs, self._facts, strict=False):
            job.tell(facts)


def _late(data: bytes, limits: Limits) -> ImageFacts:
    format = sniff(data)
    error = str(Refused(Fault.TIME, f"not done within {limits.seconds:g} s"))
    return ImageFacts(hashlib.sha1(data).hexdigest(), len(data), format, mime_of(format), error=error)


def _executor() -> ThreadPoolExecutor:
    global _pool
    with _lock:
        if _pool is None:
            _pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="xavatar-imaging")
            atexit.register(close)
        return _pool


def close() -> None:
    """Let the workers go; the next picture makes new ones."""
    global _pool
    with _lock:
        pool, _pool = _pool, None
    atexit.unregister(close)
    if pool is not None:
        pool.shutdown(wait=False, cancel_futures=True)
