"""What every contestant is given, and what it hands back."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

METADATA = "urn:xmpp:avatar:metadata"
DATA = "urn:xmpp:avatar:data"


@dataclass(frozen=True, slots=True)
class Task:
    """Fetch the metadata and the image of these contacts, from login to the last byte."""

    host: str
    port: int
    domain: str
    user: str
    password: str
    ca_file: str
    contacts: int
    window: int

    @property
    def jids(self) -> list[str]:
        """Bare JIDs of the contacts, in the roster's order."""
        return [f"user{number:05d}@{self.domain}" for number in range(self.contacts)]


@dataclass(slots=True)
class Result:
    """What one run took; the clock stands before login and after the last image."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    rss_mib: float = 0.0
    contacts: int = 0
    avatars: int = 0
    nbytes: int = 0
    again: tuple[int, int] | None = None
    """Of a way that fetches anew what is known: metadata queries, and bytes of images, of one more such fetch."""


@contextmanager
def clock(result: Result) -> Iterator[None]:
    """Measure wall and processor time (all threads) of the block."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    result.seconds = time.perf_counter() - wall
    result.cpu_seconds = time.process_time() - cpu


def task() -> Task:
    """Return the task on the command line."""
    return Task(**json.loads(sys.argv[1]))


def peak_rss_mib() -> float:
    """Return the most memory this process has held; getrusage would count what the parent held before exec."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def report(result: Result) -> None:
    """Print the result for the one that started us."""
    result.rss_mib = result.rss_mib or peak_rss_mib()
    print(json.dumps(asdict(result)))


def main(contestant: Callable[[Task], Awaitable[Result]]) -> None:
    """Run an asynchronous contestant."""
    report(asyncio.run(contestant(task())))
