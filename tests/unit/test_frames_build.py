"""Outcomes become rows: exactly the schema's columns, whatever strangers wrote."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import examples, patience
from xavatar.errors import FrameError
from xavatar.frames import COLUMNS, DTYPES, NAMES, conform, frame
from xavatar.model import Descriptor, ImageFacts, Kind, Outcome, Reading, Source, Status, Subject

JULIET = Subject("juliet@capulet.lit", name="Juliet", groups=("Friends", "Verona"), subscription="both")
SHA1 = "a" * 40
FACTS = ImageFacts(
    SHA1, 2345, "png", "image/png", 64, 48, 1, None, "RGB", False, True, False, False, ("Model",), "0f" * 8, "f0" * 8
)
WHEN = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)


def pep(*readings: Reading, status: Status = Status.OK, subject: Subject = JULIET) -> Outcome:
    return Outcome(subject, Source.PEP, status, readings=readings, observed_at=WHEN)


def only_row(*outcomes: Outcome, snapshot: str | None = None) -> dict[str, Any]:
    table = frame(outcomes, snapshot=snapshot)
    assert len(table) == 1
    return {name: None if pd.isna(value) else value for name, value in table.iloc[0].items()}


@pytest.mark.parametrize("outcomes", [(), (pep(),), (pep(Reading(Descriptor(id=SHA1), FACTS, Status.OK)),)])
def test_columns_and_dtypes_are_the_schema_s(outcomes: tuple[Outcome, ...]) -> None:
    table = frame(outcomes)
    assert tuple(table.columns) == NAMES
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == DTYPES
    assert len(table) == len(outcomes)


def test_all_cells() -> None:
    """Every field of the values ends up in the column the schema has for it."""
    outcome = Outcome(
        Subject("room@chat.lit/nick", Kind.OCCUPANT, "nick", "Room", ("A", "B"), "to"),
        Source.VCARD,
        Status.OK,
        condition="condition",
        text="text",
        elapsed_ms=12.5,
        resource="phone",
        readings=(
            Reading(
                Descriptor("B" * 40, "item", 3, "image/gif", 1, 2, 3, "https://x.lit/a", "urn:x"),
                FACTS,
                Status.OK,
                "image condition",
            ),
        ),
        problems=("P84-04 jpeg", "A-06 wrong width"),
        observed_at=WHEN,
    )
    assert only_row(outcome, snapshot="s1") == {
        "jid": "room@chat.lit/nick",
        "kind": "occupant",
        "nick": "nick",
        "name": "Room",
        "groups": "A; B",
        "subscription": "to",
        "source": "vcard",
        "resource": "phone",
        "status": "ok",
        "condition": "condition",
        "text": "text",
        "elapsed_ms": 12.5,
        "item_id": "item",
        "info_index": 3,
        "id": "B" * 40,
        "mime": "image/gif",
        "nbytes": 1,
        "width": 2,
        "height": 3,
        "url": "https://x.lit/a",
        "pointer": "urn:x",
        "image_status": "ok",
        "image_condition": "image condition",
        "sha1": SHA1,
        "mime_real": "image/png",
        "nbytes_real": 2345,
        "width_real": 64,
        "height_real": 48,
        "frames": 1,
        "has_exif": True,
        "has_gps": False,
        "dhash": "0f" * 8,
        "image_error": None,
        "id_is_sha1": True,
        "hash_ok": False,
        "agrees": None,
        "problems": "P84-04 jpeg; A-06 wrong width",
        "snapshot": "s1",
        "observed_at": pd.Timestamp(WHEN),
    }


def test_an_outcome_without_readings_is_one_row_that_says_why() -> None:
    row = only_row(Outcome(JULIET, Source.PEP, Status.FORBIDDEN, condition="not-authorized", text="no"))
    assert (row["status"], row["condition"], row["text"]) == ("forbidden", "not-authorized", "no")
    assert [row[column.name] for column in COLUMNS if column.group in ("declared", "real", "judged")] == [None] * 25


def test_one_row_per_descriptor_in_order() -> None:
    table = frame([pep(*(Reading(Descriptor(info_index=i)) for i in range(3))), pep(status=Status.TIMEOUT)])
    assert table["info_index"].tolist()[:3] == [0, 1, 2]
    assert table["info_index"].isna().tolist() == [False] * 3 + [True]


@pytest.mark.parametrize(
    ("id", "is_sha1", "hash_ok"),
    [
        (SHA1, True, True),
        (SHA1.upper(), True, True),
        (f" {SHA1}\n", True, True),
        ("b" * 40, True, False),
        ("current", False, False),
        ("c82ffc88-3277-4b56-91c1-4d2a0d6a4c1e", False, False),
        ("", False, False),
        ("a" * 39 + "\u0663", False, False),
        (None, None, None),
    ],
)
def test_the_promise_of_the_id(id: str | None, is_sha1: bool | None, hash_ok: bool | None) -> None:
    row = only_row(pep(Reading(Descriptor(id=id), FACTS, Status.OK)))
    assert (row["id"], row["id_is_sha1"], row["hash_ok"]) == (id, is_sha1, hash_ok)


def test_no_bytes_no_verdict_on_the_hash() -> None:
    assert only_row(pep(Reading(Descriptor(id=SHA1))))["hash_ok"] is None


def test_a_presence_only_announces() -> None:
    row = only_row(Outcome(JULIET, Source.PRESENCE, Status.OK, resource="r", readings=(Reading(Descriptor(id="X")),)))
    assert (row["id"], row["id_is_sha1"], row["hash_ok"], row["resource"]) == ("X", False, None, "r")


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
def test_numbers_no_column_can_hold(number: int) -> None:
    assert only_row(pep(Reading(Descriptor(nbytes=number, width=2**63 - 1))))["nbytes"] is None


def test_text_no_writer_can_encode() -> None:
    row = only_row(pep(subject=Subject("a@b.lit", name="x\ud800y 😺\0")))
    assert row["name"] == "x\ufffdy 😺\ufffd"


def test_time_is_utc_to_the_microsecond() -> None:
    assert only_row(pep())["observed_at"] == pd.Timestamp(WHEN)


TEXT = st.text(st.characters(exclude_categories=[]), max_size=20) | st.none()
NUMBER = st.integers() | st.none()
DESCRIPTORS = st.builds(Descriptor, TEXT, TEXT, st.integers(0, 9), TEXT, NUMBER, NUMBER, NUMBER, TEXT, TEXT)
FACT = st.none() | st.builds(
    ImageFacts, st.just(SHA1), st.integers(0, 2**62), st.none(), TEXT, NUMBER, NUMBER, NUMBER, error=TEXT
)
OUTCOMES = st.builds(
    Outcome,
    st.builds(Subject, st.sampled_from("abc"), st.sampled_from(Kind), TEXT, TEXT, st.tuples(st.text(max_size=5))),
    st.sampled_from(Source),
    st.sampled_from(Status),
    TEXT,
    TEXT,
    st.floats(0, 1e9) | st.none(),
    TEXT,
    st.lists(st.builds(Reading, DESCRIPTORS, FACT, st.sampled_from(Status), TEXT), max_size=3).map(tuple),
    st.lists(st.text(max_size=5), max_size=2).map(tuple),
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)


@given(st.lists(OUTCOMES, max_size=8))
@settings(max_examples=examples(50))
def test_any_outcomes(outcomes: list[Outcome]) -> None:
    table = frame(outcomes)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == DTYPES
    assert len(table) == sum(max(len(outcome.readings), 1) for outcome in outcomes)
    assert table["observed_at"].notna().all()
    # whatever came in, the accessor's questions have an answer
    people = table.xavatar.people()
    assert len(people) == len({outcome.subject.jid for outcome in outcomes})
    assert table.xavatar.coverage().loc["any", "subjects"] == len(people)
    table.xavatar.problems()
    pd.testing.assert_frame_equal(conform(table), table)


@pytest.mark.slow
def test_a_large_roster_is_quick() -> None:
    """30 000 rows; 0.5 s when nothing else runs."""
    outcomes = []
    for i in range(10_000):
        subject, sha1 = Subject(f"u{i}@x.lit", name=f"User {i}"), f"{i:040x}"
        facts = ImageFacts(sha1, i + 1, "png", "image/png", 64, 64, 1)
        outcomes += [
            Outcome(subject, Source.PEP, Status.OK, readings=(Reading(Descriptor(sha1, sha1), facts, Status.OK),)),
            Outcome(subject, Source.VCARD, Status.OK, readings=(Reading(Descriptor(), facts, Status.OK),)),
            Outcome(subject, Source.PRESENCE, Status.OK, readings=(Reading(Descriptor(sha1)),)),
        ]
    started = time.thread_time()
    table = frame(outcomes)
    assert time.thread_time() - started < patience(5)
    assert table["agrees"].all()


def test_conform_restores_dtypes_and_order() -> None:
    table = frame([pep(Reading(Descriptor(id=SHA1), FACTS, Status.OK)), pep(status=Status.EMPTY)])
    shuffled = table[list(reversed(NAMES))].astype("object").assign(mine=[1, 2])
    restored = conform(shuffled)
    assert list(restored.columns) == [*NAMES, "mine"]
    pd.testing.assert_frame_equal(restored[list(NAMES)], table)


def test_conform_cleans_what_was_put_in_later() -> None:
    table = frame([Outcome(Subject("a@x.lit"), Source.PEP, Status.OK)])
    table["name"] = pd.array(["x\0y"], dtype=table["name"].dtype)
    assert conform(table)["name"].tolist() == ["x\ufffdy"]


def test_conform_names_what_is_missing() -> None:
    with pytest.raises(FrameError, match="jid missing"):
        conform(frame([]).drop(columns="jid"))
    with pytest.raises(FrameError, match="jid, kind, nick, name, groups and 34 more missing"):
        conform(pd.DataFrame())


def test_conform_names_the_column_that_does_not_fit() -> None:
    with pytest.raises(FrameError, match=r"Column 'nbytes' should hold declared size in bytes"):
        conform(frame([pep()]).assign(nbytes=["many"]))
