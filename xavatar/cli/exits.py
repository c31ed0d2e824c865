"""How a command ends: one exit code per kind of end, one line per error."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from xavatar.errors import (
    AuthError,
    ConfigError,
    ConnectError,
    ImageError,
    MissingExtra,
    PublishError,
    QueryError,
    SandboxError,
    SessionError,
    StoreError,
)


class Exit(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    FINDINGS = 1
    """Findings at or above ``--fail-on``; a problem that `doctor` found."""
    USAGE = 2
    """Options, arguments or files that cannot be used."""
    CONNECTION = 3
    """No connection, no login, or the server refused the question itself."""
    INCOMPLETE = 4
    """Interrupted, or the server was lost; what was collected is written all the same."""
    INTERNAL = 70
    """An error of xavatar; ``--debug`` shows where."""


HELP = (
    "Exit codes: 0 fine; 1 findings at or above --fail-on, or a problem (doctor); 2 usage; 3 no connection or login; "
    "4 incomplete (interrupted, or the server was lost; the partial result is written); 70 internal."
)


def code_of(error: BaseException) -> Exit:
    """Return the exit code for an error."""
    match error:
        case ConfigError() | ImageError() | MissingExtra() | SandboxError() | StoreError() | OSError() if (
            not isinstance(error, ConnectError)
        ):
            return Exit.USAGE
        case ConnectError() | AuthError() | QueryError() | PublishError():
            return Exit.CONNECTION
        case SessionError() | KeyboardInterrupt():
            return Exit.INCOMPLETE
        case _:
            return Exit.INTERNAL


@contextmanager
def guarded(*, debug: bool = False) -> Iterator[None]:
    """Turn an error into one line on stderr and an exit code; with `debug` into its traceback.

    Raises
    ------
    typer.Exit
    """
    try:
        yield
        sys.stdout.flush()
    except typer.Exit:
        raise
    except BrokenPipeError:
        # Whoever reads us has seen enough (`| head`); Python would complain again while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(Exit.FINE) from None
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  whatever it is, a shell gets a line and a code
        code = code_of(error)
        if debug:
            traceback.print_exc()
        else:
            print(f"xavatar: {line_of(error, code)}", file=sys.stderr)
        raise typer.Exit(code) from None


def line_of(error: BaseException, code: Exit) -> str:
    """Return an error on one line, harmless to a terminal."""
    from xavatar.audit.text import clean  # pandas comes with it, which `--help` need not wait for

    if isinstance(error, KeyboardInterrupt):
        return "interrupted before anything was collected."
    words = clean(" ".join(str(error).split())) or type(error).__name__
    if code is Exit.INTERNAL:
        return f"internal error, {type(error).__name__}: {words} (--debug shows where)"
    return words
