"""A request of ours, from when it is made until the server has acknowledged it."""

from __future__ import annotations

import asyncio
import math
from typing import Any
from xml.etree.ElementTree import Element

from aioxmpp.stream import StanzaState

from xavatar.errors import SessionClosed

from .seam import RawStanza


class Request(RawStanza):
    """A request under way, or waiting for its turn.

    Parameters
    ----------
    text : str
        As of :class:`.RawStanza`.
    to : str, optional
        Who is asked.
    timeout : float
        Seconds.
    future : asyncio.Future
        Of the answer.
    at_once : bool
        It need not go to aioxmpp's queue when nothing else is in there.

    Attributes
    ----------
    future : asyncio.Future, optional
        Of the answer; ``None`` when nobody waits for it any more, though the stream may still hold the request.
    deadline : float
        From when it is sent; before that it waits for its turn as long as it takes.
    queued : aioxmpp.stream.StanzaToken, optional
        Its token in aioxmpp's queue, when it had to go there.
    """

    __slots__ = ("at_once", "deadline", "future", "queued", "timeout", "to")

    def __init__(
        self,
        text: str,
        to: str | None,
        timeout: float,
        future: asyncio.Future[Element],
        *,
        at_once: bool,
    ) -> None:
        super().__init__(text)
        self.to = to
        self.timeout = timeout
        self.at_once = at_once
        self.future: asyncio.Future[Element] | None = future
        self.deadline = math.inf
        self.queued: Any = None

    def _set_state(self, state: Any, exception: Exception | None = None) -> None:
        self.state = state
        self.heard(self, state)

    def heard(self, token: Any, state: Any) -> None:
        """Hear what became of the stanza."""
        if state is StanzaState.DISCONNECTED or state is StanzaState.FAILED:
            self.lose("the connection was lost.")

    def fail(self, error: Exception) -> None:
        """Tell whoever waits that there will be no answer, unless there was one."""
        if self.future is not None and not self.future.done():
            self.future.set_exception(error)

    def lose(self, reason: str) -> None:
        """Tell whoever waits that its stream ended."""
        self.fail(SessionClosed(f"Request to {self.to or 'the own account'}: {reason}"))
