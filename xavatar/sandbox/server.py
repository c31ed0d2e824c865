"""The server's sockets: listeners on loopback, two for streams and one for files, and the streams they accept."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from pathlib import Path

from xavatar.errors import SandboxError

from .certificates import Certificates
from .host import Host
from .negotiation import Negotiation
from .respond import Stats
from .scenario import Scenario
from .stream import SHUTDOWN_TIMEOUT, Stream

MAX_STANZA = 10 << 20


class Server:
    """An XMPP server on loopback, on the running loop.

    It may be started again after :meth:`stop` or :meth:`kill`, on the same ports and with
    all that was published meanwhile.

    Parameters
    ----------
    scenario : Scenario
    host : str
        A loopback address.
    port : int
        For STARTTLS; 0 takes a free one.
    max_stanza : int
        Largest stanza taken, bytes; a larger one ends the stream with ``policy-violation``.
    resume_seconds : float
        How long a broken session may be resumed (XEP-0198).

    Attributes
    ----------
    port, tls_port : int
        Where it listens for STARTTLS and for direct TLS; 0 before the first start.
    ca_file : Path
        PEM file of the certificate authority to trust.
    state : Host
        The accounts, services and sessions behind the sockets.

    Raises
    ------
    SandboxError
        The address is not loopback, or the scenario cannot be used.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        max_stanza: int = MAX_STANZA,
        resume_seconds: float = 300.0,
    ) -> None:
        self.scenario = scenario
        self.host = _loopback(host)
        self.port = port
        self.tls_port = 0
        self.state = Host(scenario, resume_seconds=resume_seconds)
        self._certificates = Certificates(sorted(self.state.directory.domains | {scenario.rooms_domain} - {""}))
        self.ca_file: Path = self._certificates.ca_file
        self._max_stanza = max_stanza
        self._listeners: list[asyncio.Server] = []
        self._streams: set[Stream] = set()
        self._connections = 0

    def __repr__(self) -> str:
        where = f"{self.host}:{self.port}" if self._listeners else "stopped"
        return f"<Server {self.scenario.name!r} {where}, {len(self.state.directory)} accounts>"

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return bool(self._listeners)

    def stats(self) -> Stats:
        """Return what the server was asked so far."""
        return self.state.responder.stats(self._connections)

    async def start(self) -> None:
        """Listen.

        Raises
        ------
        SandboxError
            A port is taken.
        """
        if self._listeners:
            return
        try:
            await self._listen()
        except OSError as error:
            await self._close_listeners()
            raise SandboxError(
                f"The sandbox cannot listen on {self.host}:{self.port or 'any'}: {error.strerror or error}. "
                "Stop what uses the port, or leave the choice to the sandbox (port=0)."
            ) from error

    async def stop(self) -> None:
        """Close every stream with ``system-shutdown``, then the listeners."""
        await self._close_listeners()
        streams = list(self._streams)
        for stream in streams:
            stream.fail("system-shutdown", domain=self.scenario.domain)
        await asyncio.gather(*(stream.wait_closed(2 * SHUTDOWN_TIMEOUT) for stream in streams))
        self.state.forget_sessions()

    async def kill(self) -> None:
        """Drop every connection without a word and stop listening."""
        self.state.forget_sessions()
        streams = list(self._streams)
        for stream in streams:
            stream.abort()
        await self._close_listeners()
        await asyncio.gather(*(stream.wait_closed(SHUTDOWN_TIMEOUT) for stream in streams))

    async def _listen(self) -> None:
        self.port = await self._open(self.port, direct_tls=None)
        # Wrapped by the stream, not by the listener: asyncio hides connections until their handshake is over.
        self.tls_port = await self._open(self.tls_port, direct_tls=self._certificates.context)
        if self.state.uploads is not None:
            self._listeners.append(await self.state.uploads.listen(self.host, self._certificates.context))

    async def _open(self, port: int, direct_tls: ssl.SSLContext | None) -> int:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: self._accept(direct_tls), self.host, port)
        self._listeners.append(listener)
        taken: int = listener.sockets[0].getsockname()[1]
        return taken

    async def _close_listeners(self) -> None:
        # From Python 3.12 on, wait_closed() waits for the connections too: nothing to wait for here.
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.close()

    def _accept(self, direct_tls: ssl.SSLContext | None) -> Stream:
        stream = Stream(self._max_stanza, direct_tls=direct_tls)
        Negotiation(stream, self.state, self._certificates.context)
        self._connections += 1
        self._streams.add(stream)
        stream.done.add_done_callback(lambda _: self._streams.discard(stream))
        return stream


def _loopback(host: str) -> str:
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise SandboxError(f"The sandbox listens on a loopback address only, and {host!r} is no address.") from None
    if not address.is_loopback:
        raise SandboxError(f"The sandbox listens on loopback only, not on {host}: its accounts are not protected.")
    return str(address)
