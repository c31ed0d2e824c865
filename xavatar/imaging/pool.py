"""Decoding off the event loop."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from xavatar.model import ImageFacts

from .facts import inspect
from .limits import Fault, Limits, Refused
from .sniff import mime_of, sniff

_WORKERS: Final = min(4, os.cpu_count() or 1)
_lock = threading.Lock()
_pool: ThreadPoolExecutor | None = None


async def inspect_async(data: bytes, limits: Limits | None = None) -> ImageFacts:
    """Return what the bytes of an image are, without blocking the running loop.

    Parameters
    ----------
    data : bytes
        Anything at all.
    limits : Limits, optional
        `seconds` count from when a worker takes the picture up, not while it queues.

    Returns
    -------
    ImageFacts
        As of :func:`~xavatar.imaging.inspect`; when the time is over, with the error
        ``time`` and little else. A decoder cannot be stopped: the worker is free again when
        it ends, which the other limits bound.
    """
    limits = limits or Limits()
    loop = asyncio.get_running_loop()
    begun = asyncio.Event()

    def work() -> ImageFacts:
        with contextlib.suppress(RuntimeError):  # the loop is closed, nobody waits any more
            loop.call_soon_threadsafe(begun.set)
        return inspect(data, limits)

    job = loop.run_in_executor(_executor(), work)
    try:
        await begun.wait()
        done, _ = await asyncio.wait({job}, timeout=limits.seconds)
        return job.result() if done else _late(data, limits)
    finally:
        job.cancel()


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
