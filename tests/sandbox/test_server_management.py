"""Stream management: both counters, and resumption (XEP-0198)."""

from __future__ import annotations

import asyncio
import base64
import ssl

import pytest

from tests.sandbox.conftest import META_XML, METADATA, Enter, Serve, scenario
from tests.servers.rawclient import SASL, RawClient, StreamEnded
from xavatar.sandbox import Server

SM = "urn:xmpp:sm:3"
JULIET = "juliet@capulet.lit"
ROMEO = "romeo@montague.lit"
PING = "<ping xmlns='urn:xmpp:ping'/>"


async def enable(client: RawClient, resume: str = "true") -> str:
    client.send(f"<enable xmlns='{SM}' resume='{resume}'/>")
    answer = await client._next()
    assert answer.tag == f"{{{SM}}}enabled"
    return answer.get("id", "")


async def nonza(client: RawClient) -> tuple[str, str | None]:
    """Return name and count of the next element that is no stanza."""
    while True:
        element = await asyncio.wait_for(client._next(), 5)
        if element.tag.startswith(f"{{{SM}}}"):
            return element.tag.partition("}")[2], element.get("h")
        client.backlog.append(element)


async def handled(client: RawClient) -> str | None:
    client.send(f"<r xmlns='{SM}'/>")
    name, h = await nonza(client)
    assert name == "a"
    return h


async def authenticated(server: Server, jid: str = JULIET) -> RawClient:
    """Log in without binding a resource."""
    user, _, domain = jid.partition("@")
    context = ssl.create_default_context(cafile=str(server.ca_file))
    reader, writer = await asyncio.open_connection(server.host, server.tls_port, ssl=context, server_hostname=domain)
    client = RawClient(reader, writer, domain)
    await client._open()
    secret = base64.b64encode(f"\0{user}\0{server.scenario.account(jid).password}".encode()).decode()
    client.send(f"<auth xmlns='{SASL}' mechanism='PLAIN'>{secret}</auth>")
    await client._next()
    await client._open()
    return client


def break_off(client: RawClient) -> None:
    client._writer.transport.abort()


async def test_stanzas_are_counted_and_nothing_else(juliet: RawClient) -> None:
    await juliet.iq("get", PING)
    await enable(juliet)
    assert await handled(juliet) == "0"
    juliet.send("<presence/>")
    await juliet.iq("get", PING)
    juliet.send(" ")
    assert await handled(juliet) == "2"
    assert await handled(juliet) == "2"


async def test_the_server_asks_and_is_told(juliet: RawClient) -> None:
    await enable(juliet)
    asked = 0
    for count in range(1, 41):
        await juliet.iq("get", PING)
        while juliet.backlog:
            assert juliet.backlog.pop().tag == f"{{{SM}}}r"
            asked += 1
            juliet.send(f"<a xmlns='{SM}' h='{count}'/>")
    assert asked == 3


async def test_a_count_too_high_ends_the_stream(juliet: RawClient) -> None:
    await enable(juliet)
    juliet.send(f"<a xmlns='{SM}' h='7'/>")
    with pytest.raises(StreamEnded):
        await juliet.receive("iq")
    error = juliet.backlog[-1].find(f"{{{SM}}}handled-count-too-high")
    assert error is not None
    assert error.attrib == {"h": "7", "send-count": "0"}


async def test_enabling_twice_fails(juliet: RawClient) -> None:
    await enable(juliet)
    juliet.send(f"<enable xmlns='{SM}'/>")
    assert (await nonza(juliet))[0] == "failed"


async def test_a_broken_session_is_resumed_with_what_it_missed(server: Server, enter: Enter) -> None:
    juliet, romeo = await enter(server), await enter(server, ROMEO)
    romeo.send("<presence/>")
    await romeo.receive("presence")
    previous = await enable(juliet)
    juliet.send("<presence/>")
    await romeo.receive("presence", from_=JULIET)
    for sender in (JULIET, ROMEO, ROMEO):
        await juliet.receive("presence", from_=sender)
    break_off(juliet)
    await asyncio.sleep(0.05)
    for number in range(3):
        romeo.send(f"<message to='{juliet.jid}' id='m{number}'><body>!</body></message>")
    await romeo.iq("get", PING)
    assert not [stanza for stanza in romeo.backlog if stanza.get("type") == "unavailable"]

    again = await authenticated(server)
    again.send(f"<resume xmlns='{SM}' previd='{previous}' h='3'/>")
    assert await nonza(again) == ("resumed", "1")
    assert [(await again._next()).get("id") for _ in range(3)] == ["m0", "m1", "m2"]
    assert (await again.iq("get", PING)).get("to") == juliet.jid
    assert await handled(again) == "2"
    await again.close()
    assert (await romeo.receive("presence", from_=JULIET)).get("type") == "unavailable"


async def test_a_session_can_move_while_its_connection_lives(server: Server, enter: Enter) -> None:
    juliet = await enter(server)
    previous = await enable(juliet)
    again = await authenticated(server)
    again.send(f"<resume xmlns='{SM}' previd='{previous}' h='0'/>")
    assert await nonza(again) == ("resumed", "0")
    with pytest.raises(StreamEnded):
        await juliet.receive("iq")
    assert server.stats().sessions == 1
    await again.close()


async def test_what_cannot_be_resumed(server: Server, enter: Enter) -> None:
    juliet = await enter(server)
    previous = await enable(juliet)
    stranger = await authenticated(server, ROMEO)
    for identity in (previous, "none"):
        stranger.send(f"<resume xmlns='{SM}' previd='{identity}' h='0'/>")
        assert (await nonza(stranger))[0] == "failed"
    await stranger.close()
    await juliet.close()
    late = await authenticated(server)
    late.send(f"<resume xmlns='{SM}' previd='{previous}' h='0'/>")
    assert (await nonza(late))[0] == "failed"
    await late.close()


async def test_a_session_that_nobody_resumes_ends(serve: Serve, enter: Enter) -> None:
    server = await serve(resume_seconds=0.2)
    juliet, romeo = await enter(server), await enter(server, ROMEO)
    romeo.send("<presence/>")
    await romeo.receive("presence")
    await enable(juliet)
    juliet.send("<presence/>")
    await romeo.receive("presence", from_=JULIET)
    break_off(juliet)
    assert (await romeo.receive("presence", from_=JULIET)).get("type") == "unavailable"
    assert server.stats().sessions == 1


async def test_after_a_crash_nothing_can_be_resumed(server: Server, enter: Enter) -> None:
    juliet = await enter(server)
    previous = await enable(juliet)
    await juliet.publish(METADATA, "a", META_XML)
    await server.kill()
    await server.start()
    again = await authenticated(server)
    again.send(f"<resume xmlns='{SM}' previd='{previous}' h='0'/>")
    assert (await nonza(again))[0] == "failed"
    await again.close()
    fresh = await enter(server)
    assert (await fresh.items(METADATA)).find(f".//{{{METADATA}}}info") is not None


async def test_a_server_without_it_neither_offers_nor_does_it(serve: Serve, enter: Enter) -> None:
    client = await enter(await serve(scenario(stream_management=False)))
    assert client.features.find(f"{{{SM}}}sm") is None
    client.send(f"<enable xmlns='{SM}'/>")
    assert (await nonza(client))[0] == "failed"
