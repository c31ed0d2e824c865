"""What goes over the wire, from the shell."""

from __future__ import annotations

import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .exits import HELP, guarded
from .options import Way, shared_but

if TYPE_CHECKING:
    from xavatar.session import Session
    from xavatar.wire.trace import Trace

_SUFFIXES = (".html", ".jsonl", ".svg", ".txt", ".xml")
_FILTERS = "Which stanzas"


class Direction(StrEnum):
    """Which way stanzas go."""

    IN = "in"
    OUT = "out"


@app.command(epilog=HELP)
@shared_but("out", "store", "all")
def trace(
    way: Way,
    of: Annotated[
        str,
        typer.Option(
            help="What to do meanwhile: me, roster, features; the JID of a room enters it, of a person diagnoses it.",
            metavar="WHAT",
        ),
    ] = "me",
    seconds: Annotated[float, typer.Option(help="Listen for so long after that; Ctrl-C ends it.", min=0)] = 0.0,
    peer: Annotated[
        str | None,
        typer.Option(help="Only with this JID.", show_default=False, metavar="JID", rich_help_panel=_FILTERS),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="Only iq, message or presence.", show_default=False, rich_help_panel=_FILTERS),
    ] = None,
    xep: Annotated[
        str | None,
        typer.Option(help="Only of this XEP, as 84.", show_default=False, rich_help_panel=_FILTERS),
    ] = None,
    direction: Annotated[
        Direction | None,
        typer.Option(help="Only one way.", show_default=False, rich_help_panel=_FILTERS),
    ] = None,
    rule: Annotated[
        str | None,
        typer.Option(help="Only what shows, or breaks, this rule.", show_default=False, rich_help_panel=_FILTERS),
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", help="Print one line for each, no XML.")] = False,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            help="Write a file; may be repeated. The suffix chooses: .jsonl an object per line, .xml one document, "
            ".html a page, .svg who sent what to whom, .txt as it is shown.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show every stanza of a query: when, with whom, how large, how soon answered, which rules it shows or breaks."""
    with guarded(debug=way.debug):
        targets = [_checked(path) for path in out or ()]
        recorded, ended = _record(way, of, seconds)
        shown = recorded.filter(jid=peer, kind=kind, xep=xep, direction=direction, rule=rule)
        if way.json:
            from xavatar.wire.exchange import as_json_lines

            print(as_json_lines(shown.entries, images=way.images), end="")
        else:
            _print(shown, recorded, lines=lines)
        for target in targets:
            shown.save(target, images=way.images)
            typer.echo(f"Written: {target.absolute()}", err=way.json)
        if ended is not None:
            raise ended


def _record(way: Way, of: str, seconds: float) -> tuple[Trace, BaseException | None]:
    """Ask, and return what went over the wire, and what ended it too early: just then it is worth a look."""
    from xavatar.errors import XavatarError

    from .look import opened

    with opened(way) as session, session.recording() as recorded:
        try:
            _ask(session, of, way)
        except (XavatarError, KeyboardInterrupt) as error:
            return recorded, error
        with suppress(KeyboardInterrupt):
            time.sleep(seconds)
    return recorded, None


def _ask(session: Session, of: str, way: Way) -> None:
    if of == "me":
        session.me(images=way.images, progress=way.progress)
    elif of == "roster":
        session.roster(images=way.images, progress=way.progress)
    elif of == "features":
        session.features()
    elif of.partition("@")[2].partition("/")[0] in session.features().rooms:
        session.room(of, images=way.images, progress=way.progress)
    else:
        session.diagnose(of)


def _checked(path: Path) -> Path:
    from xavatar.errors import ConfigError

    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigError(f"No trace is written as {path.name!r}: its suffix must be one of {', '.join(_SUFFIXES)}.")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"Cannot write {path}: the directory {path.parent} does not exist.")
    return path


def _print(shown: Trace, recorded: Trace, *, lines: bool) -> None:
    from rich.text import Text

    from . import show

    out = show.console()
    if not lines:
        out.print(shown, soft_wrap=True)
    for entry in shown if lines else ():
        out.print(Text(entry.headline), soft_wrap=True)
    total = f"{len(shown):,} stanzas, {sum(entry.size for entry in shown):,} bytes"
    total += f" of {len(recorded):,} recorded" if len(shown) < len(recorded) else ""
    total += f", {recorded.dropped:,} earlier ones dropped" if recorded.dropped else ""
    out.print(Text(total, style="bold"))
