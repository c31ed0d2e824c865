"""The store's tables, built from the frame's columns and the fields of the values.

Columns are plain and of one type each, so that sqlite3, pandas, Datasette and DuckDB read
them without our help. ``descriptors`` is the frame; two columns more bring the values back
exactly: ``facts`` points to all that was found in the bytes, ``exact`` keeps an outcome that
columns cannot hold.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields
from typing import Final

from xavatar.errors import SchemaTooNew
from xavatar.frames.schema import BOOLEAN, COLUMNS, FLOAT, INTEGER, STRING, TIME
from xavatar.model import Finding, ImageFacts

# Booleans are 0 and 1 everywhere in SQLite, and readers with strict types agree on INTEGER only.
_OF_DTYPE: Final = {STRING: "TEXT", INTEGER: "INTEGER", FLOAT: "REAL", BOOLEAN: "INTEGER", TIME: "TEXT"}
_OF_FIELD: Final = {"int": "INTEGER", "bool": "INTEGER", "float": "REAL"}


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Parameters
    ----------
    name : str
    keys : tuple of str
        Definitions of the columns that no value of the model has.
    columns : dict of str to str
        The others, with their SQL types; one that is new is added to tables that exist.
    """

    name: str
    keys: tuple[str, ...]
    columns: dict[str, str]


def _fields(value: type, *without: str) -> dict[str, str]:
    told = {field.name: str(field.type).removesuffix(" | None") for field in fields(value)}
    return {name: _OF_FIELD.get(kind, "TEXT") for name, kind in told.items() if name not in without}


_OF_SNAPSHOT: Final = "snapshot TEXT NOT NULL REFERENCES snapshots ON DELETE CASCADE"

SNAPSHOTS: Final = Table(
    "snapshots",
    (
        "id TEXT PRIMARY KEY",
        "account TEXT NOT NULL",
        "scope TEXT NOT NULL",
        "taken_at TEXT NOT NULL",
        "complete INTEGER NOT NULL",
        "saved_at TEXT NOT NULL",
    ),
    {"subjects": "INTEGER", "descriptors": "INTEGER", "pictures": "INTEGER", "findings": "INTEGER"},
)
FACTS: Final = Table("facts", ("key TEXT PRIMARY KEY",), _fields(ImageFacts))
DESCRIPTORS: Final = Table(
    "descriptors",
    (
        "row INTEGER PRIMARY KEY",
        _OF_SNAPSHOT,
        "outcome INTEGER NOT NULL",
        "facts TEXT REFERENCES facts",
        "exact BLOB",
    ),
    {column.name: _OF_DTYPE[column.dtype] for column in COLUMNS if column.name != "snapshot"},
)
FINDINGS: Final = Table("findings", ("row INTEGER PRIMARY KEY", _OF_SNAPSHOT), _fields(Finding))
IMAGES: Final = Table(
    "images",
    ("sha1 TEXT PRIMARY KEY", "nbytes INTEGER NOT NULL", "kept_at TEXT NOT NULL", "data BLOB NOT NULL"),
    {"doubted": "INTEGER"},
)
BLOCKED: Final = Table("blocked", ("sha1 TEXT PRIMARY KEY", "reason TEXT NOT NULL", "blocked_at TEXT NOT NULL"), {})
TABLES: Final = (SNAPSHOTS, FACTS, DESCRIPTORS, FINDINGS, IMAGES, BLOCKED)

_INDEXES: Final = (
    "CREATE INDEX snapshots_by_time ON snapshots (taken_at)",
    "CREATE INDEX descriptors_by_snapshot ON descriptors (snapshot)",
    "CREATE INDEX descriptors_by_jid ON descriptors (jid)",
    "CREATE INDEX descriptors_by_sha1 ON descriptors (sha1)",
    "CREATE INDEX descriptors_by_facts ON descriptors (facts)",
    "CREATE INDEX findings_by_snapshot ON findings (snapshot)",
)


def create(db: sqlite3.Connection) -> None:
    """Create all tables in an empty database."""
    for table in TABLES:
        columns = ", ".join([*table.keys, *(f'"{name}" {kind}' for name, kind in table.columns.items())])
        db.execute(f"CREATE TABLE {table.name} ({columns})")
    for index in _INDEXES:
        db.execute(index)


def missing(db: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return table, name and type of the columns that the model has and the tables have not.

    Raises
    ------
    SchemaTooNew
        A table has a column that this version does not know.
    """
    found: list[tuple[str, str, str]] = []
    for table in TABLES:
        there = {str(row[1]) for row in db.execute(f"PRAGMA table_info({table.name})")}
        ours = {definition.partition(" ")[0] for definition in table.keys} | set(table.columns)
        if unknown := sorted(there - ours):
            raise SchemaTooNew(
                f"A newer xavatar wrote this store: table {table.name} has {', '.join(unknown)}. "
                "Upgrade xavatar, or open another store."
            )
        found += [(table.name, name, kind) for name, kind in table.columns.items() if name not in there]
    return found
