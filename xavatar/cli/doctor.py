"""What is installed, whether it fits together, and how far a connection gets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .exits import HELP, Exit, guarded
from .options import Way, shared_but

if TYPE_CHECKING:
    from xavatar.session.health import Check


@app.command(epilog=HELP)
@shared_but("sandbox", "presence", "images", "out", "store", "all", "progress")
def doctor(
    way: Way,
    store: Annotated[
        Path | None,
        typer.Option(
            help="Look at this store instead of the one in the user's data directory.",
            envvar="XAVATAR_STORE",
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
) -> None:
    """Look for what could go wrong, and tell how to mend it: versions, loops, widgets, servers, store, a connection.

    With a JID it also logs in there, as far as it gets, and asks what the server offers.
    """
    with guarded(debug=way.debug):
        from xavatar.session.checkup import logged_in
        from xavatar.session.health import State, worst

        checks = _checks(way, store)
        done = _print(checks) if not way.json else list(checks)
        if way.json:
            told = {"worst": worst(done).value, "checks": [check.as_dict() for check in done]}
            print(json.dumps(told, indent=2, ensure_ascii=False))
        if not logged_in(done):
            raise typer.Exit(Exit.CONNECTION)
        if worst(done) is State.PROBLEM:
            raise typer.Exit(Exit.FINDINGS)


def _checks(way: Way, store: Path | None) -> Iterator[Check]:
    from xavatar.session import checkup, health
    from xavatar.store import default_path

    yield from health.local(store or default_path())
    yield checkup.embedded()
    if way.jid is not None:
        wish = checkup.Account(way.jid, way.host, way.port, way.ca_file, way.verify, way.timeout)
        yield from checkup.account(wish)


def _print(checks: Iterable[Check]) -> list[Check]:
    """Print checks as they are made: a connection may take its time."""
    from rich.text import Text

    from xavatar.audit.text import clean, count
    from xavatar.session.health import State

    from . import show

    marks = {
        State.FINE: ("✓", "green"),
        State.NOTE: ("·", "dim"),
        State.WARNING: ("!", "yellow"),
        State.PROBLEM: ("✗", "red"),
    }
    out = show.console()
    done: list[Check] = []
    for area, group in groupby(checks, key=lambda check: check.area):
        out.print(Text(area, style="bold"))
        for check in group:
            done.append(check)
            mark, tone = marks[check.state]
            line = Text(f"  {mark} ", style=tone)
            out.print(line + Text(f"{clean(check.name, 60)}: {clean(check.told)}", style=""), soft_wrap=True)
            if check.fix:
                out.print(Text(f"      → {clean(check.fix)}"), soft_wrap=True)
    wrong = sum(check.state is State.PROBLEM for check in done)
    warned = sum(check.state is State.WARNING for check in done)
    out.print(Text(f"{count(wrong, 'problem')}, {count(warned, 'warning')}.", style="bold"))
    return done
