"""The server's sockets: two listeners on loopback, and the streams they accept."""

from __future__ import annotations

import asyncio
import ipaddress
from pathlib import Path

from xavatar.errors import SandboxError

from .certificates import Certificates
from .host import Host
from .negotiation import Negotiation
from .respond import Stats
from .scenario import Scenario
from .stream import HANDSHAKE_TIMEOUT, SHUTDOWN_TIMEOUT, Stream

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
        loop = asyncio.get_running_loop()
        plain = await loop.create_server(lambda: self._accept(secure=False), self.host, self.port)
        self._listeners.append(plain)
        self.port = plain.sockets[0].getsockname()[1]
        direct = await loop.create_server(
            lambda: self._accept(secure=True),
            self.host,
            self.tls_port,
            ssl=self._certificates.context,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT,
            ssl_shutdown_timeout=SHUTDOWN_TIMEOUT,
        )
        self._listeners.append(direct)
        self.tls_port = direct.sockets[0].getsockname()[1]

    async def _close_listeners(self) -> None:
        # From Python 3.12 on, wait_closed() waits for the connections too: nothing to wait for here.
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener.close()

    def _accept(self, *, secure: bool) -> Stream:
        stream = Stream(self._max_stanza, secure=secure)
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
