from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from hashlib import sha1

import pytest
import trustme

from tests.avatar_support import png
from xavatar.avatar.descriptors import HttpAvatarDescriptor
from xavatar.avatar.fetch_url import UrlPolicy, UrlRefused, fetch_url, is_public
from xavatar.errors import Corrupt, HashMismatch, RemoteUnavailable, TooLarge, UnsupportedFormat

IMAGE = png()


def answer(body: bytes = IMAGE, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Web:
    """An https server on loopback that answers each path with bytes of the test's choosing."""

    pages: dict[str, bytes] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    policy: UrlPolicy = field(default_factory=UrlPolicy)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(request)
            page = self.pages[request.split()[1].decode()]
            if page == b"silence":
                await asyncio.sleep(30)
            writer.write(page)
            await writer.drain()
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            writer.close()

    def url(self, path: str = "/a.png", host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    def descriptor(self, path: str = "/a.png", **given: object) -> HttpAvatarDescriptor:
        attributes = {"id_": sha1(IMAGE).hexdigest(), "url": self.url(path)} | given
        return HttpAvatarDescriptor("juliet@capulet.lit", attributes.pop("id_"), **attributes)


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without the roots of the system
    authority.configure_trust(trusting)
    web = Web({"/a.png": answer()})
    server = await asyncio.start_server(web.serve, "127.0.0.1", 0, ssl=context)
    web.port = server.sockets[0].getsockname()[1]
    web.policy = UrlPolicy(permits=lambda _: True, ports=frozenset({web.port}), context=trusting, timeout=5)
    yield web
    server.close()
    await server.wait_closed()


async def test_the_verified_image_and_nothing_that_identifies(web: Web) -> None:
    assert await fetch_url(web.descriptor("/a.png?size=64", url=web.url("/a.png")), web.policy) == IMAGE
    (request,) = web.requests
    names = {line.split(b":")[0].lower() for line in request.split(b"\r\n")[1:] if line}
    assert names == {b"host", b"accept", b"accept-encoding", b"connection"}


async def test_chunks(web: Web) -> None:
    half = len(IMAGE) // 2
    parts = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in (IMAGE[:half], IMAGE[half:]))
    web.pages["/a.png"] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + parts + b"0\r\n\r\n"
    assert await fetch_url(web.descriptor(), web.policy) == IMAGE


async def test_a_redirect_on_the_same_host(web: Web) -> None:
    web.pages |= {"/b": answer(b"", "302 Found", "Location: /c"), "/c": answer(b"", "301 M", f"Location: {web.url()}")}
    assert await fetch_url(web.descriptor("/b"), web.policy) == IMAGE
    assert len(web.requests) == 3


@pytest.mark.parametrize(
    ("location", "match"),
    [
        ("https://127.0.0.1:{port}/a.png", "another host"),
        ("http://localhost:{port}/a.png", "not a plain https"),
        ("https://localhost/a.png", "port 443"),
        ("/b", "redirects more than"),
        ("https://[", "no url"),
    ],
)
async def test_redirects_that_lead_astray(web: Web, location: str, match: str) -> None:
    web.pages["/b"] = answer(b"", "302 Found", f"Location: {location.format(port=web.port)}")
    with pytest.raises(UrlRefused, match=match):
        await fetch_url(web.descriptor("/b"), web.policy)
    assert all(b" /b " in request for request in web.requests)


async def test_an_address_that_is_not_public_is_never_connected_to(web: Web) -> None:
    careful = replace(web.policy, permits=is_public)
    for host in ("localhost", "127.0.0.1", "2130706433", "[::1]"):
        with pytest.raises(UrlRefused, match="not a public address"):
            await fetch_url(web.descriptor(url=web.url(host=host)), careful)
    assert web.requests == []


async def test_an_address_is_checked_after_each_redirect(web: Web) -> None:
    asked: list[str] = []

    def once(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        asked.append(str(address))
        return len(web.requests) == 0

    web.pages["/b"] = answer(b"", "302 Found", "Location: /a.png")
    with pytest.raises(UrlRefused, match="not a public address"):
        await fetch_url(web.descriptor("/b"), replace(web.policy, permits=once))
    assert len(web.requests) == 1
    assert len(asked) >= 2


@pytest.mark.parametrize(
    ("url", "match"),
    [
        (None, "no url"),
        ("http://capulet.lit/a.png", "not a plain https"),
        ("ftp://capulet.lit/a.png", "not a plain https"),
        ("file:///etc/passwd", "not a plain https"),
        ("https://user:pw@capulet.lit/a.png", "not a plain https"),
        ("https://capulet.lit/a b", "not a plain https"),
        ("https://capulet.lit/a\r\nX-Header: 1", "not a plain https"),
        ("https://capulet.lit:22/a", "port 22"),
        ("https://capulet.lit:99999/a", "no url"),
        ("https://[::1/a", "no url"),
    ],
)
async def test_urls_that_are_not_fetched(url: str | None, match: str) -> None:
    descriptor = HttpAvatarDescriptor("j@c.lit", "a" * 40, url=url)
    with pytest.raises(UrlRefused, match=match):
        await fetch_url(descriptor)


async def test_what_cannot_be_verified_or_is_announced_too_large_is_not_fetched(web: Web) -> None:
    with pytest.raises(UrlRefused, match="no SHA-1"):
        await fetch_url(web.descriptor(id_="current"), web.policy)
    with pytest.raises(TooLarge, match="announced"):
        await fetch_url(web.descriptor(nbytes=2 << 20), web.policy)
    assert web.requests == []


@pytest.mark.parametrize(
    ("page", "error", "match"),
    [
        (answer(png("red")), HashMismatch, "not the announced one"),
        (answer(b"<html>hello</html>"), UnsupportedFormat, "not a picture"),
        (answer(IMAGE, "200 OK", "Content-Encoding: gzip"), UnsupportedFormat, "compressed"),
        (answer(IMAGE, length=len(IMAGE) + 5), Corrupt, "ends before"),
        (answer(IMAGE, length=9 << 20), TooLarge, "over"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(3 << 20), TooLarge, "more than"),
        (answer(b"", "404 Not Found"), RemoteUnavailable, "404"),
        (answer(b"", "302 Found"), RemoteUnavailable, "302"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", RemoteUnavailable, "SSH"),
        (b"", RemoteUnavailable, "closed connection"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500, RemoteUnavailable, "headers"),
    ],
)
async def test_what_a_host_may_answer(web: Web, page: bytes, error: type[Exception], match: str) -> None:
    web.pages["/a.png"] = page
    with pytest.raises(error, match=match):
        await fetch_url(web.descriptor(), web.policy)


async def test_slowness_has_an_end(web: Web) -> None:
    web.pages["/a.png"] = b"silence"
    with pytest.raises(RemoteUnavailable, match="not done within"):
        await fetch_url(web.descriptor(), replace(web.policy, timeout=0.3))


async def test_certificates_are_verified(web: Web) -> None:
    with pytest.raises(RemoteUnavailable, match="certificate verify failed"):
        await fetch_url(web.descriptor(), replace(web.policy, context=None))
    with pytest.raises(RemoteUnavailable):
        await fetch_url(web.descriptor(url=web.url(host="127.0.0.1")), web.policy)
    assert web.requests == []


async def test_nobody_there() -> None:
    policy = UrlPolicy(permits=lambda _: True, ports=frozenset({1}))
    with pytest.raises(RemoteUnavailable):
        await fetch_url(HttpAvatarDescriptor("j@c.lit", "a" * 40, url="https://127.0.0.1:1/a.png"), policy)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("9.9.9.9", True),
        ("2620:fe::fe", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.0.1", False),
        ("172.16.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:9.9.9.9", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("ff02::1", False),
        ("198.18.0.1", False),
    ],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


def test_a_policy_is_a_plain_value() -> None:
    permits: Callable[[object], bool] = UrlPolicy().permits
    assert permits is is_public
    assert UrlPolicy() == UrlPolicy()
