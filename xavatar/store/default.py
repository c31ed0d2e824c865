"""The store that sessions share when none is given."""

from __future__ import annotations

import threading

from .images import Store

_lock = threading.Lock()
_store: Store | None = None


def default_store() -> Store:
    """Return the process's temporary store, made at the first call and kept to the end.

    Frames outlive their sessions, and so must the pictures they point to.
    """
    global _store
    with _lock:
        if _store is None:
            _store = Store()
        return _store
