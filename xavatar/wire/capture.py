"""The exact bytes of each stanza that passes, in and out.

It begins on a stream that is logged in already, so no SASL exchange ever passes through it.
While nobody records, nothing of it is in the stream's way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from inspect import ismethod
from typing import Any, Final
from weakref import WeakMethod

_TAG: Final = re.compile(rb"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")


class Direction(StrEnum):
    """Which way a stanza went."""

    IN = "in"
    OUT = "out"


Sink = Callable[[Direction, bytes], None]


class Inlet:
    """Cuts each element of a stream out of the bytes its parser is fed.

    Parameters
    ----------
    parser : xml.sax.expatreader.ExpatParser
    sink : callable
    """

    def __init__(self, parser: Any, sink: Sink) -> None:
        self._parser = parser
        self._sink = sink
        self._feed = parser.feed
        self._data = bytearray()
        self._base: int | None = None  # where in the stream `data` begins
        self._start: int | None = None
        parser.feed = self.feed

    def feed(self, data: bytes, *rest: Any) -> None:
        """Pass bytes to the parser, keeping those of an element that is not over."""
        self._data += data
        self._feed(data, *rest)
        if self._start is None:
            begun = self._data.find(b"<")  # a tag cut by the packet's end is not told of yet
            self._drop(len(self._data) if begun < 0 else begun)

    def starts(self) -> None:
        """Note that an element begins where the parser is."""
        expat = self._parser._parser
        index = expat.CurrentByteIndex
        if self._base is None:
            ahead = expat.GetInputContext()
            if ahead is None:
                return
            self._base = index + len(ahead) - len(self._data)
        begins = index - self._base
        self._start = begins if begins >= 0 else None  # negative: recording began in the midst of these bytes

    def ends(self) -> None:
        """Hand over the element that ends where the parser is."""
        start, self._start = self._start, None
        if start is None or self._base is None:
            return
        stop = self._end(start, self._parser._parser.CurrentByteIndex - self._base)
        if stop is not None:
            with memoryview(self._data) as view:
                element = bytes(view[start:stop])
            self._drop(stop)
            self._sink(Direction.IN, element)

    def _end(self, start: int, here: int) -> int | None:
        """Return where an element ends; the parser stands before its end tag, or behind the whole of an empty one."""
        first = _TAG.match(self._data, start)
        if first is not None and first.end() == here and first[0].endswith(b"/>"):
            return here
        last = _TAG.match(self._data, here)
        return last.end() if last is not None else None

    def _drop(self, count: int) -> None:
        del self._data[:count]
        if self._base is not None:
            self._base += count

    def remove(self) -> None:
        """Get out of the way."""
        self._parser.feed = self._feed


class Outlet:
    """Sees what an XML stream writes.

    Parameters
    ----------
    writer : aioxmpp.xml.XMLStreamWriter
    sink : callable
    """

    def __init__(self, writer: Any, sink: Sink) -> None:
        self._generator = writer._writer
        self._sink = sink
        self._write = self._generator._write
        self._generator._write = self.write

    def write(self, data: bytes | memoryview) -> None:
        """Pass bytes on; whole stanzas come from the generator's buffer, the stream's own tags in pieces."""
        self._write(data)
        if isinstance(data, memoryview):
            self._sink(Direction.OUT, bytes(data))

    def remove(self) -> None:
        """Get out of the way."""
        self._generator._write = self._write


class Capture:
    """Records a client's streams, one after the other, for whoever wants to know.

    It is silent until it has a sink.
    """

    def __init__(self) -> None:
        self._sinks: list[Callable[[], Sink | None]] = []
        self._stream: tuple[Any, Any, Any] | None = None
        self._installed: tuple[Inlet, Outlet] | None = None

    def attached(self, tap: Any, parser: Any, writer: Any) -> None:
        """Take another stream, or once more the one that could not be resumed and begins anew."""
        self._uninstall()
        self._stream = tap, parser, writer
        self._renew()

    def add(self, sink: Sink) -> Callable[[], None]:
        """Record for a sink; return what ends it.

        A method is held weakly: what is recorded for an object that is gone nobody could read.
        """
        hold: Callable[[], Sink | None] = WeakMethod(sink) if ismethod(sink) else lambda: sink
        self._sinks.append(hold)
        self._renew()
        return lambda: self._remove(hold)

    def _remove(self, hold: Callable[[], Sink | None]) -> None:
        if hold in self._sinks:
            self._sinks.remove(hold)
            self._renew()

    def _renew(self) -> None:
        if self._stream is None or self.wanted == (self._installed is not None):
            return
        tap, parser, writer = self._stream
        if self._installed is not None:
            self._uninstall()
        elif not writer.closed:
            tap.inlet = Inlet(parser, self.record)
            self._installed = tap.inlet, Outlet(writer, self.record)

    def _uninstall(self) -> None:
        if self._stream is not None and self._installed is not None:
            for each in self._installed:
                each.remove()
            self._stream[0].inlet = self._installed = None

    @property
    def wanted(self) -> bool:
        """Whether anybody records."""
        return bool(self._sinks)

    def record(self, direction: Direction, stanza: bytes) -> None:
        """Hand a stanza to everybody who records."""
        for hold in tuple(self._sinks):
            sink = hold()
            if sink is None:
                self._remove(hold)
            else:
                sink(direction, stanza)
