"""Not asking a wall again and again."""

from __future__ import annotations

import pytest

from xavatar.collect import Breakers
from xavatar.model import Kind, Source, Status, Subject


def contact(number: int = 0, *, domain: str = "padua.lit", subscription: str = "both") -> Subject:
    return Subject(f"user{number}@{domain}", subscription=subscription)


def occupant(number: int = 0) -> Subject:
    return Subject(f"tomb@rooms.capulet.lit/nick{number}", Kind.OCCUPANT)


def breakers() -> Breakers:
    return Breakers(3, "capulet.lit")


def test_a_domain_that_is_down_is_not_asked_again() -> None:
    broken = breakers()
    for number in range(3):
        assert broken.blocked(contact(number), Source.PEP) is None
        broken.note(contact(number), Source.PEP, Status.UNAVAILABLE, "remote-server-not-found")
    assert broken.blocked(contact(9), Source.PEP) == (
        "not asked: 3 times in a row padua.lit answered remote-server-not-found"
    )
    assert broken.blocked(contact(9), Source.VCARD) is None
    assert broken.blocked(contact(9, domain="verona.lit"), Source.PEP) is None


def test_one_answer_closes_the_count() -> None:
    broken = breakers()
    for status in (Status.TIMEOUT, Status.TIMEOUT, Status.NOT_FOUND, Status.TIMEOUT, Status.TIMEOUT):
        broken.note(contact(), Source.PEP, status, None)
    assert broken.blocked(contact(), Source.PEP) is None
    broken.note(contact(), Source.PEP, Status.SKIPPED, "session-lost")
    broken.note(contact(), Source.PEP, Status.TIMEOUT, None)
    assert broken.blocked(contact(), Source.PEP) is not None


@pytest.mark.parametrize(("subscription", "closed"), [("both", True), ("to", True), ("from", False), ("none", False)])
def test_a_refusal_counts_only_from_those_who_show_themselves(subscription: str, closed: bool) -> None:
    broken = breakers()
    for number in range(3):
        broken.note(contact(number, subscription=subscription), Source.PEP, Status.FORBIDDEN, "forbidden")
    assert (broken.blocked(contact(), Source.PEP) is not None) is closed


def test_a_room_that_refuses_is_closed_for_itself_only() -> None:
    broken = breakers()
    for number in range(3):
        broken.note(occupant(number), Source.VCARD, Status.FORBIDDEN, "not-allowed")
    assert broken.blocked(occupant(7), Source.VCARD) is not None
    other = Subject("balcony@rooms.capulet.lit/Romeo", Kind.OCCUPANT)
    assert broken.blocked(other, Source.VCARD) is None


def test_the_own_server_is_asked_to_the_end() -> None:
    broken = breakers()
    for number in range(9):
        broken.note(contact(number, domain="capulet.lit"), Source.PEP, Status.TIMEOUT, None)
    assert broken.blocked(contact(domain="capulet.lit"), Source.PEP) is None
