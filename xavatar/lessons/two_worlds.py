"""Judges of lesson 06, *Two worlds: PEP and vCard*."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from xavatar.lessons.checking import exercise, same


def _held(df: pd.DataFrame, source: str) -> pd.Series:
    """Return the SHA-1 of each person's picture in one source, by JID; those without are left out."""
    return df[df["source"] == source].groupby("jid")["sha1"].first().dropna()


@exercise("06.1")
def _two_pictures(answer: Iterable[str], df: pd.DataFrame) -> str | None:
    both = pd.DataFrame({"pep": _held(df, "pep"), "vcard": _held(df, "vcard")}).dropna()
    wanted = both.index[both["pep"] != both["vcard"]]
    return same(answer, wanted, "Compare `sha1` of the rows of PEP and of the vCard; who lacks one of them has no two.")


@exercise("06.2")
def _vcard_only(answer: int, df: pd.DataFrame) -> str | None:
    pep, vcard = _held(df, "pep"), _held(df, "vcard")
    if int(answer) == len(vcard.index.difference(pep.index)):
        return None
    if int(answer) == len(pep.index.difference(vcard.index)):
        return "it is the other way round: the picture is in the vCard, and not in PEP."
    return "take who has a `sha1` in a row of the vCard, and none in any row of PEP, for whichever reason."


@exercise("06.3")
def _opened(answer: pd.DataFrame) -> str | None:
    pep, vcard = (set(answer.loc[answer["source"] == source, "sha1"].dropna()) for source in ("pep", "vcard"))
    if not pep:
        return "there is no picture in PEP. Publish one, then ask s.me(progress=False) again."
    if not vcard:
        return "the vCard has no picture: the server copies only what is for everybody to see. Say so when publishing."
    return None if pep == vcard else "PEP and vCard have different pictures."
