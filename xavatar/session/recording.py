"""Recording what goes over a session's wire; `trace()` and `recording()` of both sessions are made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from xavatar.errors import SessionClosed
from xavatar.runtime.pending import running_loop
from xavatar.wire.trace import LiveTrace

if TYPE_CHECKING:
    from xavatar.runtime import Portal

    from .asynchronous import AsyncSession

T = TypeVar("T")


def record(session: AsyncSession, *, limit: int) -> LiveTrace:
    """Record every stanza of a session from now on, until the trace is stopped.

    Parameters
    ----------
    session : AsyncSession
    limit : int
        Bytes to keep at most; the oldest stanzas go first.

    Raises
    ------
    SessionClosed
        The session is not open.
    """
    return session._online().wire.trace(limit=limit)


def record_for_threads(session: AsyncSession, *, limit: int) -> LiveTrace:
    """Do the same for somebody who may stop it on any thread, as a widget does; on the session's loop."""
    loop, trace = asyncio.get_running_loop(), record(session, limit=limit)

    def end() -> None:
        with suppress(RuntimeError):  # with the loop the recording has ended too
            loop.call_soon_threadsafe(trace.stop)

    return LiveTrace(trace.recorder, end)


def record_through(portal: Portal, session: AsyncSession, *, limit: int) -> LiveTrace:
    """Do the same from outside the loop behind `portal`; the trace may be read and stopped out here."""
    trace = _at(portal, lambda: record(session, limit=limit))

    def end() -> None:
        with suppress(SessionClosed):  # with the loop the recording has ended too
            _at(portal, trace.stop)

    return LiveTrace(trace.recorder, end)


def _at(portal: Portal, work: Callable[[], T]) -> T:
    """Do something on a loop, and wait; on that loop itself, as in a progress callback, do it at once."""

    async def there() -> T:
        return work()

    return work() if running_loop() is portal.loop else portal.call(there())
