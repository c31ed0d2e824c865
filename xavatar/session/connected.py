"""An account's connection, as a session holds it: opened, shown, closed."""

from __future__ import annotations

import asyncio
import weakref
from pathlib import Path
from types import TracebackType
from typing import Self

from xavatar.client import Client, Connection, Login, Secret, State
from xavatar.collect import ImageShelf, Pictures
from xavatar.collect.watch import Watch
from xavatar.errors import SessionClosed, SessionError
from xavatar.model import Snapshot
from xavatar.sandbox import Sandbox
from xavatar.settings import Settings
from xavatar.store import default_store

from . import display
from .access import Access


class Connected:
    """What a session is before anything is asked through it; see :class:`AsyncSession` for the parameters."""

    def __init__(
        self,
        jid: str | None = None,
        password: str | Secret | None = None,
        *,
        sandbox: str | Path | Sandbox | None = None,
        host: str | None = None,
        port: int | None = None,
        direct_tls: bool = False,
        verify: bool = True,
        ca_file: Path | str | None = None,
        presence: bool = True,
        timeout: float | None = None,
        settings: Settings | None = None,
        store: ImageShelf | None = None,
    ) -> None:
        self._access = Access(
            jid,
            Secret(password) if isinstance(password, str) else password,
            sandbox,
            host,
            port,
            direct_tls,
            verify,
            Path(ca_file) if ca_file else None,
        )
        self.settings = self._access.settings(settings, timeout)
        self._presence = presence
        self._shelf = store if store is not None else default_store()
        self._connection: Connection | None = None
        self._pictures: Pictures | None = None
        self._watches: weakref.WeakSet[Watch] = weakref.WeakSet()
        self._closed = False
        self.sandbox: Sandbox | None = None
        self.last: Snapshot | None = None
        """What the last collection saw; not complete when it was interrupted."""

    @classmethod
    def around(cls, client: Client, *, settings: Settings | None = None) -> Self:
        """Return a session on a client that somebody else runs; see :func:`xavatar.attach`."""
        session = cls(str(client.local_jid), Secret(""), settings=settings)
        session._connection = Connection.around(client)
        session._presence = True
        session._pictures = Pictures(session._connection.wire, session._shelf, session.settings)
        return session

    async def open(self) -> Self:
        """Connect and log in; nothing when it is done already.

        Raises
        ------
        ConfigError, ConnectError, AuthError
        """
        if self._closed:
            raise SessionClosed("The session is closed. Make a new one.")
        if self._connection is not None:
            return self
        try:
            login = await asyncio.to_thread(self._login)
            connection = Connection.to(login, presence=self._presence, timeout=self.settings.connect_timeout)
            connection.wire.resume_wait = self.settings.resume_wait
            self._connection = connection
            await connection.open()
        except BaseException:
            await self._release()
            raise
        self._pictures = Pictures(connection.wire, self._shelf, self.settings)
        return self

    def _login(self) -> Login:
        self.sandbox = self._access.enter()
        return self._access.login(self.sandbox)

    async def close(self) -> None:
        """Log out, stop an own sandbox; nothing when it is closed."""
        self._closed = True
        await self._release()

    async def _release(self) -> None:
        for watch in list(self._watches):
            await watch.close()
        if self._connection is not None:
            await self._connection.close()
        if self.sandbox is not None and self.sandbox is not self._access.sandbox:
            await asyncio.to_thread(self.sandbox.close)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def state(self) -> State:
        """What the connection does at the moment."""
        if self._closed:
            return State.CLOSED
        return self._connection.state if self._connection is not None else State.NEW

    @property
    def last_error(self) -> SessionError | None:
        """Why the connection was last lost, or could not be made."""
        return self._connection.last_error if self._connection is not None else None

    @property
    def jid(self) -> str:
        """The full JID in use; the wanted one before login."""
        if self._connection is not None:
            return self._connection.jid
        return self._access.name

    @property
    def stanza_bytes(self) -> int | None:
        """What the server takes in one stanza at most, in bytes, as it announces (XEP-0478).

        ``None`` where it does not, and for an attached client that was connected before.
        """
        return self._connection.wire.stanza_bytes if self._connection is not None else None

    def _online(self) -> Connection:
        connection = self._connection
        if self._closed:
            raise SessionClosed(f"The session of {self.jid} is closed. Make a new one.")
        if connection is None:
            raise SessionClosed(f"The session of {self.jid} is not open. Call open(), or use it in a with block.")
        if connection.state is not State.ONLINE:
            because = f" ({connection.last_error})" if connection.last_error else ""
            raise SessionClosed(f"The session of {connection.bare} is {connection.state}{because}.")
        return connection

    def _notes(self) -> list[str]:
        notes = [] if self._access.verify else ["certificates not verified"]
        notes += [] if self._presence else ["invisible"]
        if self.last_error is not None and self.state is not State.ONLINE:
            notes.append(f"last error: {self.last_error}")
        return notes

    def __repr__(self) -> str:
        return display.text(type(self).__name__, self._name, self.state, self._notes())

    def _repr_html_(self) -> str:
        return display.html(self._name, self.state, self._notes())

    @property
    def _name(self) -> str:
        """The address; with the resource only when it was wished for, since servers make long ones up."""
        wished = "/" in self._access.name
        return self.jid if wished or self._connection is None else self._connection.bare
