"""Fetching an avatar from its url, which somebody else chose (A-16).

The url of an avatar is a way to learn who looks and when, and to make this machine ask others in
its own network. So nothing here is ever done unless called for, and then: https only, public
addresses only, checked after DNS, and the connection goes to the very address that was checked;
redirects to the same host only, checked again; limits of size and time; no cookies, nothing that
identifies; and the bytes have to be an image with the announced SHA-1.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urljoin, urlsplit

from xavatar.errors import Corrupt, HashMismatch, ImageError, RemoteUnavailable, TooLarge, UnsupportedFormat
from xavatar.imaging import sniff

from .descriptors import AbstractAvatarDescriptor
from .ids import is_sha1, sha1

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_HEAD: Final = 1 << 16
_CHUNK: Final = 1 << 14


class UrlRefused(ImageError):
    """The url is not one that the policy lets us fetch."""


def is_public(address: Address) -> bool:
    """Tell whether an address is one of the public Internet, and of one host only.

    Examples
    --------
    >>> [is_public(ipaddress.ip_address(each)) for each in ("9.9.9.9", "127.0.0.1", "10.0.0.1", "::ffff:10.0.0.1")]
    [True, False, False, False]
    """
    # Whether an address inside another one is public is not looked at: such hosts have plain ones.
    if isinstance(address, ipaddress.IPv6Address) and (address.ipv4_mapped or address.sixtofour or address.teredo):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


@dataclass(frozen=True, slots=True)
class UrlPolicy:
    """What may be fetched.

    Parameters
    ----------
    max_bytes : int
        Larger images are not fetched, or not to their end.
    timeout : float
        Seconds for everything together.
    redirects : int
        Redirects to follow, to the same host.
    ports : frozenset of int
    permits : callable
        Tells whether an address may be connected to.
    context : ssl.SSLContext, optional
        Left out, certificates are verified against the system's roots.

    Examples
    --------
    >>> policy = UrlPolicy(max_bytes=100_000, redirects=0)
    >>> sorted(policy.ports)
    [443]
    """

    max_bytes: int = 1 << 20
    timeout: float = 10.0
    redirects: int = 3
    ports: frozenset[int] = frozenset({443})
    permits: Callable[[Address], bool] = is_public
    context: ssl.SSLContext | None = None


_CAREFUL: Final = UrlPolicy()


async def fetch_url(descriptor: AbstractAvatarDescriptor, policy: UrlPolicy = _CAREFUL) -> bytes:
    """Return the image at a descriptor's url.

    Whoever runs that host learns this machine's address and the time.

    Parameters
    ----------
    descriptor : AbstractAvatarDescriptor
        One that has a url.
    policy : UrlPolicy

    Raises
    ------
    UrlRefused
        It has no url, or the policy forbids it: scheme, port, address, redirect.
    TooLarge, UnsupportedFormat, Corrupt
        What is there is too large, no picture, or cut off.
    HashMismatch
        It is another image than was announced.
    RemoteUnavailable
        The host could not be reached, or answered with an error, or too slowly.
    """
    url = _checked(descriptor.url, policy)
    if not is_sha1(descriptor.id_):
        raise UrlRefused(f"The id of {url.geturl()[:200]} is no SHA-1; what is fetched could not be verified.")
    if descriptor.nbytes is not None and descriptor.nbytes > policy.max_bytes:
        raise TooLarge(f"{url.geturl()[:200]} is announced with {descriptor.nbytes} bytes, over {policy.max_bytes}.")
    image = await _fetched(url, policy)
    if sha1(image) != descriptor.normalized_id:
        raise HashMismatch(f"The image at {url.geturl()[:200]} is not the announced one: its SHA-1 is {sha1(image)}.")
    return image


async def fetch_picture(address: str, policy: UrlPolicy = _CAREFUL) -> bytes:
    """Return the picture at a url that the user gave, whatever its SHA-1; see :func:`fetch_url`.

    Raises
    ------
    UrlRefused, TooLarge, UnsupportedFormat, Corrupt, RemoteUnavailable
    """
    return await _fetched(_checked(address, policy), policy)


async def _fetched(url: SplitResult, policy: UrlPolicy) -> bytes:
    try:
        async with asyncio.timeout(policy.timeout):
            image = await _follow(url, policy)
    except TimeoutError:
        raise _unavailable(url, f"not done within {policy.timeout:g} s") from None
    except (OSError, http.client.HTTPException) as error:
        raise _unavailable(url, str(error) or type(error).__name__) from error
    if sniff(image) is None:
        raise UnsupportedFormat(f"What lies at {url.geturl()[:200]} is not a picture of a format we take.")
    return image


async def _follow(url: SplitResult, policy: UrlPolicy) -> bytes:
    for _ in range(policy.redirects + 1):
        status, location, body = await _get(url, policy)
        if status == 200:
            return body
        if status not in _REDIRECTS or not location:
            raise _unavailable(url, f"HTTP status {status}")
        target = _checked(location, policy, url)
        if target.hostname != url.hostname:
            raise UrlRefused(f"{url.geturl()[:200]} redirects to another host, {target.hostname}.")
        url = target
    raise UrlRefused(f"{url.geturl()[:200]} redirects more than {policy.redirects} times.")


def _checked(url: str | None, policy: UrlPolicy, base: SplitResult | None = None) -> SplitResult:
    if not url:
        raise UrlRefused("The descriptor has no url; get_image_bytes() fetches it over XMPP.")
    try:
        url = urljoin(base.geturl(), url) if base else url
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError as error:
        raise UrlRefused(f"{url[:200]!r} is no url: {error}.") from None
    plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme != "https" or not parts.hostname or parts.username is not None or not plain:
        raise UrlRefused(f"{url[:200]!r} is not a plain https url.")
    if port not in policy.ports:
        raise UrlRefused(f"{url[:200]} is at port {port}, not one of {sorted(policy.ports)}.")
    return parts


async def _get(url: SplitResult, policy: UrlPolicy) -> tuple[int, str | None, bytes]:
    """Ask once; return status, location and body."""
    host, port = url.hostname or "", url.port or 443
    address = await _address(host, port, policy)
    context = policy.context or ssl.create_default_context()
    reader, writer = await asyncio.open_connection(str(address), port, ssl=context, server_hostname=host, limit=_CHUNK)
    try:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {url.netloc}\r\nAccept: image/*\r\nAccept-Encoding: identity\r\n"
            "Connection: close\r\n\r\n".encode("ascii")
        )
        await writer.drain()
        raw = await _read(reader, policy.max_bytes + _HEAD)
    finally:
        writer.transport.abort()
    return _parse(raw, url, policy)


async def _address(host: str, port: int, policy: UrlPolicy) -> Address:
    """Resolve a host to an address that may be connected to; refuse it when any may not."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(each[4][0]) for each in found]
    refused = [str(each) for each in addresses if not policy.permits(each)]
    if refused:
        raise UrlRefused(f"{host} is at {refused[0]}, which is not a public address.")
    return addresses[0]


async def _read(reader: asyncio.StreamReader, limit: int) -> bytes:
    raw = bytearray()
    while len(raw) <= limit and (chunk := await reader.read(_CHUNK)):
        raw += chunk
    return bytes(raw)


def _parse(raw: bytes, url: SplitResult, policy: UrlPolicy) -> tuple[int, str | None, bytes]:
    response = http.client.HTTPResponse(_Received(raw))  # type: ignore[arg-type]
    response.begin()
    if response.status != 200:
        return response.status, response.getheader("Location"), b""
    if (response.getheader("Content-Encoding") or "identity").lower() != "identity":
        raise UnsupportedFormat(f"{url.geturl()[:200]} is sent compressed, unasked.")
    if response.length is not None and response.length > policy.max_bytes:
        raise TooLarge(f"{url.geturl()[:200]} has {response.length} bytes, over {policy.max_bytes}.")
    try:
        body = response.read(policy.max_bytes + 1)
    except http.client.IncompleteRead as cut:
        body = cut.partial
    if len(body) > policy.max_bytes or len(raw) > policy.max_bytes + _HEAD:
        raise TooLarge(f"{url.geturl()[:200]} has more than {policy.max_bytes} bytes.")
    if response.length:
        raise Corrupt(f"{url.geturl()[:200]} ends before its announced length.")
    return 200, None, body


class _Received:
    """What was received, as the parser of :mod:`http.client` wants it."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._raw)


def _unavailable(url: SplitResult, why: str) -> RemoteUnavailable:
    return RemoteUnavailable(url.hostname or "", "image by url", text=why)
