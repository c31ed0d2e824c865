"""Pictures in the store: kept once, checked, blocked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from xavatar.errors import ConfigError, HashMismatch, StoreError
from xavatar.frames.images import lookup
from xavatar.model import Inventory
from xavatar.store import Store, database, default_store


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


FACE = b"the bytes of a face"
KEY = sha1(FACE)


@pytest.fixture(params=["file", "temporary"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "s.sqlite" if request.param == "file" else "") as store:
        yield store


def test_kept_once(store: Store) -> None:
    for _ in range(3):
        store.put(KEY, FACE)
    assert store.get(KEY) == FACE
    assert len(store) == 1
    assert store.get("0" * 40) is None


def test_empty_store_is_a_store(store: Store) -> None:
    """``store or default`` must not lose one without images."""
    assert store
    assert not len(store)


def test_no_bytes_under_another_s_key(store: Store) -> None:
    with pytest.raises(HashMismatch, match=f"hash to {KEY}, they cannot be kept as {'0' * 40}"):
        store.put("0" * 40, FACE)
    assert len(store) == 0


def test_bytes_of_another_s_key_are_not_handed_out_and_are_replaced(store: Store) -> None:
    store.put_many([(KEY, b"something else")])
    assert store.get(KEY) is None
    store.put_many([(KEY, FACE)])
    assert store.get(KEY) == FACE


def test_damaged_bytes_are_not_handed_out_and_are_replaced(store: Store) -> None:
    store.put(KEY, FACE)
    store._db.run("UPDATE images SET data = ?", (b"something else",))
    assert store.get(KEY) is None
    store.put(KEY, FACE)
    assert store.get(KEY) == FACE


def test_an_image_that_is_there_is_not_written_again(store: Store) -> None:
    store.put(KEY, FACE)
    store._db.run("UPDATE images SET kept_at = '2999-01-01T00:00:00.000000+00:00'")
    store.put(KEY, FACE)
    assert store._db.one("SELECT kept_at FROM images") == "2999-01-01T00:00:00.000000+00:00"


def test_putting_an_old_image_makes_it_fresh(store: Store) -> None:
    store.put(KEY, FACE)
    store._db.run("UPDATE images SET kept_at = '2001-01-01T00:00:00.000000+00:00'")
    store.put(KEY, FACE)
    assert store._db.one("SELECT kept_at FROM images") > "2020"


def test_blocked(store: Store) -> None:
    store.put(KEY, FACE)
    store.block(f" {KEY.upper()}", "posted to shock the public room")
    assert store.get(KEY) is None
    assert lookup(KEY) is None
    listed = store.blocked()
    assert list(listed[["sha1", "reason"]].itertuples(index=False, name=None)) == [
        (KEY, "posted to shock the public room")
    ]
    assert str(listed["blocked_at"].dtype) == "datetime64[us, UTC]"
    store.block(KEY, "another reason")
    assert list(store.blocked()["reason"]) == ["another reason"]
    store.unblock(KEY)
    assert store.get(KEY) == FACE
    assert len(store.blocked()) == 0
    assert store.blocked().dtypes.to_dict() == listed.dtypes.to_dict()


def test_a_blocked_image_is_not_kept(store: Store) -> None:
    store.block(KEY)
    store.put(KEY, FACE)
    store.unblock(KEY)
    assert store.get(KEY) is None


def test_erasing_a_blocked_image_leaves_no_byte_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        store.put(KEY, FACE)
        store.block(KEY, erase=True)
        store._db.run("PRAGMA wal_checkpoint(TRUNCATE)")
        assert FACE not in path.read_bytes()
        store.unblock(KEY)
        assert store.get(KEY) is None


def test_the_inventory_tells_held_blocked_and_doubted(store: Store) -> None:
    other, absent = hashlib.sha1(b"other").hexdigest(), "0" * 40
    store.put(KEY, FACE)
    store.put(other, b"other")
    assert store.inventory() == Inventory(frozenset({KEY, other}))
    store.doubt({KEY, other, absent}, set())
    assert store.inventory().doubted == {KEY, other}
    store.doubt(set(), {KEY})
    store.block(other)
    assert store.inventory() == Inventory(frozenset({KEY}), frozenset({other}))
    store.close()
    assert store.inventory() == Inventory()


def test_only_hashes_can_be_blocked(store: Store) -> None:
    with pytest.raises(ConfigError, match="'juliet' is no SHA-1"):
        store.block("juliet")


def test_closed(store: Store) -> None:
    store.put(KEY, FACE)
    assert lookup(KEY) == FACE
    store.close()
    store.close()
    assert lookup(KEY) is None
    assert store.get(KEY) is None
    assert len(store) == 0
    assert "closed" in repr(store)
    with pytest.raises(StoreError, match="is closed"):
        store.put(KEY, FACE)
    with pytest.raises(StoreError, match="is closed"):
        store.snapshots()


def test_frames_show_images_of_open_stores(store: Store) -> None:
    store.put(KEY, FACE)
    frame = pd.DataFrame({"sha1": [KEY]})
    assert lookup(frame["sha1"][0]) == FACE


def test_the_default_store_leaves_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XAVATAR_STORE", str(tmp_path / "chosen.sqlite"))
    assert default_store() is default_store()
    assert default_store().path is None
    assert not list(tmp_path.iterdir())


def test_a_default_store_that_somebody_closed_is_made_anew() -> None:
    first = default_store()
    first.close()
    second = default_store()
    assert second is not first
    face = b"kept until the process ends"  # and shown for all that ask by its hash
    second.put(sha1(face), face)
    assert second.get(sha1(face)) == face


def statements(store: Store) -> list[str]:
    """Collect what a store's database is asked from now on."""
    seen: list[str] = []
    store._db._writer.db.set_trace_callback(seen.append)
    return seen


def test_a_temporary_store_writes_pictures_when_somebody_looks() -> None:
    with Store.temporary() as store:
        seen = statements(store)
        store.put_many([(KEY, FACE)])
        assert seen == []
        assert len(store) == 1
        assert sum("INSERT INTO images" in each for each in seen) == 1
        assert store.get(KEY) == FACE
        assert sum("INSERT INTO images" in each for each in seen) == 1


def test_a_file_has_pictures_at_once(tmp_path: Path) -> None:
    with Store(tmp_path / "store.sqlite") as store, Store(tmp_path / "store.sqlite", read_only=True) as other:
        store.put(KEY, FACE)
        assert other.get(KEY) == FACE


def test_what_waits_to_be_written_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_WAITING_BYTES", 2 * len(FACE))
    with Store.temporary() as store:
        seen = statements(store)
        for number in range(3):
            assert not seen
            data = FACE[:-1] + bytes([number])
            store.put(sha1(data), data)
        assert sum("INSERT INTO images" in each for each in seen) == 2
        assert len(store) == 3


def test_a_picture_that_waits_is_not_handed_out_once_it_is_blocked() -> None:
    with Store.temporary() as store:
        store.put(KEY, FACE)
        store.block(KEY)
        store.put(KEY, FACE)
        assert store.get(KEY) is None


def test_what_cannot_be_written_goes_on_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_WAITING_BYTES", len(FACE))
    with Store.temporary() as store:
        store.put(KEY, FACE)
        db = store._db._writer.db
        db.execute("CREATE TEMP TRIGGER full BEFORE INSERT ON images BEGIN SELECT RAISE(ABORT, 'full'); END")
        with pytest.raises(StoreError, match="full"):
            store.inventory()
        with pytest.raises(StoreError, match="full"):  # nor does it grow
            store.put(sha1(b"another"), b"another")
        db.execute("DROP TRIGGER full")
        assert store.get(KEY) == FACE
        assert len(store) == 1


def test_keeping_a_picture_in_the_midst_of_reading() -> None:
    with Store.temporary() as store:
        with store._db.moment():
            store.put(KEY, FACE)
            assert store.get(KEY) is None  # what is read is of one moment
        assert store.get(KEY) == FACE


def test_pictures_are_refused_once_the_store_is_closed() -> None:
    store = Store.temporary()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.put(KEY, FACE)
