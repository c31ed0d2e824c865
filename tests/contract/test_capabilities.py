"""What we say we can do, asked by another client on each server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from xml.etree.ElementTree import Element

import aioxmpp
import pytest

from tests.servers import RunningServer
from xavatar.client.connection import Connection
from xavatar.client.credentials import Secret
from xavatar.client.login import Login
from xavatar.wire.xml import DISCO_INFO, DISCO_ITEMS, METADATA, STANZAS, tag

Ask = Callable[[str], Awaitable[Element]]


@pytest.fixture
async def juliet(server: RunningServer) -> AsyncIterator[Connection]:
    login = Login(
        server.jid("juliet"), Secret(server.accounts["juliet"]), server.host, server.port, ca_file=server.ca_file
    )
    connection = Connection.to(login)
    await connection.open()
    yield connection
    await connection.close()


@pytest.fixture
async def ask(server: RunningServer, juliet: Connection) -> AsyncIterator[Ask]:
    """Ask her client as another user would, with this payload."""
    async with await server.raw("walkon4") as user:
        yield lambda payload: user.iq("get", payload, juliet.jid)


def features(answer: Element) -> set[str]:
    return {element.get("var", "") for element in answer.iter(tag(DISCO_INFO, "feature"))}


async def test_who_asks_is_told_and_aioxmpp_asked_once(juliet: Connection, ask: Ask) -> None:
    disco: Any = juliet.client.summon(aioxmpp.DiscoServer)
    asked, inner = [], disco.handle_info_request
    disco.handle_info_request = lambda question: asked.append(question.payload.node) or inner(question)
    answers = [await ask(f"<query xmlns='{DISCO_INFO}'/>") for _ in range(3)]
    for answer in answers:
        (identity,) = answer.iter(tag(DISCO_INFO, "identity"))
        assert (identity.get("category"), identity.get("type"), identity.get("name")) == ("client", "pc", "xavatar")
        assert features(answer) == features(answers[0]) >= {DISCO_INFO, f"{METADATA}+notify"}
    if juliet.wire.raw:
        assert asked.count(None) <= 1, "the server may have asked before"


async def test_what_is_new_is_told(juliet: Connection, ask: Ask) -> None:
    before = features(await ask(f"<query xmlns='{DISCO_INFO}'/>"))
    juliet.client.summon(aioxmpp.DiscoServer).register_feature("urn:example:new")
    assert features(await ask(f"<query xmlns='{DISCO_INFO}'/>")) == before | {"urn:example:new"}


async def test_a_node_that_is_none_of_ours(ask: Ask) -> None:
    for _ in range(2):
        answer = await ask(f"<query xmlns='{DISCO_INFO}' node='a &quot;stranger&quot;&apos;s'/>")
        (error,) = answer.iter("{jabber:client}error")
        assert error.get("type") == "modify"
        assert error.find(tag(STANZAS, "item-not-found")) is not None


async def test_other_questions_are_for_aioxmpp(ask: Ask) -> None:
    assert (await ask(f"<query xmlns='{DISCO_ITEMS}'/>")).get("type") == "result"
    assert (await ask("<ping xmlns='urn:xmpp:ping'/>")).get("type") == "result"
    (error,) = (await ask("<query xmlns='urn:example:unknown'/>")).iter("{jabber:client}error")
    assert error.find(tag(STANZAS, "service-unavailable")) is not None
