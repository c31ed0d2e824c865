"""Judges of lesson 08, *Your own program*."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha1
from typing import Final

import pandas as pd

from xavatar.lessons.checking import exercise, same

_WAYS: Final = {"a": "Session", "b": "AsyncSession", "c": "AvatarService", "d": "attach"}
_WHY: Final = {
    "a": "the connection must live while cells compute: on a thread of its own",
    "b": "fifty logins at a time want one loop, and no thread that waits for each",
    "c": "the client is there already, and wants one service more",
    "d": "the client is there already, and a second login is not needed for the session's verbs",
}


@exercise("08.1")
def _by_vcard(answer: Iterable[str], df: pd.DataFrame, asked: list[str]) -> str | None:
    rows = df[df["jid"].isin(asked)].set_index("jid")
    announced = rows[(rows["source"] == "pep") & rows["status"].isin(["ok", "disabled"])].index
    photos = rows[(rows["source"] == "vcard") & rows["sha1"].notna()].index
    hint = "Somebody without descriptors is seen by neither; PEP comes first where it has an answer."
    return same(answer, photos.difference(announced), hint)


@exercise("08.2")
def _faces(answer: Mapping[str, bytes | None], df: pd.DataFrame, asked: list[str]) -> str | None:
    if set(answer) != set(asked):
        return "hand in all four, by their JIDs."
    pep = df[(df["source"] == "pep") & df["hash_ok"].fillna(False)].groupby("jid")["sha1"].first()
    for jid in asked:
        image, right = answer[jid], pep.get(jid)
        if right is None and image is not None:
            return f"{jid} has no image to show, and you show {len(image)} bytes."
        if right is not None and image is None:
            return f"{jid} has an image. What your `except` catches may be too much."
        if image is not None and sha1(image).hexdigest() != right:
            return f"these bytes are not the image of {jid}."
    return None


@exercise("08.3")
def _ways_in(answer: Mapping[str, str]) -> str | None:
    if set(answer) != set(_WAYS):
        return "give one for each of a, b, c and d."
    wrong = next((each for each in _WAYS if answer[each] != _WAYS[each]), None)
    return None if wrong is None else f"{wrong}: {_WHY[wrong]}."
