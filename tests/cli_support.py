"""The command line, as tests type it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import typer.testing
from typer.testing import CliRunner, Result

from xavatar.cli import diagnose, doctor, history, lab, publish, serve, trace  # noqa: F401  they add their commands
from xavatar.cli.app import app

# Typer makes every command anew for each call, which takes longer than many of them do.
typer.testing._get_command = cache(typer.testing._get_command)  # type: ignore[attr-defined]


def invoke(args: Sequence[str], env: Mapping[str, str] | None = None) -> Result:
    """Run the command line in this process, with these variables in its environment."""
    return CliRunner().invoke(app, args, env=env)
