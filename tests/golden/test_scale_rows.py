"""A fleet says of many snapshots what one machine says of each, and of all together."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from tests.support import THOROUGH
from tests.unit.audit_samples import pep, photo
from tests.unit.test_store_export import PICTURES, showing
from xavatar.audit import Audit, Breach, Case, Level, PrivacyWarning, Registry, Rule, duplicates
from xavatar.errors import ConfigError, MissingExtra, SnapshotNotFound, StoreError
from xavatar.frames import frame
from xavatar.imaging import inspect
from xavatar.model import Descriptor, ImageFacts, Kind, Outcome, Reading, Severity, Snapshot, Source, Status, Subject
from xavatar.store import Store

pytest.importorskip("dask")
pytest.importorskip("pyarrow")

import dask

from xavatar import scale

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    with dask.config.set(scheduler="synchronous"):
        yield


def crowd(seed: int, size: int = 40) -> tuple[Outcome, ...]:
    """Contacts, some in a room, whose pictures are few faces and what lies some bits off them."""
    chance = random.Random(seed)
    faces = [random.Random(n).getrandbits(64) for n in range(12)]
    found: list[Outcome] = []
    for number in range(size):
        kind = chance.choice([Kind.CONTACT, Kind.CONTACT, Kind.OCCUPANT])
        person = chance.randrange(size)
        jid = f"p{person}@verona.lit" if kind is Kind.CONTACT else f"hall@rooms.verona.lit/p{person}"
        who = Subject(jid, kind, name=chance.choice([None, f"Name {seed}.{number}"]))
        bits = chance.choice(faces) ^ sum({1 << chance.randrange(64) for _ in range(chance.choice([0, 1, 5, 8]))})
        colors = chance.choice([(), ("#102030",), ("#10f030", "#ffffff")])
        blank = chance.random() < 0.1
        facts = ImageFacts(
            f"{bits:016x}{len(colors):08x}{blank:016x}", 4000, "png", "image/png", 64, 64, 1,
            dhash=f"{bits:016x}", phash=chance.choice([None, f"{bits >> 3:016x}"]), colors=colors, blank=blank,
        )  # fmt: skip
        status = chance.choice([Status.OK] * 5 + [Status.NOT_FOUND, Status.FORBIDDEN])
        told = chance.choice([facts, facts, None])
        seen = (Reading(Descriptor(facts.sha1, facts.sha1), told),) if status is Status.OK else ()
        found.append(Outcome(who, chance.choice([Source.PEP, Source.VCARD]), status, readings=seen, observed_at=NOON))
    return tuple(found)


def taken(account: str, day: int, outcomes: tuple[Outcome, ...], scope: str = "roster") -> Snapshot:
    return Snapshot(account, scope, outcomes, NOON + timedelta(days=day), True, f"{account}-{scope}-{day}")


SNAPSHOTS = (
    taken("nurse@verona.lit", 0, crowd(1)),
    taken("nurse@verona.lit", 1, crowd(2)),
    taken("nurse@verona.lit", 2, ()),
    taken("nurse@verona.lit", 2, crowd(3), "hall@rooms.verona.lit"),
    taken("romeo@verona.lit", 0, crowd(4)),
    taken("romeo@verona.lit", 1, (pep(), *crowd(5), Outcome(Subject("x@y.lit"), Source.VCARD, Status.TIMEOUT))),
)
BEFORE = {SNAPSHOTS[1].id: SNAPSHOTS[0], SNAPSHOTS[2].id: SNAPSHOTS[1], SNAPSHOTS[5].id: SNAPSHOTS[4]}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two exports, as two collectors would write them."""
    made = []
    for account in ("nurse@verona.lit", "romeo@verona.lit"):
        with Store.temporary() as store:
            for each in SNAPSHOTS:
                if each.account == account:
                    store.save(each)
            made.append(store.export(tmp_path_factory.mktemp("fleet") / "export"))
    return made


@pytest.fixture(scope="module")
def fleet(places: list[Path]) -> scale.Fleet:
    return scale.read(*places, rows=60)


def test_snapshots_in_order_and_dealt_out(places: list[Path]) -> None:
    fleet = scale.read(*reversed(places), rows=60)
    order = [0, 1, 3, 2, 4, 5]
    ordered = sorted(SNAPSHOTS, key=lambda each: (each.account, each.scope, each.taken_at))
    assert list(fleet.snapshots["id"]) == [each.id for each in ordered]
    assert len(fleet) == len(order) == 6
    assert sum(len(piece) for piece in fleet.pieces) == 6
    assert all(sum(each.head.descriptors for each in piece) <= 60 for piece in fleet.pieces)
    assert 1 < len(fleet.pieces) < 6
    assert repr(fleet) == f"<Fleet: 6 snapshots of 2 accounts, {len(fleet.pieces)} partitions>"
    assert fleet.table().npartitions == len(fleet.pieces)


def test_tables_and_people(fleet: scale.Fleet) -> None:
    whole, folded = fleet.table().compute(), fleet.people().compute()
    for each in SNAPSHOTS:
        mine = frame(each.outcomes, snapshot=each.id)
        assert_frame_equal(whole[whole["snapshot"] == each.id].reset_index(drop=True), mine)
        theirs = folded[folded["snapshot"] == each.id].drop(columns="snapshot").reset_index(drop=True)
        assert_frame_equal(theirs, mine.xavatar.people())


@pytest.mark.parametrize("alone", [True, False])
def test_findings_row_by_row(fleet: scale.Fleet, alone: bool) -> None:
    found = (fleet.findings(previous=None) if alone else fleet.findings()).compute()
    for each in SNAPSHOTS:
        audit = Audit.of(each, previous=None if alone else BEFORE.get(each.id))
        mine = found[found["snapshot"] == each.id].drop(columns="snapshot").reset_index(drop=True)
        assert_frame_equal(mine, audit.findings)
    assert len(found) > 50


def test_what_is_lazy_is_of_the_type_it_becomes(fleet: scale.Fleet) -> None:
    fleet = fleet.only(SNAPSHOTS[0].id)
    for lazy in (fleet.table(), fleet.people(), fleet.findings(), fleet.headlines(), fleet.summary(),
                 fleet.inspect(), fleet.duplicates()):  # fmt: skip
        computed = lazy.compute()
        assert_frame_equal(lazy._meta, computed.iloc[:0].reset_index(drop=True), check_index_type=False)


def test_a_summary_counts_everybody_once(fleet: scale.Fleet) -> None:
    one = fleet.only(SNAPSHOTS[0].id)
    assert_frame_equal(one.summary().compute(), Audit.of(SNAPSHOTS[0]).summary)
    found = pd.concat([Audit.of(each, previous=BEFORE.get(each.id)).findings for each in SNAPSHOTS])
    grouped = found.groupby(["severity", "rule", "title", "xep"], observed=True)
    counts = grouped.agg(subjects=("jid", "nunique"), findings=("jid", "size")).reset_index()
    told = fleet.summary().compute()
    assert set(map(tuple, counts.astype(str).to_numpy())) == {
        tuple(row) for row in told[list(counts.columns)].astype(str).to_numpy()
    }
    assert told["severity"].is_monotonic_increasing


def test_headlines(fleet: scale.Fleet) -> None:
    told = fleet.headlines().compute().set_index("snapshot")
    for each in SNAPSHOTS:
        headline = Audit.of(each, previous=BEFORE.get(each.id)).headline
        row = told.loc[each.id]
        assert (row["subjects"], row["errors"], row["findings"]) == (
            headline.subjects, headline.errors, headline.findings,
        )  # fmt: skip
        assert row["taken_at"] == each.taken_at
        assert row["coverage"] == headline.coverage
        assert {str(verdict): number for verdict, number in headline.verdicts}.items() <= dict(row).items()


BOUNDS = [{}, {"near": 16, "confirm": 64, "shade": 255, "apart": 255}, {"near": 0}, {"near": 9, "many": 2, "shade": 0}]


@pytest.mark.parametrize("bounds", BOUNDS if THOROUGH else BOUNDS[:2])
def test_duplicates_of_the_whole_fleet(fleet: scale.Fleet, bounds: dict[str, int]) -> None:
    ids = {each.id: each for each in SNAPSHOTS}
    outcomes = [outcome for id in fleet.snapshots["id"] for outcome in ids[id].outcomes]
    mine = duplicates(outcomes, **bounds)
    assert len(mine) > 10
    assert_frame_equal(fleet.duplicates(**bounds).compute(), mine)


@pytest.mark.parametrize("rows", [1, 100_000] if THOROUGH else [1])
def test_it_is_the_same_however_it_is_dealt_out(places: list[Path], rows: int) -> None:
    other = scale.read(*places, rows=rows)
    assert len(other.pieces) == (6 if rows == 1 else 1)
    ids = {each.id: each for each in SNAPSHOTS}
    outcomes = [outcome for id in other.snapshots["id"] for outcome in ids[id].outcomes]
    assert_frame_equal(other.duplicates().compute(), duplicates(outcomes))


def test_occupants_are_joined_when_it_is_wished(fleet: scale.Fleet) -> None:
    ids = {each.id: each for each in SNAPSHOTS}
    outcomes = [outcome for id in fleet.snapshots["id"] for outcome in ids[id].outcomes]
    with pytest.warns(PrivacyWarning):
        mine = duplicates(outcomes, join_occupants=True)
    with pytest.warns(PrivacyWarning):
        lazy = fleet.duplicates(join_occupants=True)
    assert_frame_equal(lazy.compute(), mine)


def test_pictures_are_decoded_once_each(tmp_path: Path) -> None:
    shows = [showing(data) for data in PICTURES.values()]
    with Store.temporary() as store:
        for data in PICTURES.values():
            store.put(inspect(data).sha1, data)
        gone = replace(shows[0], readings=(photo(),))
        store.save(taken("a@verona.lit", 0, (*shows, gone)))
        store.save(taken("b@verona.lit", 0, tuple(shows)))
        store.export(tmp_path)
    told = scale.read(tmp_path, rows=1).inspect().compute().set_index("sha1")
    assert len(told) == len(PICTURES)
    for data in PICTURES.values():
        facts, row = inspect(data), told.loc[inspect(data).sha1]
        plain = {name: None if row[name] is pd.NA else row[name] for name in told.columns}
        assert plain["dhash"] == facts.dhash
        assert plain["nbytes"] == len(data)
        assert (plain["colors"] or "") == "; ".join(facts.colors)
        assert plain["error"] == facts.error


def _red(case: Case) -> Iterator[Breach]:
    """Somebody is named Red."""
    yield Breach("Red.")


def test_ones_own_rules_and_severities(places: list[Path]) -> None:
    own = Registry([Rule("X-01", "Red", "", "", Level.INFO, Severity.INFO, "Why not.", "Nothing.", check=_red)])
    fleet = scale.read(*places, rows=50)
    found = fleet.findings(rules=own, severities={"X-01": "error"}).compute()
    assert set(found["rule"].dropna()) == {"X-01"}
    assert set(found["severity"]) == {"error"}
    with pytest.raises(ConfigError, match="P84-99"):
        fleet.findings(off=["P84-99"])


def test_the_newest_of_each_account_still_knows_the_one_before(places: list[Path]) -> None:
    newest = scale.read(*places).latest()
    assert set(newest.snapshots["id"]) == {SNAPSHOTS[n].id for n in (2, 3, 5)}
    audit = Audit.of(SNAPSHOTS[5], previous=SNAPSHOTS[4])
    mine = newest.only(SNAPSHOTS[5].id).findings().compute().drop(columns="snapshot")
    assert_frame_equal(mine, audit.findings)
    rooms = newest.where(lambda head: head.scope != "roster")
    assert list(rooms.snapshots["scope"]) == ["hall@rooms.verona.lit"]


def test_what_cannot_be_used(places: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = scale.read(*places)
    with pytest.raises(ConfigError, match="no snapshot"):
        fleet.only("nobody's")
    with pytest.raises(ConfigError, match="one export or more"):
        scale.read()
    with pytest.raises(StoreError, match="is no export"):
        scale.read(tmp_path)
    with pytest.raises(ConfigError, match="previous one itself"):
        fleet.findings(previous=SNAPSHOTS[0])
    with pytest.raises(ConfigError, match="many=1"):
        fleet.duplicates(many=1)
    with pytest.raises(ConfigError, match="threshold of 17"):
        fleet.duplicates(near=17)
    with Store.temporary() as store:
        store.save(SNAPSHOTS[0])
        again = store.export(tmp_path / "again")
    with pytest.raises(ConfigError, match=r"is in .* and in .*; leave out one"):
        scale.read(*places, again)
    assert len(scale.read(*places, *places)) == 6
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    with pytest.raises(MissingExtra, match=r'pip install "xavatar\[scale\]"'):
        scale.read(*places)


def test_an_export_of_an_earlier_version_is_told(tmp_path: Path) -> None:
    with Store.temporary() as store:
        store.save(SNAPSHOTS[0])
        place = store.export(tmp_path)
    fleet = scale.read(place)
    next((place / "outcomes").rglob("*.parquet")).unlink()
    with pytest.raises(SnapshotNotFound, match="export the snapshot again"):
        fleet.findings().compute()
