"""One client's connection: TCP, TLS and framing (RFC 6120, 3 to 5). It knows no stanza."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import cast
from uuid import uuid4
from xml.etree.ElementTree import Element

from . import ns
from .xml import StreamError, StreamParser, attribute, escape

HANDSHAKE_TIMEOUT = 10.0
SHUTDOWN_TIMEOUT = 1.0


class Stream(asyncio.Protocol):
    """A stream, and what is to be done with what arrives on it.

    Whoever owns the stream sets `on_header`, `on_element` and `on_lost`. Handlers run in
    `data_received`; what they send is written in one piece after them.

    Parameters
    ----------
    limit : int
        Largest stanza taken, bytes.
    direct_tls : ssl.SSLContext, optional
        Encrypt from the first byte (XEP-0368).

    Attributes
    ----------
    secure : bool
        The stream is encrypted.
    """

    def __init__(self, limit: int, *, direct_tls: ssl.SSLContext | None = None) -> None:
        self.secure = False
        self.on_header: Callable[[dict[str, str]], None] = lambda attributes: None
        self.on_element: Callable[[Element], None] = lambda element: None
        self.on_lost: Callable[[bool], None] = lambda graceful: None
        self.on_flush: Callable[[], str] = lambda: ""
        self.done = asyncio.get_running_loop().create_future()
        self.limit = limit
        self._direct_tls = direct_tls
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._output: list[str] = []
        self._busy = False
        self._scheduled = False
        self._header_sent = False
        self._closing = False
        self._upgrade: asyncio.Task[None] | None = None
        self._bare: asyncio.Transport | None = None
        self._early = b""
        self._parser = self._fresh_parser()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast(asyncio.Transport, transport)
        if self._direct_tls is not None:
            self.start_tls(self._direct_tls)

    def data_received(self, data: bytes) -> None:
        """Parse what came and write what the handlers answered."""
        if self._closing:
            return
        if self._transport is None:
            # The handshake is over, but its task has not resumed: the answer must not go out in the clear.
            self._early += data
            return
        self._busy = True
        try:
            self._parser.feed(data)
        except StreamError as error:
            self.fail(error.condition, error.text)
        finally:
            self._busy = False
            self.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the owner, once; graceful is an end that either side announced."""
        if self.done.done():
            return
        graceful, self._closing = self._closing, True
        self._parser.stop()
        self.done.set_result(None)
        self.on_lost(graceful)

    def send(self, text: str) -> None:
        """Queue text for writing."""
        self._output.append(text)
        if not self._busy and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write what is queued."""
        self._scheduled = False
        if not self._output or self._transport is None:
            return
        if not self._closing:
            self._output.append(self.on_flush())
        text, self._output = "".join(self._output), []
        if not self._transport.is_closing():
            self._transport.write(text.encode())

    def header(self, domain: str, to: str | None = None) -> None:
        """Answer the client's stream header (RFC 6120, 4.7)."""
        self._header_sent = True
        self.send(
            f"<?xml version='1.0'?><stream:stream xmlns='{ns.CLIENT}' xmlns:stream='{ns.STREAM}' version='1.0'"
            f" id='{uuid4()}' from='{escape(domain)}'{attribute('to', to)} xml:lang='en'>"
        )

    def restart(self) -> None:
        """Expect a new stream header, as after STARTTLS and SASL (RFC 6120, 4.3.3)."""
        self._parser.stop()
        self._parser = self._fresh_parser()
        self._header_sent = False

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Encrypt from here on; what came unencrypted after the request is dropped."""
        self.flush()
        self.restart()
        self._bare, self._transport = self._transport, None
        if self._bare is not None:
            self._bare.pause_reading()
            self._upgrade = self._loop.create_task(self._encrypt(self._bare, context))

    def fail(self, condition: str, text: str = "", domain: str = "localhost", application: str = "") -> None:
        """Send a stream error and close (RFC 6120, 4.9)."""
        if self._closing:
            return
        if not self._header_sent:
            self.header(domain)
        words = f"<text xmlns='{ns.STREAM_ERRORS}'>{escape(text)}</text>" if text else ""
        self.send(f"<stream:error><{condition} xmlns='{ns.STREAM_ERRORS}'/>{words}{application}</stream:error>")
        self.close()

    def close(self) -> None:
        """Close the stream and, once written, the connection."""
        if self._closing:
            return
        self._closing = True
        self._parser.stop()
        if self._header_sent:
            self._output.append("</stream:stream>")
        self.flush()
        if self._transport is not None:
            self._transport.close()
        elif self._upgrade is not None:
            self._upgrade.cancel()

    def abort(self) -> None:
        """Drop the connection without a word."""
        self._closing = True
        self._output.clear()
        for transport in (self._transport, self._bare):
            if transport is not None:
                transport.abort()

    async def wait_closed(self, timeout: float) -> None:
        """Wait for the connection's end; abort it when it does not come in time."""
        try:
            await asyncio.wait_for(asyncio.shield(self.done), timeout)
        except TimeoutError:
            self.abort()
        if self._upgrade is not None:
            self._upgrade.cancel()
            await asyncio.gather(self._upgrade, return_exceptions=True)
        await self.done

    async def _encrypt(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        secured = None
        # An OSError, of TLS or not: the client does not trust us, or left.
        try:
            with contextlib.suppress(OSError):
                secured = await self._loop.start_tls(
                    transport,
                    self,
                    context,
                    server_side=True,
                    ssl_handshake_timeout=HANDSHAKE_TIMEOUT,
                    ssl_shutdown_timeout=SHUTDOWN_TIMEOUT,
                )
        finally:
            if secured is None:
                # asyncio tells the protocol only of connections whose handshake came to its end.
                transport.abort()
                self.connection_lost(None)
        if secured is None:
            return
        self.secure, self._transport = True, secured
        early, self._early = self._early, b""
        if self._closing:
            secured.abort()
        elif early:
            self.data_received(early)

    def _fresh_parser(self) -> StreamParser:
        return StreamParser(
            lambda attributes: self.on_header(attributes),
            lambda element: self.on_element(element),
            self.close,
            self.limit,
        )
