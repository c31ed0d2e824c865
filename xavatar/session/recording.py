"""Recording what goes over a session's wire; `trace()` and `recording()` of both sessions are made of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from xavatar.errors import SessionClosed
from xavatar.wire.trace import LIMIT, LiveTrace

if TYPE_CHECKING:
    from .asynchronous import AsyncSession
    from .blocking import Session

T = TypeVar("T")


def record(session: AsyncSession, *, limit: int = LIMIT) -> LiveTrace:
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


def record_through(session: Session, *, limit: int = LIMIT) -> LiveTrace:
    """Do the same for code outside the session's loop; the trace may be read and stopped out here."""
    portal, twin = session._portal, session._twin
    trace = portal.call(_there(lambda: record(twin, limit=limit)))

    def end() -> None:
        with suppress(SessionClosed):  # with the loop the recording has ended too
            portal.call(_there(trace.stop))

    return LiveTrace(trace.recorder, end)


async def _there(work: Callable[[], T]) -> T:
    return work()
