"""Waiting until what a server sends by itself has come."""

from __future__ import annotations

import asyncio
import time
from typing import Final

_BREATH: Final = 0.05
_LULL: Final = 1.0


class Arrivals:
    """Notices presences and events, and knows when they pause.

    No stanza says that the contacts' presences, and the events that come with them, are complete:
    a pause is the only sign. One that has been is not waited for again.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Count from now: the server learns that we are here."""
        self._last = time.monotonic()
        self._gap = 0.0
        self._pushed = False

    def note(self, *, event: bool = False) -> None:
        """Note that a presence, or an event, came."""
        now = time.monotonic()
        gap, self._last = now - self._last, now
        self._gap = max(self._gap, gap) if gap < _LULL else 0.0
        self._pushed |= event

    async def settle(self, quiet: float, longest: float) -> None:
        """Wait until nothing came for `quiet` seconds, at most `longest` seconds."""
        end = time.monotonic() + longest
        while (left := min(self._last + quiet, end) - time.monotonic()) > 0:  # noqa: ASYNC110  no polling: it ends then
            await asyncio.sleep(left)

    async def flood(self, longest: float) -> None:
        """Wait while events come in, where the server is one that sends them by itself.

        Such a server (Prosody) sends them all at once: after a pause four times as long as the
        longest between two of them, and of 50 ms at least, they are in. Where none has come
        (ejabberd), nothing is waited for: what comes later still counts.
        """
        if self._pushed:
            await self.settle(min(max(4 * self._gap, _BREATH), longest), longest)
