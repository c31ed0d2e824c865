"""The session, awaitable: an account, its connection, and what is asked and done through it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from xavatar.avatar import AvatarSet
from xavatar.avatar.plan import Publication, PublishPlan
from xavatar.collect.changes import KEEP, Changes
from xavatar.errors import QueryError, SessionClosed
from xavatar.imaging import ImageSource
from xavatar.wire.trace import LIMIT, LiveTrace

from . import changes, publishing
from .looking import Looking
from .progress import Progress
from .recording import record, record_for_threads
from .room_publishing import RoomPublisher

if TYPE_CHECKING:
    from concurrent.futures import Future

    from xavatar import widgets
    from xavatar.audit import Diagnosis
    from xavatar.collect.probe import Probe
    from xavatar.widgets import Asker, Gallery, Inspector, Monitor, TraceViewer


class AsyncSession(Looking):
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

    async def changes(self, *, keep: int = KEEP, pictures: bool = False, progress: Progress = None) -> Changes:
        """Hear of every change of an avatar from now on: contacts', one's own, occupants' of rooms one is in.

        Parameters
        ----------
        keep : int
            How many are kept; the oldest go first.
        pictures : bool
            Ask about the roster and the own account first, so that every picture before a change is
            known; else those that the session has met.
        progress : optional
            As for :meth:`roster`.

        Returns
        -------
        Changes
            A sequence that grows, with a `frame`, and `follow()` for ``for`` and ``async for``. What
            it saw stays when the session is closed.

        Raises
        ------
        ConfigError
            The session is invisible: nobody tells it of changes.
        SessionClosed
        """
        return await changes.watch(self, keep=keep, pictures=pictures, progress=progress)

    async def monitor(self, *, keep: int = KEEP, pictures: bool = True, progress: Progress = None) -> Monitor:
        """Show avatars' changes as they happen, with the pictures before and after.

        Parameters, errors and what is watched are those of :meth:`changes`.

        Returns
        -------
        Monitor
            A widget; its `frame` is what was seen. Closing it ends the watching.
        """
        from xavatar.widgets import Monitor

        return Monitor(await self.changes(keep=keep, pictures=pictures, progress=progress))

    async def trace_viewer(self, *, limit: int = LIMIT) -> TraceViewer:
        """Record every stanza from now on, as :meth:`trace` does, and show them as they pass.

        Parameters
        ----------
        limit : int
            Bytes to keep at most; the oldest stanzas go first.

        Returns
        -------
        TraceViewer
            A widget; its `trace` is what is recorded. Closing it ends the recording.
        """
        from xavatar.widgets import TraceViewer

        return TraceViewer(record_for_threads(self, limit=limit), own=True)

    async def publisher(self, image: ImageSource | None = None, *, room: str | None = None) -> widgets.Publisher:
        """Show the own avatar, and what it takes to publish another one, or to remove it.

        Parameters
        ----------
        image : path, bytes, PIL.Image.Image, numpy.ndarray or str, optional
            A picture to begin with; others are loaded in the page.
        room : str, optional
            JID of a room one owns, whose avatar it is about then (XEP-0486).

        Returns
        -------
        Publisher
            A widget; its `publication` is what became of the last plan.

        Raises
        ------
        ImageError, ConfigError
            `image` is no picture that can be used; `room` is no room.
        SessionClosed
        """
        from xavatar.widgets import Publisher

        publisher = publishing.SessionPublisher(self) if room is None else RoomPublisher(self, room)
        try:
            current = await asyncio.wrap_future(publisher.current())
        except QueryError:
            current = None  # the widget asks again, and shows why there is no answer
        return await asyncio.to_thread(Publisher, publisher, image, current=current, room=room is not None)

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
