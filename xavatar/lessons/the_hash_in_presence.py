"""Judges of lesson 05, *XEP-0153: the hash in presence*."""

from __future__ import annotations

import pandas as pd

from xavatar.lessons.checking import exercise, same


@exercise("05.1")
def _stale_resource(answer: str, me: pd.DataFrame) -> str | None:
    said = me[(me["source"] == "presence") & me["id"].notna()]
    held = set(me.loc[me["source"] != "presence", "id"].dropna())
    return same(answer, said.loc[~said["id"].isin(held), "resource"], "Look at the hashes in `id`, row by row.")


@exercise("05.2")
def _silent(answer: int, df: pd.DataFrame) -> str | None:
    rows = df[(df["source"] == "presence") & (df["status"] == "unsupported")]
    if int(answer) == rows["jid"].nunique():
        return None
    return "in presence rows the status `unsupported` means that; count distinct JIDs."
