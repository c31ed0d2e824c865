"""The lessons: copied to a folder of one's own, and opened in JupyterLab."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from .app import app
from .exits import HELP, guarded


@app.command(epilog=HELP)
def lab(
    jupyter: Annotated[
        list[str] | None,
        typer.Argument(
            help="Options for JupyterLab itself, after two dashes.", metavar="-- OPTION", show_default=False
        ),
    ] = None,
    folder: Annotated[Path, typer.Option("--dir", help="Where to copy the lessons.", file_okay=False)] = Path(
        "xavatar-lessons"
    ),
    start: Annotated[bool, typer.Option("--open/--no-open", help="Open JupyterLab on them.")] = True,
    debug: Annotated[bool, typer.Option("--debug", help="Show where errors come from.")] = False,
) -> None:
    """Copy the lessons to a folder, and open them in JupyterLab; what you have changed there is never overwritten."""
    with guarded(debug=debug):
        if start:
            _need_jupyterlab()
        from xavatar.lessons.folder import copy_lessons

        copies = copy_lessons(folder)
        for each in copies:
            print(f"{each.name:<32} {each.state}")
        print(f"The lessons are in {folder.absolute()}")
        if start:
            raise typer.Exit(_jupyterlab(folder / copies[0].name, jupyter or []))
        print('Open them with `xavatar lab` (pip install "xavatar[lab]"), or with any other program for notebooks.')


def _need_jupyterlab() -> None:
    from xavatar.errors import MissingExtra

    if any(importlib.util.find_spec(name) is None for name in ("jupyterlab", "ipykernel")):
        raise MissingExtra(
            'JupyterLab is not installed: pip install "xavatar[lab]". '
            "Or only copy the lessons, with `xavatar lab --no-open`, and open them with what you have."
        )


def _jupyterlab(first: Path, options: list[str]) -> int:
    """Run JupyterLab until it ends; at Ctrl-C it asks by itself whether it should."""
    # -P: a pupil's file `random.py` beside the lessons must not be taken for Python's.
    command = [sys.executable, "-P", "-m", "jupyterlab", first.name, *options]
    with subprocess.Popen(command, cwd=first.parent) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
