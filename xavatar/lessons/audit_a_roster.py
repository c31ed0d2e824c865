"""Judges of lesson 01, *Audit a roster*."""

from __future__ import annotations

import pandas as pd

from xavatar.lessons.checking import exercise, same


@exercise("01.1")
def _weight(answer: float, df: pd.DataFrame) -> str | None:
    pictures = df.dropna(subset="sha1")
    once = pictures.drop_duplicates("sha1")["nbytes_real"].sum()
    if abs(float(answer) - once) < 1:
        return None
    if abs(float(answer) - pictures["nbytes_real"].sum()) < 1:
        return "the same picture is in PEP and in the vCard; count each hash once."
    return "add up nbytes_real, in bytes, of each distinct sha1."


@exercise("01.2")
def _leaking(answer: str, df: pd.DataFrame) -> str | None:
    return same(answer, df.loc[df["has_gps"].fillna(False), "jid"], "The column is has_gps.")


@exercise("01.3")
def _blank(answer: pd.DataFrame) -> str | None:
    found = set(answer.loc[answer["rule"] == "X-01", "jid"])
    if not found:
        return "rule X-01 finds nobody. Does the audit use your registry?"
    return None if "slender@windsor.lit" in found else "Slender's picture has one pixel, and your rule lets it pass."
