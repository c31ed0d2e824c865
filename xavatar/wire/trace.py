"""What went over the wire: recorded, told, shown, exported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, overload

from xavatar.errors import ConfigError

from . import exchange
from .capture import Direction
from .entry import Entry, entries
from .pretty import as_rich, unreadable
from .recorder import Recorder

if TYPE_CHECKING:
    from pandas import DataFrame
    from rich.console import Console, ConsoleOptions, RenderResult

    from .diagram import Diagram

LIMIT: Final = 32 << 20
_LISTED: Final = 30


class Trace(Sequence[Entry]):
    """Stanzas in the order they passed.

    Made by ``session.trace()`` or ``session.recording()``, and then it grows until
    :meth:`stop`; or by :meth:`filter` or :meth:`load`, and then it stays as it is.

    Parameters
    ----------
    found : iterable of Entry
        What it holds.

    Notes
    -----
    ::

        with session.recording() as trace:
            frame = session.roster()
        trace.filter(jid="romeo@montague.lit", xep=84)   # shows itself in a notebook
        trace.frame.groupby("xep")["size"].sum()
        trace.diagram()
        trace.save("roster.jsonl")

    Examples
    --------
    >>> with s.recording() as trace:
    ...     table = s.me()
    >>> trace.frame.columns[:3].tolist()
    ['number', 'at', 'direction']
    >>> trace.filter(direction="in").frame["direction"].unique().tolist()
    ['in']
    """

    def __init__(self, found: Iterable[Entry] = ()) -> None:
        self._fixed = tuple(found)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The stanzas, oldest first."""
        return self._fixed

    @property
    def dropped(self) -> int:
        """How many are gone, since the recording holds only so many bytes."""
        return 0

    def stop(self) -> None:
        """Record no more; what is recorded stays."""

    def __len__(self) -> int:
        return len(self.entries)

    def __bool__(self) -> bool:
        return True

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> Trace: ...
    def __getitem__(self, index: int | slice) -> Entry | Trace:
        found = self.entries[index]
        return found if isinstance(found, Entry) else Trace(found)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def filter(
        self,
        *,
        jid: str | None = None,
        kind: str | None = None,
        xep: str | int | None = None,
        direction: str | None = None,
        rule: str | None = None,
    ) -> Trace:
        """Return the stanzas that fit, each with what it answers still known to it.

        Parameters
        ----------
        jid : str, optional
            At the other end; a bare JID stands for all its resources.
        kind : str, optional
            ``iq``, ``message``, ``presence``, or another element's name as ``r``.
        xep : str or int, optional
            ``"XEP-0084"``, ``"0084"`` or ``84``; ``"RFC 6121"``.
        direction : str, optional
            ``in`` or ``out``.
        rule : str, optional
            Id of a rule it illustrates or breaks, as ``P84-19``.
        """
        if direction is not None and direction not in tuple(Direction):
            raise ConfigError(f"direction is 'in' or 'out', not {direction!r}.")
        wanted = _specification(xep) if xep is not None else None
        return Trace(
            entry
            for entry in self.entries
            if (jid is None or _is_of(entry.peer, jid))
            and (kind is None or entry.kind == kind)
            and (wanted is None or wanted in entry.xeps)
            and (direction is None or entry.direction == direction)
            and (rule is None or any(lesson.rule == rule for lesson in (*entry.illustrates, *entry.breaks)))
        )

    @property
    def frame(self) -> DataFrame:
        """One row per stanza: when, which way, what, with whom, how large, how long it took, which rules."""
        return exchange.frame(self.entries)

    def image(self, number: int) -> bytes:
        """Return the first image that the stanza of a number carries.

        Raises
        ------
        LookupError
            There is no such stanza any more, or no image in it.
        """
        entry = next((entry for entry in self.entries if entry.number == number), None)
        if entry is None:
            raise LookupError(f"Stanza {number} is not in this trace.")
        if not entry.images:
            raise LookupError(f"Stanza {number} carries no image.")
        return entry.images[0]

    def diagram(self, *, limit: int = 60, acknowledgements: bool = False) -> Diagram:
        """Draw who sent what to whom.

        Parameters
        ----------
        limit : int
            Stanzas to draw, from the first.
        acknowledgements : bool
            Draw the ``<r/>`` and ``<a/>`` of XEP-0198 too.
        """
        from .diagram import draw

        drawn = [entry for entry in self.entries if acknowledgements or entry.kind not in ("r", "a")]
        return draw(drawn[:limit], left_out=max(0, len(drawn) - limit))

    def save(self, path: Path | str, *, images: bool = True) -> Path:
        """Write the trace to a file.

        Parameters
        ----------
        path : Path or str
            ``.jsonl``: one JSON object per line, which :meth:`load` reads. ``.xml``: one document.
            ``.txt``: as it is shown. ``.svg``: the diagram. ``.html``: a page.
        images : bool
            False leaves the images out.

        Raises
        ------
        ConfigError
            The suffix is none of these.
        """
        path = Path(path)
        writers: dict[str, Callable[[], str]] = {
            ".jsonl": lambda: exchange.as_json_lines(self.entries, images=images),
            ".xml": lambda: exchange.as_xml(self.entries, images=images),
            ".txt": lambda: str(self),
            ".svg": lambda: self.diagram().svg,
            ".html": self._page,
        }
        write = writers.get(path.suffix.lower())
        if write is None:
            raise ConfigError(f"{path.name}: a trace is saved as {', '.join(writers)}.")
        path.write_text(write(), encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path | str) -> Trace:
        """Return a trace that was saved as ``.jsonl``.

        Raises
        ------
        ConfigError
            The file holds something else.
        """
        text = Path(path).read_text(encoding="utf-8")
        return Trace(entries(exchange.from_json_lines(text, str(path))))

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.entries))

    def __repr__(self) -> str:
        shown = self.entries[-_LISTED:]
        earlier = len(self) - len(shown)
        lines = [f"<Trace: {len(self):,} stanzas{f', {self.dropped:,} earlier ones dropped' if self.dropped else ''}>"]
        lines += [f"… {earlier:,} more before these"] if earlier else []
        return "\n".join([*lines, *map(repr, shown)])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.text import Text

        for entry in self.entries:
            yield Text(entry.headline, style="bold")
            for count, note in enumerate(entry.notes):
                yield Text(note, style="red" if count < len(entry.breaks) else "magenta")
            yield as_rich(entry.element) if entry.element is not None else Text(unreadable(entry.raw))
            yield Text()

    def _repr_html_(self) -> str:
        from .page import fragment

        return fragment(self)

    def _page(self) -> str:
        from .page import page

        return page(self)


class LiveTrace(Trace):
    """A trace that grows while its stream lives.

    Parameters
    ----------
    recorder : Recorder
    end : callable
        Ends the recording.
    """

    def __init__(self, recorder: Recorder, end: Callable[[], None]) -> None:
        super().__init__()
        self.recorder = recorder
        self._end = end
        self._read: dict[int, Entry] = {}

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The stanzas recorded so far, oldest first."""
        self._read = {entry.number: entry for entry in entries(self.recorder.records(), self._read)}
        return tuple(self._read.values())

    def __len__(self) -> int:
        return len(self.recorder)

    @property
    def dropped(self) -> int:
        """How many are gone, since the recording holds only so many bytes."""
        return self.recorder.seen - len(self.recorder)

    def listen(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call `listener` after each stanza, on the stream's loop, where it must not stay; return what ends that."""
        listeners = self.recorder.listeners
        self.recorder.listeners = [*listeners, listener]

        def end() -> None:
            self.recorder.listeners = [each for each in self.recorder.listeners if each is not listener]

        return end

    def stop(self) -> None:
        """Record no more; what is recorded stays."""
        self._end()


def _is_of(peer: str, jid: str) -> bool:
    return peer == jid if "/" in jid else peer.partition("/")[0] == jid


def _specification(wish: str | int) -> str:
    digits = str(wish).upper().removeprefix("XEP-").strip()
    return f"XEP-{digits:0>4}" if digits.isdigit() else str(wish)
