"""A ring of recorded stanzas, bounded by bytes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from .capture import Direction
from .secrecy import cleaned

_OVERHEAD: Final = 300  # bytes that a record takes besides its stanza, about


class Record(NamedTuple):
    """A stanza as it is kept.

    Parameters
    ----------
    number : int
        Counted from 1 while the recording runs.
    at : float
        POSIX time in seconds.
    direction : Direction
    raw : bytes
        Without what is secret.
    size : int
        Bytes on the wire, before encryption.
    """

    number: int
    at: float
    direction: Direction
    raw: bytes
    size: int


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
        self.listeners: list[Callable[[], object]] = []
        """Called after each stanza, in the stream's way: they must return at once."""
        self._records: deque[Record] = deque()
        self._size = 0
        self._epoch = time.time() - time.monotonic()  # a clock that is set must not turn round trips around

    def record(self, direction: Direction, stanza: bytes) -> None:
        """Keep a stanza, without what is secret in it."""
        kept = cleaned(stanza)
        if kept is None:
            return
        self.seen += 1
        self._records.append(Record(self.seen, self._epoch + time.monotonic(), direction, kept, len(stanza)))
        self._size += len(kept) + _OVERHEAD
        while self._size > self.limit:
            self._size -= len(self._records.popleft().raw) + _OVERHEAD
        for listener in self.listeners:
            listener()

    def records(self) -> tuple[Record, ...]:
        """Return what is kept, oldest first; from any thread."""
        return tuple(self._records.copy())  # the copy is made in one step, while the loop may be recording

    def __len__(self) -> int:
        """How many stanzas are kept."""
        return len(self._records)
