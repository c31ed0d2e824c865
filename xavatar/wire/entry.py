"""A recorded stanza, and what can be read from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from .capture import Direction
from .lessons import Lesson, Seen, broken, decoded, illustrated
from .pretty import IMAGES, as_text, harmless, unreadable
from .recorder import Record
from .xeps import specifications, summary
from .xml import parse, split

# The namespaces a stream's header declares, for a stanza that is read on its own.
_HEADER: Final = b"<stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
STANZAS: Final = ("iq", "message", "presence")
_OTHER: Final = {Direction.IN: Direction.OUT, Direction.OUT: Direction.IN}


@dataclass(frozen=True, repr=False)
class Entry:
    """A stanza that went over the wire.

    Parameters
    ----------
    number : int
        Counted from 1 while the recording runs.
    at : datetime
        UTC.
    direction : Direction
    raw : bytes
        As sent or received, but for what is secret.
    size : int
        Bytes on the wire, before encryption.
    request : Entry, optional
        What it answers.
    """

    number: int
    at: datetime
    direction: Direction
    raw: bytes
    size: int
    request: Entry | None = None

    @cached_property
    def _facts(self) -> _Facts:
        return _read(self)

    @property
    def element(self) -> Element | None:
        """The stanza as a tree; ``None`` when it cannot be read alone."""
        return _tree(self.raw)

    @property
    def kind(self) -> str:
        """``iq``, ``message``, ``presence``, or the name of another element of the stream."""
        return self._facts.kind

    @property
    def type(self) -> str:
        """The attribute `type`, empty without one."""
        return self._facts.attributes.get("type", "")

    @property
    def id(self) -> str:
        """The stanza's id, empty without one."""
        return self._facts.attributes.get("id", "")

    @property
    def sender(self) -> str:
        """The attribute `from`, empty without one."""
        return self._facts.attributes.get("from", "")

    @property
    def to(self) -> str:
        """The attribute `to`, empty without one."""
        return self._facts.attributes.get("to", "")

    @property
    def peer(self) -> str:
        """Who is at the other end: the addressee, or the sender; empty for one's own account."""
        return self.to if self.direction is Direction.OUT else self.sender

    @property
    def summary(self) -> str:
        """What it is about, in a few words."""
        own = self._facts.summary
        return f"{own}: {self.request.summary}" if self.request and own == "result" else own

    @property
    def xeps(self) -> tuple[str, ...]:
        """The specifications it belongs to, the most telling first; an answer's include its request's."""
        asked = self.request.xeps if self.request is not None else ()
        return tuple(dict.fromkeys((*self._facts.xeps, *asked)))

    @property
    def illustrates(self) -> tuple[Lesson, ...]:
        """Rules it shows at work."""
        return self._facts.illustrates

    @property
    def breaks(self) -> tuple[Lesson, ...]:
        """Rules it breaks."""
        return self._facts.breaks

    @property
    def elapsed_ms(self) -> float | None:
        """Milliseconds from the request to this answer."""
        return (self.at - self.request.at).total_seconds() * 1000 if self.request is not None else None

    @property
    def images(self) -> tuple[bytes, ...]:
        """The images it carries."""
        element = self.element
        found = () if element is None else (decoded(each.text) for each in element.iter() if each.tag in IMAGES)
        return tuple(image for image in found if image)

    @property
    def headline(self) -> str:
        """Its line in a list: number, time, direction, kind, peer, what it is about, size, round trip, rules broken."""
        parts = [f"{self.number:>5}", f"{self.at:%H:%M:%S.%f}"[:12], "→" if self.direction is Direction.OUT else "←"]
        parts += [self.kind, self.peer or "own account", self.summary, f"{self.size:,} B"]
        parts += [f"{self.elapsed_ms:.1f} ms after {self.request.number}"] if self.request is not None else []
        parts += [*self.xeps[:1], *(f"!{lesson.rule}" for lesson in self.breaks)]
        return harmless("  ".join(part for part in parts if part))

    @property
    def notes(self) -> tuple[str, ...]:
        """A line for each rule it breaks, then for each it shows at work."""
        broken = (f"{lesson.rule:>11}  broken: {lesson.words}" for lesson in self.breaks)
        return (*broken, *(f"{lesson.rule:>11}  {lesson.words}" for lesson in self.illustrates))

    def __repr__(self) -> str:
        return self.headline

    def __str__(self) -> str:
        element = self.element
        body = as_text(element) if element is not None else unreadable(self.raw)
        return "\n".join((self.headline, *self.notes, body))

    def _repr_html_(self) -> str:
        from .page import fragment
        from .trace import Trace

        return fragment(Trace([self]))


@dataclass(frozen=True, slots=True)
class _Facts:
    kind: str
    attributes: dict[str, str]
    summary: str
    xeps: tuple[str, ...]
    illustrates: tuple[Lesson, ...]
    breaks: tuple[Lesson, ...]


def _tree(raw: bytes) -> Element | None:
    try:
        return parse(_HEADER + raw + b"</stream>")[0]
    except (ParseError, IndexError, ValueError):
        return None


def _read(entry: Entry) -> _Facts:
    element = entry.element
    if element is None:
        return _Facts("unreadable", {}, "", (), (), ())
    seen = Seen(element, entry.request.element if entry.request is not None else None)
    return _Facts(
        split(element.tag)[1],
        dict(element.attrib),
        summary(element),
        specifications(element),
        illustrated(seen),
        broken(seen),
    )


def entries(records: Iterable[Record], known: Mapping[int, Entry] | None = None) -> Iterator[Entry]:
    """Yield entries with each answer tied to its request.

    Parameters
    ----------
    records : iterable of Record
    known : mapping, optional
        Entries read before, by number; they are not read again.
    """
    asked: dict[tuple[Direction, str], list[Entry]] = {}
    for record in records:
        entry = known.get(record.number) if known else None
        if entry is None:
            entry = Entry(record.number, datetime.fromtimestamp(record.at, UTC), *record[2:])
        if entry.kind == "iq" and entry.type in ("result", "error"):
            request = _answered(entry, asked.get((_OTHER[entry.direction], entry.id), []))
            if request is not None and entry.request is None:
                entry = replace(entry, request=request)
        elif entry.kind == "iq":
            asked.setdefault((entry.direction, entry.id), []).append(entry)
        yield entry


def _answered(answer: Entry, asked: list[Entry]) -> Entry | None:
    """Take from the open requests of an id the one that is answered: several parties may choose one id."""
    if not asked:
        return None
    peers = [request.peer.casefold() for request in asked]
    peer = answer.peer.casefold()
    return asked.pop(peers.index(peer) if peer in peers else 0)
