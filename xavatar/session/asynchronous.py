"""The session, awaitable: an account, its connection, and what is asked through it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from pandas import DataFrame

from xavatar.audit import Audit, Diagnosis, Limits, diagnose_live
from xavatar.avatar import AvatarSet
from xavatar.avatar.plan import Publication, PublishPlan
from xavatar.client import (
    Client,
    Connection,
    Features,
    Login,
    Secret,
    State,
    fetch_features,
    fetch_roster,
    rooms,
)
from xavatar.client.rooms import room_jid
from xavatar.collect import (
    Breakers,
    Closer,
    Collection,
    ImageShelf,
    Pictures,
    Reader,
    in_room,
    itself,
    probe,
    subject_of,
)
from xavatar.errors import ConfigError, QueryError, SessionClosed, SessionError, SnapshotNotFound
from xavatar.frames import frame
from xavatar.imaging import ImageSource
from xavatar.model import Kind, Outcome, Snapshot, Source, Subject
from xavatar.sandbox import Sandbox
from xavatar.settings import Settings
from xavatar.store import Store, default_store
from xavatar.wire.trace import LIMIT, LiveTrace

from . import display, publishing
from .access import Access
from .progress import Progress, meter
from .recording import record
from .rooms import refused, together

if TYPE_CHECKING:
    from concurrent.futures import Future

    from xavatar.collect.probe import Probe
    from xavatar.widgets import Asker, Gallery, Inspector

# One answer with everybody in it: long before a busy server has written it, single answers are in.
_ROSTER_TIMEOUT: Final = 20.0


class AsyncSession:
    """An account's view of other people's avatars.

    Parameters
    ----------
    jid : str, optional
        The account; may be left out with `sandbox`.
    password : str, optional
        Else ``XAVATAR_PASSWORD``, the keyring, or a prompt.
    sandbox : str, Path or Sandbox, optional
        Name or file of a scenario: an embedded server is started with it, and stopped when the
        session closes. A running Sandbox is used and left running.
    host, port : optional
        Where to connect instead of asking DNS.
    direct_tls : bool
        TLS from the first byte at `host` and `port`.
    verify : bool
        False accepts any certificate; the repr shows it.
    ca_file : Path or str, optional
        Roots to trust instead of the system's, PEM.
    presence : bool
        False stays invisible: nobody sees the session, and it sees no presence hashes.
    timeout : float, optional
        Seconds for connecting, and for one answer; wins over the two of `settings`.
    settings : Settings, optional
        Left out, the defaults; an embedded sandbox answers within 2 s or never.
    store : ImageShelf, optional
        Where images are kept; else a temporary store of the process.

    Examples
    --------
    >>> async def main() -> int:
    ...     async with AsyncSession(sandbox="verona") as session:
    ...         return len(await session.roster(images=False))
    >>> asyncio.run(main()) > 30
    True
    """

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

    async def roster(
        self, *, images: bool = True, sources: Sequence[Source | str] = tuple(Source), progress: Progress = None
    ) -> DataFrame:
        """Ask all three sources about every contact.

        Parameters
        ----------
        images : bool
            Fetch each distinct picture once, verify it and look at it.
        sources : sequence of Source or str
            Fewer than all three.
        progress : bool or callable, optional
            True shows a bar, False none; left out, a bar where a person watches. A callable is
            called with the answers so far and their total.

        Returns
        -------
        DataFrame
            One row per descriptor, see :mod:`xavatar.frames.schema`; a source without one still
            has a row, whose `status` tells why.

        Raises
        ------
        SessionClosed
            There is no connection. A server lost on the way is no error: what was not answered
            by then has status ``skipped``.
        QueryError
            The roster itself could not be had.
        """
        connection = self._online()
        subjects = await fetch_roster(connection.wire, timeout=max(self.settings.timeout, _ROSTER_TIMEOUT))
        return await self._collect("roster", subjects, images=images, sources=sources, progress=progress)

    async def room(
        self, jid: str, *, nick: str | None = None, images: bool = True, progress: Progress = None
    ) -> DataFrame:
        """Enter a room, ask about its own avatar and its occupants', and leave.

        Parameters
        ----------
        jid : str
            The room's bare JID.
        nick : str, optional
            Wanted nickname; else the account's user name.
        images, progress : optional
            As for :meth:`roster`.

        Returns
        -------
        DataFrame
            As for :meth:`roster`. The room's announced hashes (XEP-0486) are presence rows of
            resource ``disco#info``.

        Raises
        ------
        QueryError
            The room refuses entry, or does not answer.
        """
        connection = self._online()
        room = rooms.room_jid(jid)
        wanted = nick or connection.bare.partition("@")[0]
        async with rooms.visit(connection.wire, room, wanted, timeout=self.settings.timeout) as view:
            known = await in_room(connection.wire, view, timeout=self.settings.timeout)
            return await self._collect(room, list(known), images=images, known=known, progress=progress)

    async def me(self, *, images: bool = True, progress: Progress = None) -> DataFrame:
        """Ask about the own account: PEP, vCard, and each of its resources' presences.

        Returns
        -------
        DataFrame
            As for :meth:`roster`.
        """
        connection = self._online()
        subject = Subject(connection.bare, Kind.SELF)
        return await self._collect("me", [subject], images=images, progress=progress)

    async def features(self) -> Features:
        """Ask what the account's server offers for avatars."""
        connection = self._online()
        return await fetch_features(connection.wire, connection.bare, timeout=self.settings.timeout)

    async def audit(
        self,
        *,
        images: bool = True,
        thorough: bool = False,
        rooms: Sequence[str] = (),
        join_occupants: bool = False,
        progress: Progress = None,
    ) -> Audit:
        """Collect the own account and the roster with images, and judge them by the rules.

        Parameters
        ----------
        images, progress : optional
            As for :meth:`roster`.
        thorough : bool
            Look closer at every account's nodes, as :meth:`diagnose` does: their lists, histories and
            vCard4, and the own nodes' configuration. About four questions more for each.
        rooms : sequence of str
            Rooms to enter, one after the other, and to audit along with the roster.
        join_occupants : bool
            Compare their occupants with the roster by picture, which tells who is behind a
            nickname (A-24, P398-08); warns.

        Returns
        -------
        Audit
            Of a session with a :class:`xavatar.Store`, with the snapshot before it as `previous`.
        """
        connection = self._online()
        wanted = [room_jid(room) for room in rooms]
        contacts = await fetch_roster(connection.wire, timeout=max(self.settings.timeout, _ROSTER_TIMEOUT))
        subjects = (Subject(connection.bare, Kind.SELF), *contacts)
        await self._collect("roster", subjects, images=images, thorough=thorough, progress=progress)
        for room in wanted:
            await self._beside(room, images=images, progress=progress)
        assert self.last is not None
        limits = Limits(join_occupants=join_occupants)
        return Audit.of(self.last, limits=limits, previous=await asyncio.to_thread(self._previous, self.last))

    async def _beside(self, room: str, *, images: bool, progress: Progress) -> None:
        seen = self.last
        assert seen is not None
        try:
            await self.room(room, images=images, progress=progress)
        except QueryError as error:
            self.last = refused(room, error, seen)
        finally:
            if self.last is not None and self.last is not seen:
                self.last = together(seen, self.last)

    def _previous(self, snapshot: Snapshot) -> Snapshot | None:
        try:
            return self._shelf.previous(snapshot) if isinstance(self._shelf, Store) else None
        except SnapshotNotFound:
            return None

    async def diagnose(self, jid: str) -> Diagnosis:
        """Ask everything that can be asked about one avatar: who can see it, who cannot, why, what to do.

        Parameters
        ----------
        jid : str
            A contact, a stranger, a room, or the own account, whose nodes' configuration is looked at too.

        Returns
        -------
        Diagnosis
            With the stanzas as evidence.

        Raises
        ------
        ConfigError
            No bare JID.
        QueryError
            The roster could not be had.
        SessionClosed
        """
        return (await self._look(jid))[1]

    async def _look(self, jid: str) -> tuple[Probe, Diagnosis]:
        connection = self._online()
        limit = max(self.settings.timeout, _ROSTER_TIMEOUT)
        subject = await subject_of(connection.wire, jid, connection.bare, timeout=limit)
        announced: list[Outcome] = []
        if subject.kind is Kind.ROOM:
            subject, announced = await itself(connection.wire, subject.jid, timeout=self.settings.timeout)
        await self._presences_in(connection)
        found = await probe(
            connection.wire,
            subject,
            account=connection.bare,
            shelf=self._shelf,
            settings=self.settings,
            book=connection.presences if self._presence else None,
            announced=announced,
        )
        return found, diagnose_live(found, connection.bare)

    async def gallery(self, *, thorough: bool = False, progress: Progress = None) -> Gallery:
        """Audit the roster, and show everybody's picture with what is wrong.

        Parameters
        ----------
        thorough, progress : optional
            As for :meth:`audit`.

        Returns
        -------
        Gallery
            A widget; its `selected` are the JIDs chosen in it.
        """
        from xavatar.widgets import Gallery

        return Gallery(await self.audit(thorough=thorough, progress=progress), ask=self._asker())

    async def inspector(self, jid: str) -> Inspector:
        """Ask everything about one avatar, as :meth:`diagnose` does, and show it.

        Parameters
        ----------
        jid : str
            A contact, a stranger, a room, or the own account.

        Returns
        -------
        Inspector
            A widget; its button `Refresh` asks anew.
        """
        from xavatar.widgets import Inspector

        return Inspector.of(await self._look(jid), ask=self._asker())

    def _asker(self) -> Asker:
        """Return a way to look at an avatar from any thread: clicks come on those of the front end's choice."""
        loop = asyncio.get_running_loop()

        def ask(jid: str) -> Future[tuple[Probe, Diagnosis]]:
            if self._closed or loop.is_closed():
                raise SessionClosed(f"The session of {self.jid} is closed. Open a new one, and show this anew.")
            return asyncio.run_coroutine_threadsafe(self._look(jid), loop)

        return ask

    async def plan(
        self, image: ImageSource | AvatarSet, *, access_model: str | None = None, vcard: bool = False
    ) -> PublishPlan:
        """Plan to publish an avatar: the stanzas that would be sent, and what to know before; sends questions only.

        Parameters
        ----------
        image : path, bytes, PIL.Image.Image, numpy.ndarray or AvatarSet
            Anything but a set becomes one by :meth:`.AvatarSet.from_image`, which can cut, and add
            a large variant that is uploaded (XEP-0363).
        access_model : str, optional
            Who may see it: ``open`` for everybody, ``presence`` for contacts. Left out, the nodes
            stay as they are; new ones get the server's default.
        vcard : bool
            Write the vCard's photo too, where the server does not do it by itself (XEP-0398).

        Returns
        -------
        PublishPlan
            What is there now, the steps, and cautions in words.

        Raises
        ------
        ImageError
            No picture, damaged, or beyond a limit.
        QueryError, SessionClosed
        """
        return await publishing.plan(self, image, access_model=access_model, vcard=vcard)

    async def publish(
        self,
        image: ImageSource | AvatarSet | PublishPlan,
        *,
        access_model: str | None = None,
        vcard: bool = False,
        dry_run: bool = False,
    ) -> Publication:
        """Make an image the account's avatar, and read back what is there afterwards.

        Parameters
        ----------
        image : path, bytes, PIL.Image.Image, numpy.ndarray, AvatarSet or PublishPlan
            As for :meth:`plan`, or such a plan, which is carried out as it is.
        access_model, vcard : optional
            As for :meth:`plan`.
        dry_run : bool
            Plan only.

        Returns
        -------
        Publication
            The plan, and what became of each of its steps.

        Raises
        ------
        PublicationFailed
            A step failed; its `publication` tells what was and was not done.
        NotSupported
            The server offers no way; nothing was changed.
        ImageError, QueryError, SessionClosed
        """
        planned = (
            image if isinstance(image, PublishPlan) else await self.plan(image, access_model=access_model, vcard=vcard)
        )
        return Publication.dry(planned) if dry_run else await publishing.perform(self, planned)

    async def unpublish(self, *, vcard: bool = False, dry_run: bool = False) -> Publication:
        """Switch the own avatar off, for a time: its image stays on the server (XEP-0084, 3.5).

        Parameters
        ----------
        vcard : bool
            Remove the vCard's photo too, where the server does not do it by itself.
        dry_run : bool
            Plan only.

        Raises
        ------
        PublicationFailed, QueryError, SessionClosed
        """
        planned = await publishing.removal(self, wipe=False, vcard=vcard)
        return Publication.dry(planned) if dry_run else await publishing.perform(self, planned)

    async def wipe(self, *, vcard: bool = False, dry_run: bool = False) -> Publication:
        """Remove the own avatar and its images, so that they are not to be had by their SHA-1 either.

        Parameters and errors are those of :meth:`unpublish`.
        """
        planned = await publishing.removal(self, wipe=True, vcard=vcard)
        return Publication.dry(planned) if dry_run else await publishing.perform(self, planned)

    def trace(self, *, limit: int = LIMIT) -> LiveTrace:
        """Record every stanza, in and out, from now on, until the trace is stopped or nobody holds it any more.

        Logins are never recorded; passwords, tokens and what people write are left out.

        Parameters
        ----------
        limit : int
            Bytes to keep at most, 32 MiB by default; the oldest stanzas go first.

        Returns
        -------
        LiveTrace
            See :class:`~xavatar.Trace`. It stays when the session is closed.

        Raises
        ------
        SessionClosed
        """
        return record(self, limit=limit)

    def recording(self, *, limit: int = LIMIT) -> LiveTrace:
        """Record the stanzas of a ``with`` block.

        Parameters, errors and what is left out are those of :meth:`trace`.

        Examples
        --------
        >>> async def main() -> bool:
        ...     async with AsyncSession(sandbox="pair") as session:
        ...         with session.recording() as trace:
        ...             await session.roster()
        ...         await session.me()
        ...     return len(trace.filter(direction="out", xep=84)) > 0
        >>> asyncio.run(main())
        True
        """
        return record(self, limit=limit)

    async def _presences_in(self, connection: Connection) -> None:
        if self._presence and connection.state is State.ONLINE:
            await connection.arrivals.settle(self.settings.presence_wait, self.settings.presence_wait * 6)

    async def _collect(
        self,
        scope: str,
        subjects: Sequence[Subject],
        *,
        images: bool,
        sources: Sequence[Source | str] = tuple(Source),
        known: Mapping[Subject, Sequence[Outcome]] | None = None,
        thorough: bool = False,
        progress: Progress = None,
    ) -> DataFrame:
        connection = self._online()
        book = connection.presences if self._presence else None
        assert self._pictures is not None
        breakers = Breakers(self.settings.breaker_threshold, connection.bare.rpartition("@")[2])
        reader = Reader(
            connection.wire,
            self._pictures,
            breakers,
            self.settings,
            images=images,
            pushes=connection.pushes,
            closer=Closer(connection.wire, book, timeout=self.settings.timeout) if thorough else None,
        )
        asked = {_source(source) for source in sources}
        collection = Collection(
            connection.bare,
            scope,
            subjects,
            sources=asked,
            book=book,
            known=known,
        )
        try:
            if Source.PEP in asked and self._presence:
                await connection.arrivals.flood(self.settings.presence_wait)
            with meter(progress, scope) as report:
                await collection.run(reader, limit=self.settings.concurrency, progress=report)
            if Source.PRESENCE in asked and known is None:
                await self._presences_in(connection)
        finally:
            self.last = collection.snapshot()
        return frame(self.last.outcomes, snapshot=self.last.id)

    def _online(self) -> Connection:
        connection = self._connection
        if self._closed or connection is None:
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


def _source(value: Source | str) -> Source:
    try:
        return Source(value)
    except ValueError:
        raise ConfigError(f"{value!r} is no source; these are: {', '.join(Source)}.") from None
