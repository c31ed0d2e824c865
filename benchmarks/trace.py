"""What tracing costs: processor time of 2000 stanzas without it, with it switched off, and with it on.

    python -m benchmarks.trace [--server sandbox] [--rounds 15]

A client asks for the metadata and the images of 500 contacts, 64 questions under way at once: 1000 questions and as
many answers. The three ways take turns; the figure for each is the median of its rounds. The server is another process,
whose time does not count.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import Element

from tests.servers import Ejabberd, Prosody, RunningServer
from tests.servers.cast import crowd
from tests.servers.embedded import Embedded
from xavatar.client import Connection, Login, Secret
from xavatar.runtime import each
from xavatar.wire.capture import Capture
from xavatar.wire.xml import DATA, METADATA, PUBSUB

SERVERS: dict[str, type[RunningServer]] = {"sandbox": Embedded, "prosody": Prosody, "ejabberd": Ejabberd}
CONTACTS = 500
WAYS = ("without", "off", "on")
NEWEST = f'<pubsub xmlns="{PUBSUB}"><items node="{METADATA}" max_items="1"/></pubsub>'
IMAGE = f'<pubsub xmlns="{PUBSUB}"><items node="{DATA}"><item id="{{}}"/></items></pubsub>'


class Nothing(Capture):
    """No capture at all: not even the place where it would stand."""

    def attached(self, tap: object, parser: object, writer: object) -> None:
        """Leave the stream alone."""


@contextmanager
def traced(connection: Connection, way: str) -> Iterator[None]:
    """Record what happens in the block, if that is the way."""
    trace = connection.wire.trace() if way == "on" else None
    yield
    if trace is not None:
        trace.stop()
        assert len(trace) >= 4 * CONTACTS


async def fetch(connection: Connection, questions: list[tuple[str, str]]) -> None:
    """Ask everything, 64 at once."""

    async def ask(question: tuple[str, str]) -> Element:
        jid, payload = question
        return await connection.wire.request(payload, to=jid, timeout=60)

    await each(questions, ask, limit=64)


async def measure(server: RunningServer, rounds: int) -> dict[str, list[float]]:
    """Return seconds of processor time for each way's rounds."""
    login = Login(
        server.jid("alice"), Secret(server.accounts["alice"]), server.host, server.port, ca_file=server.ca_file
    )
    plain, bare = Connection.to(login, presence=False), Connection.to(login, presence=False)
    bare.wire._capture = Nothing()
    await plain.open()
    await bare.open()
    jids = [server.jid(user.name) for user in server.cast.users[1:] if user.items][:CONTACTS]
    questions = [(jid, NEWEST) for jid in jids]
    for jid in jids:
        answer = await plain.wire.request(NEWEST, to=jid)
        questions.append((jid, IMAGE.format(next(answer.iter(f"{{{PUBSUB}}}item")).get("id"))))
    taken: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in range(rounds + 1):
        for way in WAYS[turn % 3 :] + WAYS[: turn % 3]:
            connection = bare if way == "without" else plain
            gc.collect()
            with traced(connection, way):
                before = time.process_time()
                await fetch(connection, questions)
                seconds = time.process_time() - before
            if turn:  # the first round warms up
                taken[way].append(seconds)
    await plain.close()
    await bare.close()
    return taken


def main() -> None:
    """Measure, and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", choices=SERVERS, default="sandbox")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    server = SERVERS[arguments.server].start(crowd(CONTACTS + CONTACTS // 5))
    try:
        taken = asyncio.run(measure(server, arguments.rounds))
    finally:
        server.stop()
    floor = statistics.median(taken["without"])
    for way in WAYS:
        middle = statistics.median(taken[way])
        spread = statistics.quantiles(taken[way], n=4)
        print(
            f"{way:8} {middle * 1000:7.1f} ms for 2000 stanzas, {middle * 1e6 / 2000:5.1f} µs each "
            f"({spread[0] * 1000:.1f} to {spread[2] * 1000:.1f} ms), {middle / floor:.2f} x"
        )


if __name__ == "__main__":
    main()
