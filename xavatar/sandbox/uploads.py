"""HTTP uploads (XEP-0363): slots over XMPP, files over HTTPS on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import ssl
from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from xml.etree.ElementTree import Element

from . import ns
from .dataform import write_form
from .respond import Responder
from .stanza import Stanza, StanzaError
from .xml import escape, split_tag

UPLOAD: Final = "urn:xmpp:http:upload:0"
PURPOSE: Final = "urn:xmpp:http:upload:purpose:0"
_MAX_FILE: Final = 10 << 20
_MAX_ALL: Final = 64 << 20
_MAX_HEAD: Final = 16 << 10
_TIMEOUT: Final = 30.0
_FEATURES: Final = (ns.DISCO_INFO, UPLOAD, PURPOSE, f"{PURPOSE}#message", f"{PURPOSE}#profile")


@dataclass(slots=True)
class _File:
    path: str
    size: int
    type: str
    purpose: str
    data: bytes | None = None


class Uploads:
    """The service that hands out slots, and the files put into them; they are gone with the sandbox.

    Parameters
    ----------
    domain : str
    users : str
        Domain whose accounts get slots.
    responder : Responder

    Attributes
    ----------
    port : int
        Where files are put and had; 0 before the first start.
    """

    name = "Uploads"

    def __init__(self, domain: str, users: str, responder: Responder) -> None:
        self.domain = domain
        self.host, self.port = "127.0.0.1", 0
        self._users = users
        self._responder = responder
        self._files: OrderedDict[str, _File] = OrderedDict()

    def purpose_of(self, url: str) -> str | None:
        """Return what a file was uploaded for; ``None`` when it is not there."""
        file = next((each for each in self._files.values() if url.endswith(each.path)), None)
        return file.purpose if file is not None and file.data is not None else None

    # -- over XMPP

    def handle(self, stanza: Stanza) -> None:
        """Take one stanza addressed to the service."""
        if stanza.name == "iq" and stanza.type in ("get", "set"):
            kind = "disco" if split_tag(stanza.element[0].tag)[0] == ns.DISCO_INFO else "other"
            self._responder.respond(stanza, self.domain, kind, lambda: self._answer(stanza))

    def _answer(self, stanza: Stanza) -> str:
        payload = stanza.element[0]
        if stanza.type == "get" and payload.tag == f"{{{ns.DISCO_INFO}}}query":
            return self._info()
        if stanza.type == "get" and payload.tag == f"{{{UPLOAD}}}request":
            return self._slot(stanza, payload)
        raise StanzaError("service-unavailable")

    def _info(self) -> str:
        features = "".join(f"<feature var='{feature}'/>" for feature in _FEATURES)
        form = write_form(UPLOAD, "result", {"max-file-size": [str(_MAX_FILE)]})
        identity = f"<identity category='store' type='file' name='{self.name}'/>"
        return f"<query xmlns='{ns.DISCO_INFO}'>{identity}{features}{form}</query>"

    def _slot(self, stanza: Stanza, request: Element) -> str:
        if stanza.sender.domain != self._users:
            raise StanzaError("not-allowed")
        name, size = request.get("filename", ""), request.get("size", "")
        if not name or not size.isdecimal() or "/" in name:
            raise StanzaError("bad-request", text="A slot needs a file's name and size.")
        if not 0 < int(size) <= _MAX_FILE:
            limit = f"<file-too-large xmlns='{UPLOAD}'><max-file-size>{_MAX_FILE}</max-file-size></file-too-large>"
            raise StanzaError("not-acceptable", application=limit, text=f"At most {_MAX_FILE} bytes.")
        purposes = [split_tag(child.tag) for child in request]
        purpose = next((local for namespace, local in purposes if namespace == PURPOSE), "message")
        token = secrets.token_urlsafe(24)
        file = _File(f"/{token}/{name}", int(size), request.get("content-type", "application/octet-stream"), purpose)
        self._files[token] = file
        url = escape(f"https://{self.host}:{self.port}{file.path}")
        return f"<slot xmlns='{UPLOAD}'><put url='{url}'/><get url='{url}'/></slot>"

    # -- over HTTP

    async def listen(self, host: str, context: ssl.SSLContext) -> asyncio.Server:
        """Take and give files, over TLS, on the port of the last time."""
        server = await asyncio.start_server(self._serve, host, self.port, ssl=context, limit=_MAX_HEAD)
        self.host = f"[{host}]" if ":" in host else host
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_TIMEOUT):
                status, head, body = await self._exchange(reader)
                lines = [f"HTTP/1.1 {status.value} {status.phrase}", f"Content-Length: {len(body)}", *head]
                writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1", "replace"))
                writer.write(body)
                await writer.drain()
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader) -> tuple[HTTPStatus, list[str], bytes]:
        """Read one request; return status, headers and body of the answer."""
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, _, rest = first.partition(" ")
        path = rest.partition(" ")[0]
        headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        file = self._files.get(path.split("/")[1] if path.count("/") == 2 else "")
        if file is None or file.path != path:
            return HTTPStatus.NOT_FOUND, [], b""
        if method == "PUT":
            return await self._take(reader, file, headers), [], b""
        if method not in ("GET", "HEAD") or file.data is None:
            return (HTTPStatus.NOT_FOUND if file.data is None else HTTPStatus.METHOD_NOT_ALLOWED), [], b""
        # What people upload must not run as a page of this origin (XEP-0363, 8.2).
        head = [f"Content-Type: {file.type}", "Content-Security-Policy: default-src 'none'; sandbox"]
        return HTTPStatus.OK, head, file.data if method == "GET" else b""

    async def _take(self, reader: asyncio.StreamReader, file: _File, headers: dict[str, str]) -> HTTPStatus:
        if file.data is not None:
            return HTTPStatus.CONFLICT
        if headers.get("content-length") != str(file.size):
            return HTTPStatus.BAD_REQUEST
        file.data = await reader.readexactly(file.size)
        while sum(each.size for each in self._files.values() if each.data is not None) > _MAX_ALL:
            self._files.popitem(last=False)
        return HTTPStatus.CREATED
