"""What is kept: snapshots with their findings, and the pictures they show."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import pandas as pd

from xavatar.errors import SnapshotNotFound, StoreError
from xavatar.frames.images import register, unregister
from xavatar.model import Finding, Inventory, Snapshot

from . import compare, images, retention, snapshots
from .check import check
from .database import Database
from .diff import Diff
from .export import export
from .home import default_path
from .retention import Pruned, Retention


class Store:
    """A store of snapshots and images; frames find pictures in any store that is open.

    Parameters
    ----------
    path : Path or str, optional
        A file, created for its owner alone when it does not exist; left out, the user's own:
        ``$XAVATAR_STORE``, or a file in the user's data directory. An empty name makes a temporary
        store, see :meth:`temporary`.
    read_only : bool
        Look only; the file must exist.
    retention : Retention, optional
        What may stay; applied after each :meth:`save`. Left out, all stays.

    Raises
    ------
    StoreError
        The file cannot be opened, or is a database of something else.
    SchemaTooNew
        A newer version of xavatar wrote it.

    Notes
    -----
    Any thread may use it, and several processes may use one file at once: readers never wait,
    writers wait for each other's transactions, which are short.

    Examples
    --------
    >>> with Store.temporary() as store:
    ...     len(store.snapshots())
    0
    """

    def __init__(
        self, path: Path | str | None = None, *, read_only: bool = False, retention: Retention | None = None
    ) -> None:
        if path is None:
            path = default_path()
            if not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
        self.path = Path(path) if path != "" else None
        self.retention = retention
        self._db = Database(self.path, read_only=read_only)
        register(self)

    @classmethod
    def temporary(cls, *, retention: Retention | None = None) -> Self:
        """Return a store that nobody else can open and that is gone when it is closed."""
        return cls("", retention=retention)

    def save(self, snapshot: Snapshot, findings: Iterable[Finding] | None = None) -> str:
        """Keep a snapshot; one with the same id is replaced.

        Parameters
        ----------
        snapshot : Snapshot
        findings : iterable of Finding, optional
            What an audit said about it; left out, it counts as not judged yet.

        Returns
        -------
        str
            The snapshot's id, a new one when it had none.
        """
        key = snapshots.save(self._db, snapshot, findings)
        if self.retention is not None:
            retention.prune(self._db, self.retention)
        return key

    def load(self, id: str) -> Snapshot:
        """Return a snapshot exactly as it was saved.

        Raises
        ------
        SnapshotNotFound
        """
        return snapshots.load(self._db, id)

    def findings(self, id: str) -> tuple[Finding, ...] | None:
        """Return the findings saved with a snapshot; ``None`` when it was not judged.

        Raises
        ------
        SnapshotNotFound
        """
        return snapshots.findings(self._db, id)

    def frame(self, id: str) -> pd.DataFrame:
        """Return a snapshot as a frame (see :mod:`xavatar.frames.schema`).

        Raises
        ------
        SnapshotNotFound
        """
        return snapshots.frame(self._db, id)

    def snapshots(self) -> pd.DataFrame:
        """Return one row per snapshot, the oldest first: who looked at what and when, and how much was seen."""
        return snapshots.listed(self._db)

    def previous(
        self, of: Snapshot | str | None = None, *, account: str | None = None, scope: str | None = None
    ) -> Snapshot:
        """Return the snapshot before another one, of the same account and scope.

        Parameters
        ----------
        of : Snapshot or str, optional
            A snapshot, saved or not, or the id of a saved one; left out, the newest snapshot is
            returned.
        account, scope : str, optional
            Without `of`: only snapshots by this account, of ``roster``, ``me`` or this room.

        Raises
        ------
        SnapshotNotFound
            There is none.
        """
        before = snapshots.head(self._db, of) if isinstance(of, str) else of
        return self.load(snapshots.previous(self._db, before, account, scope))

    def history(self, jid: str) -> pd.DataFrame:
        """Return all that was ever seen of one subject, as a frame in the order of the snapshots."""
        return snapshots.history(self._db, jid)

    def diff(self, before: Snapshot | str, after: Snapshot | str) -> Diff:
        """Return what changed between two snapshots of the same account and scope.

        Parameters
        ----------
        before, after : Snapshot or str
            Ids of saved ones, or snapshots themselves. Findings are compared when both were saved
            with theirs.

        Raises
        ------
        SnapshotNotFound
        ConfigError
            They are of different accounts or scopes.
        """
        one, other = (self.load(each) if isinstance(each, str) else each for each in (before, after))
        return compare.diff(one, other, self._findings_of(one), self._findings_of(other))

    def _findings_of(self, snapshot: Snapshot) -> tuple[Finding, ...] | None:
        try:
            return self.findings(snapshot.id)
        except SnapshotNotFound:
            return None

    def export(self, directory: Path | str, ids: Iterable[str] | None = None) -> Path:
        """Write snapshots as Parquet, partitioned by snapshot, and their images beside.

        Parameters
        ----------
        directory : Path or str
            Where ``snapshots.parquet``, ``descriptors/``, ``outcomes/``, ``facts/``, ``findings/`` and ``images/``
            go; what is there from an earlier export is brought up to date.
        ids : iterable of str, optional
            Only these snapshots.

        Returns
        -------
        Path
            The directory.

        Raises
        ------
        MissingExtra
            pyarrow is not installed.
        SnapshotNotFound
        """
        export(self._db, Path(directory), ids)
        return Path(directory)

    def prune(self, chosen: Retention | None = None) -> Pruned:
        """Drop what need not be kept, and images that no snapshot shows.

        Parameters
        ----------
        chosen : Retention, optional
            Left out, the store's own; without one, only images left over go.
        """
        return retention.prune(self._db, chosen or self.retention or Retention())

    def drop(self, id: str) -> None:
        """Drop one snapshot, and the images that no other shows.

        Raises
        ------
        SnapshotNotFound
        """
        retention.drop(self._db, id)

    def vacuum(self) -> int:
        """Drop what need not be kept, and give the room back to the system; others wait meanwhile.

        Returns
        -------
        int
            By how many bytes the file shrank.
        """
        self.prune()
        return retention.vacuum(self._db)

    def check(self) -> tuple[str, ...]:
        """Read everything, and return what is wrong, in words; nothing for a sound store."""
        return tuple(check(self._db))

    def get(self, sha1: str) -> bytes | None:
        """Return an image's bytes, or ``None``; they are checked against their key, and blocked ones held back."""
        return None if self._db.closed else images.get(self._db, sha1)

    def inventory(self) -> Inventory:
        """Return which images are here, and which are blocked; nothing when the store is closed."""
        return Inventory() if self._db.closed else images.inventory(self._db)

    def put(self, sha1: str, data: bytes) -> None:
        """Keep an image's bytes, unless it is blocked.

        Raises
        ------
        HashMismatch
            The bytes do not hash to `sha1`.
        StoreError
            The store is closed, or cannot write.
        """
        images.put(self._db, [(images.checked(sha1, data), data)])

    def put_many(self, pictures: Iterable[tuple[str, bytes]]) -> None:
        """Keep several images, pairs of the SHA-1 found in their bytes and these, all or none; see :meth:`put`.

        They are not hashed here: bytes that are not of their key are never handed out, see :meth:`get`.
        """
        images.put(self._db, pictures)

    def doubt(self, odd: Collection[str], sound: Collection[str]) -> None:
        """Remember which images lay in odd items, and which do no more: items with the former are fetched again.

        Parameters
        ----------
        odd, sound : collection of str
            SHA-1 of images; others than those that are here are left out.
        """
        images.doubt(self._db, odd, sound)

    def block(self, sha1: str, reason: str = "", *, erase: bool = False) -> None:
        """Never show, keep or export an image again, as one that was put up to shock a public room.

        Parameters
        ----------
        sha1 : str
        reason : str
            For whoever reads the list later.
        erase : bool
            Delete the bytes as well, if they are here.

        Raises
        ------
        ConfigError
            `sha1` is none.
        """
        images.block(self._db, sha1, reason, erase=erase)

    def unblock(self, sha1: str) -> None:
        """Take an image off the block list; nothing when it is not there."""
        images.unblock(self._db, sha1)

    def blocked(self) -> pd.DataFrame:
        """Return the block list: sha1, reason, blocked_at."""
        return images.blocked(self._db)

    @property
    def closed(self) -> bool:
        """Whether the store is closed."""
        return self._db.closed

    def close(self) -> None:
        """Close the store; nothing when it is closed."""
        unregister(self)
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def __len__(self) -> int:
        return 0 if self._db.closed else int(self._db.one("SELECT count(*) FROM images"))

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        name = self.path or "(temporary)"
        try:
            kept = self._db.one("SELECT count(*) FROM snapshots")
            return f"<Store {name}: {kept} snapshots, {len(self)} images>"
        except StoreError:
            return f"<Store {name}, closed>" if self.closed else f"<Store {name}>"
