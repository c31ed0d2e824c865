"""Waiting until what a server sends by itself has come."""

from __future__ import annotations

import asyncio
import contextlib


class Arrivals:
    """Notices presences and events, and knows when they pause."""

    def __init__(self) -> None:
        self._arrived = asyncio.Event()

    def note(self) -> None:
        """Something came."""
        self._arrived.set()

    async def settle(self, quiet: float, longest: float) -> None:
        """Wait until nothing came for `quiet` seconds, at most `longest` seconds.

        No stanza says that the contacts' presences, and the events that come with them, are
        complete: a pause is the only sign.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest):
                while await self._arrives_within(quiet):
                    pass

    async def _arrives_within(self, seconds: float) -> bool:
        self._arrived.clear()
        try:
            async with asyncio.timeout(seconds):
                return await self._arrived.wait()
        except TimeoutError:
            return False
