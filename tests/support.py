"""What several test folders share."""

from __future__ import annotations

import os
import shutil

import pytest

# Debian's package for a command, where the names differ.
PACKAGES = {"ejabberdctl": "ejabberd"}


def find(command: str) -> str | None:
    """Return the path of a command, servers' folders included."""
    return shutil.which(command, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))


def requires(*commands: str) -> None:
    """Skip the test when a command is missing, naming what brings it; fail instead under CI, where nothing may hide."""
    missing = [command for command in commands if find(command) is None]
    if not missing:
        return
    packages = " ".join(PACKAGES.get(command, command) for command in missing)
    message = f"needs {', '.join(missing)}: scripts/system-packages, or apt-get install {packages}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
