"""Medians, ratios and the page that shows them."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from .contestants import CONTESTANTS
from .race import Result

PACKAGES = ("aioxmpp", "slixmpp", "lxml", "pandas", "pillow")
HEAD = """\
# Results

Made by `make bench`; do not edit. A whole roster's avatars, metadata and images, from login to the last byte: nine \
of ten contacts with a picture of {size}, at most {window} requests under way, medians (least and most in brackets), \
every run a process of its own, the ways taking turns.

{when}, {machine}, load average {others:.1f} before the first run, Python {python}, {packages}.
"""
TABLE = """
## {server}, {contacts:,} contacts

| way | contacts | s | x floor | contacts/s | CPU µs/contact | peak MiB |
|---|--:|--:|--:|--:|--:|--:|
"""
GROWTH = """
## Growth

`{way}`, seconds and CPU for one contact, and peak memory, as the roster grows.

| server | contacts | µs/contact | CPU µs/contact | peak MiB |
|---|--:|--:|--:|--:|
"""
BUDGET = """
## Budget

| what | must | aim | measured |
|---|--:|--:|--:|
"""
PROFILE = """
## Where the time goes

Of `xavatar_pep` on ejabberd at 2000 contacts, on 2026-11-29 with Debian's Python. By `perf`, over both threads: \
three fifths is the interpreter itself (its builder of XML trees is a part of it), a tenth the kernel, 8 % expat, \
5 % numpy, 4 % Pillow, 3 % each zlib and OpenSSL. A quarter is the worker that looks at pictures, the rest the loop: \
of that a quarter reads XML, a tenth sends requests, a twentieth each logs in and builds the frame. ejabberd needs \
0.7 to 0.8 s of its own for these questions, on the other core. That they ask for one item only (`max_items`), so \
that no stranger's node answers with a thousand, takes it a tenth longer (0.87 s without, 0.96 s with it for the \
floor, 16 runs each by turns).

That day's machine is a virtual one: a loop of Python took 35 µs at one moment and 64 µs at the next, by what others \
did with its processor. Within half an hour the same code took 303 to 538 µs of CPU for a contact. Python as pyenv \
builds it, without profile-guided optimisation, took 12 to 30 % more.
"""
ELSEWHERE = """
The gallery's budget is held in [GALLERY.md](GALLERY.md).
"""
OURS = "xavatar_pep"
PUSHING = ("prosody", "sandbox")
"""Servers that send the metadata of every contact whose presence they give us, at login."""
Measured = dict[tuple[str, int], dict[str, list[Result]]]
Row = tuple[str, str, str, str]


def write(path: Path, measured: Measured, *, window: int, others: float, imports: dict[str, float]) -> None:
    """Write the page; `others` is the load average before it all began, `imports` the seconds modules took."""
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    sizes = [run.nbytes / run.avatars for ways in measured.values() for runs in ways.values() for run in runs]
    parts = [
        HEAD.format(
            size=f"{median(sizes) / 1000:.1f} kB", window=window, when=datetime.now(UTC).date(), machine=_machine(),
            python=platform.python_version(), packages=packages, others=others,
        ),
        *_budget(measured, imports),
    ]
    for (server, contacts), results in measured.items():
        parts.append(TABLE.format(server=_server(server), contacts=contacts))
        floor = median(_per_contact(results["floor"])) if "floor" in results else None
        parts += [_row(name, runs, floor) for name, runs in results.items()]
    parts += [*_growth(measured), PROFILE]
    parts.append("\n## The ways\n\n")
    parts += [f"* `{contestant.name}`: {contestant.what}\n" for contestant in CONTESTANTS]
    path.write_text("".join(parts))


def _budget(measured: Measured, imports: dict[str, float]) -> list[str]:
    """Hold what was measured against the budget."""
    rows = [*_against_peers(measured.get(("ejabberd", 2000), {})), *_again(measured), *_memory(measured)]
    lazy, whole = imports["xavatar"], imports["xavatar.session"]
    rows.append(("`import xavatar`", "<= 250 ms", "<= 120 ms", f"{lazy * 1000:.0f} ms"))
    rows.append(("and all that `xavatar.connect` imports (pandas, aioxmpp, Pillow)", "", "", f"{whole * 1000:.0f} ms"))
    return [BUDGET, *(f"| {' | '.join(row)} |\n" for row in rows), ELSEWHERE]


def _against_peers(at_2000: dict[str, list[Result]]) -> Iterator[Row]:
    if OURS not in at_2000:
        return
    mine = median(_per_contact(at_2000[OURS]))
    cpu = _cpu(at_2000[OURS])
    for other, must, aim, ratio in (
        ("floor", "<= 2.0 x", "<= 1.3 x", lambda theirs: mine / theirs),
        ("slixmpp_gather", ">= 2.5 x faster", "", lambda theirs: theirs / mine),
        ("aioxmpp_gather", ">= 2.5 x faster", "", lambda theirs: theirs / mine),
    ):
        if other in at_2000:
            times = ratio(median(_per_contact(at_2000[other])))
            yield f"2000 contacts on ejabberd, beside `{other}`", must, aim, f"{times:.2f} x"
    yield "client CPU for a contact's metadata and image", "<= 400 µs", "<= 200 µs", f"{cpu:.0f} µs"
    if least := at_2000.get("floor_decoded"):
        yield "the same, beside `floor_decoded`", "", "", f"{cpu / _cpu(least):.2f} x"


def _again(measured: Measured) -> Iterator[Row]:
    """Yield what travels when nothing has changed; a new session does not know who is silent, and asks them again."""
    for (server, contacts), ways in measured.items():
        for way, when in (("xavatar_again", "second audit"), ("xavatar_warm", "the same in a new session")):
            counted = [run.again for run in ways.get(way, []) if run.again is not None]
            if contacts == 2000 and counted:
                queries, nbytes = max(counted)
                without = contacts - ways[way][0].avatars
                yield f"{when}, 2000 contacts on {server}: bytes of images", "0", "", f"{nbytes}"
                if server in PUSHING:
                    yield f"{when}: metadata queries ({without} have no avatar)", "", "0", f"{queries}"


def _memory(measured: Measured) -> Iterator[Row]:
    largest = [run for (_, contacts), ways in measured.items() if contacts == 10_000 for run in ways.get(OURS, [])]
    if largest:
        rss = max(result.rss_mib for result in largest) * 2**20 / 1e6
        yield "memory at 10 000 contacts", "<= 300 MB", "<= 150 MB", f"{rss:.0f} MB"


def _growth(measured: Measured) -> list[str]:
    rows = [
        f"| {server} | {contacts:,} | {median(_per_contact(ways[OURS])) * 1e6:.0f} "
        f"| {_cpu(ways[OURS]):.0f} "
        f"| {median(run.rss_mib for run in ways[OURS]):.0f} |\n"
        for (server, contacts), ways in sorted(measured.items())
        if OURS in ways
    ]
    return [GROWTH.format(way=OURS), *rows] if rows else []


def _row(name: str, runs: list[Result], floor: float | None) -> str:
    seconds = [result.seconds for result in runs]
    each = median(_per_contact(runs))
    cells = (
        f"`{name}`",
        f"{runs[0].contacts}",
        f"{median(seconds):.3f} [{min(seconds):.3f}, {max(seconds):.3f}]",
        f"{each / floor:.2f}" if floor else "",
        f"{1 / each:.0f}",
        f"{_cpu(runs):.0f}",
        f"{median(result.rss_mib for result in runs):.0f}",
    )
    return f"| {' | '.join(cells)} |\n"


def _per_contact(runs: list[Result]) -> list[float]:
    return [result.seconds / result.contacts for result in runs]


def _cpu(runs: list[Result]) -> float:
    """Return the microseconds of processor time for a contact."""
    return median(result.cpu_seconds / result.contacts for result in runs) * 1e6


def _machine() -> str:
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()})"


def _server(name: str) -> str:
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True, check=False)
    return f"{name} {asked.stdout}".strip()
