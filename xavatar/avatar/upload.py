"""Putting an image where HTTP finds it: a slot from the server's upload service, then PUT (XEP-0363)."""

from __future__ import annotations

import asyncio
import http.client
import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit
from xml.etree.ElementTree import Element

from xavatar.errors import PublishRejected
from xavatar.imaging import Variant
from xavatar.wire import Wire
from xavatar.wire.xml import attribute, tag

UPLOAD: Final = "urn:xmpp:http:upload:0"
PURPOSE: Final = "urn:xmpp:http:upload:purpose:0"
_HEADERS: Final = frozenset({"authorization", "cookie", "expires"})


@dataclass(frozen=True, slots=True)
class UploadService:
    """The server's service for uploads, and how to reach what it names.

    Parameters
    ----------
    jid : str
    profile : bool
        It takes purpose `profile`, which keeps avatars from expiring (P363-01).
    context : ssl.SSLContext, optional
        Left out, certificates are verified against the system's roots.
    """

    jid: str
    profile: bool = False
    context: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """Where to put a file, and where it will be.

    Parameters
    ----------
    put, get : str
        Both https.
    headers : tuple of (str, str)
        To be sent with the file.
    """

    put: str
    get: str
    headers: tuple[tuple[str, str], ...] = ()


def slot_request(service: UploadService, image: Variant) -> str:
    """Return the request for a slot; the file's name tells nothing but its type."""
    name = f"avatar.{image.mime.partition('/')[2]}"
    purpose = f'<profile xmlns="{PURPOSE}"/>' if service.profile else ""
    return (
        f'<request xmlns="{UPLOAD}" filename={attribute(name)} size="{image.nbytes}" '
        f"content-type={attribute(image.mime)}>{purpose}</request>"
    )


async def upload(wire: Wire, service: UploadService, image: Variant, *, timeout: float) -> str:
    """Upload an image and return its url.

    Raises
    ------
    QueryError
        There is no slot for it, as when the file is too large for the service.
    PublishRejected
        The slot is not one to be used, or the file was not taken.
    """
    answer = await wire.request(
        slot_request(service, image), to=service.jid, timeout=timeout, step="slot for an HTTP upload"
    )
    slot = _slot(answer, service.jid)
    try:
        status = await asyncio.wait_for(asyncio.to_thread(_put, slot, image, service.context, timeout), 2 * timeout)
    except (OSError, http.client.HTTPException) as error:
        raise _rejected(slot, str(error) or type(error).__name__) from error
    if status not in (200, 201, 204):
        raise _rejected(slot, f"HTTP status {status}")
    return slot.get


def _slot(answer: Element, jid: str) -> Slot:
    found = answer.find(tag(UPLOAD, "slot"))
    put = found.find(tag(UPLOAD, "put")) if found is not None else None
    get = found.find(tag(UPLOAD, "get")) if found is not None else None
    addresses = [each.get("url", "") for each in (put, get) if each is not None]
    if put is None or len(addresses) != 2 or not all(map(_is_https, addresses)):
        raise PublishRejected(f"{jid} gave no slot of two https addresses (XEP-0363, 5). Tell its admin.")
    headers = tuple(
        (name, value)
        for header in put.iterfind(tag(UPLOAD, "header"))
        # Others, and line breaks in these, would let the service speak for us (XEP-0363, 5).
        if (name := _one_line(header.get("name", ""))).lower() in _HEADERS and (value := _one_line(header.text or ""))
    )
    return Slot(addresses[0], addresses[1], headers)


def _one_line(text: str) -> str:
    return text.replace("\r", "").replace("\n", "").strip()


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and url.isascii()
    except ValueError:
        return False


def _put(slot: Slot, image: Variant, context: ssl.SSLContext | None, timeout: float) -> int:
    url: SplitResult = urlsplit(slot.put)
    connection = http.client.HTTPSConnection(
        url.hostname or "", url.port or 443, timeout=timeout, context=context or ssl.create_default_context()
    )
    try:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request("PUT", path, image.data, {"Content-Type": image.mime, **dict(slot.headers)})
        return connection.getresponse().status
    finally:
        connection.close()


def _rejected(slot: Slot, why: str) -> PublishRejected:
    host = urlsplit(slot.put).hostname
    return PublishRejected(f"The upload to {host} failed: {why}. Try again, or publish without a large image.")
