"""What several test folders share."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from multiprocessing.context import BaseContext
from pathlib import Path

import pytest

# Hypothesis takes its time in CI and with `make test`, and has a quick look otherwise.
THOROUGH = bool(os.environ.get("CI")) or os.environ.get("XAVATAR_HYPOTHESIS") == "thorough"

# Debian's package for a command or file, where the names differ.
PACKAGES = {"ejabberdctl": "ejabberd", "erl": "ejabberd", "/usr/lib/prosody/modules/mod_vcard_muc": "prosody-modules"}


PATIENCE = 6 if THOROUGH else 1


def patience(seconds: float) -> float:
    """Return how long to wait before something counts as not happening: several times longer where time is not short.

    A machine that many share can stand still for a second; what takes too long must differ by more than that.
    """
    return seconds * PATIENCE


def examples(number: int) -> int:
    """Return how many examples Hypothesis shall try: `number` when it is thorough, else an eighth, and 12 at most."""
    return number if THOROUGH else min(12, max(6, number // 8))


def processes(*preload: str) -> BaseContext:
    """Return what starts processes by forks of one that has imported these modules: new interpreters take a second."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["xavatar.store", *preload])
    return context


def find(command: str) -> str | None:
    """Return the path of a command, servers' folders included, or of a file given by its path."""
    if command.startswith("/"):
        return command if Path(command).exists() else None
    return shutil.which(command, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))


def requires(*commands: str) -> None:
    """Skip the test when a command or file is missing, naming what brings it; under CI fail, so that nothing hides."""
    missing = [command for command in commands if find(command) is None]
    if not missing:
        return
    packages = " ".join(dict.fromkeys(PACKAGES.get(command, command) for command in missing))
    message = f"needs {', '.join(missing)}: scripts/system-packages, or apt-get install {packages}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
