"""Whether everything in the store is as it was put there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from xavatar.errors import StoreError

from . import snapshots
from .database import Database
from .images import sha1_of

_AT_ONCE: Final = 64


def check(db: Database) -> Iterator[str]:
    """Yield what is wrong, in words; nothing for a sound store."""
    try:
        yield from (f"file: {told}" for (told,) in db.read("PRAGMA integrity_check") if told != "ok")
        for table, row, parent, _ in db.read("PRAGMA foreign_key_check"):
            yield f"{table}, row {row}: what it belongs to is not in {parent}"
        yield from _images(db)
        yield from _snapshots(db)
    except StoreError as error:
        yield str(error)


def _images(db: Database) -> Iterator[str]:
    """Hash all images, a few at a time, so that nobody waits for the lock."""
    last = ""
    while found := db.read("SELECT sha1, data FROM images WHERE sha1 > ? ORDER BY sha1 LIMIT ?", (last, _AT_ONCE)):
        yield from (f"image {sha1}: its bytes hash to {sha1_of(data)}" for sha1, data in found if sha1_of(data) != sha1)
        last = found[-1][0]


def _snapshots(db: Database) -> Iterator[str]:
    counts = db.read("SELECT id, descriptors, findings FROM snapshots ORDER BY taken_at, id")
    for key, descriptors, findings in counts:
        try:
            outcomes, found = snapshots.load(db, key).outcomes, snapshots.findings(db, key)
        except (KeyError, TypeError, ValueError) as error:
            yield f"snapshot {key}: cannot be read back ({type(error).__name__}: {error})"
            continue
        if sum(len(outcome.readings) for outcome in outcomes) != descriptors:
            yield f"snapshot {key}: not all of its {descriptors} descriptors are there"
        if (None if found is None else len(found)) != findings:
            yield f"snapshot {key}: not all of its {findings} findings are there"
