"""Judges of lesson 09, *A fleet*."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from xavatar.lessons.checking import exercise, same


@exercise("09.1")
def _bytes(answer: int, facts: pd.DataFrame) -> str | None:
    once = int(facts.drop_duplicates("sha1")["nbytes"].sum())
    if int(answer) == once:
        return None
    if int(answer) == int(facts["nbytes"].sum()):
        return "a picture that two snapshots show counts twice there; take each `sha1` once."
    return "sum `nbytes` of `facts`, each `sha1` once."


@exercise("09.2")
def _most_broken(answer: str, summary: pd.DataFrame) -> str | None:
    return same(
        answer, summary.nlargest(1, "subjects")["rule"], "The summary has severities first; sort by `subjects`."
    )


@exercise("09.3")
def _mended(answer: Iterable[str], found: pd.DataFrame, monday: str, tuesday: str) -> str | None:
    was, now = (
        set(
            found.loc[found["snapshot"] == day, ["jid", "rule", "source"]].fillna("").itertuples(index=False, name=None)
        )
        for day in (monday, tuesday)
    )
    return same(answer, {jid for jid, _, _ in was - now}, "Take the findings of each day as a set, and subtract.")
