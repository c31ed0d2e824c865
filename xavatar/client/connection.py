"""One account's connection: opened, kept, told about, closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, Self

import aioxmpp

from xavatar.avatar import guards
from xavatar.errors import ConnectTimeout, SessionClosed, SessionError
from xavatar.wire import Wire

from .arrivals import Arrivals
from .explain import explain
from .factory import dress, make_client
from .login import Login
from .presence import PresenceBook
from .pushes import PushBook

_CLOSE_WAIT: Final = 5.0


class State(StrEnum):
    """What a connection does at the moment."""

    NEW = "new"
    CONNECTING = "connecting"
    ONLINE = "online"
    RECONNECTING = "reconnecting"
    FAILED = "failed"
    CLOSED = "closed"


class Connection:
    """The stream of one account, on the running loop.

    Made by :meth:`to` or :meth:`around`.

    Attributes
    ----------
    state : State
    last_error : SessionError, optional
        Why the connection was last lost, or could not be made.
    wire : Wire
    arrivals : Arrivals
    presences : PresenceBook
    pushes : PushBook
    """

    def __init__(self, client: aioxmpp.Client, *, owned: bool, visible: bool, timeout: float) -> None:
        self.client = client
        self.visible = visible
        self.state = State.ONLINE if client.established else State.NEW
        self.last_error: SessionError | None = None
        self._owned = owned
        self._timeout = timeout
        self._listeners: list[Callable[[State], None]] = []
        self.wire: Wire = client.summon(Wire)
        guards.install(self.wire)
        self.arrivals = Arrivals()
        # Nobody else in an own client asks for these, and aioxmpp takes seconds for thousands of them.
        self.presences = PresenceBook(self.wire, self.arrivals, take=owned)
        self.pushes = PushBook(self.wire, self.arrivals, take=owned)
        self._watch()

    @classmethod
    def to(cls, login: Login, *, presence: bool = True, timeout: float = 30.0) -> Self:
        """Return a connection that is not open yet.

        Parameters
        ----------
        login : Login
        presence : bool
            Send presence, and so be seen; otherwise only queries.
        timeout : float
            Seconds for connecting and login together.

        Raises
        ------
        ConfigError
        """
        client = make_client(login, timeout=timeout)
        connection = cls(client, owned=True, visible=presence, timeout=timeout)
        dress(client, visible=presence)
        return connection

    @classmethod
    def around(cls, client: aioxmpp.Client) -> Self:
        """Return a connection on a client that somebody else made, and will stop."""
        connection = cls(client, owned=False, visible=True, timeout=0.0)
        # Presences come once, at login: those of a client that is online long since are in its own service.
        heard = client.summon(aioxmpp.PresenceClient)._presences
        connection.presences.recall(stanza for resources in heard.values() for stanza in resources.values())
        return connection

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
                ready.set_exception(self.last_error or explain(error, self.bare))

        self.client.on_stream_established.connect(established)
        self.client.on_failure.connect(failed)
        self.client.start()
        await ready

    async def _give_up(self) -> None:
        await self._stop()
        self._become(State.FAILED)

    async def close(self) -> None:
        """Log out and close; nothing when it is closed already."""
        was, self.state = self.state, State.CLOSED
        if was in (State.CLOSED, State.NEW, State.FAILED):
            return
        if self._owned:
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

    def _watch(self) -> None:
        client = self.client
        client.on_stream_established.connect(self._established)
        client.on_stream_resumed.connect(lambda: self._become(State.ONLINE))
        client.on_stream_suspended.connect(self._lost)
        client.on_failure.connect(self._failed)

    def _established(self) -> None:
        self.arrivals.begin()  # the contacts' presences answer ours, which goes out now
        self._become(State.ONLINE)

    def _become(self, state: State) -> None:
        if state is self.state or (self.state in (State.CLOSED, State.FAILED) and state is not State.CLOSED):
            return
        self.state = state
        for listener in tuple(self._listeners):
            listener(state)

    def _lost(self, reason: Exception | None = None) -> None:
        if self.state is State.ONLINE:
            if reason is not None:
                self.last_error = explain(reason, self.bare)
            self._become(State.RECONNECTING)

    def _failed(self, error: Exception) -> None:
        self.last_error = explain(error, self.bare)
        self._become(State.FAILED)
