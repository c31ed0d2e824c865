"""Snapshots come back exactly as they were saved, whatever strangers wrote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support import examples
from xavatar.errors import ConfigError, SnapshotNotFound, StoreError
from xavatar.frames import DTYPES, NAMES, frame
from xavatar.model import (
    Descriptor,
    Finding,
    ImageFacts,
    Kind,
    Outcome,
    Reading,
    Severity,
    Snapshot,
    Source,
    Status,
    Subject,
)
from xavatar.store import Store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
JULIET = Subject("juliet@capulet.lit", Kind.CONTACT, name="Juliet", groups=("Friends", "Verona"))
SHA1 = "a" * 40
FACTS = ImageFacts(SHA1, 2345, "png", "image/png", 64, 48, 1, None, "RGB", exif_tags=("Make", "Model"), dhash="0f" * 8)
PEP = Outcome(
    JULIET, Source.PEP, Status.OK, readings=(Reading(Descriptor(id=SHA1), FACTS, Status.OK),), observed_at=NOON
)
FINDING = Finding("P84-01", Severity.ERROR, JULIET.jid, Source.PEP, "wrong id", "publish again")

# Every code point: lone surrogates, NUL, and our own separator inside of texts.
TEXT = st.one_of(
    st.text(max_size=8), st.text(st.characters(codec=None), max_size=8), st.sampled_from(["", "; ", "a; b"])
)
MAYBE = st.none() | TEXT
NUMBER = st.none() | st.integers(-9, 9) | st.integers(-(2**70), 2**70) | st.just(2**63 - 1)
LENGTH = st.none() | st.floats(allow_nan=False)
TRUTH = st.none() | st.booleans()
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
FACT = st.builds(
    ImageFacts, TEXT, st.integers(-(2**70), 2**70), MAYBE, MAYBE, NUMBER, NUMBER, NUMBER, LENGTH, MAYBE,
    TRUTH, TRUTH, TRUTH, TRUTH, TEXTS, MAYBE, MAYBE, TEXTS, TRUTH, MAYBE,
)  # fmt: skip
DECLARED = st.builds(
    Descriptor, MAYBE, MAYBE, st.integers(-(2**70), 2**70), MAYBE, NUMBER, NUMBER, NUMBER, MAYBE, MAYBE
)
READING = st.builds(Reading, DECLARED, st.none() | FACT, st.sampled_from(Status), MAYBE)
SUBJECT = st.builds(Subject, TEXT, st.sampled_from(Kind), MAYBE, MAYBE, TEXTS, MAYBE)
ZONES = st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-1439, 1439))
MOMENT = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC) | ZONES)
OUTCOME = st.builds(
    Outcome, SUBJECT, st.sampled_from(Source), st.sampled_from(Status), MAYBE, MAYBE, LENGTH, MAYBE,
    st.lists(READING, max_size=3).map(tuple), TEXTS, MOMENT,
)  # fmt: skip
PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
SNAPSHOT = st.builds(Snapshot, PLAIN, PLAIN, st.lists(OUTCOME, max_size=5).map(tuple), MOMENT, st.booleans())
FINDINGS = st.lists(
    st.builds(
        Finding, PLAIN, st.sampled_from(Severity), PLAIN, st.none() | st.sampled_from(Source), PLAIN, PLAIN
    ),
    max_size=4,
)  # fmt: skip


def snapshot(*outcomes: Outcome, id: str = "", at: datetime = NOON, scope: str = "roster") -> Snapshot:
    return Snapshot("nurse@capulet.lit", scope, outcomes, at, id=id)


@given(SNAPSHOT, st.none() | FINDINGS)
@example(snapshot(replace(PEP, text="\ud83d\ude00")), [FINDING])
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
def test_any_snapshot_comes_back_exactly(kept: Snapshot, findings: list[Finding] | None) -> None:
    with Store.temporary() as store:
        key = store.save(kept, findings)
        back = store.load(key)
        assert back == replace(kept, id=key)
        assert [type(value) for value in kept_values(back)] == [type(value) for value in kept_values(kept)]
        assert store.findings(key) == (None if findings is None else tuple(findings))
        pd.testing.assert_frame_equal(store.frame(key), frame(kept.outcomes, snapshot=key), check_exact=True)


def kept_values(kept: Snapshot) -> list[object]:
    """What must also have its type back: no 1 for True, no text for a member of an enum."""
    found: list[object] = [kept.complete]
    for outcome in kept.outcomes:
        found += [outcome.subject.kind, outcome.source, outcome.status, outcome.subject.groups, outcome.problems]
        for reading in outcome.readings:
            found += [
                reading.image_status,
                reading.facts and reading.facts.has_gps,
                reading.facts and reading.facts.blank,
            ]
    return found


def test_ordinary_outcomes_need_no_exact_copy() -> None:
    """The copy is for what columns cannot hold; else it would only double the file."""
    odd = replace(PEP, subject=replace(JULIET, groups=("a; b",)))
    with Store.temporary() as store:
        store.save(
            snapshot(PEP, replace(PEP, source=Source.VCARD, readings=(), problems=("A-06 width", "P84-04 jpeg")), odd)
        )
        assert store._db.read("SELECT exact IS NULL FROM descriptors ORDER BY row") == [(1,), (1,), (0,)]


def test_a_snapshot_without_anybody() -> None:
    with Store.temporary() as store:
        key = store.save(snapshot())
        assert store.load(key).outcomes == ()
        table = store.frame(key)
        assert len(table) == 0
        assert {name: str(dtype) for name, dtype in table.dtypes.items()} == DTYPES


def test_a_new_id_sorts_by_time() -> None:
    with Store.temporary() as store:
        late, early = store.save(snapshot(at=NOON)), store.save(snapshot(at=NOON - timedelta(days=1)))
        assert early < late
        assert list(store.snapshots()["id"]) == [early, late]


def test_saving_again_replaces() -> None:
    """An audit that comes later brings its findings, and leaves nothing of the first saving behind."""
    with Store.temporary() as store:
        store.save(snapshot(PEP, PEP, id="one"))
        assert store.findings("one") is None
        store.save(snapshot(PEP, id="one"), [FINDING])
        assert store.findings("one") == (FINDING,)
        assert len(store.load("one").outcomes) == 1
        assert len(store.snapshots()) == 1
        assert store._db.read("SELECT count(*) FROM descriptors") == [(1,)]


def test_snapshots_listed() -> None:
    other = replace(PEP, subject=Subject("romeo@montague.lit"), source=Source.VCARD, status=Status.EMPTY, readings=())
    with Store.temporary() as store:
        store.save(snapshot(PEP, replace(PEP, source=Source.VCARD), other, id="judged"), [FINDING])
        store.save(replace(snapshot(id="bare", at=NOON + timedelta(hours=1)), complete=False))
        listed = store.snapshots()
    judged, bare = listed.to_dict("records")
    assert judged["saved_at"] is not pd.NaT
    told = {name: judged[name] for name in ("account", "scope", "taken_at", "complete", "subjects", "descriptors")}
    assert told == {
        "account": "nurse@capulet.lit",
        "scope": "roster",
        "taken_at": pd.Timestamp(NOON),
        "complete": True,
        "subjects": 2,
        "descriptors": 2,
    }
    assert (judged["pictures"], judged["findings"]) == (1, 1)
    assert (bare["complete"], bare["subjects"], bare["pictures"]) == (False, 0, 0)
    assert pd.isna(bare["findings"])
    assert str(listed["taken_at"].dtype) == "datetime64[us, UTC]"
    assert str(listed["findings"].dtype) == "Int64"


def test_no_snapshots_have_the_same_columns() -> None:
    with Store.temporary() as store:
        empty = store.snapshots()
        store.save(snapshot())
        assert empty.dtypes.to_dict() == store.snapshots().dtypes.to_dict()


def test_previous() -> None:
    days = [NOON + timedelta(days=day) for day in range(3)]
    with Store.temporary() as store:
        for number, at in enumerate(days):
            store.save(snapshot(id=f"roster{number}", at=at))
            store.save(snapshot(id=f"me{number}", at=at, scope="me"))
        assert store.previous("roster2").id == "roster1"
        assert store.previous(store.load("me1")).id == "me0"
        assert store.previous(scope="roster").id == "roster2"
        assert store.previous().id == "roster2"
        # One that is not saved yet.
        assert store.previous(snapshot(at=NOON + timedelta(days=9))).id == "roster2"
        with pytest.raises(SnapshotNotFound, match=r"no snapshot of nurse@capulet\.lit, roster before 2026-11-22"):
            store.previous("roster0")
        with pytest.raises(SnapshotNotFound, match="of someone@else"):
            store.previous(account="someone@else")


def test_unknown_ids() -> None:
    with Store.temporary() as store:
        for ask in (store.load, store.frame, store.findings, store.previous):
            with pytest.raises(SnapshotNotFound, match="no snapshot 'x'"):
                ask("x")


def test_what_cannot_be_saved_leaves_nothing() -> None:
    naive = replace(PEP, observed_at=datetime(2026, 1, 1))
    with Store.temporary() as store:
        with pytest.raises(StoreError, match="time zone"):
            store.save(snapshot(PEP, naive))
        with pytest.raises(ConfigError, match="cannot be a snapshot's id"):
            store.save(snapshot(PEP, id="a\nb"))
        assert len(store.snapshots()) == 0
        assert store._db.read("SELECT count(*) FROM descriptors") == [(0,)]


def test_history() -> None:
    changed = replace(FACTS, sha1="b" * 40)
    later = replace(
        PEP, readings=(Reading(Descriptor(id="b" * 40), changed, Status.OK),), observed_at=NOON + timedelta(days=1)
    )
    romeo = replace(PEP, subject=Subject("romeo@montague.lit"))
    with Store.temporary() as store:
        store.save(snapshot(later, romeo, id="a-later", at=NOON + timedelta(days=1)))
        store.save(snapshot(PEP, romeo, id="b-earlier"))
        told = store.history(JULIET.jid)
        assert list(told["sha1"]) == [SHA1, "b" * 40]
        assert list(told["snapshot"]) == ["b-earlier", "a-later"]
        assert tuple(told.columns) == NAMES
        assert len(store.history("nobody@x")) == 0


def test_equal_facts_are_kept_once(tmp_path: Path) -> None:
    with Store(tmp_path / "s.sqlite") as store:
        for number in range(3):
            store.save(snapshot(PEP, replace(PEP, subject=Subject("romeo@montague.lit")), id=f"s{number}"))
        assert store._db.read("SELECT sha1, exif_tags FROM facts") == [(SHA1, "Make; Model")]
