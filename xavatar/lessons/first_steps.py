"""Judges of lesson 00, *First steps*."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from xavatar.lessons.checking import exercise, same


@exercise("00.1")
def _agreeing(answer: int, df: pd.DataFrame) -> str | None:
    if int(answer) == (df.xavatar.people()["verdict"] == "agrees").sum():
        return None
    if int(answer) == df["agrees"].sum():
        return "these are rows, and a person has several. Fold them with people()."
    return "count the people whose verdict is 'agrees'."


@exercise("00.2")
def _forbidden(answer: Iterable[str], df: pd.DataFrame) -> str | None:
    rows = df[(df["source"] == "pep") & (df["status"] == "forbidden")]
    return same(answer, rows["jid"], "Both the source and the status matter.")


@exercise("00.3")
def _no_hash(answer: Iterable[str], df: pd.DataFrame) -> str | None:
    rows = df[(df["source"] == "pep") & df["id_is_sha1"].eq(False).fillna(False)]
    return same(answer, rows["jid"], "`id_is_sha1` is empty where there is no id: that is neither true nor false.")
