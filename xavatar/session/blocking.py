"""The session for cells and scripts: the same verbs, blocking.

Each method hands its twin's coroutine to the loop where the session lives; a test compares the
two classes.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from pandas import DataFrame

from xavatar.audit import Audit, Diagnosis
from xavatar.avatar import AvatarSet
from xavatar.avatar.plan import Publication, PublishPlan
from xavatar.client import Features, State
from xavatar.collect.changes import KEEP, Changes
from xavatar.errors import SessionError
from xavatar.frames import frame
from xavatar.imaging import ImageSource
from xavatar.model import Snapshot, Source
from xavatar.runtime import Portal
from xavatar.sandbox import Sandbox
from xavatar.wire.trace import LIMIT, LiveTrace

from .asynchronous import AsyncSession
from .progress import Progress
from .recording import record_through

if TYPE_CHECKING:
    from xavatar import widgets
    from xavatar.widgets import Gallery, Inspector, Monitor, TraceViewer

T = TypeVar("T")


class Session:
    """An account's view of other people's avatars, for code without ``await``.

    Made by :func:`connect` or :func:`attach`. An interrupt (Ctrl-C, the kernel's stop) cancels
    the running operation and keeps the connection; what was collected by then is the
    exception's attribute ``partial`` and ``session.last``.

    Parameters
    ----------
    twin : AsyncSession
    portal : Portal
        The way to the loop where it lives.
    release : callable
        Called when the session is closed.

    Examples
    --------
    >>> with xa.connect(sandbox="verona") as s:
    ...     table = s.roster()
    >>> table["jid"].nunique()
    71
    """

    def __init__(self, twin: AsyncSession, portal: Portal, release: Callable[[], None]) -> None:
        self._twin = twin
        self._portal = portal
        self._release = release

    def close(self) -> None:
        """Log out, stop an own sandbox; nothing when it is closed."""
        if self._twin.state is not State.CLOSED:
            try:
                self._portal.call(self._twin.close())
            finally:
                self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def state(self) -> State:
        """What the connection does at the moment."""
        return self._twin.state

    @property
    def last_error(self) -> SessionError | None:
        """Why the connection was last lost, or could not be made."""
        return self._twin.last_error

    @property
    def jid(self) -> str:
        """The full JID in use; the wanted one before login."""
        return self._twin.jid

    @property
    def stanza_bytes(self) -> int | None:
        """What the server takes in one stanza at most, in bytes, as it announces (XEP-0478).

        ``None`` where it does not, and for an attached client that was connected before.
        """
        return self._twin.stanza_bytes

    @property
    def sandbox(self) -> Sandbox | None:
        """The embedded server, for a session in one."""
        return self._twin.sandbox

    @property
    def last(self) -> Snapshot | None:
        """What the last collection saw; not complete when it was interrupted."""
        return self._twin.last

    def roster(
        self, *, images: bool = True, sources: Sequence[Source | str] = tuple(Source), progress: Progress = None
    ) -> DataFrame:
        """Ask all three sources about every contact; see :meth:`AsyncSession.roster`.

        Examples
        --------
        >>> table = s.roster(images=False)
        >>> sorted(table["source"].unique())
        ['pep', 'presence', 'vcard']
        """
        return self._collect(self._twin.roster(images=images, sources=sources, progress=progress))

    def room(self, jid: str, *, nick: str | None = None, images: bool = True, progress: Progress = None) -> DataFrame:
        """Enter a room, ask about its avatar and its occupants'; see :meth:`AsyncSession.room`.

        Examples
        --------
        >>> table = s.room("balcony@rooms.capulet.lit")
        >>> sorted(table["kind"].unique())
        ['occupant', 'room']
        """
        return self._collect(self._twin.room(jid, nick=nick, images=images, progress=progress))

    def me(self, *, images: bool = True, progress: Progress = None) -> DataFrame:
        """Ask about the own account; see :meth:`AsyncSession.me`.

        Examples
        --------
        >>> s.me().query("source == 'pep'")["status"].item()
        'ok'
        """
        return self._collect(self._twin.me(images=images, progress=progress))

    def features(self) -> Features:
        """Ask what the account's server offers; see :meth:`AsyncSession.features`.

        Examples
        --------
        >>> s.features().pep_vcard_conversion
        True
        """
        return self._portal.call(self._twin.features())

    def audit(
        self,
        *,
        images: bool = True,
        thorough: bool = False,
        rooms: Sequence[str] = (),
        join_occupants: bool = False,
        progress: Progress = None,
    ) -> Audit:
        """Collect the own account, the roster and rooms, and judge them; see :meth:`AsyncSession.audit`.

        Examples
        --------
        >>> audit = s.audit()
        >>> [finding.rule for finding in audit.about("romeo@montague.lit")]
        []
        """
        work = self._twin.audit(
            images=images, thorough=thorough, rooms=rooms, join_occupants=join_occupants, progress=progress
        )
        return self._collect(work)

    def diagnose(self, jid: str) -> Diagnosis:
        """Ask everything about one avatar: who sees it, who does not, why; see :meth:`AsyncSession.diagnose`.

        Examples
        --------
        >>> s.diagnose("romeo@montague.lit").verdict
        'Contacts see the avatar, and so do rooms and older clients, by the vCard.'
        """
        return self._portal.call(self._twin.diagnose(jid))

    def gallery(self, *, thorough: bool = False, progress: Progress = None) -> Gallery:
        """Audit the roster, and show everybody's picture; see :meth:`AsyncSession.gallery`.

        Examples
        --------
        >>> gallery = s.gallery()
        >>> gallery.selected = ["romeo@montague.lit"]
        >>> gallery.selection_frame()["source"].tolist()
        ['pep', 'vcard', 'presence']
        >>> gallery.close()
        """
        return self._collect(self._twin.gallery(thorough=thorough, progress=progress))

    def inspector(self, jid: str) -> Inspector:
        """Ask everything about one avatar, and show it; see :meth:`AsyncSession.inspector`.

        Examples
        --------
        >>> inspector = s.inspector("romeo@montague.lit")
        >>> inspector.jid
        'romeo@montague.lit'
        >>> inspector.close()
        """
        return self._portal.call(self._twin.inspector(jid))

    def changes(self, *, keep: int = KEEP, pictures: bool = False, progress: Progress = None) -> Changes:
        """Hear of every change of an avatar from now on; see :meth:`AsyncSession.changes`.

        Examples
        --------
        >>> with xa.sandbox("verona") as box, xa.connect(sandbox=box) as watching:
        ...     coming = watching.changes().follow(timeout=5)
        ...     box.purge_node("romeo@montague.lit", "urn:xmpp:avatar:metadata")
        ...     change = next(coming)
        >>> change.jid, str(change.what)
        ('romeo@montague.lit', 'purged')
        """
        return self._collect(self._twin.changes(keep=keep, pictures=pictures, progress=progress))

    def monitor(self, *, keep: int = KEEP, pictures: bool = True, progress: Progress = None) -> Monitor:
        """Show avatars' changes as they happen; see :meth:`AsyncSession.monitor`.

        Examples
        --------
        >>> monitor = s.monitor(pictures=False)
        >>> monitor.frame.empty
        True
        >>> monitor.close()
        """
        return self._collect(self._twin.monitor(keep=keep, pictures=pictures, progress=progress))

    def trace_viewer(self, *, limit: int = LIMIT) -> TraceViewer:
        """Record every stanza from now on, and show them as they pass; see :meth:`AsyncSession.trace_viewer`.

        Examples
        --------
        >>> viewer = s.trace_viewer()
        >>> s.features().pep
        True
        >>> len(viewer.trace) > 0
        True
        >>> viewer.close()
        """
        from xavatar.widgets import TraceViewer

        return TraceViewer(self.trace(limit=limit), own=True)

    def publisher(self, image: ImageSource | None = None, *, room: str | None = None) -> widgets.Publisher:
        """Show the own avatar, and what it takes to publish another one; see :meth:`AsyncSession.publisher`.

        Examples
        --------
        >>> publisher = s.publisher()
        >>> publisher.publication is None
        True
        >>> publisher.close()
        """
        return self._portal.call(self._twin.publisher(image, room=room))

    def plan(
        self, image: ImageSource | AvatarSet, *, access_model: str | None = None, vcard: bool = False
    ) -> PublishPlan:
        """Plan to publish an avatar, without changing anything; see :meth:`AsyncSession.plan`.

        Examples
        --------
        >>> plan = s.plan(np.full((96, 96, 3), 200, np.uint8), access_model="open")
        >>> plan.steps[0].words, plan.steps[-1].words
        ('Set the data node to open, from presence', 'Read back what is announced')
        """
        return self._portal.call(self._twin.plan(image, access_model=access_model, vcard=vcard))

    def publish(
        self,
        image: ImageSource | AvatarSet | PublishPlan,
        *,
        access_model: str | None = None,
        vcard: bool = False,
        dry_run: bool = False,
    ) -> Publication:
        """Make an image the account's avatar, and read it back; see :meth:`AsyncSession.publish`.

        Examples
        --------
        >>> with xa.connect(sandbox="pair") as own:
        ...     done = own.publish(np.full((96, 96, 3), 200, np.uint8))
        >>> done.done
        True
        """
        return self._portal.call(self._twin.publish(image, access_model=access_model, vcard=vcard, dry_run=dry_run))

    def unpublish(self, *, vcard: bool = False, dry_run: bool = False) -> Publication:
        """Switch the own avatar off, its image stays; see :meth:`AsyncSession.unpublish`.

        Examples
        --------
        >>> with xa.connect(sandbox="pair") as own:
        ...     published = own.publish(np.full((96, 96, 3), 200, np.uint8))
        ...     done = own.unpublish()
        >>> done.done
        True
        """
        return self._portal.call(self._twin.unpublish(vcard=vcard, dry_run=dry_run))

    def wipe(self, *, vcard: bool = False, dry_run: bool = False) -> Publication:
        """Remove the own avatar and its images; see :meth:`AsyncSession.wipe`.

        Examples
        --------
        >>> s.wipe(dry_run=True).done
        False
        """
        return self._portal.call(self._twin.wipe(vcard=vcard, dry_run=dry_run))

    def trace(self, *, limit: int = LIMIT) -> LiveTrace:
        """Record every stanza from now on; see :meth:`AsyncSession.trace`.

        Examples
        --------
        >>> trace = s.trace()
        >>> s.me()["jid"].iat[0]
        'juliet@capulet.lit'
        >>> trace.stop()
        >>> "get vCard" in trace.filter(direction="out").frame["summary"].tolist()
        True
        """
        return record_through(self._portal, self._twin, limit=limit)

    def recording(self, *, limit: int = LIMIT) -> LiveTrace:
        """Record the stanzas of a ``with`` block; see :meth:`AsyncSession.recording`.

        Examples
        --------
        >>> with s.recording() as trace:
        ...     table = s.me()
        >>> "get vCard" in trace.filter(direction="out").frame["summary"].tolist()
        True
        """
        return record_through(self._portal, self._twin, limit=limit)

    def _collect(self, work: Coroutine[Any, Any, T]) -> T:
        before = self._twin.last
        try:
            return self._portal.call(work)
        except KeyboardInterrupt as interrupt:
            collected = self._twin.last
            if collected is not None and collected is not before:
                interrupt.partial = frame(collected.outcomes, snapshot=collected.id)  # type: ignore[attr-defined]
                interrupt.add_note("What was collected so far is the session's `last` snapshot.")
            raise

    def __repr__(self) -> str:
        return repr(self._twin).replace(type(self._twin).__name__, type(self).__name__, 1)

    def _repr_html_(self) -> str:
        return self._twin._repr_html_()
