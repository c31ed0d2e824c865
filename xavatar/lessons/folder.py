"""The notebooks of the lessons, and copies of them to work in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from xavatar.errors import ConfigError

_RECORD = ".xavatar-lessons.json"
"""Says what the copies were when they were made, as SHA-256, so that a changed one is known."""


class State(StrEnum):
    """What became of a lesson when it was to be copied."""

    NEW = "copied"
    SAME = "there already"
    RENEWED = "replaced by the newer edition; you had not changed it"
    KEPT = "kept as you changed it"


@dataclass(frozen=True, slots=True)
class Copy:
    """One lesson in a working folder.

    Parameters
    ----------
    name : str
        Of the file.
    state : State
    """

    name: str
    state: State


def lessons_dir() -> Path:
    """Return the folder with the notebooks: of the wheel, or of the checkout.

    Raises
    ------
    ConfigError
        The installation has none.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "notebooks", here.parents[1] / "notebooks"):
        if next(folder.glob("[0-9]*.ipynb"), None):
            return folder
    raise ConfigError(f"The lessons are missing from {here}; install xavatar again.")


def copy_lessons(folder: Path) -> tuple[Copy, ...]:
    """Copy the lessons to a working folder, in their order; whatever was changed there stays as it is.

    To begin a lesson anew, rename or remove its copy first.

    Raises
    ------
    ConfigError
        The folder cannot be written to, or is the one they come from.
    """
    source = lessons_dir()
    if folder.resolve() == source:
        raise ConfigError(f"{folder} is where the lessons come from. Give another folder to work in.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        record = _read(folder)
        copies = tuple(_copy(each, folder, record) for each in sorted(source.glob("[0-9]*.ipynb")))
        (folder / _RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"The lessons cannot be copied to {folder}: {error.strerror or error}.") from error
    return copies


def _copy(lesson: Path, folder: Path, record: dict[str, str]) -> Copy:
    content, target = lesson.read_bytes(), folder / lesson.name
    there = target.read_bytes() if target.exists() else None
    if there is None:
        state = State.NEW
    elif there == content:
        state = State.SAME
    elif _digest(there) == record.get(lesson.name):
        state = State.RENEWED
    else:
        return Copy(lesson.name, State.KEPT)
    if there != content:
        target.write_bytes(content)
    record[lesson.name] = _digest(content)
    return Copy(lesson.name, state)


def _read(folder: Path) -> dict[str, str]:
    """Return the record; an unreadable one is none, and then every copy counts as changed."""
    try:
        found = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
