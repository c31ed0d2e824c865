"""Garbage looked for less often while much is made that stays."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_ROOM: Final = 100_000
"""Objects made between two looks; CPython's own 700 mean hundreds of looks at a roster of thousands."""
_lock = threading.Lock()
_under_way = 0
_before = (0, 0, 0)


@contextmanager
def seldom() -> Iterator[None]:
    """Let Python look for reference cycles seldom in here; everything else is freed at once, as ever.

    The setting is the process's. The last one to leave puts back what the first one found, unless
    somebody else has changed it meanwhile. Where it never looks, it does not here.
    """
    global _under_way, _before
    with _lock:
        if not _under_way:
            _before = gc.get_threshold()
            gc.set_threshold(max(_ROOM, _before[0]) if _before[0] else 0, *_before[1:])
        _under_way += 1
        mine = gc.get_threshold()
    try:
        yield
    finally:
        with _lock:
            _under_way -= 1
            if not _under_way and gc.get_threshold() == mine:
                gc.set_threshold(*_before)
