"""Same pictures and near ones: every pair found, grouped around the most shown, told in a table."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tests.support import examples, patience
from xavatar.audit import PrivacyWarning
from xavatar.audit.duplicates import GROUPS, MEMBERS, duplicate_groups, duplicates
from xavatar.audit.near import Hashes, as_hashes, bit_count, near_pairs
from xavatar.errors import ConfigError
from xavatar.imaging import inspect
from xavatar.model import Descriptor, ImageFacts, Kind, Outcome, Reading, Source, Status, Subject

# Pairs


def brute_force(hashes: Sequence[int], threshold: int) -> dict[tuple[int, int], int]:
    return {
        (one, other): bits
        for one in range(len(hashes))
        for other in range(one + 1, len(hashes))
        if (bits := (hashes[one] ^ hashes[other]).bit_count()) <= threshold
    }


def told(hashes: Hashes, threshold: int) -> dict[tuple[int, int], int]:
    pairs = near_pairs(hashes, threshold)
    found = list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    assert len(set(found)) == len(found), "each pair once"
    return dict(zip(found, pairs.distance.tolist(), strict=True))


# Any hashes, and those that lie a few bits off a few centres, as those of real pictures do.
BIT = st.integers(0, 63).map(lambda bit: 1 << bit)
NEARBY = st.builds(
    lambda centre, bits: centre ^ sum(set(bits)),
    st.sampled_from([0, 2**64 - 1, 0x0F0F0F0F0F0F0F0F, 0x123456789ABCDEF0]),
    st.lists(BIT, max_size=9),
)
HASHES = st.lists(st.integers(0, 2**64 - 1) | NEARBY, max_size=60)


@given(HASHES, st.integers(0, 16))
@example([0, 2**64 - 1, 0], 0)
@example([], 4)
@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.too_slow])
def test_exactly_the_pairs_that_brute_force_finds(hashes: list[int], threshold: int) -> None:
    assert told(np.array(hashes, np.uint64), threshold) == brute_force(hashes, threshold)


@pytest.mark.slow
@pytest.mark.parametrize("threshold", [0, 1, 3, 4, 5, 7, 10])
def test_many_hashes_against_brute_force(threshold: int) -> None:
    """Enough of them that bands of other widths are chosen, and that they come in several pieces."""
    random = np.random.default_rng(threshold)
    hashes = random.integers(0, 2**64, 1500, np.uint64)
    for _ in range(8):
        some = random.choice(hashes, 300)
        hashes = np.concatenate([hashes, some ^ (np.uint64(1) << random.integers(0, 64, 300, np.uint64))])
    apart = bit_count((hashes[:, np.newaxis] ^ hashes[np.newaxis, :]).ravel()).reshape(len(hashes), -1)
    left, right = np.nonzero(np.triu(apart <= threshold, 1))
    expected = dict(zip(zip(left.tolist(), right.tolist(), strict=True), apart[left, right].tolist(), strict=True))
    assert told(hashes, threshold) == expected


def test_candidates_beyond_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xavatar.audit.near._AT_ONCE", 7)
    hashes = [0b111, 0b110, 0b100, 0, 2**63, 2**63 + 1, 5, 5, 5]
    assert told(np.array(hashes, np.uint64), 2) == brute_force(hashes, 2)


def test_bits_are_counted_without_numpy_2(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.array([0, 1, 2**64 - 1, 0xF0], np.uint64)
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert bit_count(values).tolist() == [0, 1, 64, 4]
    assert bit_count(values[:0]).tolist() == []


@pytest.mark.parametrize("threshold", [-1, 17])
def test_thresholds_that_make_no_sense(threshold: int) -> None:
    with pytest.raises(ConfigError, match="choose 0 to 16"):
        near_pairs(np.array([], np.uint64), threshold)


@pytest.mark.slow
def test_hundred_thousand_hashes_take_seconds() -> None:
    """5 000 000 000 comparisons would take minutes; the processor's time is counted, the machine may be busy."""
    random = np.random.default_rng(84)
    hashes = random.integers(0, 2**64, 80_000, np.uint64)
    copies = hashes[:20_000] ^ (np.uint64(1) << random.integers(0, 64, 20_000, np.uint64))
    started = time.process_time()
    pairs = near_pairs(np.concatenate([hashes, copies]), 4)
    assert time.process_time() - started < patience(10)
    assert set(zip(range(20_000), range(80_000, 100_000), strict=True)) <= set(
        zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)
    )


# Groups


def sha1(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()


def shows(
    jid: str,
    name: str,
    dhash: str | None = None,
    *,
    phash: str | None = None,
    source: Source = Source.PEP,
    kind: Kind = Kind.CONTACT,
    blank: bool = False,
) -> Outcome:
    facts = ImageFacts(sha1(name), 100, dhash=dhash, phash=phash, blank=blank)
    return Outcome(Subject(jid, kind), source, Status.OK, readings=(Reading(Descriptor(), facts, Status.OK),))


def matched(members: pd.DataFrame) -> dict[int, list[tuple[str, str, int]]]:
    found: dict[int, list[tuple[str, str, int]]] = {}
    for row in members.itertuples():
        found.setdefault(int(str(row.group)), []).append((str(row.jid), str(row.match), int(str(row.distance))))
    return found


def test_same_pictures() -> None:
    members = duplicates([shows("a@x", "one"), shows("b@x", "one"), shows("c@x", "two")])
    assert matched(members) == {1: [("a@x", "same", 0), ("b@x", "same", 0)]}
    assert set(members["label"]) == {"same picture"}
    assert {name: str(dtype) for name, dtype in members.dtypes.items()} == MEMBERS


def test_one_s_own_pictures_are_no_duplicates() -> None:
    own = [shows("a@x", "one", "0" * 16), shows("a@x", "two", "0" * 15 + "1", source=Source.VCARD)]
    assert len(duplicates(own)) == 0
    assert len(duplicates([own[0], replace(own[0], source=Source.VCARD)])) == 0


def test_sources_are_told_together() -> None:
    everywhere = [shows("a@x", "one", source=source) for source in Source]
    members = duplicates([*everywhere, shows("b@x", "one")])
    assert list(members["sources"]) == ["pep; vcard; presence", "pep"]


def test_pictures_that_were_not_fetched_are_known_by_their_hash() -> None:
    announced = Reading(Descriptor(id=f" {sha1('one').upper()}"))
    unfetched = [Outcome(Subject(jid), Source.PEP, Status.OK, readings=(announced,)) for jid in ("a@x", "b@x")]
    assert matched(duplicates([*unfetched, shows("c@x", "one")])) == {
        1: [("a@x", "same", 0), ("b@x", "same", 0), ("c@x", "same", 0)]
    }
    current = Reading(Descriptor(id="current"))
    assert len(duplicates(replace(outcome, readings=(current,)) for outcome in unfetched)) == 0


def test_zero_bytes_are_no_picture() -> None:
    nothing = Reading(Descriptor(), ImageFacts(hashlib.sha1(b"").hexdigest(), 0), Status.OK)
    empty = [Outcome(Subject(jid), Source.PEP, Status.OK, readings=(nothing,)) for jid in ("a@x", "b@x")]
    assert len(duplicates(empty)) == 0


def test_near_pictures() -> None:
    people = [
        shows("a@x", "one", "00ff00ff00ff00ff"),
        shows("b@x", "two", "00ff00ff00ff00fe"),
        shows("c@x", "three", "ff00ff00ff00ff00"),
    ]
    members = duplicates(people)
    assert sorted(row[2] for row in matched(members)[1]) == [0, 1]
    assert set(members["jid"]) == {"a@x", "b@x"}
    assert set(members["label"]) == {"near-duplicates"}
    assert len(duplicates(people, near=0)) == 0


def test_the_second_hash_confirms() -> None:
    def people(first: str, second: str) -> list[Outcome]:
        return [shows("a@x", "one", "0" * 16, phash=first), shows("b@x", "two", "0" * 16, phash=second)]

    assert len(duplicates(people("0" * 16, "0" * 13 + "3ff"))) == 2
    assert len(duplicates(people("0" * 16, "0" * 13 + "7ff"))) == 0
    assert len(duplicates(people("0" * 16, "f" * 16), confirm=64)) == 2


def test_colours_confirm() -> None:
    def people(*colors: tuple[str, ...]) -> list[Outcome]:
        shown = []
        for number, each in enumerate(colors):
            (reading,) = shows("", str(number), "0" * 16).readings
            assert reading.facts is not None
            reading = replace(reading, facts=replace(reading.facts, colors=each))
            shown.append(Outcome(Subject(f"{number}@x"), Source.PEP, Status.OK, readings=(reading,)))
        return shown

    red, reddish, blue, green, grey = "#c83232", "#c84222", "#3232c8", "#32c832", "#808080"
    assert len(duplicates(people((red, blue), (blue, reddish)))) == 2
    assert len(duplicates(people((red,), (red, blue)))) == 0, "the second's blue is not in the first"
    assert len(duplicates(people((red, blue, green), (red, blue, green, grey)))) == 2, "the fourth does not count"
    assert len(duplicates(people((red, blue, green), (red, blue, grey, green)))) == 0
    assert len(duplicates(people((red, blue, grey, green), (red, blue, green, grey)))) == 2
    assert len(duplicates(people((red,), (blue,)))) == 0
    assert len(duplicates(people((red,), ("#c84332",)))) == 0
    assert len(duplicates(people((red,), ()))) == 2
    assert len(duplicates(people((), ()))) == 2
    assert len(duplicates(people((red,), (blue,)), shade=255)) == 2


def test_no_chain_leads_from_one_face_to_another() -> None:
    """Each is 4 bits off the next, the first and the last 12 apart: who is too far from the most shown stays out."""
    steps = ["0" * 16, "0" * 15 + "f", "0" * 14 + "ff", "0" * 13 + "fff"]
    people = [shows(f"{number}@x", str(number), dhash) for number, dhash in enumerate(steps)]
    members = duplicates([*people, shows("9@x", "1", steps[1])])
    assert members.groupby("group")["distance"].max().tolist() == [4]
    (group,) = matched(members).values()
    assert group[:2] == [("1@x", "same", 0), ("9@x", "same", 0)]
    assert {row[0] for row in group[2:]} == {"0@x", "2@x"}


def test_somebody_s_second_picture_is_left_for_others() -> None:
    first, second, third = "0" * 16, "0" * 15 + "f", "0" * 14 + "ff"  # the third is near the second only
    names = sorted(("x", "y", "z"), key=sha1)
    mine = [shows("a@x", names[0], first), shows("a@x", names[1], second, source=Source.VCARD)]
    members = duplicates([*mine, shows("b@x", names[2], third)])
    assert {jid for jid, _, _ in matched(members)[1]} == {"a@x", "b@x"}


def test_blank_pictures_are_alike_by_their_bytes_only() -> None:
    white, black = (shows(f"{name}@x", name, "0" * 16, blank=True) for name in ("white", "black"))
    assert len(duplicates([white, black])) == 0
    assert len(duplicates([white, shows("c@x", "white", "0" * 16, blank=True)])) == 2


def test_default_avatars_are_named() -> None:
    crowd = [shows(f"{number}@x", "default", "0f" * 8) for number in range(7)]
    couple = [shows("romeo@x", "pair"), shows("juliet@x", "pair")]
    resized = shows("late@x", "default, smaller", "0f" * 7 + "0e")
    members = duplicates([*couple, *crowd, resized])
    groups = duplicate_groups(members)
    assert groups[["label", "subjects", "pictures", "sha1", "distance"]].to_dict("records") == [
        {"label": "default avatar", "subjects": 8, "pictures": 2, "sha1": sha1("default"), "distance": 1},
        {"label": "same picture", "subjects": 2, "pictures": 1, "sha1": sha1("pair"), "distance": 0},
    ]
    assert groups["jids"][1] == "juliet@x; romeo@x"
    assert {name: str(dtype) for name, dtype in groups.dtypes.items()} == GROUPS
    assert set(duplicates(crowd, many=8)["label"]) == {"same picture"}


def test_occupants_are_not_joined_with_contacts_unless_asked() -> None:
    """A nickname must not be given away by its picture (A-24)."""
    both = [
        shows("romeo@montague.lit", "one"),
        shows("balcony@rooms.lit/mask", "one", kind=Kind.OCCUPANT),
        shows("balcony@rooms.lit/moon", "two", kind=Kind.OCCUPANT),
        shows("balcony@rooms.lit/sun", "two", kind=Kind.OCCUPANT),
    ]
    assert set(duplicates(both)["jid"]) == {"balcony@rooms.lit/moon", "balcony@rooms.lit/sun"}
    with pytest.warns(PrivacyWarning, match="who is behind a nickname"):
        assert len(duplicates(both, join_occupants=True)) == 4


def test_nobody() -> None:
    empty = duplicates([])
    assert {name: str(dtype) for name, dtype in empty.dtypes.items()} == MEMBERS
    assert {name: str(dtype) for name, dtype in duplicate_groups(empty).dtypes.items()} == GROUPS


@pytest.mark.parametrize("wrong", [{"many": 1}, {"confirm": -1}, {"near": 17}, {"shade": -1}])
def test_bounds(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        duplicates([], **wrong)  # type: ignore[arg-type]


def portrait(seed: int) -> Image.Image:
    """A face of some ellipses, unlike that of any other seed."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", (192, 192), tuple(random.integers(0, 255, 3).tolist()))
    draw = ImageDraw.Draw(picture)
    for _ in range(14):
        x, y, w, h = random.integers(0, 192, 4).tolist()
        draw.ellipse((x - w // 2, y - h // 2, x + w // 2, y + h // 2), tuple(random.integers(0, 255, 3).tolist()))
    return picture


def saved(picture: Image.Image, format: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def test_re_encodings_of_pictures_are_found_and_other_faces_are_not() -> None:
    outcomes = []
    for seed in range(40):
        picture = portrait(seed)
        copies = [saved(picture, "PNG"), saved(picture, "JPEG", quality=80), saved(picture.resize((64, 64)), "PNG")]
        for number, data in enumerate(copies):
            reading = Reading(Descriptor(), inspect(data), Status.OK)
            outcomes.append(Outcome(Subject(f"{seed}-{number}@x"), Source.PEP, Status.OK, readings=(reading,)))
    groups = duplicate_groups(duplicates(outcomes))
    found = [set(jids.split("; ")) for jids in groups["jids"]]
    assert all(len({jid.partition("-")[0] for jid in group}) == 1 for group in found), "no two faces in one group"
    assert sum(len(group) for group in found) > 0.9 * len(outcomes)
    assert duplicate_groups(duplicates(outcomes, shade=255))["subjects"].tolist() == [3] * 40


def test_hashes_are_read_as_they_are_written() -> None:
    assert as_hashes(["ffffffffffffffff", "0000000000000001"]).tolist() == [2**64 - 1, 1]
