"""The SAX handler that stands in front of aioxmpp's on a live stream.

It does three things with what comes in, and nothing else:

* an answer to one of our own requests becomes a light tree and never enters aioxmpp;
* a stanza somebody observes is built as a light tree while it passes on to aioxmpp;
* inside a passing stanza, an element that a guard refuses is held back from aioxmpp, whose
  XSO would throw the whole stanza away (D-12, D-34); the observers still see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from xml.etree.ElementTree import Element, TreeBuilder
from xml.sax.handler import ContentHandler

from .capture import Inlet

Name = tuple[str | None, str]
Guard = Callable[[Element], bool]

IQ: Name = ("jabber:client", "iq")
STANZAS: frozenset[Name] = frozenset(("jabber:client", kind) for kind in ("iq", "message", "presence"))


class Switchboard(Protocol):
    """Where the tap asks what to do with a stanza, and leaves what it built."""

    guards: dict[str, Guard]

    def expects(self, attributes: Mapping[Name, str]) -> bool:
        """Tell whether an IQ with these attributes answers one of our requests."""

    def watches(self, name: str) -> bool:
        """Tell whether anybody observes stanzas of this tag."""

    def answered(self, stanza: Element) -> None:
        """Take the answer to one of our requests."""

    def observed(self, stanza: Element) -> None:
        """Take a stanza that also goes to aioxmpp."""

    def passed(self) -> None:
        """Note that a stanza went to aioxmpp whole."""


class Tap(ContentHandler):
    """One per XML stream.

    Parameters
    ----------
    inner : ContentHandler
        aioxmpp's processor.
    board : Switchboard
    depth : int
        How deep in the stream the parser is now: 0 before the stream header, 1 between
        stanzas, more inside one, which then passes unseen.

    Attributes
    ----------
    inlet : Inlet, optional
        Told where stanzas begin and end, while somebody records.
    """

    def __init__(self, inner: ContentHandler, board: Switchboard, depth: int) -> None:
        super().__init__()
        self.inlet: Inlet | None = None
        self._inner = inner
        self._board = board
        self._depth = depth
        self._builder: TreeBuilder | None = None
        self._ours = False
        self._held: list[tuple[Callable[..., None], tuple[Any, ...]]] | None = None
        self._hold_depth = 0
        self._names: dict[Name, str] = {}

    def _name(self, name: Name) -> str:
        found = self._names.get(name)
        if found is None:
            if len(self._names) > 4096:  # element names come from strangers
                self._names.clear()
            found = self._names[name] = f"{{{name[0]}}}{name[1]}" if name[0] else name[1]
        return found

    def _forward(self, call: Callable[..., None], *arguments: Any) -> None:
        if self._held is not None:
            self._held.append((call, arguments))
        else:
            call(*arguments)

    def startDocument(self) -> None:  # noqa: D102
        self._inner.startDocument()

    def endDocument(self) -> None:  # noqa: D102
        self._inner.endDocument()

    def processingInstruction(self, target: str, data: str) -> None:  # noqa: D102
        self._inner.processingInstruction(target, data)

    def startElementNS(self, name: Any, qname: str | None, attrs: Any) -> None:  # noqa: D102
        depth = self._depth
        self._depth = depth + 1
        if depth == 1:
            self._begin(name, attrs)
        builder = self._builder
        if builder is not None:
            full = self._name(name)
            if not self._ours and self._held is None and depth > 1 and full in self._board.guards:
                self._held = []
                self._hold_depth = depth
            plain = {self._name(key): value for key, value in attrs._attrs.items()} if attrs._attrs else {}
            builder.start(full, plain)
            if self._ours:
                return
        self._forward(self._inner.startElementNS, name, qname, attrs)

    def _begin(self, name: Name, attrs: Any) -> None:
        if self.inlet is not None:
            self.inlet.starts()
        self._ours = name == IQ and self._board.expects(attrs._attrs)
        if self._ours or (name in STANZAS and self._board.watches(name[1])):
            self._builder = TreeBuilder()

    def characters(self, content: str) -> None:  # noqa: D102
        if self._builder is not None:
            self._builder.data(content)
            if self._ours:
                return
        self._forward(self._inner.characters, content)

    def endElementNS(self, name: Any, qname: str | None) -> None:  # noqa: D102
        self._depth = depth = self._depth - 1
        builder, ours = self._builder, self._ours
        element = builder.end(self._name(name)) if builder is not None else None
        if not ours:
            self._forward(self._inner.endElementNS, name, qname)
            if self._held is not None and depth == self._hold_depth:
                self._release(element)
        if depth == 1:
            self._finish(name, element, ours)

    def _release(self, element: Element | None) -> None:
        held, self._held = self._held or [], None
        if element is not None and self._board.guards[element.tag](element):
            for call, arguments in held:
                call(*arguments)

    def _finish(self, name: Name, element: Element | None, ours: bool) -> None:
        self._builder = None
        self._ours = False
        if self.inlet is not None:
            self.inlet.ends()
        if ours and element is not None:
            self._board.answered(element)
            return
        if name in STANZAS:
            self._board.passed()
        if element is not None:
            self._board.observed(element)
