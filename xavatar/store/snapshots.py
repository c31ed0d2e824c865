"""Snapshots in the store: written whole, read back exactly."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd

from xavatar.errors import ConfigError, SnapshotNotFound
from xavatar.frames.schema import BOOLEAN, INTEGER, NAMES, STRING, TIME
from xavatar.frames.text import clean
from xavatar.model import Finding, Snapshot

from . import rows
from .database import Database
from .rows import moment

_DESCRIPTORS: Final = ", ".join(f'"{name}"' for name in (*rows.EXTRA, *NAMES))
_FRAME: Final = ", ".join(f'"{name}"' for name in NAMES)
_FACTS: Final = ", ".join(("key", *rows.FACT_FIELDS))
_FINDINGS: Final = ", ".join(rows.FINDING_FIELDS)
_HEAD: Final = "id, account, scope, taken_at, complete, saved_at, subjects, descriptors, pictures, findings"

LISTED: Final = {
    **dict.fromkeys(("id", "account", "scope"), STRING),
    "taken_at": TIME,
    "complete": BOOLEAN,
    **dict.fromkeys(("subjects", "descriptors", "pictures", "findings"), INTEGER),
    "saved_at": TIME,
}
"""Columns and dtypes of :func:`listed`."""


def save(db: Database, snapshot: Snapshot, findings: Iterable[Finding] | None) -> str:
    """Keep a snapshot in one transaction, in the place of one with the same id; return its id."""
    key = snapshot.id or _new_id(snapshot.taken_at)
    if not key.isprintable():
        raise ConfigError(f"{key!r} cannot be a snapshot's id: it has characters that cannot be shown.")
    laid = rows.rows(snapshot.outcomes, key)
    judged = None if findings is None else [(key, *rows.finding_cells(finding)) for finding in findings]
    header = (
        key,
        clean(snapshot.account),
        clean(snapshot.scope),
        moment(snapshot.taken_at),
        snapshot.complete,
        moment(datetime.now(UTC)),
        len({outcome.subject.jid for outcome in snapshot.outcomes}),
        sum(len(outcome.readings) for outcome in snapshot.outcomes),
        len({reading.facts.sha1 for outcome in snapshot.outcomes for reading in outcome.readings if reading.facts}),
        None if judged is None else len(judged),
    )
    with db.write(durable=True) as transaction:
        transaction.execute("DELETE FROM snapshots WHERE id = ?", (key,))
        transaction.execute(f"INSERT INTO snapshots ({_HEAD}) VALUES ({_marks(header)})", header)
        transaction.executemany(
            f"INSERT OR IGNORE INTO facts ({_FACTS}) VALUES ({_marks(rows.FACT_FIELDS)}, ?)", laid.facts
        )
        transaction.executemany(
            f"INSERT INTO descriptors ({_DESCRIPTORS}) VALUES ({_marks((*rows.EXTRA, *NAMES))})", laid.descriptors
        )
        transaction.executemany(
            f"INSERT INTO findings (snapshot, {_FINDINGS}) VALUES (?, {_marks(rows.FINDING_FIELDS)})", judged or ()
        )
    return key


def load(db: Database, key: str) -> Snapshot:
    """Return a snapshot as it was saved."""
    wanted = f"SELECT {_FACTS} FROM facts WHERE key IN (SELECT facts FROM descriptors WHERE snapshot = ?)"
    with db.moment():
        empty = head(db, key)
        facts = db.read(wanted, (key,))
        found = db.read(f"SELECT {_DESCRIPTORS} FROM descriptors WHERE snapshot = ? ORDER BY row", (key,))
    return replace(empty, outcomes=tuple(rows.outcomes(found, facts)))


def head(db: Database, key: str) -> Snapshot:
    """Return a snapshot without its outcomes."""
    found = db.read("SELECT account, scope, taken_at, complete FROM snapshots WHERE id = ?", (key,))
    if not found:
        raise SnapshotNotFound(f"The store has no snapshot {key!r}. `snapshots()` lists what it has.")
    account, scope, taken_at, complete = found[0]
    return Snapshot(account, scope, (), datetime.fromisoformat(taken_at), bool(complete), key)


def findings(db: Database, key: str) -> tuple[Finding, ...] | None:
    """Return a snapshot's findings; None when it was saved without a judgement."""
    with db.moment():
        head(db, key)
        judged = db.one("SELECT findings FROM snapshots WHERE id = ?", (key,)) is not None
        found = db.read(f"SELECT {_FINDINGS} FROM findings WHERE snapshot = ? ORDER BY row", (key,))
    return tuple(map(rows.finding, found)) if judged else None


def frame(db: Database, key: str) -> pd.DataFrame:
    """Return a snapshot as the frame it was saved from."""
    with db.moment():
        head(db, key)
        found = db.read(f"SELECT {_FRAME} FROM descriptors WHERE snapshot = ? ORDER BY row", (key,))
    return rows.table(found)


def history(db: Database, jid: str) -> pd.DataFrame:
    """Return all that was ever seen of one subject, in the order of the snapshots."""
    return rows.table(
        db.read(
            f"SELECT {_FRAME} FROM descriptors WHERE jid = ? "
            "ORDER BY (SELECT taken_at FROM snapshots WHERE snapshots.id = snapshot), snapshot, row",
            (jid,),
        )
    )


def listed(db: Database) -> pd.DataFrame:
    """Return one row per snapshot, the oldest first."""
    found = db.read(f"SELECT {', '.join(LISTED)} FROM snapshots ORDER BY taken_at, id")
    table = pd.DataFrame(found, columns=list(LISTED))
    for name, dtype in LISTED.items():
        column: Any = table[name]
        if dtype == TIME:
            column = pd.to_datetime(column, format="ISO8601", utc=True)
        kind: Any = dtype
        table[name] = column.astype("object").astype(kind) if dtype == BOOLEAN else column.astype(kind)
    return table


def previous(db: Database, before: Snapshot | None, account: str | None, scope: str | None) -> str:
    """Return the id of the newest snapshot, of those that fit and are older than `before`."""
    told = {"account": account, "scope": scope}
    if before is not None:
        told = {"account": clean(before.account), "scope": clean(before.scope)}
    where = [f"{name} = ?" for name, value in told.items() if value is not None]
    values: list[str] = [value for value in told.values() if value is not None]
    if before is not None:
        where.append("(taken_at, id) < (?, ?)")
        values += [moment(before.taken_at), before.id]
    condition = f"WHERE {' AND '.join(where)}" if where else ""
    key = db.one(f"SELECT id FROM snapshots {condition} ORDER BY taken_at DESC, id DESC LIMIT 1", values)
    if key is None:
        whose = ", ".join(value for value in told.values() if value) or "anything"
        when = f" before {before.taken_at:%Y-%m-%d %H:%M} UTC" if before is not None else ""
        raise SnapshotNotFound(f"The store has no snapshot of {whose}{when}. `snapshots()` lists what it has.")
    return str(key)


def _new_id(taken_at: datetime) -> str:
    return f"{taken_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}Z-{secrets.token_hex(3)}"


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)
