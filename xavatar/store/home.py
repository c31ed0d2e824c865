"""Where the user's own store is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import platformdirs

VARIABLE: Final = "XAVATAR_STORE"


def default_path() -> Path:
    """Return where a store is kept by those who ask for one: ``$XAVATAR_STORE``, or the user's data directory."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return platformdirs.user_data_path("xavatar", appauthor=False) / "store.sqlite"
