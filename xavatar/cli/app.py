"""The commands."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exits import HELP, Exit, guarded
from .options import Way, shared

if TYPE_CHECKING:
    from xavatar.audit import Audit
    from xavatar.model import Severity
    from xavatar.session import Session

app = typer.Typer(
    name="xavatar",
    help="Avatars on XMPP: audit whole rosters and rooms, see what PEP, vCard and presence each say.",
    epilog=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class FailOn(StrEnum):
    """From which severity on findings make a command fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    NEVER = "never"

    def fails(self, worst: Severity | None) -> bool:
        """Tell whether findings, the heaviest of this severity, make the command fail."""
        grave = list(FailOn)
        return self is not FailOn.NEVER and worst is not None and grave.index(FailOn(worst)) <= grave.index(self)


@app.command(epilog=HELP)
@shared
def audit(
    way: Way,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 when there are findings at or above it.")] = FailOn.ERROR,
    severity: Annotated[
        list[str] | None,
        typer.Option(help="Judge a rule differently, as P84-12=error; may be repeated.", metavar="RULE=SEVERITY"),
    ] = None,
    off: Annotated[list[str] | None, typer.Option(help="Leave a rule out; may be repeated.", metavar="RULE")] = None,
    limit: Annotated[
        list[str] | None,
        typer.Option(
            help="Set a threshold, as modern_bytes=100000; may be repeated. The docs list them (Limits).",
            metavar="NAME=NUMBER",
        ),
    ] = None,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Look closer at everybody's nodes; about four questions more for each.")
    ] = False,
    room: Annotated[
        list[str] | None,
        typer.Option(help="Enter this room too, and audit its occupants; may be repeated.", metavar="JID"),
    ] = None,
    join_occupants: Annotated[
        bool,
        typer.Option(
            "--join-occupants",
            help="Compare occupants with the roster by picture; it can tell who somebody is (A-24).",
        ),
    ] = False,
) -> None:
    """Look at the account and everybody in its roster, and tell what is wrong with their avatars, and what to do."""
    with guarded(debug=way.debug):
        from . import show
        from .look import limits_of, look

        seen = look(
            way,
            lambda session: session.audit(
                images=way.images, thorough=thorough, rooms=room or (), progress=way.progress
            ),
            severities=_severities(severity),
            off=off or (),
            limits=limits_of(limit, join_occupants=join_occupants),
        )
        if way.json:
            _print_json(_whole(seen))
        else:
            out = show.console()
            show.head(out, seen)
            show.findings(out, seen, everybody=way.all)
            show.duplicates(out, seen, everybody=way.all)
            show.changes(out, seen)
        _finish(seen, way, fail_on)


@app.command(epilog=HELP)
@shared
def roster(way: Way) -> None:
    """Show the avatars of everybody in the roster, one row each."""
    with guarded(debug=way.debug):
        _tell_people(way, lambda session: session.roster(images=way.images, progress=way.progress))


@app.command(epilog=HELP)
@shared
def room(
    room: Annotated[str, typer.Argument(help="The room's JID, as balcony@rooms.capulet.lit.", show_default=False)],
    way: Way,
    nick: Annotated[
        str | None, typer.Option(help="Nickname to enter with; by default the account's user name.", show_default=False)
    ] = None,
) -> None:
    """Enter a room, show its own avatar and its occupants', and leave."""
    with guarded(debug=way.debug):
        _tell_people(
            way,
            lambda session: session.room(room, nick=nick, images=way.images, progress=way.progress),
            # Whether oneself can be recognised there; no image is needed for that.
            beside=lambda session: session.me(images=False, progress=False),
        )


@app.command(epilog=HELP)
@shared
def me(way: Way) -> None:
    """Show what the account itself says in PEP, vCard and presence, and what its server offers."""
    from xavatar.errors import QueryError

    offered: dict[str, Any] = {}

    def ask(session: Session) -> None:
        session.me(images=way.images, progress=way.progress)
        try:
            offered.update(asdict(session.features()))
        except QueryError:
            offered.clear()  # the server does not tell; the avatar is what was asked for

    with guarded(debug=way.debug):
        from . import show
        from .look import look

        seen = look(way, ask)
        if way.json:
            _print_json({**_whole(seen), "features": offered})
        else:
            out = show.console()
            show.head(out, seen)
            show.sources(out, seen)
            show.features(out, offered)
            show.findings(out, seen, everybody=True)
        _finish(seen, way, FailOn.NEVER)


@app.command(epilog=HELP)
def rules(
    ids: Annotated[list[str] | None, typer.Argument(help="Show all about these.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """List the rules an audit judges by; with ids, why they matter and what to do."""
    with guarded():
        from xavatar.audit import RULES, Registry
        from xavatar.errors import ConfigError
        from xavatar.report.tables import records

        from . import show

        unknown = [key for key in ids or () if key not in RULES]
        if unknown:
            raise ConfigError(f"There is no rule {', '.join(unknown)}; `xavatar rules` lists them.")
        chosen = list(dict.fromkeys(RULES[key] for key in ids)) if ids else list(RULES.values())
        if as_json:
            _print_json(records(Registry(chosen).frame()))
        elif ids:
            for each in chosen:
                show.rule(show.console(), each)
        else:
            show.rules(show.console(), chosen)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        from xavatar import __version__

        print(f"xavatar {__version__}")
        raise typer.Exit


def _tell_people(way: Way, ask: Any, *, beside: Any = None) -> None:
    from . import show
    from .look import look

    seen = look(way, ask, beside=beside)
    if way.json:
        _print_json(_whole(seen))
    else:
        out = show.console()
        show.head(out, seen)
        show.people(out, seen, everybody=way.all)
    _finish(seen, way, FailOn.NEVER)


def _whole(seen: Audit) -> dict[str, Any]:
    from xavatar.report import as_dict

    return as_dict(seen)


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _severities(wishes: list[str] | None) -> dict[str, str]:
    from xavatar.errors import ConfigError

    chosen = {}
    for wish in wishes or ():
        key, equals, value = wish.partition("=")
        if not equals:
            raise ConfigError(f"--severity wants RULE=SEVERITY, as P84-12=error, not {wish!r}.")
        chosen[key.strip()] = value.strip()
    return chosen


def _finish(seen: Audit, way: Way, fail_on: FailOn) -> None:
    """Name the written files, and choose the exit code."""
    for path in way.out or ():
        typer.echo(f"Written: {path.absolute()}", err=way.json)
    if not seen.snapshot.complete:
        typer.echo("xavatar: incomplete, the collection ended before everybody had answered.", err=True)
        raise typer.Exit(Exit.INCOMPLETE)
    if fail_on.fails(seen.worst):
        raise typer.Exit(Exit.FINDINGS)
