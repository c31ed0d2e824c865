"""What goes and what stays; never an image that a kept snapshot shows."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import examples
from tests.unit.test_store_snapshots import FACTS, FINDING, NOON, PEP, snapshot
from xavatar.errors import ConfigError, SnapshotNotFound
from xavatar.model import Descriptor, Outcome, Reading, Subject
from xavatar.store import Pruned, Retention, Store

DAY = timedelta(days=1)


def face(number: int) -> bytes:
    return f"face {number}".encode() * 100


def key(number: int) -> str:
    return hashlib.sha1(face(number)).hexdigest()


def showing(*numbers: int) -> tuple[Outcome, ...]:
    return tuple(
        replace(
            PEP,
            subject=Subject(f"{number}@x.lit"),
            readings=(Reading(Descriptor(id=key(number)), replace(FACTS, sha1=key(number))),),
        )
        for number in numbers
    )


def filled(store: Store, *shown: tuple[int, ...], scope: str = "roster") -> None:
    """One snapshot a day, each showing some faces."""
    for day, numbers in enumerate(shown):
        for number in numbers:
            store.put(key(number), face(number))
        at = NOON + day * DAY
        store.save(snapshot(*showing(*numbers), id=f"{scope}{day}", at=at, scope=scope), [FINDING])


def age_images(store: Store) -> None:
    store._db.run("UPDATE images SET kept_at = '2001-01-01T00:00:00.000000+00:00'")


def test_the_newest_of_each_scope_stay() -> None:
    with Store.temporary() as store:
        filled(store, (1,), (2,), (1, 3))
        filled(store, (4,), scope="me")
        assert store.prune(Retention(snapshots=1)) == Pruned(("roster0", "roster1"), 1)
        assert set(store.snapshots()["id"]) == {"roster2", "me0"}
        assert [number for number in range(5) if store.get(key(number))] == [1, 3, 4]
        assert store._db.one("SELECT count(*) FROM facts") == 3
        assert store._db.one("SELECT count(*) FROM findings") == 2
        assert store.check() == ()


def test_a_store_prunes_when_it_saves(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite", retention=Retention(snapshots=2)) as store:
        filled(store, (1,), (2,), (3,))
        assert list(store.snapshots()["id"]) == ["roster1", "roster2"]
        assert store.get(key(1)) is None


def test_old_ones_go_the_last_too() -> None:
    now = datetime.now(UTC)
    with Store.temporary() as store:
        for days in (0, 9, 11):
            store.save(snapshot(id=f"{days} days old", at=now - days * DAY))
        assert store.prune(Retention(max_age=10 * DAY)).snapshots == ("11 days old",)
        assert store.prune(Retention(max_age=DAY / 2)).snapshots == ("9 days old",)
        assert store.prune(Retention(max_age=timedelta(0))).snapshots == ("0 days old",)


def test_bytes_are_bounded_by_dropping_the_oldest(tmp_path: Path) -> None:
    big = b"0" * 200_000
    with Store(tmp_path / "s.sqlite") as store:
        for day in range(6):
            data = big + bytes([day])
            sha1 = hashlib.sha1(data).hexdigest()
            store.put(sha1, data)
            reading = Reading(Descriptor(), replace(FACTS, sha1=sha1))
            store.save(snapshot(replace(PEP, readings=(reading,)), id=str(day), at=NOON + day * DAY))
        gone = store.prune(Retention(max_bytes=700_000))
        assert gone == Pruned(("0", "1", "2"), 3)
        assert len(store) == 3
        assert store.vacuum() > 500_000
        assert (tmp_path / "s.sqlite").stat().st_size < 700_000
        assert store.prune(Retention(max_bytes=0)).snapshots == ("3", "4"), "the newest stays"


def test_images_left_over_stay_for_a_while() -> None:
    """They may belong to a collection that is not saved yet, as those of a temporary store always do."""
    with Store.temporary() as store:
        filled(store, (1,))
        store.put(key(2), face(2))
        assert store.prune() == Pruned((), 0)
        age_images(store)
        store.put(key(3), face(3))
        assert store.prune() == Pruned((), 1)
        assert [number for number in (1, 2, 3) if store.get(key(number))] == [1, 3]
        assert store.prune(Retention(grace=timedelta(0))) == Pruned((), 1)
        assert store.get(key(1))


@given(
    st.lists(st.tuples(st.booleans(), st.sets(st.integers(0, 5)).map(tuple)), max_size=6),
    st.none() | st.integers(1, 3),
    st.none() | st.integers(0, 6).map(lambda days: datetime.now(UTC) - (NOON + days * DAY)),
    st.none() | st.integers(0, 200_000),
)
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow])
def test_no_image_that_a_kept_snapshot_shows_ever_goes(
    days: list[tuple[bool, tuple[int, ...]]], most: int | None, age: timedelta | None, size: int | None
) -> None:
    if age is not None and age < timedelta(0):
        age = timedelta(0)
    with Store.temporary() as store:
        for day, (mine, numbers) in enumerate(days):
            for number in numbers:
                store.put(key(number), face(number))
            at, scope = NOON + day * DAY, "me" if mine else "roster"
            store.save(snapshot(*showing(*numbers), id=str(day), at=at, scope=scope))
        age_images(store)
        store.prune(Retention(most, age, size, grace=timedelta(0)))
        kept = [days[int(id)][1] for id in store.snapshots()["id"]]
        shown = {number for numbers in kept for number in numbers}
        assert {number for number in range(6) if store.get(key(number))} == shown
        assert store._db.one("SELECT count(*) FROM facts") == len(shown)
        assert store.check() == ()


def test_drop() -> None:
    with Store.temporary() as store:
        filled(store, (1, 2), (2,))
        store.drop("roster0")
        assert store.get(key(1)) is None
        assert store.get(key(2)) == face(2)
        with pytest.raises(SnapshotNotFound, match="'roster0'"):
            store.drop("roster0")


def test_what_is_dropped_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        filled(store, (1,), (2,))
        store.drop("roster0")
        store.vacuum()
        data = path.read_bytes()
        assert face(1)[:60] not in data
        assert face(2)[:60] in data


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"snapshots": 0}, "snapshots must be 1 or more, not 0"),
        ({"max_bytes": -1}, "max_bytes must not be negative"),
        ({"max_age": -DAY}, "max_age must not be negative"),
        ({"grace": -DAY}, "grace must not be negative"),
    ],
)
def test_bounds_that_make_no_sense(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        Retention(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE images SET data = zeroblob(3)", "its bytes hash to"),
        ("DELETE FROM findings", "not all of its 1 findings are there"),
        ("DELETE FROM descriptors WHERE jid = '2@x.lit'", "not all of its 2 descriptors are there"),
        (
            "UPDATE descriptors SET status = 'splendid'",
            "cannot be read back (ValueError: 'splendid' is not a valid Status)",
        ),
        ("UPDATE descriptors SET exact = x'00'", "cannot be read back (JSONDecodeError"),
        ("UPDATE descriptors SET observed_at = 'yesterday'", "cannot be read back (ValueError: Invalid isoformat"),
    ],
)
def test_check_names_what_is_damaged(damage: str, told: str) -> None:
    with Store.temporary() as store:
        filled(store, (1, 2))
        assert store.check() == ()
        store._db.run(damage)
        assert any(told in problem for problem in store.check()), store.check()


def test_check_of_dangling_rows() -> None:
    with Store.temporary() as store:
        filled(store, (1,))
        store._db.run("PRAGMA foreign_keys = OFF")
        store._db.run("DELETE FROM facts")
        found = store.check()
        assert any("is not in facts" in problem for problem in found)
        assert any("roster0: cannot be read back (KeyError" in problem for problem in found)


def test_check_of_a_file_with_a_hole(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Store(path) as store:
        filled(store, tuple(range(60)))
        store.vacuum()
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    path.write_bytes(data)
    with Store(path) as store:
        assert store.check() != ()
