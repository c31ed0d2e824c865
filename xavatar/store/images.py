"""Images by the SHA-1 of their bytes, in SQLite: one copy, however many use it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from xavatar.avatar.ids import sha1 as sha1_of
from xavatar.errors import StoreError
from xavatar.frames import images

_TABLE = """
CREATE TABLE IF NOT EXISTS images (
    sha1 TEXT PRIMARY KEY,
    data BLOB NOT NULL,
    kept_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) WITHOUT ROWID
"""


class Store:
    """A store of images; frames find pictures in any store that is open.

    Parameters
    ----------
    path : Path or str, optional
        A file; left out, a temporary one that the system removes when the store is closed.

    Raises
    ------
    StoreError
        The file cannot be opened, or is no database.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = Path(path) if path is not None else None
        self._lock = threading.Lock()
        try:
            # "" is SQLite's temporary database: on disk when it grows, never with a name.
            self._db = sqlite3.connect(str(path or ""), check_same_thread=False, isolation_level=None)
            self._db.execute(_TABLE)
        except sqlite3.Error as error:
            raise StoreError(f"Store {path}: {error}. Give another path, or move the file away.") from error
        self._open = True
        images.register(self)

    def get(self, sha1: str) -> bytes | None:
        """Return an image's bytes, or None; they are checked against their key."""
        with self._lock:
            if not self._open:
                return None
            row = self._db.execute("SELECT data FROM images WHERE sha1 = ?", (sha1,)).fetchone()
        if row is None:
            return None
        data = bytes(row[0])
        return data if sha1_of(data) == sha1 else None

    def put(self, sha1: str, data: bytes) -> None:
        """Keep an image's bytes.

        Raises
        ------
        StoreError
            The store is closed, or cannot write.
        """
        with self._lock:
            if not self._open:
                raise StoreError("The store is closed.")
            try:
                self._db.execute("INSERT OR IGNORE INTO images (sha1, data) VALUES (?, ?)", (sha1, data))
            except sqlite3.Error as error:
                raise StoreError(f"Store {self.path or '(temporary)'}: {error}.") from error

    def __len__(self) -> int:
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM images").fetchone()[0]) if self._open else 0

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Store {self.path or '(temporary)'}: {len(self)} images>"

    def close(self) -> None:
        """Close the store; nothing when it is closed."""
        with self._lock:
            if self._open:
                self._open = False
                self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
