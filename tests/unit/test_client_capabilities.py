"""Which requests are kept from aioxmpp, and what becomes of them without a stream."""

from __future__ import annotations

import asyncio
from xml.etree.ElementTree import fromstring

import aioxmpp
import pytest

from xavatar.client.capabilities import Capabilities
from xavatar.client.credentials import Secret
from xavatar.client.factory import make_client
from xavatar.client.login import Login
from xavatar.wire import Wire
from xavatar.wire.lane import Lane
from xavatar.wire.xml import DISCO_INFO, DISCO_ITEMS


@pytest.fixture
async def lane() -> Lane:
    """The lane of a client that is not connected."""
    client = make_client(Login("juliet@capulet.lit", Secret("a")), timeout=1)
    wire = client.summon(Wire)
    Capabilities(wire, client.summon(aioxmpp.DiscoServer))
    assert wire._lane is not None
    return wire._lane


def takes(lane: Lane, payload: str, kind: str = "get") -> bool:
    return lane.observed(
        fromstring(f"<iq xmlns='jabber:client' from='romeo@montague.lit/a' id='1' type='{kind}'>{payload}</iq>")
    )


@pytest.mark.parametrize("node", ["", " node='of a stranger'"])
async def test_questions_about_what_we_can_do(lane: Lane, node: str) -> None:
    for _ in range(3):
        assert takes(lane, f"<query xmlns='{DISCO_INFO}'{node}/>")
        await asyncio.sleep(0)  # learnt, and answered into the void


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (f"<query xmlns='{DISCO_INFO}'/>", "set"),
        (f"<query xmlns='{DISCO_INFO}'/><more xmlns='urn:example'/>", "get"),
        (f"<query xmlns='{DISCO_ITEMS}'/>", "get"),
        ("<query xmlns='jabber:iq:roster'/>", "set"),
        ("", "get"),
    ],
)
async def test_others_are_for_aioxmpp(lane: Lane, payload: str, kind: str) -> None:
    assert not takes(lane, payload, kind)


async def test_only_requests_are_looked_at(lane: Lane) -> None:
    assert lane.watches("iq", "get")
    assert lane.watches("iq", "set")
    assert not lane.watches("iq", "result")
    assert not lane.watches("iq", "error")


async def test_nothing_of_a_client_that_is_not_ours_alone() -> None:
    client = make_client(Login("juliet@capulet.lit", Secret("a")), timeout=1)
    lane = client.summon(Wire)._lane
    assert lane is not None
    assert not lane.watches("iq", "get")
