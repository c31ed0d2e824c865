"""The file itself: whose it is, who may read it, what version wrote it, who else opens it."""

from __future__ import annotations

import gc
import hashlib
import os
import sqlite3
import stat
import sys
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.support import THOROUGH, processes
from tests.unit.test_store_snapshots import FINDING, JULIET, PEP, snapshot
from xavatar.errors import SchemaTooNew, SnapshotNotFound, StoreError
from xavatar.frames import NAMES
from xavatar.store import Retention, Store, default_path, schema
from xavatar.store.migrations import MIGRATIONS, Migration, migrate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "store.sqlite"


def test_a_new_file_is_its_owner_s_alone(path: Path) -> None:
    old = os.umask(0)
    try:
        with Store(path) as store:
            store.save(snapshot(PEP))
            files = list(path.parent.iterdir())
            assert {file.name for file in files} == {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"}
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        os.umask(old)


def test_permissions_somebody_chose_stay(path: Path) -> None:
    Store(path).close()
    path.chmod(0o640)
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_odd_paths(tmp_path: Path) -> None:
    for name in ("a b.sqlite", "?mode=memory", "50%.sqlite", "#x", "é"):
        with Store(str(tmp_path / name)) as store:
            store.save(snapshot(PEP))
        assert len(Store(tmp_path / name).snapshots()) == 1


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_one_that_is_forgotten_is_closed(path: Path) -> None:
    store = Store(path)
    store.save(snapshot(PEP))
    del store
    gc.collect()
    assert {file.name for file in path.parent.iterdir()} == {"store.sqlite"}, "the log went back into the file"


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Store("here.sqlite"):
        assert (tmp_path / "here.sqlite").exists()


def test_no_database(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear Romeo, " * 100)
    with pytest.raises(StoreError, match=r"letter cannot be opened: file is not a database\. Give another path"):
        Store(tmp_path / "letter")
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path)


def test_somebody_else_s_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    raw(path, "CREATE TABLE bookmarks (url)")
    with pytest.raises(StoreError, match="no store of xavatar"):
        Store(path)
    assert raw(path, "SELECT name FROM sqlite_master") == [("bookmarks",)]


def test_read_only(path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(path, read_only=True)
    with Store(path) as writer, Store(path, read_only=True) as reader:
        key = writer.save(snapshot(PEP), [FINDING])
        assert reader.load(key).outcomes == (PEP,)
        for write in (lambda: reader.save(snapshot(PEP)), lambda: reader.block("0" * 40)):
            with pytest.raises(StoreError, match="reading only"):
                write()


def test_steps_are_recorded_and_taken_once(path: Path) -> None:
    Store(path).close()
    before = raw(path, "SELECT name, applied_at FROM _migrations")
    assert [name for name, _ in before] == [migration.name for migration in MIGRATIONS]
    Store(path).close()
    assert raw(path, "SELECT name, applied_at FROM _migrations") == before


def test_a_store_of_a_newer_version(path: Path) -> None:
    Store(path).close()
    raw(path, "INSERT INTO _migrations VALUES ('reshaped in 2031', '2031-01-01')")
    for read_only in (False, True):
        with pytest.raises(SchemaTooNew, match=r"'reshaped in 2031'.*Upgrade xavatar"):
            Store(path, read_only=read_only)


def test_a_column_of_a_newer_version(path: Path) -> None:
    Store(path).close()
    raw(path, "ALTER TABLE descriptors ADD COLUMN mood TEXT")
    with pytest.raises(SchemaTooNew, match="descriptors has mood"):
        Store(path)


def test_a_store_from_before_a_column_was_invented(path: Path) -> None:
    """A column that is new in the frame's schema comes to stores that exist, empty."""
    with Store(path) as store:
        key = store.save(snapshot(PEP))
    raw(path, "ALTER TABLE descriptors DROP COLUMN dhash")
    raw(path, "ALTER TABLE snapshots DROP COLUMN pictures")
    with pytest.raises(StoreError, match="of an older xavatar: open it for writing once"):
        Store(path, read_only=True)
    with Store(path) as store:
        assert store.frame(key)["dhash"].isna().all()
        assert store.load(key).outcomes == (PEP,)
        store.save(snapshot(PEP, id="new"))
        assert store.frame("new")["dhash"].notna().all()
    names = [name for (name,) in raw(path, "SELECT name FROM _migrations ORDER BY rowid")]
    assert names == ["tables", "column snapshots.pictures", "column descriptors.dhash"]


def test_a_step_that_fails_leaves_the_store_as_it_was(path: Path) -> None:
    Store(path).close()
    db = sqlite3.connect(path, isolation_level=None)

    def half(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE snapshots RENAME TO old_snapshots")
        db.execute("SELECT nonsense")

    with pytest.raises(sqlite3.OperationalError):
        migrate(db, (*MIGRATIONS, Migration("half", half)))
    db.close()
    with Store(path) as store:
        assert len(store.snapshots()) == 0


@pytest.mark.parametrize("statement", range(10))
def test_another_process_may_make_the_store_before_any_statement(path: Path, statement: int) -> None:
    class Overtaken(sqlite3.Connection):
        left = statement

        def execute(self, *args: Any) -> sqlite3.Cursor:
            if not self.in_transaction:
                self.left -= 1
                if self.left == -1:
                    Store(path).close()
            return super().execute(*args)

    path.parent.mkdir()
    db = sqlite3.connect(path, isolation_level=None, factory=Overtaken)
    migrate(db)
    db.close()
    assert raw(path, "SELECT name FROM _migrations") == [(migration.name,) for migration in MIGRATIONS]


def test_the_frame_s_columns_are_the_table_s(path: Path) -> None:
    with Store(path):
        names = [row[1] for row in raw(path, "PRAGMA table_info(descriptors)")]
    assert [name for name in NAMES if name not in names] == []
    assert schema.DESCRIPTORS.columns["nbytes_real"] == "INTEGER"


def raw(path: Path, sql: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def test_others_read_it_while_it_is_written(path: Path) -> None:
    """sqlite3 and pandas, opened read-only in the middle of a transaction, see what is committed, by plain columns."""
    with Store(path) as store:
        store.save(snapshot(PEP, id="first"), [FINDING])
        other = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        with store._db.write() as transaction:
            transaction.execute("DELETE FROM snapshots")
            query = "SELECT jid, status, sha1, nbytes_real FROM descriptors WHERE snapshot = 'first'"
            assert other.execute(query).fetchall() == [(JULIET.jid, "ok", "a" * 40, 2345)]
            findings = pd.read_sql("SELECT rule, severity, jid FROM findings", other)
            assert findings.to_dict("records") == [{"rule": "P84-01", "severity": "error", "jid": JULIET.jid}]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            other.execute("DELETE FROM findings")
        other.close()


def _write(path: Path, number: int, rounds: int, retention: Retention | None = None) -> None:
    with Store(path, retention=retention) as store:
        for index in range(rounds):
            face = f"face {number} {index}".encode()
            store.put(hashlib.sha1(face).hexdigest(), face)
            store.save(snapshot(PEP, id=f"{number}-{index}"), [FINDING])


def _four_at_once(path: Path, rounds: int, retention: Retention | None = None) -> None:
    context = processes(__name__)
    workers = [context.Process(target=_write, args=(path, number, rounds, retention)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)
    assert [worker.exitcode for worker in workers] == [0] * 4


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_four_processes_drop_the_same_snapshots(ram_path: Path) -> None:
    path = ram_path / "store.sqlite"
    _four_at_once(path, 20, Retention(snapshots=3, max_bytes=0))
    with Store(path) as store:
        assert len(store.snapshots()) == 1
        assert store.check() == ()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_four_processes_write_at_once(ram_path: Path) -> None:
    """They also create the file at once."""
    path = ram_path / "store.sqlite"
    _four_at_once(path, 25)
    with Store(path) as store:
        assert len(store.snapshots()) == 100
        assert len(store) == 100
        assert all(store.load(key).outcomes == (PEP,) for key in store.snapshots()["id"])


def test_a_busy_file_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(path) as store:
        store._db.run("PRAGMA busy_timeout = 50")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another process kept it locked"):
            store.save(snapshot(PEP))
        other.execute("ROLLBACK")
        other.close()
        store.save(snapshot(PEP))


def test_many_threads(path: Path) -> None:
    faces = [f"face {number}".encode() for number in range(200)]
    keys = [hashlib.sha1(face).hexdigest() for face in faces]
    errors: list[BaseException] = []
    with Store(path) as store:

        def work(number: int) -> None:
            try:
                for index in range(number, 200, 8):
                    store.put(keys[index], faces[index])
                    assert store.get(keys[index]) == faces[index]
                store.save(snapshot(PEP, id=str(number)))
                assert store.load(str(number)).outcomes == (PEP,)
            except BaseException as error:  # noqa: BLE001 - told in the main thread
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert len(store) == 200
        assert len(store.snapshots()) == 8


@pytest.mark.slow
def test_what_is_read_is_of_one_moment(path: Path) -> None:
    """Somebody replaces and drops a snapshot over and over; readers see it whole, or not at all."""
    long, short = snapshot(*[PEP] * 40, id="one"), snapshot(id="one")
    done = threading.Event()
    seen: set[int | None] = set()

    def replace_it() -> None:
        with Store(path) as other:
            for _ in range(60 if THOROUGH else 20):
                other.save(long, [FINDING] * 40)
                other.save(short, [])
                other.drop("one")
        done.set()

    with Store(path) as store:
        writer = threading.Thread(target=replace_it)
        writer.start()
        while not done.is_set() or not seen:
            for ask in (lambda: store.load("one").outcomes, lambda: store.findings("one"), lambda: store.frame("one")):
                try:
                    found = ask()
                    assert found is not None
                    seen.add(len(found))
                except SnapshotNotFound:
                    seen.add(None)
        writer.join()
    assert seen <= {40, 0, None}


def test_reading_does_not_wait_for_writing(path: Path) -> None:
    with Store(path) as store:
        store.save(snapshot(PEP, id="one"))
        store.put(hashlib.sha1(b"face").hexdigest(), b"face")
        found: list[object] = []

        def read() -> None:
            found.extend([store.get(hashlib.sha1(b"face").hexdigest()), len(store.frame("one"))])

        with store._db.write() as transaction:
            transaction.execute("DELETE FROM snapshots")
            transaction.execute("DELETE FROM images")
            reader = threading.Thread(target=read)
            reader.start()
            reader.join(10)
            assert found == [b"face", 1]


def test_an_interrupt_in_the_middle_undoes_it(path: Path) -> None:
    with Store(path) as store:

        def interrupted() -> None:
            with store._db.write() as transaction:
                transaction.execute("INSERT INTO blocked VALUES ('x', 'y', 'z')")
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert len(store.blocked()) == 0
        store.save(snapshot(PEP))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_must_open_its_own(path: Path) -> None:
    with Store(path) as store:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                store.put(hashlib.sha1(b"").hexdigest(), b"")
            except StoreError as error:
                os.write(write, str(error).encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        os.close(write)
        told = os.read(read, 1000).decode()
        os.close(read)
        assert "opened by the parent process" in told
        store.save(snapshot(PEP))


def test_default_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XAVATAR_STORE", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert default_path() == tmp_path / "xavatar" / "store.sqlite"
    assert default_path().name == "store.sqlite"
    monkeypatch.setenv("XAVATAR_STORE", "~/mine.sqlite")
    assert default_path() == Path("~/mine.sqlite").expanduser()
