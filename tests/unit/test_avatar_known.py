from __future__ import annotations

import pytest

from xavatar.avatar.cache import Cache, Photos
from xavatar.avatar.descriptors import AbstractAvatarDescriptor, PubsubAvatarDescriptor, VCardAvatarDescriptor
from xavatar.avatar.known import Answer, Known
from xavatar.avatar.parse import Update, UpdateState
from xavatar.errors import Forbidden, QueryTimeout
from xavatar.model import Source

A, B = "a" * 40, "b" * 40
PEP, VCARD = Source.PEP, Source.VCARD


def pep(*ids: str) -> tuple[AbstractAvatarDescriptor, ...]:
    return tuple(PubsubAvatarDescriptor("romeo", each, item_id=ids[0]) for each in ids)


def card(*ids: str) -> tuple[AbstractAvatarDescriptor, ...]:
    return tuple(VCardAvatarDescriptor("romeo", each) for each in ids)


def hears(known: Known, resource: str, value: str | None) -> None:
    state = UpdateState.NOT_READY if value is None else UpdateState.HASH if value else UpdateState.EMPTY
    known.announced(resource, Update(state, value or None), card(value) if value else (), now=100)


def asked(known: Known, source: Source, answer: Answer) -> Answer:
    return known.learn(source, answer, known.versions[source])


def test_nothing_is_known_at_first() -> None:
    assert Known().metadata is None
    assert Known().valid(PEP, 0) is None


def test_pep_first_then_the_vcard() -> None:  # D-04
    known = Known()
    hears(known, "orchard", A)
    assert known.metadata == card(A)
    asked(known, PEP, Answer(pep(B)))
    assert known.metadata == pep(B)
    asked(known, PEP, Answer())
    assert known.metadata == card(A)


def test_a_switched_off_avatar_is_none_whatever_the_vcard_says() -> None:
    known = Known()
    asked(known, VCARD, Answer(card(A)))
    known.published((), disabled=True)
    assert known.metadata == ()


def test_a_negative_answer_holds_for_its_time() -> None:  # D-36
    known = Known()
    asked(known, PEP, Answer(until=50))
    assert known.valid(PEP, 49) is not None
    assert known.valid(PEP, 50) is None


def test_what_was_pushed_during_a_query_is_newer() -> None:  # D-05
    known = Known()
    version = known.versions[PEP]
    known.published(pep(B), disabled=False)
    assert known.learn(PEP, Answer(pep(A)), version).descriptors == pep(B)
    assert known.metadata == pep(B)


def test_a_presence_during_the_pep_query_leaves_its_answer_alone() -> None:  # D-05
    known = Known()
    version = known.versions[PEP]
    hears(known, "orchard", A)
    known.learn(PEP, Answer(pep(B)), version)
    assert known.metadata == pep(B)


def test_a_card_that_says_more_than_the_presence_of_the_same_photo_counts() -> None:
    known = Known()
    version = known.versions[VCARD]
    hears(known, "orchard", A)
    full = Answer(card(A, B))
    assert known.learn(VCARD, full, version) is full
    version = known.versions[VCARD]
    hears(known, "garden", "c" * 40)
    assert known.learn(VCARD, full, version).descriptors == card("c" * 40)


def test_a_failure_does_not_unsay_what_was_known() -> None:
    known = Known()
    asked(known, PEP, Answer(pep(A)))
    assert asked(known, PEP, Answer(error=QueryTimeout("romeo", "PEP"))).error is not None
    assert known.metadata == pep(A)
    empty = Known()
    asked(empty, PEP, Answer(error=Forbidden("romeo", "PEP")))
    assert empty.metadata is None


def test_removal_forgets_the_vcard_of_the_same_image_too() -> None:  # D-08
    known = Known()
    hears(known, "orchard", A)
    known.published(pep(A), disabled=False)
    known.removed(until=1000)
    assert known.metadata == ()
    assert known.valid(VCARD, 0) is None


def test_metadata_that_was_asked_for_is_doubted_by_a_presence() -> None:  # D-05
    known = Known()
    asked(known, PEP, Answer(pep(A)))
    hears(known, "orchard", B)
    assert known.metadata == pep(A)
    assert known.valid(PEP, 100) is None
    asked(known, PEP, Answer(pep(A)))
    hears(known, "orchard", "c" * 40)
    assert known.metadata == card("c" * 40)


def test_metadata_that_is_pushed_is_not() -> None:
    known = Known()
    known.published(pep(A), disabled=False)
    hears(known, "orchard", B)
    hears(known, "orchard", "")
    assert known.metadata == pep(A)
    assert known.valid(PEP, 1e9) is not None


@pytest.mark.parametrize("value", [None, "current", "c82ffc88-3277-4f0a", "A" * 39])
def test_presences_that_say_nothing_of_an_image(value: str | None) -> None:  # D-33
    known = Known()
    hears(known, "orchard", value)
    assert known.metadata is None


def test_the_same_hash_again_in_whatever_spelling_changes_nothing() -> None:  # D-33
    known = Known()
    hears(known, "orchard", A)
    before, version = known.metadata, known.versions[VCARD]
    hears(known, "orchard", f" {A.upper()}\n")
    assert known.metadata is before
    assert known.versions[VCARD] == version


def test_resources_that_disagree_do_not_flap() -> None:
    known = Known()
    hears(known, "phone", A)
    hears(known, "bot", "")
    assert known.metadata == card(A)
    hears(known, "laptop", B)
    for _ in range(3):
        hears(known, "phone", A)
        hears(known, "laptop", B)
        assert known.metadata == card(B)
    known.left("phone")
    known.left("laptop")
    known.left("bot")
    hears(known, "bot", "")
    assert known.metadata == ()


def test_what_a_stranger_can_make_grow_is_bounded() -> None:  # D-07
    known = Known()
    for number in range(500):
        hears(known, f"r{number}", f"{number:040x}")
        known.refuse(str(number), 1.0, Forbidden("romeo", "PEP"))
    assert len(known.heard) <= 16
    assert len(known.refused) <= 16


def test_refusals_are_forgotten_when_something_new_is_announced() -> None:
    known = Known()
    known.refuse(A, 1e9, Forbidden("romeo", "PEP"))
    known.published(pep(A), disabled=False)
    assert known.refused == {}


def test_an_event_without_payload_makes_the_next_call_ask() -> None:
    known = Known()
    known.published(pep(A), disabled=False)
    known.touched(now=7)
    assert known.metadata == pep(A)
    assert known.valid(PEP, 7) is None


def test_the_cache_drops_the_least_recently_used() -> None:
    cache: Cache[str] = Cache(2)
    first = cache.known("a")
    cache.known("b")
    assert cache.known("a") is first
    cache.known("c")
    assert list(cache) == ["a", "c"]
    assert "b" not in cache
    cache.size = 1
    assert list(cache) == ["c"]
    with pytest.raises(ValueError, match="at least 1"):
        cache.size = 0


def test_photos_are_bounded_by_bytes() -> None:  # D-26
    photos = Photos(limit=100)
    for name in "abc":
        photos.put(name, bytes(40))
    assert photos.get("a") is None
    assert photos.get("c") == bytes(40)
    photos.put("huge", bytes(101))
    assert photos.get("huge") is None
    assert photos.get("b") is not None
    photos.clear()
    assert photos.get("b") is None
