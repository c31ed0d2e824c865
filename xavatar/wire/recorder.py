"""A ring of recorded stanzas, bounded by bytes."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from .capture import Direction
from .secrecy import cleaned

Record = tuple[int, float, Direction, bytes]

_OVERHEAD: Final = 300  # bytes that a record takes besides its stanza, about


class Recorder:
    """Keeps the newest stanzas, as bytes; reading them is left to whoever looks.

    Parameters
    ----------
    limit : int
        Bytes to keep at most; the oldest go first.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.seen = 0
        """Stanzas so far, those that are gone included."""
        self._records: deque[Record] = deque()
        self._size = 0

    def record(self, direction: Direction, stanza: bytes) -> None:
        """Keep a stanza, without what is secret in it."""
        kept = cleaned(stanza)
        if kept is None:
            return
        self.seen += 1
        self._records.append((self.seen, time.time(), direction, kept))
        self._size += len(kept) + _OVERHEAD
        while self._size > self.limit:
            self._size -= len(self._records.popleft()[3]) + _OVERHEAD

    def records(self) -> tuple[Record, ...]:
        """Return what is kept, oldest first; from any thread."""
        return tuple(self._records)
