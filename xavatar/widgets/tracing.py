"""A trace to look through while it grows: stanzas in lines, each to be opened, and who sent what to whom."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import traitlets

from xavatar.imaging import inspect
from xavatar.wire.entry import STANZAS, Entry
from xavatar.wire.page import fragment
from xavatar.wire.trace import LiveTrace, Trace

from .album import Album
from .assets import script, style
from .base import Widget
from .pulse import Pulse
from .stanzas import Choices, row, stanza

_AT_ONCE: Final = 400
_AT_FIRST: Final = 1000
_DRAWN: Final = 60
_STILL: Final = 30
_PICTURES: Final = 16
_NOTHING: Final = {
    "version": 0, "count": 0, "total": 0, "bytes": 0, "dropped": 0, "held": 0, "live": False,
}  # fmt: skip
_FILTERS: Final = ("jid", "kind", "xep", "direction", "rule")


class TraceViewer(Widget):
    """The stanzas of a trace, live while it records.

    Parameters
    ----------
    trace : Trace
        One that grows, or a part of one, or one from a file.
    jid : str
        Show only stanzas whose other end has this in its address.
    kind : str
        ``iq``, ``message``, ``presence``, ``stanzas`` for these three, or another element's name.
    xep, direction, rule : str
        As for :meth:`.Trace.filter`.
    height : int
        Of the list, in pixels.
    own : bool
        Whether closing the widget ends the recording; ``session.trace_viewer()`` says so.

    Attributes
    ----------
    trace : Trace
        All that is recorded.
    paused : bool
        Whether the page stands still; recording goes on.
    selected : int
        Number of the stanza that is open; 0 when none is.
    """

    _esm = script("tracing")
    _css = style("tracing")
    _writable = frozenset({"paused", "selected", *_FILTERS})

    paused = traitlets.Bool(False, help="Whether the page stands still.").tag(sync=True)
    selected = traitlets.Int(0, min=0, help="Number of the open stanza.").tag(sync=True)
    jid = traitlets.Unicode("").tag(sync=True)
    kind = traitlets.Unicode("").tag(sync=True)
    xep = traitlets.Unicode("").tag(sync=True)
    direction = traitlets.Enum(("", "in", "out"), "").tag(sync=True)
    rule = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Int(320, min=120, max=4000).tag(sync=True)
    _state = traitlets.Dict().tag(sync=True)
    _choices = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        trace: Trace,
        *,
        jid: str = "",
        kind: str = "",
        xep: str = "",
        direction: str = "",
        rule: str = "",
        height: int = 320,
        own: bool = False,
    ) -> None:
        self.trace = trace
        self._own = own
        self._entries: tuple[Entry, ...] = ()
        self._shown: tuple[Entry, ...] = ()
        self._counted = Choices()
        self._version = 0
        self._images: OrderedDict[str, bytes] = OrderedDict()
        self._album = Album(self._images.get)
        super().__init__(_state=_NOTHING, jid=jid, kind=kind, xep=xep, direction=direction, rule=rule, height=height)
        self._pulse = Pulse(lambda: self._guarded(self._refresh))
        self._quiet = trace.listen(self._pulse) if isinstance(trace, LiveTrace) else lambda: None
        self.observe(lambda _: self._background(self._refresh), ["paused", *_FILTERS])
        if len(trace) <= _AT_FIRST:
            self._refresh()
        else:
            self._background(self._refresh, f"Reading {len(trace):,} stanzas…")

    @property
    def shown(self) -> Trace:
        """The stanzas that pass the filters, as the page has them."""
        return Trace(self._shown)

    def _refresh(self) -> None:
        with self._lock:
            if self.closed:
                return
            if not self.paused:
                self._entries = self.trace.entries
                self._counted.take(self._entries)
                self._choices = self._counted.told()
            found = tuple(self._passing()) if self._filtered() else self._entries
            self._version += not _continues(self._shown, found)
            self._shown = found
            live = isinstance(self.trace, LiveTrace)
            self._state = {
                "version": self._version,
                "count": len(found),
                "total": len(self._entries),
                "bytes": sum(entry.size for entry in found),
                "dropped": self.trace.dropped,
                "held": max(0, len(self.trace) - len(self._entries)) if self.paused else 0,
                "live": live,
            }

    def _filtered(self) -> bool:
        return any(getattr(self, name) for name in _FILTERS)

    def _passing(self) -> Iterable[Entry]:
        part = Trace(self._entries).filter(
            kind=self.kind if self.kind not in ("", "stanzas") else None,
            xep=self.xep or None,
            direction=self.direction or None,
            rule=self.rule or None,
        )
        wanted = self.jid.strip().casefold()
        return (
            entry
            for entry in part
            if wanted in entry.peer.casefold() and (self.kind != "stanzas" or entry.kind in STANZAS)
        )

    def _receive(self, kind: str, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        match kind:
            case "pictures":
                self._send_copies(self._album, content)
            case "rows" if isinstance(first := content.get("first"), int) and first >= 0:
                self._background(lambda: self._send_rows(first))
            case "stanza" if isinstance(number := content.get("number"), int):
                self._background(lambda: self._send_stanza(number))
            case "diagram":
                self._background(self._send_diagram)

    def _send_rows(self, first: int) -> None:
        with self._lock:
            version, found = self._version, self._shown[first : first + _AT_ONCE]
        self._post("rows", version=version, first=first, rows=[row(entry) for entry in found])

    def _send_stanza(self, number: int) -> None:
        entries = self._entries
        entry = next((each for each in entries if each.number == number), None)
        if entry is None:
            self._post("stanza", number=number, stanza=None)
            return
        answer = next(
            (each.number for each in entries if each.request is not None and each.request.number == number), 0
        )
        self._post(
            "stanza", number=number, stanza={**stanza(entry), "answer": answer, "pictures": self._pictures(entry)}
        )

    def _send_diagram(self) -> None:
        shown = [entry for entry in self._shown if entry.kind in STANZAS]
        drawn = Trace(shown[-_DRAWN:]).diagram()
        self._post("diagram", svg=drawn.svg, drawn=min(len(shown), _DRAWN), count=len(shown))

    def _pictures(self, entry: Entry) -> list[dict[str, int]]:
        """Return the images a stanza carries, as the page can ask for them: copies of ours."""
        found = []
        for data in islice(entry.images, _PICTURES):
            facts = inspect(data)
            if not facts.width or not facts.height:
                continue
            self._images[sha1 := hashlib.sha1(data, usedforsecurity=False).hexdigest()] = data
            self._images.move_to_end(sha1)
            while len(self._images) > _PICTURES:
                self._images.popitem(last=False)
            found.append({"number": self._album.number(sha1), "width": facts.width, "height": facts.height})
        return found

    def _release(self) -> None:
        self._quiet()
        self._pulse.end()
        if self._own:
            self.trace.stop()
        self._album.clear()
        self._images.clear()
        self._entries = self._shown = ()

    def _static_html(self) -> str:
        entries = self._entries or self.trace.entries
        return fragment(Trace(entries[-_STILL:]))

    def __repr__(self) -> str:
        return f"<TraceViewer: {len(self.trace):,} stanzas{' (closed)' if self.closed else ''}>"


def _continues(before: Sequence[Entry], after: Sequence[Entry]) -> bool:
    """Tell whether something only came to the end."""
    if len(after) < len(before):
        return False
    return not before or (before[0].number, before[-1].number) == (after[0].number, after[len(before) - 1].number)
