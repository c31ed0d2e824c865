"""What was exported, read back: exactly what was saved."""

from __future__ import annotations

import hashlib
import pickle
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tests.unit.test_store_export import PICTURES, showing
from tests.unit.test_store_snapshots import FACTS, FINDING, PEP, snapshot
from xavatar.errors import MissingExtra, SnapshotNotFound, StoreError
from xavatar.model import Descriptor, Kind, Outcome, Reading, Source, Status, Subject
from xavatar.store import Exported, Store

ODD = replace(
    PEP,
    subject=Subject("odd@verona.lit", Kind.CONTACT, name="\ud800", groups=("a; b", "c")),
    readings=(Reading(Descriptor(nbytes=2**70), FACTS), Reading(Descriptor(id="x"), image_status=Status.EMPTY)),
)
NOTHING = Outcome(PEP.subject, Source.VCARD, Status.NOT_FOUND, observed_at=PEP.observed_at)


@pytest.fixture
def store() -> Store:
    store = Store.temporary()
    for data in PICTURES.values():
        store.put(hashlib.sha1(data).hexdigest(), data)
    store.save(snapshot(*(showing(data) for data in PICTURES.values()), NOTHING, id="one"), [FINDING])
    store.save(snapshot(ODD, NOTHING, id="a/../b"))
    store.save(snapshot(id="nobody"))
    return store


@pytest.fixture
def exported(store: Store, tmp_path: Path) -> Exported:
    return Exported.at(store.export(tmp_path / "export"))


@pytest.mark.parametrize("id", ["one", "a/../b", "nobody"])
def test_a_snapshot_comes_back_exactly(store: Store, exported: Exported, id: str) -> None:
    assert exported.load(id) == store.load(id)
    pd.testing.assert_frame_equal(exported.frame(id), store.frame(id))


def test_the_list_of_snapshots(store: Store, exported: Exported, tmp_path: Path) -> None:
    pd.testing.assert_frame_equal(exported.snapshots(), store.snapshots())
    some = Exported.at(store.export(tmp_path / "some", ["one"]))
    assert list(some.snapshots()["id"]) == ["one"]
    with pytest.raises(SnapshotNotFound, match="'nobody'"):
        some.load("nobody")
    with pytest.raises(SnapshotNotFound, match="nobody"):
        some.outcomes("nobody")


def test_pictures_by_their_hash(exported: Exported) -> None:
    for data in PICTURES.values():
        assert exported.get(hashlib.sha1(data).hexdigest()) == data
    assert exported.get("0" * 40) is None
    assert exported.get("../../snapshots") is None
    assert set(exported.facts("one")["sha1"]) == {hashlib.sha1(data).hexdigest() for data in PICTURES.values()}


def test_it_travels_and_may_be_named_by_a_uri(exported: Exported) -> None:
    assert len(exported.snapshots()) == 3
    travelled = pickle.loads(pickle.dumps(exported))
    assert travelled == exported
    named = Exported.at(Path(exported.place).as_uri())
    assert named.load("one") == travelled.load("one")


def test_what_is_no_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="is no export"):
        Exported.at(tmp_path)
    with pytest.raises(StoreError, match="cannot be read"):
        Exported.at("gopher://verona/export")
    (tmp_path / "snapshots.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(StoreError, match="cannot be read"):
        Exported.at(tmp_path).snapshots()
    monkeypatch.setitem(sys.modules, "pyarrow.fs", None)
    with pytest.raises(MissingExtra, match=r"xavatar\[parquet\]"):
        Exported.at(tmp_path)


@pytest.mark.parametrize(
    ("table", "columns"), [("facts", ["sha1"]), ("outcomes", ["outcome"]), ("descriptors", ["jid"])]
)
def test_files_that_do_not_fit_together(exported: Exported, table: str, columns: list[str]) -> None:
    place = Path(exported.place, table, "snapshot=one", "part-0.parquet")
    pd.read_parquet(place, columns=columns, partitioning=None).to_parquet(place)
    with pytest.raises(StoreError, match="snapshot one cannot be read"):
        exported.outcomes("one")


def test_files_of_different_snapshots(exported: Exported) -> None:
    source = Path(exported.place, "outcomes", "snapshot=nobody", "part-0.parquet")
    Path(exported.place, "outcomes", "snapshot=one", "part-0.parquet").write_bytes(source.read_bytes())
    with pytest.raises(StoreError, match="Export it again"):
        exported.outcomes("one")
