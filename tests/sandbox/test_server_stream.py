"""Connecting: addresses, TLS, SASL, binding, hostile XML, and the server's end."""

from __future__ import annotations

import asyncio
import base64
import ssl

import pytest
import trustme

from tests.sandbox.conftest import SCENARIO, Enter, Serve
from tests.servers.rawclient import BIND, SASL, RawClient, StreamEnded, condition
from tests.support import patience
from xavatar.errors import SandboxError
from xavatar.sandbox import Server

HEADER = (
    "<?xml version='1.0'?><stream:stream to='{to}' version='1.0' xmlns='jabber:client'"
    " xmlns:stream='http://etherx.jabber.org/streams'>"
)

STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


async def talk(server: Server, *texts: str, to: str = "capulet.lit", tls: bool = False) -> str:
    """Say each text once the one before was answered; return all that came until the end or a silence."""
    context = ssl.create_default_context(cafile=str(server.ca_file)) if tls else None
    port = server.tls_port if tls else server.port
    reader, writer = await asyncio.open_connection(
        server.host, port, ssl=context, server_hostname="capulet.lit" if tls else None
    )
    heard = b""
    for text in (HEADER.format(to=to), *texts):
        writer.write(text.encode())
        try:
            async with asyncio.timeout(0.5) as patience:
                while chunk := await reader.read(1 << 16):
                    heard += chunk
                    patience.reschedule(asyncio.get_running_loop().time() + 0.05)
        except TimeoutError:
            continue
        break
    writer.close()
    return heard.decode()


def plain(user: str, password: str) -> str:
    secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    return f"<auth xmlns='{SASL}' mechanism='PLAIN'>{secret}</auth>"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org", ""])
def test_only_loopback_can_be_bound(host: str) -> None:
    with pytest.raises(SandboxError, match="loopback"):
        Server(SCENARIO, host=host)


async def test_a_taken_port_is_named(server: Server) -> None:
    other = Server(SCENARIO, port=server.port)
    with pytest.raises(SandboxError, match=str(server.port)):
        await other.start()
    assert not other.running


async def test_without_tls_nothing_but_starttls_is_offered(server: Server) -> None:
    heard = await talk(server, plain("juliet", "wherefore"))
    assert "<starttls" in heard
    assert "mechanism" not in heard
    assert "policy-violation" in heard


async def test_what_follows_starttls_in_the_clear_is_dropped(server: Server) -> None:
    heard = await talk(server, STARTTLS + plain("juliet", "wherefore"))
    assert "<proceed" in heard
    assert "success" not in heard


async def test_direct_tls(server: Server) -> None:
    client = await RawClient.login(
        server.host, server.tls_port, "juliet", "capulet.lit", "wherefore", ca_file=server.ca_file, direct_tls=True
    )
    async with client:
        assert client.jid.startswith("juliet@capulet.lit/")


async def test_another_authority_is_not_trusted_and_the_server_goes_on(server: Server, enter: Enter, tmp_path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    with pytest.raises(ssl.SSLCertVerificationError):
        await RawClient.login(server.host, server.port, "juliet", "capulet.lit", "wherefore", ca_file=other)
    await enter(server)


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (plain("juliet", "art"), "not-authorized"),
        (plain("friar", ""), "not-authorized"),
        (plain("nobody", "x"), "not-authorized"),
        (plain("romeo", "art"), "not-authorized"),
        (f"<auth xmlns='{SASL}' mechanism='PLAIN'>***</auth>", "incorrect-encoding"),
        (f"<auth xmlns='{SASL}' mechanism='PLAIN'>AAAA</auth>", "malformed-request"),
        (f"<auth xmlns='{SASL}' mechanism='DIGEST-MD5'/>", "invalid-mechanism"),
        (f"<auth xmlns='{SASL}' mechanism='SCRAM-SHA-1'>biws</auth>", "not-authorized"),
        (f"<abort xmlns='{SASL}'/>", "aborted"),
    ],
)
async def test_authentication_is_refused(server: Server, auth: str, expected: str) -> None:
    heard = await talk(server, auth, tls=True)
    assert f"<failure xmlns='{SASL}'><{expected}/></failure>" in heard


async def test_a_refused_client_may_try_again_but_not_for_ever(server: Server) -> None:
    heard = await talk(server, *[plain("juliet", "art")] * 2, plain("juliet", "wherefore"), tls=True)
    assert heard.count("<not-authorized/>") == 2
    assert "<success" in heard
    heard = await talk(server, *[plain("juliet", "art")] * 5, tls=True)
    assert "policy-violation" in heard


async def test_an_account_of_another_domain_logs_in_there(server: Server, enter: Enter) -> None:
    romeo = await enter(server, "romeo@montague.lit", "garden")
    assert romeo.jid == "romeo@montague.lit/garden"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<!-- hush -->", "restricted-xml"),
        ("<?php ?>", "restricted-xml"),
        ("<a>&lol;</a>", "restricted-xml"),
        ("</b>", "not-well-formed"),
        ("word", "bad-format"),
        ("<iq type='get' id='1'/>", "not-authorized"),
        ("<a>" * 100, "policy-violation"),
    ],
)
async def test_xml_that_a_stream_must_not_carry(server: Server, text: str, expected: str) -> None:
    heard = await talk(server, text, tls=True)
    assert f"<stream:error><{expected} " in heard
    assert heard.endswith("</stream:stream>")


async def test_a_dtd_before_the_stream(server: Server) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + HEADER.format(to="capulet.lit").encode())
    heard = await reader.read()
    writer.close()
    assert b"restricted-xml" in heard


async def test_unknown_hosts(server: Server) -> None:
    assert "host-unknown" in await talk(server, to="gone.lit")


async def test_the_size_of_a_stanza_is_bounded(serve: Serve, enter: Enter) -> None:
    server = await serve(max_stanza=20_000)
    client = await enter(server)
    answer = await client.iq("get", f"<ping xmlns='urn:xmpp:ping'>{'x' * 19_000}</ping>")
    assert answer.get("type") == "result"
    client.send("<message to='juliet@capulet.lit'><body>" + "x" * 21_000)
    with pytest.raises(StreamEnded):
        await client.receive("message")
    assert client.backlog[-1].find("{urn:ietf:params:xml:ns:xmpp-streams}policy-violation") is not None


async def test_the_second_client_takes_the_resource(server: Server, enter: Enter) -> None:
    first = await enter(server, resource="same")
    second = await enter(server, resource="same")
    with pytest.raises(StreamEnded):
        await first.receive("iq")
    assert first.backlog[-1].find("{urn:ietf:params:xml:ns:xmpp-streams}conflict") is not None
    assert (await second.iq("get", "<ping xmlns='urn:xmpp:ping'/>")).get("type") == "result"
    assert server.stats().sessions == 1


async def test_resources_are_given_or_made(server: Server, enter: Enter) -> None:
    assert (await enter(server, resource="balcony")).jid == "juliet@capulet.lit/balcony"
    made = {(await enter(server, resource="")).jid for _ in range(2)}
    assert len(made) == 2


async def test_binding_again_is_no_session(juliet: RawClient) -> None:
    assert condition(await juliet.iq("set", f"<bind xmlns='{BIND}'/>")) == "service-unavailable"


async def test_stop_says_so_and_leaves_nothing(serve: Serve, enter: Enter) -> None:
    before = asyncio.all_tasks()
    server = await serve()
    client = await enter(server)
    await server.stop()
    with pytest.raises(StreamEnded):
        await client.receive("iq")
    assert client.backlog[-1].find("{urn:ietf:params:xml:ns:xmpp-streams}system-shutdown") is not None
    assert server.stats().sessions == 0
    assert asyncio.all_tasks() == before
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(server.host, server.port)


async def test_stop_does_not_wait_for_a_client_that_never_spoke(serve: Serve) -> None:
    server = await serve()
    _, silent = await asyncio.open_connection(server.host, server.port)
    _, handshaking = await asyncio.open_connection(server.host, server.port)
    handshaking.write((HEADER.format(to="capulet.lit") + STARTTLS).encode())
    _, waiting = await asyncio.open_connection(server.host, server.tls_port)
    await asyncio.sleep(0.1)
    async with asyncio.timeout(patience(1)):
        await server.stop()
    for writer in (silent, handshaking, waiting):
        writer.close()


async def test_what_is_no_handshake_is_cut_off(server: Server) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.tls_port)
    writer.write(HEADER.format(to="capulet.lit").encode())
    async with asyncio.timeout(5):
        answer = await reader.read()
    assert b"<stream" not in answer
    writer.close()
    assert not server._streams


async def test_kill_says_nothing_and_a_start_brings_it_back(serve: Serve, enter: Enter) -> None:
    server = await serve()
    client, port = await enter(server), server.port
    await server.kill()
    with pytest.raises((StreamEnded, ConnectionError)):
        await client.receive("iq")
    assert not client.backlog
    await server.start()
    assert server.port == port
    await enter(server)


def test_no_password_in_a_repr() -> None:
    server = Server(SCENARIO)
    assert "wherefore" not in repr(server) + repr(list(server.state.directory)) + repr(server.stats())
