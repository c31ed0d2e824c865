"""The process's own temporary store."""

from __future__ import annotations

import threading

from .store import Store

_lock = threading.Lock()
_store: Store | None = None


def default_store() -> Store:
    """Return the process's temporary store, made at the first call and kept to the end.

    Frames outlive their sessions, and so must the pictures they point to. Nothing of other
    people is left on disk unless a path is given. A forked process gets its own.
    """
    global _store
    with _lock:
        if _store is None or _store.closed:
            _store = Store.temporary()
        return _store
