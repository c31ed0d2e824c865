"""Images by the SHA-1 of their bytes: one copy, however many use it; some of them blocked."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd

from xavatar.errors import ConfigError, HashMismatch
from xavatar.frames.agreement import is_sha1, normalized
from xavatar.frames.schema import STRING, TIME
from xavatar.model import Inventory

from .database import Database
from .rows import moment

_FRESH: Final = timedelta(hours=1)

# An image that is there is written again only when its bytes were damaged, or it would soon count as left over.
_PUT: Final = """
INSERT INTO images (sha1, nbytes, kept_at, data)
SELECT * FROM (SELECT ? AS sha1, ?, ?, ?) new WHERE NOT EXISTS (SELECT 1 FROM blocked WHERE blocked.sha1 = new.sha1)
ON CONFLICT (sha1) DO UPDATE SET nbytes = excluded.nbytes, kept_at = excluded.kept_at, data = excluded.data
WHERE data IS NOT excluded.data OR kept_at < ?
"""
_GET: Final = "SELECT data FROM images WHERE sha1 = ? AND sha1 NOT IN (SELECT sha1 FROM blocked)"


def sha1_of(data: bytes) -> str:
    """Return the key of an image's bytes."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def get(db: Database, sha1: str) -> bytes | None:
    """Return an image's bytes, or None when there are none, or damaged or blocked ones."""
    data = db.one(_GET, (sha1,))
    return bytes(data) if data is not None and sha1_of(data) == sha1 else None


def put(db: Database, images: Iterable[tuple[str, bytes]]) -> None:
    """Keep images' bytes, in one transaction; not those of blocked ones.

    They are taken to be of their keys: whoever looked at them has just hashed them, and :func:`get` hashes them again.
    """
    now = datetime.now(UTC)
    kept_at, stale = moment(now), moment(now - _FRESH)
    rows = [(sha1, len(data), kept_at, data, stale) for sha1, data in images]
    db.run_many(_PUT, rows, sum(len(data) for _, _, _, data, _ in rows))


def checked(sha1: str, data: bytes) -> str:
    """Return the key of an image's bytes, or raise HashMismatch when it is not theirs."""
    if sha1_of(data) != sha1:
        raise HashMismatch(f"These {len(data)} bytes hash to {sha1_of(data)}, they cannot be kept as {sha1}.")
    return sha1


def block(db: Database, sha1: str, reason: str, *, erase: bool) -> None:
    """Put an image on the block list, or change the reason there."""
    key = _key(sha1)
    with db.write() as transaction:
        transaction.execute(
            "INSERT INTO blocked VALUES (?, ?, ?) ON CONFLICT (sha1) DO UPDATE SET reason = excluded.reason",
            (key, reason, moment(datetime.now(UTC))),
        )
        if erase:
            transaction.execute("DELETE FROM images WHERE sha1 = ?", (key,))


def inventory(db: Database) -> Inventory:
    """Return which images are here, and which are blocked."""
    with db.moment():
        blocked = frozenset(key for (key,) in db.read("SELECT sha1 FROM blocked"))
        held: dict[str, int | None] = dict(db.read("SELECT sha1, doubted FROM images"))
    held_keys = frozenset(held) - blocked
    return Inventory(held_keys, blocked, frozenset(key for key in held_keys if held[key]))


def doubt(db: Database, odd: Collection[str], sound: Collection[str]) -> None:
    """Remember which images lay in odd items, and which do no more."""
    with db.write() as transaction:
        for keys, is_odd in ((odd, 1), (sound, 0)):
            transaction.executemany("UPDATE images SET doubted = ? WHERE sha1 = ?", [(is_odd, key) for key in keys])


def unblock(db: Database, sha1: str) -> None:
    """Take an image off the block list."""
    db.run("DELETE FROM blocked WHERE sha1 = ?", (_key(sha1),))


def blocked(db: Database) -> pd.DataFrame:
    """Return the block list, the newest entry last."""
    rows = db.read("SELECT sha1, reason, blocked_at FROM blocked ORDER BY blocked_at, sha1")
    listed = pd.DataFrame(rows, columns=["sha1", "reason", "blocked_at"])
    return listed.assign(blocked_at=pd.to_datetime(listed["blocked_at"], format="ISO8601", utc=True)).astype(
        {"sha1": STRING, "reason": STRING, "blocked_at": TIME}
    )


def _key(sha1: str) -> str:
    if not is_sha1(sha1):
        raise ConfigError(f"{sha1!r} is no SHA-1; the frame's column `sha1` has those of the pictures.")
    return normalized(sha1)
