"""Fetch a whole roster's avatars from real servers in several ways, side by side, and write RESULTS.md.

    python -m benchmarks.run [--contacts 200,2000,10000] [--rounds 3] [--servers prosody,ejabberd] [--only floor]

Every run is a process of its own; the ways take turns, so that a disturbance of the machine hits all of them alike.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from itertools import product
from pathlib import Path
from statistics import median

from tests.servers import Ejabberd, Prosody, RunningServer
from tests.servers.cast import crowd
from tests.servers.embedded import Embedded
from tests.support import find

from .contestants import CONTESTANTS, Contestant
from .race import Result, Task
from .results import Measured, write

SERVERS: dict[str, type[RunningServer]] = {"ejabberd": Ejabberd, "prosody": Prosody, "sandbox": Embedded}
ROOT = Path(__file__).parent.parent
TIMEOUT = 180.0
_WORTH = 8000
BUDGETED = ("ejabberd", 2000)


def run(contestant: Contestant, server: RunningServer, contacts: int, window: int) -> Result:
    """Run one contestant once, and check that it fetched what there is."""
    wanted = min(contacts, contestant.at_most or contacts)
    task = Task(
        server.host, server.port, server.domain, "alice", server.accounts["alice"], str(server.ca_file), wanted, window
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"benchmarks.contestants.{contestant.name}", json.dumps(asdict(task))],
        cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=False,
    )
    if done.returncode:
        raise SystemExit(f"{contestant.name} failed on {server.kind}:\n{done.stderr[-3000:]}")
    result = Result(**json.loads(done.stdout.splitlines()[-1]))
    expected = sum(1 for user in server.cast.users[1 : wanted + 1] if user.items)
    if result.avatars != expected:
        raise SystemExit(f"{contestant.name} on {server.kind} found {result.avatars} of {expected} avatars.")
    return result


def race(
    server: RunningServer, contestants: list[Contestant], contacts: int, rounds: int, window: int
) -> Iterator[tuple[str, Result]]:
    """Let the contestants take turns; of several rounds the first one warms the server up and does not count."""
    for turn in range(0 if rounds > 1 else 1, rounds + 1):
        for contestant in contestants:
            server.settle()
            result = run(contestant, server, contacts, window)
            print(f"{server.kind:9} {contacts:6} {turn:2} {contestant.name:16} {result.seconds:7.3f} s", flush=True)
            if turn:
                yield contestant.name, result


def import_seconds(module: str, rounds: int = 5) -> float:
    """Return the median of what importing a module takes in new processes; the first one only warms the caches."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    command = [sys.executable, "-c", code]
    taken = [float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(rounds + 1)]
    return median(taken[1:])


def rounds_of(name: str, contacts: int, rounds: int) -> int:
    """Return how many rounds a roster is worth: one of a very large one says enough, the budget's takes more."""
    return 4 * rounds - 1 if (name, contacts) == BUDGETED else max(1, min(rounds, _WORTH // contacts))


def main() -> None:
    """Measure, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--contacts", default="200,2000,10000", help="sizes of the roster, separated by commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--window", type=int, default=64, help="requests under way at once, for all")
    parser.add_argument("--servers", default=",".join(SERVERS))
    parser.add_argument("--only", default="", help="contestants, by name, separated by commas")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "RESULTS.md")
    arguments = parser.parse_args()
    only = set(filter(None, arguments.only.split(",")))
    contestants = [contestant for contestant in CONTESTANTS if not only or contestant.name in only]
    others = os.getloadavg()[0]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))     # so that no server stays behind
    imports = {module: import_seconds(module) for module in ("xavatar", "xavatar.session")}
    measured: Measured = {}
    for name, contacts in product(arguments.servers.split(","), map(int, arguments.contacts.split(","))):
        kind = SERVERS[name]
        if missing := [command for command in kind.needs if find(command) is None]:
            print(f"{name}: {', '.join(missing)} not installed; run scripts/system-packages", file=sys.stderr)
            continue
        start = time.perf_counter()
        server = kind.start(crowd(contacts))
        print(f"{name}: {contacts} contacts on stage after {time.perf_counter() - start:.1f} s", flush=True)
        try:
            results = measured.setdefault((name, contacts), {})
            rounds = rounds_of(name, contacts, arguments.rounds)
            for contestant, result in race(server, contestants, contacts, rounds, arguments.window):
                results.setdefault(contestant, []).append(result)
        finally:
            server.stop()
        # After each size: what is left may take long.
        write(arguments.out, measured, window=arguments.window, others=others, imports=imports)
        print(f"Written: {arguments.out}", flush=True)


if __name__ == "__main__":
    main()
