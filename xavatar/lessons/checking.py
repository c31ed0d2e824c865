"""Answers to exercises are judged here: a hint, not just false."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from xavatar.errors import ConfigError

Judge = Callable[..., str | None]
"""Takes the answer and what the question is about; returns a hint, or None when the answer is right."""

_judges: dict[str, Judge] = {}


def check(exercise: str, answer: object, **given: object) -> None:
    """Print whether an answer is right, and if not, which way to look.

    Parameters
    ----------
    exercise : str
        As ``00.1``: the lesson and its exercise.
    answer : object
        ``...`` is no answer yet.
    **given : object
        What the question is about: tables, mostly.

    Raises
    ------
    ConfigError
        There is no such exercise.
    """
    _find_judges()
    if exercise not in _judges:
        raise ConfigError(f"There is no exercise {exercise}; there are {', '.join(sorted(_judges))}.")
    if answer is ...:
        _say(exercise, "your turn. Replace the dots.")
        return
    try:
        hint = _judges[exercise](answer, **given)
    except (TypeError, ValueError, AttributeError):
        hint = f"a {type(answer).__name__} is not what was asked for; read the question's last words."
    _say(exercise, "right." if hint is None else f"not yet: {hint}")


def exercise(name: str) -> Callable[[Judge], Judge]:
    """Register the function below as the judge of an exercise, named as ``00.1``."""

    def register(judge: Judge) -> Judge:
        _judges[name] = judge
        return judge

    return register


def same(answer: Iterable[Any], right: Iterable[Any], hint: str) -> str | None:
    """Compare two collections of names, whatever their order."""
    given, wanted = {answer} if isinstance(answer, str) else set(answer), set(right)
    if given == wanted:
        return None
    if given < wanted:
        return f"these are right, and {len(wanted - given)} more belong to them. {hint}"
    return f"{len(given - wanted)} of these do not belong there. {hint}"


@cache
def _find_judges() -> None:
    package = importlib.import_module("xavatar.lessons")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"xavatar.lessons.{module.name}")


def _say(exercise: str, words: str) -> None:
    sys.stdout.write(f"Exercise {exercise}: {words}\n")
