"""How much is kept: the newest snapshots, and only the images that some snapshot shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from xavatar.errors import ConfigError, SnapshotNotFound

from .database import Database
from .rows import moment


@dataclass(frozen=True, slots=True)
class Retention:
    """What may stay in a store; left out, all of it.

    Parameters
    ----------
    snapshots : int, optional
        So many of each account and scope, the newest.
    max_age : timedelta, optional
        Older snapshots go, the last one too.
    max_bytes : int, optional
        While more are in use the oldest snapshot goes; the newest of all stays.
    grace : timedelta
        Images that no snapshot shows are kept this long: one that is being collected will.

    Raises
    ------
    ConfigError
        A bound below zero, or no snapshots at all.
    """

    snapshots: int | None = None
    max_age: timedelta | None = None
    max_bytes: int | None = None
    grace: timedelta = timedelta(days=1)

    def __post_init__(self) -> None:
        if self.snapshots is not None and self.snapshots < 1:
            raise ConfigError(f"Retention.snapshots must be 1 or more, not {self.snapshots}.")
        if self.max_bytes is not None and self.max_bytes < 0:
            raise ConfigError(f"Retention.max_bytes must not be negative, and is {self.max_bytes}.")
        for name in ("max_age", "grace"):
            span = getattr(self, name)
            if span is not None and span < timedelta(0):
                raise ConfigError(f"Retention.{name} must not be negative, and is {span}.")


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went.

    Parameters
    ----------
    snapshots : tuple of str
        Ids, in the order in which they went.
    images : int
    """

    snapshots: tuple[str, ...] = ()
    images: int = 0


# Ranked among the snapshots of one account and scope, the newest first.
_EXCESS: Final = """
SELECT id FROM (SELECT id, taken_at, row_number() OVER (PARTITION BY account, scope ORDER BY taken_at DESC, id DESC) n
FROM snapshots) WHERE n > ? OR taken_at < ? ORDER BY taken_at, id
"""
_OLDEST: Final = "SELECT id FROM snapshots ORDER BY taken_at, id LIMIT 2"
_UNSHOWN: Final = "NOT EXISTS (SELECT 1 FROM descriptors WHERE descriptors.sha1 = images.sha1)"
_UNUSED: Final = "NOT EXISTS (SELECT 1 FROM descriptors WHERE descriptors.facts = facts.key)"


def prune(db: Database, retention: Retention) -> Pruned:
    """Drop what need not be kept; each snapshot in a short transaction of its own."""
    now = datetime.now(UTC)
    oldest = moment(now - retention.max_age) if retention.max_age is not None else ""
    most = retention.snapshots if retention.snapshots is not None else 2**62
    gone: list[str] = []
    images = 0
    for (key,) in db.read(_EXCESS, (most, oldest)):
        images += _drop(db, key, gone)
    with db.write() as transaction:
        before = moment(now - retention.grace)
        images += transaction.execute(f"DELETE FROM images WHERE kept_at < ? AND {_UNSHOWN}", (before,)).rowcount
    while retention.max_bytes is not None and used(db) > retention.max_bytes:
        ids = db.read(_OLDEST)
        if len(ids) < 2:
            break
        images += _drop(db, ids[0][0], gone)
    return Pruned(tuple(gone), images)


def drop(db: Database, key: str) -> int:
    """Drop one snapshot with the images and facts that it alone has; return how many images went."""
    gone: list[str] = []
    images = _drop(db, key, gone)
    if not gone:
        raise SnapshotNotFound(f"The store has no snapshot {key!r}. `snapshots()` lists what it has.")
    return images


def _drop(db: Database, key: str, gone: list[str]) -> int:
    """Drop one snapshot and note its id, unless another process was faster."""
    with db.write() as transaction:
        shown = transaction.execute("SELECT DISTINCT sha1 FROM descriptors WHERE snapshot = ?", (key,)).fetchall()
        facts = transaction.execute("SELECT DISTINCT facts FROM descriptors WHERE snapshot = ?", (key,)).fetchall()
        if not transaction.execute("DELETE FROM snapshots WHERE id = ?", (key,)).rowcount:
            return 0
        gone.append(key)
        transaction.executemany(f"DELETE FROM facts WHERE key = ? AND {_UNUSED}", facts)
        return transaction.executemany(f"DELETE FROM images WHERE sha1 = ? AND {_UNSHOWN}", shown).rowcount


def used(db: Database) -> int:
    """Return how many bytes of the file are in use, free pages apart."""
    pages = db.one("PRAGMA page_count") - db.one("PRAGMA freelist_count")
    return int(pages * db.one("PRAGMA page_size"))


def vacuum(db: Database) -> int:
    """Give free pages back to the system; return by how many bytes the file shrank."""
    before = db.one("PRAGMA page_count")
    db.run("VACUUM")
    if db.path is not None:
        db.run("PRAGMA wal_checkpoint(TRUNCATE)")
    return int((before - db.one("PRAGMA page_count")) * db.one("PRAGMA page_size"))
