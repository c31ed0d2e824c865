"""Answers to the lessons' exercises are checked here: a hint, not just false.

Peek when you are stuck; each function tells what is right and what people usually mistake for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

Judge = Callable[..., str | None]
"""Takes the answer and the tables it is about; returns a hint, or None when the answer is right."""

_judges: dict[str, Judge] = {}


def check(exercise: str, answer: object, **tables: pd.DataFrame) -> None:
    """Print whether an answer is right, and if not, which way to look.

    Parameters
    ----------
    exercise : str
        As ``00.1``: the lesson and its exercise.
    answer : object
        ``...`` is no answer yet.
    **tables : DataFrame
        What the question is about.
    """
    if answer is ...:
        _say(exercise, "your turn. Replace the dots.")
        return
    try:
        hint = _judges[exercise](answer, **tables)
    except (TypeError, ValueError, AttributeError):
        hint = f"a {type(answer).__name__} is not what was asked for; read the question's last words."
    _say(exercise, "right." if hint is None else f"not yet: {hint}")


def _say(exercise: str, words: str) -> None:
    sys.stdout.write(f"Exercise {exercise}: {words}\n")


def _exercise(name: str) -> Callable[[Judge], Judge]:
    def register(judge: Judge) -> Judge:
        _judges[name] = judge
        return judge

    return register


def _same(answer: Iterable[Any], right: Iterable[Any], hint: str) -> str | None:
    """Compare two collections of names, whatever their order."""
    given, wanted = {answer} if isinstance(answer, str) else set(answer), set(right)
    if given == wanted:
        return None
    if given < wanted:
        return f"these are right, and {len(wanted - given)} more belong to them. {hint}"
    return f"{len(given - wanted)} of these do not belong there. {hint}"


@_exercise("00.1")
def _agreeing(answer: int, df: pd.DataFrame) -> str | None:
    if int(answer) == (df.xavatar.people()["verdict"] == "agrees").sum():
        return None
    if int(answer) == df["agrees"].sum():
        return "these are rows, and a person has several. Fold them with people()."
    return "count the people whose verdict is 'agrees'."


@_exercise("00.2")
def _forbidden(answer: Iterable[str], df: pd.DataFrame) -> str | None:
    rows = df[(df["source"] == "pep") & (df["status"] == "forbidden")]
    return _same(answer, rows["jid"], "Both the source and the status matter.")


@_exercise("00.3")
def _no_hash(answer: Iterable[str], df: pd.DataFrame) -> str | None:
    rows = df[(df["source"] == "pep") & df["id_is_sha1"].eq(False).fillna(False)]
    return _same(answer, rows["jid"], "`id_is_sha1` is empty where there is no id: that is neither true nor false.")


@_exercise("01.1")
def _weight(answer: float, df: pd.DataFrame) -> str | None:
    pictures = df.dropna(subset="sha1")
    once = pictures.drop_duplicates("sha1")["nbytes_real"].sum()
    if abs(float(answer) - once) < 1:
        return None
    if abs(float(answer) - pictures["nbytes_real"].sum()) < 1:
        return "the same picture is in PEP and in the vCard; count each hash once."
    return "add up nbytes_real, in bytes, of each distinct sha1."


@_exercise("01.2")
def _leaking(answer: str, df: pd.DataFrame) -> str | None:
    return _same(answer, df.loc[df["has_gps"].fillna(False), "jid"], "The column is has_gps.")


@_exercise("01.3")
def _blank(answer: pd.DataFrame) -> str | None:
    found = set(answer.loc[answer["rule"] == "X-01", "jid"])
    if not found:
        return "rule X-01 finds nobody. Does the audit use your registry?"
    return None if "slender@windsor.lit" in found else "Slender's picture has one pixel, and your rule lets it pass."


@_exercise("02.1")
def _myself(answer: str, room: pd.DataFrame, me: pd.DataFrame) -> str | None:
    mine = set(me["id"].dropna())
    return _same(answer, room.loc[room["id"].isin(mine), "nick"], "Compare the hashes in `id`.")


@_exercise("02.2")
def _stale(answer: Iterable[str], room: pd.DataFrame) -> str | None:
    inside = room[room["kind"] == "occupant"]
    said = inside[inside["source"] == "presence"].set_index("nick")["id"]
    held = inside[inside["source"] == "vcard"].set_index("nick")["sha1"]
    both = pd.DataFrame({"said": said, "held": held}).dropna()
    return _same(answer, both[both["said"] != both["held"]].index, "Only who has both a hash and a picture can differ.")


@_exercise("05.1")
def _stale_resource(answer: str, me: pd.DataFrame) -> str | None:
    said = me[(me["source"] == "presence") & me["id"].notna()]
    held = set(me.loc[me["source"] != "presence", "id"].dropna())
    return _same(answer, said.loc[~said["id"].isin(held), "resource"], "Look at the hashes in `id`, row by row.")


@_exercise("05.2")
def _silent(answer: int, df: pd.DataFrame) -> str | None:
    rows = df[(df["source"] == "presence") & (df["status"] == "unsupported")]
    if int(answer) == rows["jid"].nunique():
        return None
    return "in presence rows the status `unsupported` means that; count distinct JIDs."
