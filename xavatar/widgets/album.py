"""Pictures for a browser: asked for by number, sent as small copies of ours, many in one buffer."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from xavatar.frames.images import lookup
from xavatar.imaging.encode import encode
from xavatar.imaging.thumbnail import shrink

_SIDES: Final = range(8, 1025)
_AT_ONCE: Final = 1000
_BATCH: Final = 48
_KEPT: Final = 2 << 20
_DRAWING: Final = 256
"""Colours up to which a picture is small as PNG, and would show what WebP loses."""


class Copy(NamedTuple):
    """A picture as a page gets it; `data` is empty for one that cannot be shown."""

    number: int
    data: bytes
    mime: str


class Album:
    """Numbered pictures.

    A page knows numbers, never hashes, so it can ask for nothing but what is in here. Safe to
    use from several threads.

    Parameters
    ----------
    find : callable
        Returns the bytes with a SHA-1, or ``None``.
    """

    def __init__(self, find: Callable[[str], bytes | None] = lookup) -> None:
        self._find = find
        self._keys: list[str] = []
        self._numbers: dict[str, int] = {}
        self._copies: OrderedDict[tuple[int, int], Copy] = OrderedDict()
        self._kept = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._keys)

    def number(self, sha1: str) -> int:
        """Return the number of a picture, a new one for a new picture."""
        with self._lock:
            number = self._numbers.setdefault(sha1, len(self._keys))
            if number == len(self._keys):
                self._keys.append(sha1)
            return number

    def original(self, number: int) -> bytes | None:
        """Return the bytes as they were published."""
        return self._find(self._keys[number])

    def copy(self, number: int, side: int) -> Copy:
        """Return a copy whose longest side is at most `side` pixels; never larger than the picture (P84-21)."""
        key = (number, side)
        with self._lock:
            if (kept := self._copies.get(key)) is not None:
                self._copies.move_to_end(key)
                return kept
        data = self.original(number)
        copy = Copy(number, *_small(data, side)) if data else Copy(number, b"", "")
        with self._lock:
            if key not in self._copies:
                self._kept += len(copy.data)
            self._copies[key] = copy
            while self._kept > _KEPT and len(self._copies) > 1:
                self._kept -= len(self._copies.popitem(last=False)[1].data)
        return copy

    def wanted(self, content: Mapping[str, Any]) -> tuple[list[int], int]:
        """Return the numbers and the side that a page's message asks for, as far as they make sense."""
        numbers, side = content.get("numbers"), content.get("side")
        if not isinstance(numbers, list) or not isinstance(side, int) or side not in _SIDES:
            return [], 0
        known = range(len(self._keys))
        return [number for number in numbers[:_AT_ONCE] if type(number) is int and number in known], side

    def batches(self, numbers: Iterable[int], side: int) -> Iterator[tuple[list[list[Any]], bytes]]:
        """Yield tables of (number, offset, length, mime), each with the one buffer it speaks of."""
        batch: list[Copy] = []
        for number in numbers:
            batch.append(self.copy(number, side))
            if len(batch) == _BATCH:
                yield _bound(batch)
                batch = []
        if batch:
            yield _bound(batch)

    def clear(self) -> None:
        """Forget the copies."""
        with self._lock:
            self._copies.clear()
            self._kept = 0


def _small(data: bytes, side: int) -> tuple[bytes, str]:
    """Return a copy and its type: exact for drawings, WebP for photographs."""
    picture = shrink(data, side)
    if picture is None:
        return b"", ""
    if picture.getcolors(_DRAWING) is not None:
        return encode(picture, "png"), "image/png"
    return encode(picture, "webp"), "image/webp"


def _bound(batch: Iterable[Copy]) -> tuple[list[list[Any]], bytes]:
    table: list[list[Any]] = []
    parts: list[bytes] = []
    offset = 0
    for number, data, mime in batch:
        table.append([number, offset, len(data), mime])
        parts.append(data)
        offset += len(data)
    return table, b"".join(parts)
