"""What became of people's avatars while somebody watched: values, and a ring of them to follow."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, overload

from xavatar.errors import ConfigError, XavatarError
from xavatar.model import Source

if TYPE_CHECKING:
    from pandas import DataFrame

KEEP: Final = 1000


class What(StrEnum):
    """What somebody did to their avatar."""

    PUBLISHED = "published"
    DISABLED = "disabled"
    """An empty ``<metadata/>`` (XEP-0084, 3.5)."""
    RETRACTED = "retracted"
    """The item was removed from the metadata node (XEP-0060, 7.2)."""
    PURGED = "purged"
    """All items were (XEP-0060, 8.5)."""
    DELETED = "deleted"
    """The node itself was (XEP-0060, 8.4)."""
    MALFORMED = "malformed"
    """Metadata that the XEP does not allow and that says nothing."""
    ANNOUNCED = "announced"
    """A presence says another hash of the vCard's photo (XEP-0153, 3.1)."""
    WITHDRAWN = "withdrawn"
    """A presence says that there is no photo any more."""


@dataclass(frozen=True, slots=True)
class Face:
    """An avatar at one moment.

    Parameters
    ----------
    id : str
        The declared hash, normalised; ``""`` when there is no avatar.
    sha1 : str, optional
        Of the bytes, when they are at hand.
    mime : str, optional
        Media type of the bytes.
    nbytes, width, height : int, optional
        Of the bytes.
    """

    id: str
    sha1: str | None = None
    mime: str | None = None
    nbytes: int | None = None
    width: int | None = None
    height: int | None = None


NONE: Final = Face("")


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one avatar, as one source told it.

    Parameters
    ----------
    jid : str
        Bare JID; for somebody in a room the full one.
    what : What
    source : Source
        ``pep`` for events, ``presence`` for hashes in presences.
    at : datetime
        When it was heard of, UTC.
    before : Face, optional
        ``None`` when the session did not know it.
    after : Face
    resource : str, optional
        Whose presence it was.
    name : str, optional
        The roster's.
    note : str
        Why the picture is not here; empty when it is, or when there is none.
    number : int
        Counted from 1 while one watches.
    """

    jid: str
    what: What
    source: Source
    at: datetime
    before: Face | None
    after: Face
    resource: str | None = None
    name: str | None = None
    note: str = ""
    number: int = 0

    def __str__(self) -> str:
        return (
            f"{self.at:%H:%M:%S}  {self.jid}  {self.source.label}: {self.what}{f' ({self.note})' if self.note else ''}"
        )


class Changes(Sequence[Change]):
    """The newest changes a session heard of, oldest first; made by ``session.changes()``.

    It grows until it is stopped, its session is closed, or nobody holds it any more. Safe to use
    from any thread.

    Parameters
    ----------
    keep : int
        How many are kept; the oldest go first.
    picture : callable
        Returns the bytes with a SHA-1, or ``None``.

    Attributes
    ----------
    seen : int
        How many there were, those that are gone included.
    ended : bool
    error : XavatarError, optional
        Why it ended by itself.
    """

    def __init__(self, keep: int = KEEP, picture: Callable[[str], bytes | None] = lambda _: None) -> None:
        if keep < 1:
            raise ConfigError(f"keep must be at least 1, not {keep}.")
        self.keep = keep
        self.picture = picture
        self.seen = 0
        self.ended = False
        self.error: XavatarError | None = None
        self._kept: deque[Change] = deque(maxlen=keep)
        self._news = threading.Condition()
        self._listeners: list[Callable[[], object]] = []
        self._at_end: Callable[[], object] = lambda: None

    @property
    def dropped(self) -> int:
        """How many are gone, since only so many are kept."""
        with self._news:
            return self.seen - len(self._kept)

    def since(self, number: int) -> tuple[Change, ...]:
        """Return those after the one of a number, as far as they are kept."""
        with self._news:
            fresh = min(self.seen - number, len(self._kept))
            return tuple(islice(self._kept, len(self._kept) - fresh, None)) if fresh > 0 else ()

    @property
    def frame(self) -> DataFrame:
        """One row per change: when, who, what, by which source, the hash and picture before and after."""
        from .change_frame import frame

        return frame(tuple(self))

    def clear(self) -> None:
        """Forget those seen so far; what comes is counted on."""
        with self._news:
            self._kept.clear()
        self._tell()

    def follow(self, timeout: float | None = None) -> Following:
        """Return what gives each change from now on as it comes, to ``for`` and to ``async for``.

        What happened before this call is in the sequence itself: follow first, then do what changes something.

        Parameters
        ----------
        timeout : float, optional
            Seconds without a change after which it ends; left out, it goes on.

        Notes
        -----
        ::

            for change in session.changes().follow(timeout=60):
                print(change)
        """
        return Following(self, timeout)

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener` after every change and at the end, on the session's loop; return what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def add(self, change: Change) -> None:
        """Take a change, unless it has ended."""
        with self._news:
            if self.ended:
                return
            self.seen += 1
            self._kept.append(replace(change, number=self.seen))
        self._tell()

    def stop(self, error: XavatarError | None = None) -> None:
        """Watch no more; what was seen stays."""
        with self._news:
            if self.ended:
                return
            self.ended, self.error = True, error
        self._at_end()
        self._tell()

    def _tell(self) -> None:
        with self._news:
            self._news.notify_all()
        for listener in tuple(self._listeners):
            listener()

    def __len__(self) -> int:
        return len(self._kept)

    def __bool__(self) -> bool:
        return True

    @overload
    def __getitem__(self, index: int) -> Change: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Change]: ...
    def __getitem__(self, index: int | slice) -> Change | Sequence[Change]:
        return self.since(0)[index]

    def __iter__(self) -> Iterator[Change]:
        return iter(self.since(0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def __repr__(self) -> str:
        gone = f", {self.dropped} earlier ones dropped" if self.dropped else ""
        return "\n".join([f"<Changes: {len(self)}{gone}{', ended' if self.ended else ''}>", *map(str, self[-20:])])


class Following:
    """Changes as they come; see :meth:`Changes.follow`.

    Raises
    ------
    XavatarError
        While waiting: why the watching ended by itself.
    """

    def __init__(self, changes: Changes, timeout: float | None) -> None:
        self._changes = changes
        self._timeout = timeout
        self._at = changes.seen
        self._ready: deque[Change] = deque()

    def __iter__(self) -> Iterator[Change]:
        return self

    def __next__(self) -> Change:
        with self._changes._news:
            self._changes._news.wait_for(self._due, self._timeout)
        if not self._ready:
            raise self._over(StopIteration)
        return self._ready.popleft()

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        quiet = self._changes.listen(lambda: None if loop.is_closed() else loop.call_soon_threadsafe(woken.set))
        try:
            async with asyncio.timeout(self._timeout):
                while not self._due():
                    await woken.wait()
                    woken.clear()
        except TimeoutError:
            pass
        finally:
            quiet()
        if not self._ready:
            raise self._over(StopAsyncIteration)
        return self._ready.popleft()

    def _due(self) -> bool:
        if not self._ready:
            self._ready.extend(self._changes.since(self._at))
            self._at = self._changes.seen
        return bool(self._ready) or self._changes.ended

    def _over(self, end: type[Exception]) -> Exception:
        return self._changes.error or end()
