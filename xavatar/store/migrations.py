"""Steps from any earlier store to today's: named, each in one transaction, recorded in the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from xavatar.errors import SchemaTooNew, StoreError

from . import schema

APPLICATION_ID: Final = 0x58415641
"""``XAVA`` in the file's header (SQLite's file format, 1.3.17): whose database this is."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step; its name never changes once released.

    Parameters
    ----------
    name : str
    apply : callable
        Called with the connection, within a transaction.
    """

    name: str
    apply: Callable[[sqlite3.Connection], object]


def _tables(db: sqlite3.Connection) -> None:
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    schema.create(db)


MIGRATIONS: Final = (Migration("tables", _tables),)


def migrate(db: sqlite3.Connection, migrations: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Bring a database up to date; nothing when it is.

    Several processes may do this at once: each step is looked for again once the database
    is locked.

    Raises
    ------
    StoreError
        The file is a database of something else.
    SchemaTooNew
        A newer version of xavatar wrote it.
    """
    _require_ours(db)
    for migration in migrations:
        if migration.name not in applied(db, migrations):
            with transaction(db):
                if migration.name not in applied(db, migrations):
                    migration.apply(db)
                    _record(db, migration.name)
    if schema.missing(db):
        with transaction(db):
            for table, name, kind in schema.missing(db):
                db.execute(f'ALTER TABLE {table} ADD COLUMN "{name}" {kind}')
                _record(db, f"column {table}.{name}")


def pending(db: sqlite3.Connection) -> bool:
    """Tell whether :func:`migrate` would change the database; raises as it does."""
    _require_ours(db)
    return bool({migration.name for migration in MIGRATIONS} - applied(db)) or bool(schema.missing(db))


def applied(db: sqlite3.Connection, migrations: tuple[Migration, ...] = MIGRATIONS) -> set[str]:
    """Return the names of the steps taken.

    Raises
    ------
    SchemaTooNew
        One of them is not known here.
    """
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = '_migrations'").fetchone():
        return set()
    names = {str(name) for (name,) in db.execute("SELECT name FROM _migrations")}
    known = {migration.name for migration in migrations}
    if unknown := sorted(name for name in names - known if not name.startswith("column ")):
        raise SchemaTooNew(
            f"A newer xavatar wrote this store (it has the step {', '.join(unknown)!r}). "
            "Upgrade xavatar, or open another store."
        )
    return names


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Do all or nothing, with the right to write from the start, so that no other can come between."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _record(db: sqlite3.Connection, name: str) -> None:
    db.execute("CREATE TABLE IF NOT EXISTS _migrations (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)")
    db.execute("INSERT INTO _migrations VALUES (?, ?)", (name, datetime.now(UTC).isoformat()))


def _require_ours(db: sqlite3.Connection) -> None:
    # In this order: another process may make the tables in between, and names the owner along with them.
    empty = not db.execute("SELECT 1 FROM sqlite_master").fetchone()
    (owner,) = db.execute("PRAGMA application_id").fetchone()
    if owner != APPLICATION_ID and not (empty and owner == 0):
        raise StoreError("The file is a database, but no store of xavatar. Give another path.")
