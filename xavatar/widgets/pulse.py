"""Telling pages of news, often enough to look live and no more often than they can take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

_PAUSE: Final = 0.15
"""Seconds between two messages: a front end that gets hundreds a second drops some, for good."""
_SHARE: Final = 5
_LONGEST: Final = 2.0
"""What takes long is done less often, but every two seconds."""


class Pulse:
    """Calls a function soon after being called, on a thread of its own, however often that is.

    Parameters
    ----------
    beat : callable
        Must not raise.
    """

    def __init__(self, beat: Callable[[], object]) -> None:
        self._beat = beat
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._pause = _PAUSE
        self._waiting = False

    def __call__(self) -> None:
        """Ask for a beat; from any thread, and at hardly any cost."""
        if self._waiting:
            return
        with self._lock:
            if not self._waiting:
                self._waiting = True
                self._timer = threading.Timer(self._pause, self._fire)
                self._timer.name = "xavatar-pulse"
                self._timer.daemon = True
                self._timer.start()

    def _fire(self) -> None:
        # Before the work: what comes while it is done is news for the next one.
        self._waiting = False
        started = time.monotonic()
        self._beat()
        self._pause = min(max(_PAUSE, _SHARE * (time.monotonic() - started)), _LONGEST)

    def end(self) -> None:
        """Beat no more."""
        with self._lock:
            self._waiting = True  # for good
            if self._timer is not None:
                self._timer.cancel()
