"""The transport under aioxmpp's XML stream: asyncio's own TLS, and writes gathered.

aioxmpp's usual transport reports failures of a handshake to the loop's exception handler besides
raising them, and its certificate check needs a function that Python 3.12 removed. The standard
library's TLS does neither, and its contexts know the system's roots.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final, cast

import aioxmpp.protocol

from xavatar.wire.seam import parse_at_once

_BUFFER: Final = 1 << 18


class StreamTransport(asyncio.Transport):
    """What :class:`aioxmpp.protocol.XMLStream` writes to.

    Everything written within one turn of the loop leaves in one piece: a record of TLS and a
    system call for a batch of stanzas, not for each.

    Parameters
    ----------
    inner : asyncio.Transport
        TCP, or TLS already.
    protocol : asyncio.BaseProtocol
        Who gets what is received.
    domain : str
        Whom the certificate must name.
    """

    def __init__(self, inner: asyncio.Transport, protocol: asyncio.BaseProtocol, domain: str) -> None:
        super().__init__()
        self._inner = inner
        self._protocol = protocol
        self._domain = domain
        self._loop = asyncio.get_running_loop()
        self._pieces: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Gather `data` until the loop's next turn."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(bytes(data))

    def _flush(self) -> None:
        if self._pieces:
            pieces, self._pieces = self._pieces, []
            if not self._inner.is_closing():
                self._inner.write(b"".join(pieces))

    def can_starttls(self) -> bool:
        """Tell that TLS can begin on this transport."""
        return self._inner.get_extra_info("sslcontext") is None

    async def starttls(self, context: ssl.SSLContext, post_handshake: Any = None) -> None:
        """Begin TLS; raise :class:`ssl.SSLError` when the certificate is refused."""
        self._flush()
        upgraded = await self._loop.start_tls(self._inner, self._protocol, context, server_hostname=self._domain)
        if upgraded is None:
            raise ConnectionError("the server closed the connection during the TLS handshake")
        self._inner = upgraded

    def close(self) -> None:
        """Send what is gathered, then close."""
        self._flush()
        self._inner.close()

    def abort(self) -> None:
        """Close at once."""
        self._pieces.clear()
        self._inner.abort()

    def is_closing(self) -> bool:
        """Tell whether the transport is closing."""
        return self._inner.is_closing()

    def can_write_eof(self) -> bool:
        """Tell that TLS has no half-closed state."""
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the inner transport knows."""
        return self._inner.get_extra_info(name, default)


class Bridge(asyncio.BufferedProtocol):
    """Stands between the socket and the XML stream.

    Parameters
    ----------
    stream : aioxmpp.protocol.XMLStream
    domain : str
        Whom the certificate must name.

    Notes
    -----
    To aioxmpp the end of the byte stream is a farewell, even in the middle of a stanza: it would
    wait for ever, believing itself connected. Here an end that the XML stream did not announce is
    a lost connection.
    """

    def __init__(self, stream: Any, domain: str) -> None:
        self._stream = stream
        self._domain = domain
        self._parser: Any = None
        self._buffer = memoryview(bytearray(_BUFFER))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the stream speak through the wrapped transport."""
        # Not checked: uvloop's transports have its methods, and are none of its subclasses.
        self._stream.connection_made(StreamTransport(cast(asyncio.Transport, transport), self, self._domain))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend a place for what comes: else asyncio's TLS makes a new one, of a quarter of a MiB, for each record."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Feed the stream; a parser that began with these bytes never holds a stanza's end back."""
        self._stream.data_received(bytes(self._buffer[:nbytes]))
        if (parser := getattr(self._stream, "_parser", None)) is not self._parser:  # new after TLS and after SASL
            self._parser = parser
            parse_at_once(parser)

    def eof_received(self) -> bool | None:
        """Close; what it means is told by :meth:`connection_lost`."""
        return None

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the stream, with a reason when it did not end itself."""
        if error is None and self._stream.state < aioxmpp.protocol.State.CLOSING:
            error = ConnectionResetError("the server closed the connection without a word")
        self._stream.connection_lost(error)
