"""Where stores are: the process's own temporary one, and the file of those who want one."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final

import platformdirs

from .store import Store

VARIABLE: Final = "XAVATAR_STORE"
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
            _store = Store()
        return _store


def default_path() -> Path:
    """Return where a store is kept by those who ask for one: ``$XAVATAR_STORE``, or the user's data directory."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return platformdirs.user_data_path("xavatar", appauthor=False) / "store.sqlite"
