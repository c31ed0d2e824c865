"""Verona and a part of the campus: a cluster of processes finds, row by row, what one machine finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import xavatar as xa
from tests.support import patience
from xavatar.audit import Audit, duplicates
from xavatar.model import ImageFacts, Snapshot
from xavatar.sandbox.load import load
from xavatar.store import Store

distributed = pytest.importorskip("distributed")
scale = pytest.importorskip("xavatar.scale")

pytestmark = [
    pytest.mark.timeout(400),
    # Its workers' farewells, when a cluster is closed at once.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]
FACES = 150


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Snapshot], list[Path]]]:
    """Verona twice and a part of the campus, each with a store and an export of its own."""
    campus = load("campus")
    taken: dict[str, Snapshot] = {}
    places: list[Path] = []
    stores: list[Store] = []
    for wished in ("verona", replace(campus, accounts=campus.accounts[:FACES])):
        store = Store.temporary()
        stores.append(store)
        with (
            xa.sandbox(wished) as box,
            xa.connect(sandbox=box, timeout=patience(1.0), store=store, presence=wished == "verona") as session,
        ):
            for _ in range(2 if wished == "verona" else 1):
                seen = session.audit(progress=False).snapshot
                key = store.save(seen)
                taken[key] = store.load(key)
        places.append(store.export(tmp_path_factory.mktemp("fleet") / "export"))
    yield taken, places
    for store in stores:
        store.close()


@pytest.fixture(scope="module")
def cluster(exported: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two processes on loopback, after the sandboxes are gone."""
    scratch = str(tmp_path_factory.mktemp("dask"))
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
            local_directory=scratch,
        ) as made,
        distributed.Client(made) as client,
    ):  # fmt: skip
        yield client


def test_a_cluster_finds_what_one_machine_finds(exported: tuple[dict[str, Snapshot], list[Path]], cluster: Any) -> None:
    taken, places = exported
    fleet = scale.read(*places, rows=300)
    assert len(fleet.pieces) == 3
    found, table, people = (lazy.compute() for lazy in (fleet.findings(), fleet.table(), fleet.people()))
    before: dict[str, Snapshot] = {}
    for key in fleet.snapshots["id"]:
        snapshot = taken[key]
        audit = Audit.of(snapshot, previous=before.get(snapshot.account))
        before[snapshot.account] = snapshot
        for mine, theirs in ((audit.findings, found), (audit.people, people)):
            rows = theirs[theirs["snapshot"] == key].drop(columns="snapshot").reset_index(drop=True)
            assert_frame_equal(rows, mine)
        assert_frame_equal(table[table["snapshot"] == key].reset_index(drop=True), audit.table)
        assert len(audit.findings) > 50
        one = fleet.only(key)
        assert_frame_equal(one.summary(previous=None).compute(), Audit.of(snapshot).summary)
        assert_frame_equal(one.duplicates().compute(), Audit.of(snapshot).duplicates)


def test_duplicates_across_servers(exported: tuple[dict[str, Snapshot], list[Path]], cluster: Any) -> None:
    taken, places = exported
    fleet = scale.read(*places, rows=300)
    outcomes = [outcome for key in fleet.snapshots["id"] for outcome in taken[key].outcomes]
    mine = duplicates(outcomes)
    assert mine["group"].nunique() >= 5
    assert_frame_equal(fleet.duplicates().compute(), mine)


def test_pictures_are_what_they_were(exported: tuple[dict[str, Snapshot], list[Path]], cluster: Any) -> None:
    taken, places = exported
    told = scale.read(*places, rows=300).inspect().compute()
    known: dict[str, ImageFacts] = {
        reading.facts.sha1: reading.facts
        for snapshot in taken.values()
        for outcome in snapshot.outcomes
        for reading in outcome.readings
        if reading.facts is not None
    }
    assert sorted(told["sha1"]) == sorted(known)
    for row in told.itertuples(index=False):
        values: dict[str, Any] = {name: None if value is pd.NA else value for name, value in row._asdict().items()}
        split = {name: tuple(values[name].split("; ")) if values[name] else () for name in ("exif_tags", "colors")}
        assert ImageFacts(**values | split) == known[row.sha1]
