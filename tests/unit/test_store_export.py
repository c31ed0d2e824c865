"""Parquet that others read, and images beside."""

from __future__ import annotations

import hashlib
import io
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from tests.unit.test_store_snapshots import FACTS, FINDING, JULIET, PEP, snapshot
from xavatar.errors import MissingExtra, SnapshotNotFound
from xavatar.frames import frame, read_parquet
from xavatar.model import Descriptor, Outcome, Reading
from xavatar.store import Store


def picture(format: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(out, format)
    return out.getvalue()


PICTURES = {".png": picture("PNG"), ".jpg": picture("JPEG"), ".gif": picture("GIF"), ".bin": b"<svg><script/></svg>"}


def showing(data: bytes) -> Outcome:
    sha1 = hashlib.sha1(data).hexdigest()
    return replace(PEP, readings=(Reading(Descriptor(id=sha1), replace(FACTS, sha1=sha1)),))


@pytest.fixture
def outcomes() -> tuple[Outcome, ...]:
    return tuple(showing(data) for data in PICTURES.values())


@pytest.fixture
def exported(tmp_path: Path, outcomes: tuple[Outcome, ...]) -> Path:
    with Store.temporary() as store:
        for data in PICTURES.values():
            store.put(hashlib.sha1(data).hexdigest(), data)
        store.save(snapshot(*outcomes, id="one"), [FINDING])
        store.save(snapshot(outcomes[0], id="a/../b"))
        return store.export(tmp_path / "new" / "export")


def test_the_frame_comes_back(exported: Path, outcomes: tuple[Outcome, ...]) -> None:
    back = read_parquet(exported / "descriptors")
    mine = back[back["snapshot"] == "one"].reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, frame(outcomes, snapshot="one"), check_exact=True)
    assert set(back["snapshot"]) == {"one", "a/../b"}


def test_pandas_reads_it(exported: Path) -> None:
    facts = pd.read_parquet(exported / "facts")
    assert len(facts) == 5
    assert set(facts["exif_tags"]) == {"Make; Model"}
    findings = pd.read_parquet(exported / "findings")
    assert findings[["rule", "severity", "jid", "snapshot"]].astype(str).to_dict("records") == [
        {"rule": "P84-01", "severity": "error", "jid": JULIET.jid, "snapshot": "one"}
    ]
    listed = pd.read_parquet(exported / "snapshots.parquet")
    assert dict(zip(listed["id"], listed["descriptors"], strict=True)) == {"one": 4, "a/../b": 1}


def test_duckdb_reads_it(exported: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as db:
        query = f"""
            SELECT d.snapshot, count(*), max(f.phash IS NULL) FROM '{exported}/descriptors/*/*.parquet' d
            JOIN '{exported}/facts/*/*.parquet' f ON f.sha1 = d.sha1 AND f.snapshot = d.snapshot
            JOIN '{exported}/snapshots.parquet' s ON s.id = d.snapshot
            GROUP BY 1 ORDER BY 2"""
        assert db.execute(query).fetchall() == [("a/../b", 1, True), ("one", 4, True)]


def test_images_are_named_by_what_they_are(exported: Path) -> None:
    found = {file.suffix: file for file in (exported / "images").iterdir()}
    assert {suffix: file.read_bytes() for suffix, file in found.items()} == PICTURES
    assert all(file.stem == hashlib.sha1(file.read_bytes()).hexdigest() for file in found.values())


def test_nothing_is_written_elsewhere(exported: Path) -> None:
    assert {path.name for path in exported.iterdir()} == {
        "snapshots.parquet", "descriptors", "outcomes", "facts", "findings", "images",
    }  # fmt: skip
    assert {path.name for path in exported.parent.iterdir()} == {"export"}
    assert {path.name for path in (exported / "descriptors").iterdir()} == {"snapshot=one", "snapshot=a%2F..%2Fb"}
    assert not list(exported.rglob("*.part"))


def test_blocked_images_stay_behind(tmp_path: Path) -> None:
    data = PICTURES[".png"]
    sha1 = hashlib.sha1(data).hexdigest()
    with Store.temporary() as store:
        store.put(sha1, data)
        store.block(sha1)
        store.save(snapshot(showing(data), id="one"))
        store.export(tmp_path)
    assert not (tmp_path / "images").exists()
    assert list(read_parquet(tmp_path / "descriptors")["sha1"]) == [sha1]


def test_some_snapshots_and_again(tmp_path: Path) -> None:
    with Store.temporary() as store:
        store.save(snapshot(PEP, id="one"))
        store.save(snapshot(PEP, PEP, id="two"))
        store.export(tmp_path, ["one"])
        assert set(read_parquet(tmp_path / "descriptors")["snapshot"]) == {"one"}
        store.save(snapshot(PEP, PEP, PEP, id="one"))
        store.export(tmp_path, ["one", "two"])
        assert read_parquet(tmp_path / "descriptors")["snapshot"].value_counts().to_dict() == {"one": 3, "two": 2}
        with pytest.raises(SnapshotNotFound, match="'three'"):
            store.export(tmp_path, ["three"])


def test_an_empty_store(tmp_path: Path) -> None:
    with Store.temporary() as store:
        store.export(tmp_path)
    assert len(pd.read_parquet(tmp_path / "snapshots.parquet")) == 0


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with Store.temporary() as store, pytest.raises(MissingExtra, match=r"pip install 'xavatar\[parquet\]'"):
        store.export(tmp_path)
