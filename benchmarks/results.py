"""Medians, ratios and the page that shows them."""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from .contestants import CONTESTANTS
from .race import Result

PACKAGES = ("aioxmpp", "slixmpp", "lxml", "pandas", "pillow")
HEAD = """\
# Results

Made by `make bench`; do not edit. A whole roster's avatars, metadata and images, from login to the last byte: \
{contacts} contacts, nine of ten with a picture, at most {window} requests under way, medians of {rounds} runs \
(least and most in brackets), every run a process of its own, the ways taking turns.

{when}, {machine}, load average {others:.1f} before the first run, Python {python}, {packages}.
"""
TABLE = """
## {server}

| way | contacts | s | x floor | contacts/s | CPU µs/contact | peak MiB |
|---|--:|--:|--:|--:|--:|--:|
"""


def write(
    path: Path, measured: dict[str, dict[str, list[Result]]], arguments: argparse.Namespace, others: float
) -> None:
    """Write the page; `others` is the load average before it all began."""
    packages = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    parts = [
        HEAD.format(
            contacts=arguments.contacts, window=arguments.window, rounds=arguments.rounds,
            when=datetime.now(UTC).date(), machine=_machine(), python=platform.python_version(), packages=packages,
            others=others,
        )
    ]
    for server, results in measured.items():
        parts.append(TABLE.format(server=_server(server)))
        floor = median(_per_contact(results["floor"])) if "floor" in results else None
        parts += [_row(name, runs, floor) for name, runs in results.items()]
    parts.append("\n## The ways\n\n")
    parts += [f"* `{contestant.name}`: {contestant.what}\n" for contestant in CONTESTANTS]
    path.write_text("".join(parts))


def _row(name: str, runs: list[Result], floor: float | None) -> str:
    seconds = [result.seconds for result in runs]
    each = median(_per_contact(runs))
    cpu = median(result.cpu_seconds / result.contacts for result in runs) * 1e6
    cells = (
        f"`{name}`",
        f"{runs[0].contacts}",
        f"{median(seconds):.3f} [{min(seconds):.3f}, {max(seconds):.3f}]",
        f"{each / floor:.2f}" if floor else "",
        f"{1 / each:.0f}",
        f"{cpu:.0f}",
        f"{median(result.rss_mib for result in runs):.0f}",
    )
    return f"| {' | '.join(cells)} |\n"


def _per_contact(runs: list[Result]) -> list[float]:
    return [result.seconds / result.contacts for result in runs]


def _machine() -> str:
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()})"


def _server(name: str) -> str:
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True, check=False)
    return f"{name} {asked.stdout}".strip()
