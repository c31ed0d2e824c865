"""Which presences aioxmpp need not have."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import pytest

from xavatar.client import presence
from xavatar.client.arrivals import Arrivals
from xavatar.client.credentials import Secret
from xavatar.client.factory import make_client
from xavatar.client.login import Login
from xavatar.client.presence import PresenceBook
from xavatar.wire import Wire

IN_ROOM = "<x xmlns='http://jabber.org/protocol/muc#user'/>"


def stanza(sender: str | None, kind: str | None = None, payload: str = "") -> Element:
    by = f" from='{sender}'" if sender else ""
    return fromstring(f"<presence xmlns='jabber:client'{by}{f' type={kind!r}' if kind else ''}>{payload}</presence>")


class Line:
    """A client that is not connected, its wire, and what stands in the book."""

    def __init__(self, *, take: bool) -> None:
        client = make_client(Login("juliet@capulet.lit", Secret("a")), timeout=1)
        self.wire = client.summon(Wire)
        self.book = PresenceBook(self.wire, Arrivals(), take=take)

    def takes(self, sender: str | None, kind: str | None = None, payload: str = "") -> bool:
        """Have a presence come in; tell whether it is kept from aioxmpp."""
        assert self.wire._lane is not None
        return self.wire._lane.observed(stanza(sender, kind, payload))


@pytest.fixture
async def line() -> Line:
    return Line(take=True)


async def test_away_who_never_was_here(line: Line) -> None:
    assert line.takes("romeo@montague.lit", "unavailable")
    assert line.takes("romeo@montague.lit", "unavailable"), "however often it is said"
    assert line.book.of("romeo@montague.lit") == ()


@pytest.mark.parametrize("kind", [None, "error", "subscribe"])
async def test_once_met_everything_counts(line: Line, kind: str | None) -> None:
    assert not line.takes("romeo@montague.lit/orchard", kind)
    assert not line.takes("romeo@montague.lit", "unavailable")
    line.book.clear()
    assert not line.takes("romeo@montague.lit", "unavailable"), "aioxmpp forgets nobody with the stream"


async def test_a_resource_that_leaves_counts(line: Line) -> None:
    assert not line.takes("romeo@montague.lit/orchard", "unavailable")


async def test_an_occupant_that_leaves_counts(line: Line) -> None:
    assert not line.takes("balcony@rooms.lit/me", None, IN_ROOM)
    assert not line.takes("balcony@rooms.lit/me", "unavailable", IN_ROOM)
    assert line.book.known() == {}


async def test_a_presence_of_nobody_counts(line: Line) -> None:
    assert not line.takes(None, "unavailable")


async def test_nothing_is_taken_from_a_client_of_somebody_elses() -> None:
    line = Line(take=False)
    assert not line.takes("romeo@montague.lit", "unavailable")
    assert not line.takes("romeo@montague.lit/orchard")
    assert [sighting.resource for sighting in line.book.of("romeo@montague.lit")] == ["orchard"]


async def test_when_too_many_were_met_nothing_is_taken(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_LIMIT", 1)
    line.takes("romeo@montague.lit/orchard")
    assert not line.takes("nurse@capulet.lit", "unavailable")
