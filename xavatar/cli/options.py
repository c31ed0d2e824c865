"""Options that several commands share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

_ACCOUNT, _SERVER, _OUTPUT = "Account", "Server", "Output"


@dataclass(frozen=True, slots=True)
class Way:
    """Whom to log in as, where, and how to tell what was seen.

    The fields are the command line's options; :func:`shared` gives them to a command.
    """

    jid: Annotated[
        str | None,
        typer.Argument(
            help="The account to log in as. Its password comes from XAVATAR_PASSWORD, the keyring, or a prompt.",
            show_default=False,
        ),
    ] = None
    sandbox: Annotated[
        str | None,
        typer.Option(
            help="Look around an embedded server instead: a scenario's name or file.",
            metavar="NAME",
            show_default=False,
            rich_help_panel=_ACCOUNT,
        ),
    ] = None
    presence: Annotated[
        bool, typer.Option(help="Send presence; without it nobody sees you, nor you them.", rich_help_panel=_ACCOUNT)
    ] = True
    images: Annotated[
        bool, typer.Option(help="Fetch the pictures, each once, and look at them.", rich_help_panel=_ACCOUNT)
    ] = True
    host: Annotated[
        str | None,
        typer.Option(help="Connect there instead of asking DNS.", show_default=False, rich_help_panel=_SERVER),
    ] = None
    port: Annotated[
        int | None,
        typer.Option(help="Port, with --host.", min=1, max=65535, show_default=False, rich_help_panel=_SERVER),
    ] = None
    ca_file: Annotated[
        Path | None,
        typer.Option(
            help="Certificate authority to trust, PEM.",
            exists=True,
            dir_okay=False,
            show_default=False,
            rich_help_panel=_SERVER,
        ),
    ] = None
    verify: Annotated[
        bool,
        typer.Option(
            "--verify/--no-verify", help="Check the server's certificate; leave it on.", rich_help_panel=_SERVER
        ),
    ] = True
    timeout: Annotated[
        float | None,
        typer.Option(
            help="Seconds to wait for the connection, and for one answer.",
            min=0.1,
            show_default=False,
            rich_help_panel=_SERVER,
        ),
    ] = None
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out",
            "-o",
            help="Write a file; may be repeated. The suffix chooses: .html report, .json everything, "
            ".csv or .parquet one table, named by the file: findings, summary, people, else the frame, "
            ".md a summary, .xml JUnit.",
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    store: Annotated[
        Path | None,
        typer.Option(
            help="Keep snapshot, findings and pictures in this file, and fetch no picture that is in it.",
            envvar="XAVATAR_STORE",
            dir_okay=False,
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=_OUTPUT)] = False
    all: Annotated[bool, typer.Option("--all", help="Print every row, however many.", rich_help_panel=_OUTPUT)] = False
    progress: Annotated[
        bool | None,
        typer.Option(
            help="A progress bar; by default where a person watches.", show_default=False, rich_help_panel=_OUTPUT
        ),
    ] = None
    debug: Annotated[bool, typer.Option("--debug", help="Show where errors come from.", rich_help_panel=_OUTPUT)] = (
        False
    )


def shared(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of :class:`Way`, after its own, as one value in its parameter `way`."""
    return shared_but()(command)


def shared_but(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Do the same but for some options: those that make no sense, or that the command has its own way."""
    return functools.partial(_shared, without=frozenset(names))


def _shared(command: Callable[..., None], *, without: frozenset[str]) -> Callable[..., None]:
    hints = get_type_hints(Way, include_extras=True)
    chosen = [field for field in fields(Way) if field.name not in without]
    names = [field.name for field in chosen]
    own = get_type_hints(command, include_extras=True)

    @functools.wraps(command)
    def expanded(**given: Any) -> None:
        way = Way(**{name: given.pop(name) for name in names})
        command(**given, way=way)

    kind = inspect.Parameter.KEYWORD_ONLY
    mine = [
        parameter.replace(kind=kind, annotation=own[name])
        for name, parameter in inspect.signature(command).parameters.items()
        if name != "way"
    ]
    theirs = [inspect.Parameter(f.name, kind, default=f.default, annotation=hints[f.name]) for f in chosen]
    expanded.__signature__ = inspect.Signature([*mine, *theirs])  # type: ignore[attr-defined]
    expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in (*mine, *theirs)}
    del expanded.__wrapped__  # or the hints of the original are read
    return expanded
