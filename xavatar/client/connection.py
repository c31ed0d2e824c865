"""One account's connection: opened, kept, told about, closed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import aiosasl
import aioxmpp
import aioxmpp.errors
import aioxmpp.roster.xso
import aioxmpp.security_layer
import OpenSSL.SSL

from xavatar.avatar import guards
from xavatar.errors import (
    AuthError,
    ConfigError,
    Conflict,
    ConnectError,
    ConnectTimeout,
    SessionClosed,
    SessionError,
    UnknownHost,
)
from xavatar.wire import Wire

from .connector import Dialer, Endpoint, Security, Unreachable
from .credentials import Secret
from .presence import PresenceBook

_logger = logging.getLogger("xavatar.connection")
_CLOSE_WAIT: Final = 5.0
NOTIFY: Final = "urn:xmpp:avatar:metadata+notify"


class State(StrEnum):
    """What a connection does at the moment."""

    NEW = "new"
    CONNECTING = "connecting"
    ONLINE = "online"
    RECONNECTING = "reconnecting"
    FAILED = "failed"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Login:
    """An account and the way to its server.

    Parameters
    ----------
    jid : str
        Bare JID, or full to ask for a resource.
    password : Secret
    host : str, optional
        Connect there instead of asking DNS.
    port : int, optional
        5222 when only `host` is given.
    direct_tls : bool
        TLS from the first byte at `host` and `port`.
    verify : bool
        False accepts any certificate.
    ca_file : Path, optional
        Roots to trust instead of the system's.
    """

    jid: str
    password: Secret = field(repr=False)
    host: str | None = None
    port: int | None = None
    direct_tls: bool = False
    verify: bool = True
    ca_file: Path | None = None

    def address(self) -> aioxmpp.JID:
        """Return the parsed JID.

        Raises
        ------
        ConfigError
            It is none of an account.
        """
        try:
            jid = aioxmpp.JID.fromstr(self.jid)
        except ValueError as error:
            raise ConfigError(f"{self.jid!r} is not a JID: {error}.") from None
        if jid.localpart is None:
            raise ConfigError(f"{self.jid!r} names no account; a JID looks like juliet@capulet.lit.")
        return jid

    def endpoint(self) -> Endpoint | None:
        """Return where to connect, or None to ask DNS."""
        if self.host is None and self.port is None:
            return None
        default = 5223 if self.direct_tls else 5222
        return Endpoint(self.host or self.address().domain, self.port or default, self.direct_tls)


class _Quiet(logging.Filter):
    """aioxmpp logs as errors, with tracebacks, what we raise or show as state."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno <= logging.DEBUG or _logger.isEnabledFor(logging.DEBUG)


def _quiet_logger() -> logging.Logger:
    base = logging.getLogger("xavatar.connection.aioxmpp")
    for name in ("", ".XMLStream", ".StanzaStream"):
        logger = logging.getLogger(base.name + name)
        if not any(isinstance(known, _Quiet) for known in logger.filters):
            logger.addFilter(_Quiet())
    return base


class Connection:
    """The stream of one account, on the running loop.

    Parameters
    ----------
    login : Login
    presence : bool
        Send presence, and so be seen; otherwise only queries.
    timeout : float
        Seconds for connecting and login together.
    """

    def __init__(self, login: Login, *, presence: bool = True, timeout: float = 30.0) -> None:
        self.login = login
        self.visible = presence
        self.state = State.NEW
        self.last_error: Exception | None = None
        self._timeout = timeout
        self._listeners: list[Callable[[State], None]] = []
        self.client = self._make_client()
        self.wire: Wire = self.client.summon(Wire)
        guards.install(self.wire)
        self.presences = PresenceBook(self.wire)
        self._dress()

    @property
    def jid(self) -> str:
        """The full JID in use; the given one before login."""
        return str(self.client.local_jid)

    @property
    def bare(self) -> str:
        """The account's bare JID."""
        return str(self.client.local_jid.bare())

    def on_state(self, listener: Callable[[State], None]) -> None:
        """Call `listener` with each new state, on the loop."""
        self._listeners.append(listener)

    async def open(self) -> None:
        """Connect and log in.

        Raises
        ------
        ConnectError
        AuthError
        SessionClosed
            It was opened before.
        """
        if self.state is not State.NEW:
            raise SessionClosed(f"The connection of {self.bare} was opened before; make a new session.")
        self._become(State.CONNECTING)
        try:
            async with asyncio.timeout(self._timeout):
                await self._start()
        except TimeoutError:
            await self._give_up()
            self.last_error = ConnectTimeout(
                f"{self.bare}: no login within {self._timeout:g} s. Raise `timeout`, or check host and port."
            )
            raise self.last_error from None
        except BaseException:
            await self._give_up()
            raise

    async def _start(self) -> None:
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def established() -> None:
            if not ready.done():
                ready.set_result(None)

        def failed(error: Exception) -> None:
            if not ready.done():
                ready.set_exception(self.last_error or explain(error, self.login))

        self.client.on_stream_established.connect(established)
        self.client.on_failure.connect(failed)
        self.client.start()
        await ready

    async def _give_up(self) -> None:
        await self._stop()
        self._become(State.FAILED)

    async def close(self) -> None:
        """Log out and close; nothing when it is closed already."""
        if self.state in (State.CLOSED, State.NEW, State.FAILED):
            self._become(State.CLOSED)
            return
        self._become(State.CLOSED)
        await self._stop()

    async def _stop(self) -> None:
        client = self.client
        if not client.running:
            return
        stopped = asyncio.get_running_loop().create_future()

        def over(*_: Any) -> None:
            if not stopped.done():
                stopped.set_result(None)

        client.on_stopped.connect(over)
        client.on_failure.connect(over)
        client.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_WAIT):
                await stopped
                return
        xmlstream = getattr(client.stream, "_xmlstream", None)
        if xmlstream is not None:  # the server does not answer our farewell
            xmlstream.abort()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_WAIT):
                    await stopped

    def _make_client(self) -> aioxmpp.Client:
        login = self.login
        address = login.address()

        async def password(_jid: Any, attempt: int) -> str | None:
            return login.password.reveal() if attempt == 0 else None

        layer = aioxmpp.security_layer.SecurityLayer(
            aioxmpp.security_layer.default_ssl_context,
            _RefusingVerifier,
            True,
            (aioxmpp.security_layer.PasswordSASLProvider(password),),
        )
        security = Security(login.verify, login.ca_file)
        security.context()  # a CA file that cannot be read is told now, not at some reconnect
        dialer = Dialer(address.domain, login.endpoint(), security)
        client = aioxmpp.Client(
            address,
            layer,
            negotiation_timeout=timedelta(seconds=self._timeout),
            max_initial_attempts=1,
            override_peer=[(address.domain, 5222, dialer)],
            logger=_quiet_logger(),
        )
        client.on_stream_established.connect(lambda: self._become(State.ONLINE))
        client.on_stream_resumed.connect(lambda: self._become(State.ONLINE))
        client.on_stream_suspended.connect(self._lost)
        client.on_failure.connect(self._failed)
        return client

    def _dress(self) -> None:
        """Summon the services a polite client has."""
        client = self.client
        disco = client.summon(aioxmpp.DiscoServer)
        disco.register_identity("client", "pc", names={aioxmpp.structs.LanguageTag.fromstr("en"): "xavatar"})
        client.summon(aioxmpp.EntityCapsService)
        client.summon(aioxmpp.PingService)
        client.stream.register_iq_request_handler(aioxmpp.IQType.SET, aioxmpp.roster.xso.Query, self._acknowledge_push)
        if self.visible:
            client.summon(aioxmpp.PresenceServer).set_presence(aioxmpp.PresenceState(True), priority=-1)

    async def _acknowledge_push(self, iq: Any) -> None:
        # We read the roster anew for each collection; a push only wants its answer (RFC 6121, 2.1.6).
        if iq.from_ is not None and iq.from_ != self.client.local_jid.bare():
            raise aioxmpp.XMPPCancelError(aioxmpp.ErrorCondition.SERVICE_UNAVAILABLE)

    def _become(self, state: State) -> None:
        if state is self.state or (self.state in (State.CLOSED, State.FAILED) and state is not State.CLOSED):
            return
        self.state = state
        for listener in tuple(self._listeners):
            listener(state)

    def _lost(self, reason: Exception | None = None) -> None:
        if self.state is State.ONLINE:
            if reason is not None:
                self.last_error = explain(reason, self.login)
            self._become(State.RECONNECTING)

    def _failed(self, error: Exception) -> None:
        self.last_error = explain(error, self.login)
        self._become(State.FAILED)


class _RefusingVerifier(aioxmpp.security_layer.CertificateVerifier):
    """For connections that aioxmpp dials past ours (a location given for resumption): none."""

    def verify_callback(self, *_: Any) -> bool:
        return False

    async def post_handshake(self, transport: Any) -> None:
        raise aioxmpp.errors.TLSFailure("only connections through our own connector are verified")


def explain(error: BaseException, login: Login) -> SessionError:
    """Return the error of our tree for what ended or prevented a connection.

    Parameters
    ----------
    error : Exception
        As aioxmpp reports it.
    login : Login
    """
    bare = login.jid.partition("/")[0]
    if isinstance(error, SessionError):
        return error
    if isinstance(error, Unreachable):
        return error.error
    if isinstance(error, aiosasl.SASLError):
        return AuthError(f"{bare}: the server refuses this user name or password. Check both.")
    if isinstance(error, aioxmpp.errors.StreamError):
        if error.condition == aioxmpp.errors.StreamErrorCondition.CONFLICT:
            return Conflict(f"{bare}: another client took this session's resource. Connect again without a resource.")
        return SessionClosed(f"{bare}: the server ended the stream ({error.condition.value[1]}).")
    if isinstance(error, aioxmpp.errors.MultiOSError):
        causes = [explain(cause, login) for cause in error.exceptions]
        return next((cause for cause in causes if not isinstance(cause, UnknownHost)), ConnectError(f"{bare}: {error}"))
    if isinstance(error, aioxmpp.errors.SASLUnavailable):
        return AuthError(f"{bare}: the server offers no way to log in that this client knows (SCRAM, PLAIN).")
    if isinstance(error, aioxmpp.errors.StreamNegotiationFailure):
        return AuthError(f"{bare}: login failed ({error}).")
    if isinstance(error, (OSError, OpenSSL.SSL.Error)):
        return SessionClosed(f"{bare}: the connection was lost ({error}).")
    return SessionClosed(f"{bare}: {type(error).__name__}: {error}")
