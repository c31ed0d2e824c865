"""HTTP uploads of the sandbox: slots, files, and what neither takes (XEP-0363)."""

from __future__ import annotations

import asyncio
import http.client
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import pytest

from tests.servers.rawclient import RawClient
from xavatar.sandbox import Account, Options, Sandbox, Scenario

JULIET = "juliet@capulet.lit"
UPLOAD = "urn:xmpp:http:upload:0"
INFO = "http://jabber.org/protocol/disco#info"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    people = (Account(JULIET, password="pw"), Account("romeo@montague.lit", password="pw"))
    with Sandbox(Scenario("uploads", "capulet.lit", JULIET, people, options=Options())) as running:
        yield running


async def ask(box: Sandbox, payload: str, user: str = JULIET, type: str = "get") -> Element:
    name, _, domain = user.partition("@")
    client = await RawClient.login(box.host, box.port, name, domain, "pw", ca_file=box.ca_file)
    async with client:
        return await client.iq(type, payload, to="upload.capulet.lit")


async def slot(box: Sandbox, size: int, name: str = "face.webp", **given: str) -> Element:
    request = f"<request xmlns='{UPLOAD}' filename='{name}' size='{size}' content-type='image/webp'/>"
    return await ask(box, request, **given)


def url_of(answer: Element) -> str:
    put, get = (answer.find(f"{{{UPLOAD}}}slot/{{{UPLOAD}}}{way}") for way in ("put", "get"))
    assert put is not None
    assert get is not None
    return put.get("url", "")


def send(box: Sandbox, method: str, url: str, body: bytes | None = None) -> tuple[int, bytes, http.client.HTTPMessage]:
    parts = urlsplit(url)
    context = ssl.create_default_context(cafile=str(box.ca_file))
    connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=5, context=context)
    try:
        connection.request(method, parts.path, body)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


async def test_it_tells_what_it_takes(box: Sandbox) -> None:
    answer = await ask(box, f"<query xmlns='{INFO}'/>")
    features = {feature.get("var") for feature in answer.iter(f"{{{INFO}}}feature")}
    assert {UPLOAD, "urn:xmpp:http:upload:purpose:0#profile"} <= features


async def test_a_file_is_put_once_and_had_often(box: Sandbox) -> None:
    url = url_of(await slot(box, 5))
    assert send(box, "GET", url)[0] == 404
    assert send(box, "PUT", url, b"long enough")[0] == 400
    assert send(box, "PUT", url, b"image")[0] == 201
    assert send(box, "PUT", url, b"other")[0] == 409
    for _ in range(2):
        status, body, headers = send(box, "GET", url)
        assert (status, body, headers["Content-Type"]) == (200, b"image", "image/webp")
        assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert send(box, "DELETE", url)[0] == 405
    assert send(box, "GET", url + "x")[0] == 404
    assert send(box, "GET", url.replace("face", "../face"))[0] == 404


@pytest.mark.parametrize(
    ("request_", "condition"),
    [
        (f"<request xmlns='{UPLOAD}' filename='a' size='99999999'/>", "not-acceptable"),
        (f"<request xmlns='{UPLOAD}' filename='a' size='0'/>", "not-acceptable"),
        (f"<request xmlns='{UPLOAD}' filename='a' size='-1'/>", "bad-request"),
        (f"<request xmlns='{UPLOAD}' filename='' size='1'/>", "bad-request"),
        (f"<request xmlns='{UPLOAD}' filename='../a' size='1'/>", "bad-request"),
        ("<nonsense xmlns='urn:x'/>", "service-unavailable"),
    ],
)
async def test_slots_that_are_refused(box: Sandbox, request_: str, condition: str) -> None:
    answer = await ask(box, request_)
    assert answer.get("type") == "error"
    assert answer.find(f".//{{urn:ietf:params:xml:ns:xmpp-stanzas}}{condition}") is not None


async def test_strangers_get_no_slot(box: Sandbox) -> None:
    answer = await slot(box, 5, user="romeo@montague.lit")
    assert answer.find(".//{urn:ietf:params:xml:ns:xmpp-stanzas}not-allowed") is not None


async def test_it_survives_a_restart(box: Sandbox) -> None:
    url = url_of(await slot(box, 5))
    assert send(box, "PUT", url, b"image")[0] == 201
    box.restart()
    assert send(box, "GET", url)[:2] == (200, b"image")


async def test_garbage_is_hung_up_on(box: Sandbox) -> None:
    port = urlsplit(url_of(await slot(box, 5))).port
    context = ssl.create_default_context(cafile=str(box.ca_file))
    for garbage in (b"\0" * 40_000, b"GET\r\n\r\n", b"PUT / HTTP/1.1\r\n\r\n"):
        reader, writer = await asyncio.open_connection(box.host, port, ssl=context)
        writer.write(garbage)
        answer = await asyncio.wait_for(reader.read(), 5)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 404")
        writer.close()
