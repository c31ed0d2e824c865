"""A client of bare stanzas: no library under test, nothing but asyncio and the standard library's XML."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from xml.etree.ElementTree import Element, XMLPullParser, tostring
from xml.sax.saxutils import escape, quoteattr

CLIENT = "jabber:client"
STREAMS = "http://etherx.jabber.org/streams"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
PUBSUB = "http://jabber.org/protocol/pubsub"
PUBLISH_OPTIONS = f"{PUBSUB}#publish-options"


class StreamEnded(ConnectionError):
    """The server closed the stream."""


class RawClient:
    """One stream: what is sent is text, what arrives is a tree.

    Stanzas that nobody asked for yet wait in `backlog` until a :meth:`receive` matches them.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, domain: str) -> None:
        self._reader = reader
        self._writer = writer
        self._domain = domain
        self._ids = (f"raw{number}" for number in itertools.count(1))
        self.jid = ""
        self.features = Element("none")
        self.backlog: list[Element] = []

    @classmethod
    async def login(
        cls, host: str, port: int, user: str, domain: str, password: str, *,
        ca_file: Path, resource: str = "", direct_tls: bool = False,
    ) -> Self:
        """Connect, secure (certificate verified), authenticate by PLAIN, bind."""
        context = ssl.create_default_context(cafile=str(ca_file))
        tls = {"ssl": context, "server_hostname": domain} if direct_tls else {}
        reader, writer = await asyncio.open_connection(host, port, limit=1 << 24, **tls)
        client = cls(reader, writer, domain)
        try:
            await client._open()
            if not direct_tls:
                client.send(f"<starttls xmlns='{TLS}'/>")
                await client._expect(f"{{{TLS}}}proceed")
                await writer.start_tls(context, server_hostname=domain)
                await client._open()
            secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
            client.send(f"<auth xmlns='{SASL}' mechanism='PLAIN'>{secret}</auth>")
            await client._expect(f"{{{SASL}}}success")
            await client._open()
            wish = f"<resource>{escape(resource)}</resource>" if resource else ""
            answer = await client.iq("set", f"<bind xmlns='{BIND}'>{wish}</bind>")
            client.jid = answer.findtext(f".//{{{BIND}}}jid", "")
        except BaseException:
            await client.close()
            raise
        return client

    async def _open(self) -> None:
        """Open a stream anew and read its features."""
        self._parser = XMLPullParser(("start", "end"))
        self._root: Element | None = None
        self._depth = 0
        self.send(f"<?xml version='1.0'?><stream:stream to={quoteattr(self._domain)} version='1.0' "
                  f"xmlns='{CLIENT}' xmlns:stream='{STREAMS}'>")
        self.features = await self._expect(f"{{{STREAMS}}}features")

    async def _expect(self, tag: str) -> Element:
        element = await asyncio.wait_for(self._next(), 10)
        if element.tag != tag:
            raise ConnectionError(f"expected {tag}, got {tostring(element, 'unicode')}")
        return element

    async def _next(self) -> Element:
        """Return the next child of the stream."""
        while True:
            for event, element in self._parser.read_events():
                if event == "start":
                    self._depth += 1
                    if self._root is None:
                        self._root = element
                    continue
                self._depth -= 1
                if self._depth == 0:
                    raise StreamEnded("the server ended the stream")
                if self._depth == 1:
                    assert self._root is not None
                    self._root.clear()
                    return element
            data = await self._reader.read(1 << 16)
            if not data:
                raise StreamEnded("the connection was closed")
            self._parser.feed(data)

    def send(self, text: str) -> None:
        """Send text as it is."""
        self._writer.write(text.encode())

    async def receive(self, name: str = "", *, timeout: float = 30, **attributes: str) -> Element:
        """Return the first stanza (``iq``, ``presence``, ``message``; any when empty) with these attributes.

        ``from`` and ``class`` are written ``from_``; a JID without resource matches every resource of it.
        """
        wanted = {key.rstrip("_"): value for key, value in attributes.items()}

        def fits(stanza: Element) -> bool:
            if name and stanza.tag != f"{{{CLIENT}}}{name}":
                return False
            found = {key: stanza.get(key, "") for key in wanted}
            if "from" in wanted and "/" not in wanted["from"]:
                found["from"] = found["from"].partition("/")[0]
            return found == wanted

        for stanza in self.backlog:
            if fits(stanza):
                self.backlog.remove(stanza)
                return stanza
        async with asyncio.timeout(timeout):
            while not fits(stanza := await self._next()):
                self.backlog.append(stanza)
        return stanza

    async def iq(self, kind: str, payload: str, to: str = "", *, timeout: float = 30) -> Element:
        """Send an IQ and return its answer, error or not."""
        id_ = next(self._ids)
        self.send(f"<iq type='{kind}' id='{id_}'{f' to={quoteattr(to)}' if to else ''}>{payload}</iq>")
        return await self.receive("iq", id=id_, timeout=timeout)

    async def publish(self, node: str, id_: str, payload: str, access: str | None = None) -> Element:
        """Publish an item to one's own PEP node, with its access model as a publish-option where given."""
        options = ""
        if access:
            options = (
                f"<publish-options><x xmlns='jabber:x:data' type='submit'>"
                f"<field var='FORM_TYPE' type='hidden'><value>{PUBLISH_OPTIONS}</value></field>"
                f"<field var='pubsub#access_model'><value>{access}</value></field></x></publish-options>"
            )
        item = f"<item id={quoteattr(id_)}>{payload}</item>"
        return await self.iq(
            "set", f"<pubsub xmlns='{PUBSUB}'><publish node={quoteattr(node)}>{item}</publish>{options}</pubsub>"
        )

    async def items(self, node: str, to: str = "", id_: str = "") -> Element:
        """Ask for the items of a PEP node."""
        item = f"<item id={quoteattr(id_)}/>" if id_ else ""
        return await self.iq(
            "get", f"<pubsub xmlns='{PUBSUB}'><items node={quoteattr(node)}>{item}</items></pubsub>", to
        )

    async def close(self) -> None:
        """End the stream and the connection."""
        with contextlib.suppress(OSError, ssl.SSLError):
            self._writer.write(b"</stream:stream>")
            self._writer.close()
            await asyncio.wait_for(self._writer.wait_closed(), 5)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def insist(what: str, ask: Callable[[], Awaitable[Element]], *, attempts: int = 20) -> None:
    """Repeat a request while it is answered by item-not-found: ejabberd may do so while it creates a node.

    Raises
    ------
    RuntimeError
        Another error, or the last attempt's.
    """
    problem = None
    for _ in range(attempts):
        if (problem := condition(await ask())) != "item-not-found":
            break
        await asyncio.sleep(0.05)
    if problem:
        raise RuntimeError(f"{what}: {problem}")


def condition(stanza: Element) -> str | None:
    """Return the defined condition of an error stanza, None when it is none."""
    error = stanza.find(f"{{{CLIENT}}}error")
    if error is None:
        return None
    for child in error:
        namespace, _, name = child.tag[1:].partition("}")
        if namespace == "urn:ietf:params:xml:ns:xmpp-stanzas" and name != "text":
            return name
    return "undefined-condition"
