"""A daemon thread with an event loop, and blocking calls to it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from xavatar.errors import SandboxError

T = TypeVar("T")

TIMEOUT = 15.0
"""Seconds to wait for the loop; nothing the server does takes nearly as long."""


class LoopThread:
    """Runs coroutines on a loop of its own until :meth:`end`."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether :meth:`end` was called."""
        return self._ended

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine and wait for what it returns.

        Raises
        ------
        SandboxError
            The thread has ended, is the calling one, or does not answer.
        """
        if threading.current_thread() is self._thread:
            work.close()
            raise SandboxError("The sandbox's own thread cannot wait for itself; call from another one.")
        with self._lock:
            if not self._ended:
                return self._wait(work)
        work.close()
        raise SandboxError("The sandbox is closed; make a new one.")

    def do(self, action: Callable[[], T]) -> T:
        """Run a function on the loop and wait for what it returns."""

        async def run() -> T:
            return action()

        return self.call(run())

    def end(self, last: Coroutine[Any, Any, None]) -> None:
        """Run a last coroutine, then end the thread; again is harmless."""
        with self._lock:
            if self._ended:
                last.close()
                return
            try:
                self._wait(last)
            finally:
                self._ended = True
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join(TIMEOUT)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(TIMEOUT)
        except TimeoutError:
            future.cancel()
            raise SandboxError(
                f"The sandbox did not answer within {TIMEOUT:g} s; close it and make a new one."
            ) from None
        except BaseException:
            future.cancel()
            raise

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.close()
