"""What stands between the parser of a live stream and aioxmpp.

It does four things with what comes in, and nothing else:

* an answer to one of our own requests becomes a light tree and never enters aioxmpp;
* a stanza somebody observes becomes a light tree as well; whoever observes it may keep it from
  aioxmpp;
* a request for an acknowledgement (XEP-0198) is answered at once, of which a busy stream brings many;
* from a stanza that passes, an element that a guard refuses is held back from aioxmpp, whose
  XSO would throw the whole stanza away (D-12, D-34); the observers still see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from xml.etree.ElementTree import Element, TreeBuilder

from .capture import Inlet

Guard = Callable[[Element], bool]

IQ: Final = "{jabber:client}iq"
ACK_REQUEST: Final = "{urn:xmpp:sm:3}r"
STANZAS: Final = frozenset(f"{{jabber:client}}{kind}" for kind in ("iq", "message", "presence"))
_NAMES: Final = 4096


class Switchboard(Protocol):
    """Where the tap asks what to do with a stanza, and leaves what it built."""

    guards: dict[str, Guard]

    def expects(self, attributes: Mapping[str, str]) -> bool:
        """Tell whether an IQ with these attributes answers one of our requests."""

    def watches(self, name: str, kind: str | None) -> bool:
        """Tell whether anybody observes stanzas of this tag and type."""

    def answered(self, stanza: Element) -> None:
        """Take the answer to one of our requests."""

    def asked(self) -> None:
        """Acknowledge what was handled so far."""

    def observed(self, stanza: Element) -> bool:
        """Take a stanza, and tell whether aioxmpp need not have it."""

    def passed(self) -> None:
        """Note that a stanza went to aioxmpp whole."""


class _Names(dict[str, str]):
    """``{namespace}local`` for each name as expat tells it: ``namespace local`` or ``namespace local prefix``."""

    def __missing__(self, raw: str) -> str:
        if len(self) > _NAMES:  # element names come from strangers
            self.clear()
        parts = raw.split(" ")
        name = self[raw] = raw if len(parts) == 1 else f"{{{parts[0]}}}{parts[1]}"
        return name


class Tap:
    """One per XML stream.

    It takes the place of the parser's handlers for elements and text: what Python's SAX layer makes
    of each element costs more than all the rest, and only aioxmpp needs it.

    Parameters
    ----------
    expat : xml.parsers.expat.XMLParserType
        The parser under aioxmpp's SAX parser, in its namespace mode.
    board : Switchboard
    depth : int
        How deep in the stream the parser is now: 0 before the stream header, 1 between
        stanzas, more inside one, which then passes unseen.

    Attributes
    ----------
    inlet : Inlet, optional
        Told where stanzas begin and end, while somebody records.
    """

    def __init__(self, expat: Any, board: Switchboard, depth: int) -> None:
        self.inlet: Inlet | None = None
        self._expat = expat
        self._board = board
        self._depth = depth
        self._names = _Names()
        self._builder = TreeBuilder()
        self._root: Element | None = None
        self._calls: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self._begins: list[int] = []  # for each open element, how many calls there were before it
        self._inner = expat.StartElementHandler, expat.EndElementHandler, expat.CharacterDataHandler
        expat.StartNamespaceDeclHandler = expat.EndNamespaceDeclHandler = None  # aioxmpp ignores them
        self._between()

    def _hand(self, start: Callable[..., Any], end: Callable[..., Any], text: Callable[..., Any]) -> None:
        expat = self._expat
        expat.StartElementHandler, expat.EndElementHandler, expat.CharacterDataHandler = start, end, text

    # -- between stanzas, and in those that pass unseen

    def _between(self) -> None:
        self._hand(self._start, self._end, self._inner[2])

    def _start(self, raw: str, attributes: dict[str, str]) -> None:
        depth = self._depth
        if depth == 1:
            if self.inlet is not None:
                self.inlet.starts()
            name = self._names[raw]
            if (name == IQ and self._board.expects(attributes)) or name == ACK_REQUEST:
                self._root = self._open(name, attributes)
                self._hand(self._builder.start, self._own_end, self._builder.data)
                return
            if name in STANZAS and self._board.watches(name[15:], attributes.get("type")):
                self._begins.clear()
                self._calls.clear()
                self._hand(self._seen_start, self._seen_end, self._seen_text)
                self._root = self._seen_start(raw, attributes)
                return
        self._depth = depth + 1
        self._inner[0](raw, attributes)

    def _end(self, raw: str) -> None:
        self._depth = depth = self._depth - 1
        self._inner[1](raw)
        if depth == 1:
            if self.inlet is not None:
                self.inlet.ends()
            if self._names[raw] in STANZAS:
                self._board.passed()

    def _open(self, name: str, attributes: dict[str, str]) -> Element:
        if " " in "".join(attributes):
            attributes = {self._names[key]: value for key, value in attributes.items()}
        return self._builder.start(name, attributes)

    def _over(self) -> None:
        """Note that the stanza under construction is whole."""
        self._root = None
        self._builder = TreeBuilder()
        if self.inlet is not None:
            self.inlet.ends()
        self._between()

    # -- in an answer of ours, or a request for an acknowledgement

    # The builder hears of their elements from the parser itself, without Python between the two, and by expat's names.

    def _own_end(self, raw: str) -> None:
        element = self._builder.end(raw)
        element.tag = self._names[raw]
        if element is not self._root:
            if " " in "".join(element.keys()):
                element.attrib = {self._names[key]: value for key, value in element.items()}
            return
        self._over()
        if element.tag == IQ:
            self._board.answered(element)
        else:
            self._board.asked()

    # -- in a stanza that somebody observes

    def _seen_start(self, raw: str, attributes: dict[str, str]) -> Element:
        self._begins.append(len(self._calls))
        self._calls.append((self._inner[0], (raw, attributes)))
        return self._open(self._names[raw], attributes)

    def _seen_text(self, content: str) -> None:
        self._calls.append((self._inner[2], (content,)))
        self._builder.data(content)

    def _seen_end(self, raw: str) -> None:
        self._calls.append((self._inner[1], (raw,)))
        begin = self._begins.pop()
        element = self._builder.end(self._names[raw])
        if element is not self._root:
            guard = self._board.guards.get(element.tag)
            if guard is not None and not guard(element):
                del self._calls[begin:]
            return
        self._over()
        if not self._board.observed(element):
            for call, arguments in self._calls:
                call(*arguments)
            self._board.passed()
        self._calls.clear()
