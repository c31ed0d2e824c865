"""Saying the vCard's hash in presences: :mod:`.presence`'s rules, a loop and a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from .presence import Pace, PresenceRules, Todo

_FETCH_GAP = 2.0
_BROADCAST_GAP = 12.0
"""Seconds: two sessions of an account send four presences in any ten seconds at most, logins included."""


class Advertiser:
    """Does what the rules call for, and no sooner than the pace allows.

    What a person does goes out at once; what other resources cause is held back (D-40). However
    often something is called for meanwhile, it is done once.

    Parameters
    ----------
    fetch : callable
        Returns the hash of the own vCard's photo, ``""`` or, when it cannot be read, ``None``.
    send : callable
        Sends the own presence again.

    Attributes
    ----------
    rules : PresenceRules
    """

    def __init__(self, fetch: Callable[[], Awaitable[str | None]], send: Callable[[], object]) -> None:
        self.rules = PresenceRules()
        self._fetch = fetch
        self._send = send
        self._wanted = False
        self._fetching: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._fetches, self._broadcasts = Pace(gap=_FETCH_GAP), Pace(gap=_BROADCAST_GAP)

    def act(self, todo: Todo, *, at_once: bool = False) -> None:
        """Do what the rules said.

        Parameters
        ----------
        todo : Todo
        at_once : bool
            A person caused it.
        """
        if Todo.FETCH in todo:
            self._wanted = True
            if self._fetching is None:
                self._fetching = asyncio.create_task(self._look(at_once))
        if Todo.SEND in todo:
            self._schedule(at_once)

    def stored(self, photo: str) -> None:
        """Say the hash of a photo that was stored just now; what is being fetched is older."""
        self._stop_fetching()
        self.act(self.rules.stored(photo), at_once=True)

    def reset(self) -> None:
        """Stop everything and begin anew, on a new stream."""
        self._stop_fetching()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._fetches = Pace(gap=_FETCH_GAP)
        self.rules.disconnected()

    def _stop_fetching(self) -> None:
        self._wanted = False
        if self._fetching is not None:
            self._fetching.cancel()
            self._fetching = None

    async def _look(self, at_once: bool) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._wanted:
                await asyncio.sleep(0 if at_once else self._fetches.wait(loop.time()))
                self._fetches.spent(loop.time())
                self._wanted = False
                todo = self.rules.fetched(await self._fetch())
                # What was called for meanwhile may have been answered by this very card.
                self._wanted = self._wanted and self.rules.disputed()
                self.act(todo, at_once=at_once)
                at_once = False
        finally:
            if self._fetching is asyncio.current_task():
                self._fetching = None

    def _schedule(self, at_once: bool) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            if not at_once:
                return
            self._timer.cancel()
        delay = 0.0 if at_once else self._broadcasts.wait(loop.time())
        self._timer = loop.call_later(delay, self._broadcast)

    def _broadcast(self) -> None:
        self._timer = None
        if self.rules.due():
            self._broadcasts.spent(asyncio.get_running_loop().time())
            self._send()
