"""What tests of the wire share: a way that breaks when told to, and a look into an object's memory."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import suppress
from typing import Protocol


class Listening(Protocol):
    """A server, by where it listens."""

    host: str
    port: int


class Proxy:
    """A loopback way to a server that loses what passes, and breaks, when told to."""

    def __init__(self, server: Listening) -> None:
        self._server = server
        self._pipes: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._losing = False
        self._back: asyncio.Event | None = None

    async def __aenter__(self) -> Proxy:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        self.cut()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def lose(self) -> None:
        """Swallow what either side sends from now on."""
        self._losing = True

    def cut(self, back: asyncio.Event | None = None) -> None:
        """Break every connection; new ones are whole, at once or after `back`."""
        for pipe in self._pipes:
            pipe.transport.abort()
        self._pipes.clear()
        self._losing = False
        self._back = back

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._back is not None:
            await self._back.wait()
        there, back = await asyncio.open_connection(self._server.host, self._server.port)
        self._pipes |= {writer, back}
        for source, sink in ((reader, back), (there, writer)):
            self._pumps.add(asyncio.create_task(self._pump(source, sink)))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(1 << 16):
                if not self._losing:
                    sink.write(data)
                    await sink.drain()
        sink.close()


def bytes_below(thing: object) -> Iterator[bytes]:
    """Yield all bytes and texts an object holds on to, however deep."""
    seen: set[int] = set()
    todo = [thing]
    while todo:
        each = todo.pop()
        if id(each) in seen or isinstance(each, type) or callable(each):
            continue
        seen.add(id(each))
        if isinstance(each, bytes | bytearray):
            yield bytes(each)
        elif isinstance(each, str):
            yield each.encode()
        else:
            todo.extend(gc.get_referents(each))
