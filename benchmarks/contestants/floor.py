"""The floor: requests written ahead as bytes, answers counted, nothing parsed but ids and lengths."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Callable

from benchmarks.race import DATA, METADATA, Result, Task, clock, main

ITEM = re.compile(rb"<item\b[^>]*\bid=['\"]([0-9a-f]{40})")
FROM = re.compile(rb"^[^>]*\bfrom=['\"]([^'\"]+)")
PAYLOAD = re.compile(rb">([A-Za-z0-9+/=]{40,})</data>")


async def login(task: Task) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a stream, secure it, log in, bind."""
    reader, writer = await asyncio.open_connection(task.host, task.port, limit=1 << 24)
    header = (
        f"<?xml version='1.0'?><stream:stream to='{task.domain}' version='1.0' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams'>"
    ).encode()
    features = b"</stream:features>"
    secret = base64.b64encode(f"\0{task.user}\0{task.password}".encode())
    writer.write(header)
    await reader.readuntil(features)
    writer.write(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")
    await reader.readuntil(b">")
    await writer.start_tls(ssl.create_default_context(cafile=task.ca_file), server_hostname=task.domain)
    writer.write(header)
    await reader.readuntil(features)
    writer.write(b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" + secret + b"</auth>")
    if b"success" not in await reader.readuntil(b">"):
        raise ConnectionError("the login was refused")
    writer.write(header)
    await reader.readuntil(features)
    writer.write(b"<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
    await reader.readuntil(b"</iq>")
    return reader, writer


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, questions: list[bytes], window: int
) -> list[bytes]:
    """Send the questions, never more than `window` unanswered, and return the answers."""
    answers: list[bytes] = []
    sent, rest = 0, b""
    while len(answers) < len(questions):
        ahead = min(len(questions), len(answers) + window)
        if sent < ahead:
            writer.write(b"".join(questions[sent:ahead]))
            sent = ahead
        *whole, rest = (rest + await reader.read(1 << 18)).split(b"</iq>")
        answers += whole
    return answers


def question(number: int, to: str, node: str, item: str = "") -> bytes:
    """Return a request for the items of a node."""
    wanted = f"<item id='{item}'/>" if item else ""
    return (
        f"<iq type='get' id='{number}' to='{to}'><pubsub xmlns='http://jabber.org/protocol/pubsub'>"
        f"<items node='{node}'>{wanted}</items></pubsub></iq>"
    ).encode()


async def run(task: Task, look: Callable[[bytes], object] | None = None) -> Result:
    """Fetch everything, and do with each image what `look` does."""
    result = Result(contacts=task.contacts)
    with clock(result):
        reader, writer = await login(task)
        metadata = await ask(
            reader, writer, [question(number, jid, METADATA) for number, jid in enumerate(task.jids)], task.window
        )
        found = [
            (sender[1].decode(), item[1].decode())
            for answer in metadata
            if (item := ITEM.search(answer)) and (sender := FROM.search(answer))
        ]
        data = await ask(
            reader, writer, [question(number, jid, DATA, item) for number, (jid, item) in enumerate(found)], task.window
        )
        images = [base64.b64decode(payload[1]) for answer in data if (payload := PAYLOAD.search(answer))]
        if look is not None:
            for image in images:
                look(image)
    result.avatars, result.nbytes = len(images), sum(map(len, images))
    writer.transport.abort()
    return result


if __name__ == "__main__":
    main(run)
