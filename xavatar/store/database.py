"""One SQLite database behind a lock: opened safely, used from any thread, errors of ours."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from xavatar.errors import StoreError, XavatarError

from . import migrations

BUSY_SECONDS: Final = 30.0
"""How long one process waits for another's transaction."""
_TEMPORARY_KIB: Final = 4 << 10
"""What a temporary database may take in memory before it goes to disk."""
_WAITING_BYTES: Final = 12 << 20
"""What may wait to be written to a temporary database: the pictures of some 2000 people."""

Row = tuple[Any, ...]


class _Connection(NamedTuple):
    """One connection, for one thread at a time."""

    db: sqlite3.Connection
    lock: threading.RLock


class Database:
    """A database that several threads may use: a connection to write, and one to read meanwhile.

    A temporary database has but one, since no other could find it.

    Parameters
    ----------
    path : Path, optional
        A file; left out, a temporary database that is on disk only when it grows, and never
        has a name.
    read_only : bool
        Look only; the file must exist.

    Raises
    ------
    StoreError
        The file cannot be opened, or is no store.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._process = os.getpid()
        self._closed = False
        self._waiting: list[tuple[str, Sequence[Row]]] = []
        self._waiting_bytes = 0
        with self._told("cannot be opened"), contextlib.ExitStack() as undo:
            if path is not None and not read_only:
                _create_private(path)
            self._writer = self._open("ro" if read_only else "rw")
            undo.callback(self._writer.db.close)
            self._prepare(self._writer.db)
            self._reader = self._writer if path is None or read_only else self._open("ro")
            undo.pop_all()
        # For those who forget to close, and for the store that lives as long as its process.
        self._release = weakref.finalize(self, _close, self._process, self._reader.db, self._writer.db)

    def _open(self, mode: str) -> _Connection:
        target = f"{self.path.absolute().as_uri()}?mode={mode}" if self.path is not None else ""
        db = sqlite3.connect(
            target, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, uri=bool(target)
        )
        return _Connection(db, threading.RLock())

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA foreign_keys = ON")
        if self.read_only:
            if migrations.pending(db):
                raise StoreError(f"Store {self.path} is of an older xavatar: open it for writing once.")
            return
        # Erased means erased: the bytes of a picture do not stay in free pages.
        db.execute("PRAGMA secure_delete = ON")
        if self.path is not None:
            _use_wal(db)
            db.execute("PRAGMA synchronous = NORMAL")
        else:
            db.execute(f"PRAGMA cache_size = {-_TEMPORARY_KIB}")
        migrations.migrate(db)

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called, or this is a process forked since."""
        return self._closed or os.getpid() != self._process

    def read(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Return all rows of one query."""
        with self._use(self._reader) as db:
            return db.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[object] = ()) -> Any:
        """Return the first value of a query's first row, or None when there is no row."""
        rows = self.read(sql, values)
        return rows[0][0] if rows else None

    @contextmanager
    def moment(self) -> Iterator[None]:
        """Let all that this thread reads be of one moment, whatever is committed meanwhile."""
        with self._use(self._reader) as db:
            if db.in_transaction:
                yield
                return
            db.execute("BEGIN")
            try:
                yield
            finally:
                db.execute("ROLLBACK")

    @contextmanager
    def write(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """Do all or nothing.

        Parameters
        ----------
        durable : bool
            Wait until it would survive a loss of power; a killed process never loses what was
            committed.
        """
        with self._use(self._writer) as db:
            if self.read_only:
                raise StoreError(f"Store {self.path} is open for reading only. Open it without `read_only`.")
            if durable and self.path is not None:
                db.execute("PRAGMA synchronous = FULL")
            try:
                with migrations.transaction(db):
                    yield db
            finally:
                if durable and self.path is not None:
                    db.execute("PRAGMA synchronous = NORMAL")

    def run(self, sql: str, values: Sequence[object] = ()) -> None:
        """Run one statement by itself, outside of transactions or as one of its own."""
        with self._use(self._writer) as db:
            db.execute(sql, values)

    def run_many(self, sql: str, rows: Sequence[Row], nbytes: int) -> None:
        """Run a statement for each row, all or none; in a temporary database no sooner than somebody looks.

        It has nothing to survive, and in most sessions nobody looks. What cannot be written then goes on waiting.

        Parameters
        ----------
        sql : str
        rows : sequence of tuple
        nbytes : int
            What the rows take in memory.
        """
        if self.path is not None:
            with self.write() as transaction:
                transaction.executemany(sql, rows)
            return
        with self._entered(self._writer):
            if self._waiting_bytes + nbytes > _WAITING_BYTES:
                self._catch_up()
            self._waiting.append((sql, rows))
            self._waiting_bytes += nbytes

    def _catch_up(self) -> None:
        db = self._writer.db
        if not self._waiting or db.in_transaction:
            return
        with migrations.transaction(db):
            for sql, rows in self._waiting:
                db.executemany(sql, rows)
        self._waiting, self._waiting_bytes = [], 0

    @contextmanager
    def _use(self, connection: _Connection) -> Iterator[sqlite3.Connection]:
        with self._entered(connection):
            self._catch_up()
            yield connection.db

    @contextmanager
    def _entered(self, connection: _Connection) -> Iterator[None]:
        if os.getpid() != self._process:
            raise StoreError("The store was opened by the parent process; open it again in this one.")
        with connection.lock, self._told("failed"):
            if self._closed:
                raise StoreError("The store is closed.")
            yield

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        name = f"Store {self.path or '(temporary)'}"
        try:
            yield
        except XavatarError:
            raise
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise StoreError(
                    f"{name}: another process kept it locked for {BUSY_SECONDS:g} s. Try again."
                ) from error
            raise StoreError(f"{name} {what}: {error}. Is there room, and may you write there?") from error
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{name} {what}: {error}. Give another path, or move the file away.") from error

    def close(self) -> None:
        """Close the database; nothing when it is closed, or belongs to the parent process."""
        if os.getpid() != self._process:
            return
        with self._writer.lock, self._reader.lock:
            if not self._closed:
                self._closed = True
                self._waiting = []
                self._release()


def _close(process: int, *connections: sqlite3.Connection) -> None:
    # A forked process must not touch its parent's: SQLite's locks belong to whoever took them.
    if os.getpid() == process:
        for db in connections:
            db.close()


def _use_wal(db: sqlite3.Connection) -> None:
    # Two processes that open a new file at once: SQLite's busy handler does not cover this change.
    deadline = time.monotonic() + BUSY_SECONDS
    while db.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _create_private(path: Path) -> None:
    """Create the file for its owner alone, as it will hold other people's pictures; SQLite's side files follow it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
