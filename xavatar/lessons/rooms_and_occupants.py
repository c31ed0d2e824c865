"""Judges of lesson 02, *Rooms and occupants*."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from xavatar.lessons.checking import exercise, same


@exercise("02.1")
def _myself(answer: str, room: pd.DataFrame, me: pd.DataFrame) -> str | None:
    mine = set(me["id"].dropna())
    return same(answer, room.loc[room["id"].isin(mine), "nick"], "Compare the hashes in `id`.")


@exercise("02.2")
def _stale(answer: Iterable[str], room: pd.DataFrame) -> str | None:
    inside = room[room["kind"] == "occupant"]
    said = inside[inside["source"] == "presence"].set_index("nick")["id"]
    held = inside[inside["source"] == "vcard"].set_index("nick")["sha1"]
    both = pd.DataFrame({"said": said, "held": held}).dropna()
    return same(answer, both[both["said"] != both["held"]].index, "Only who has both a hash and a picture can differ.")
