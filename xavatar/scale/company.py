"""Who shows the same picture, or nearly the same, among the snapshots of a whole fleet.

:func:`xavatar.audit.duplicates` wants everybody in one memory. Nearly all pictures are one
person's and like no other, so the fleet first finds those that have *company*:

1. every showing of a picture is a row; all rows of one picture meet in one partition, which knows
   whether several people show it;
2. pictures near each other meet: of two hashes that differ in at most d bits one of d + 1 bands
   is equal (pigeonhole), so each picture goes where the pictures with the same band are, for each
   of its bands, and hashes and colours are compared there;
3. the rows of pictures with company are joined with whom they are about, and grouped in one place by
   the same code as on one machine.

No step but the last holds more than its share, and the last holds only what may be an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd

from xavatar.audit.duplicates import Bounds, groups
from xavatar.audit.near import BITS, as_hashes, bit_count, near_pairs
from xavatar.audit.shades import alike
from xavatar.frames.agreement import EMPTY_SHA1, is_sha1, normalized
from xavatar.frames.images import register, unregister
from xavatar.frames.schema import INTEGER, JOIN, STRING
from xavatar.frames.text import plain_rows
from xavatar.model import Descriptor, ImageFacts, Kind, Outcome, Reading, Source, Status, Subject
from xavatar.store import Exported

from .pieces import Piece

SEEN: Final = {
    "order": INTEGER,
    "jid": STRING,
    "kind": STRING,
    "name": STRING,
    "nick": STRING,
    "source": STRING,
    "sha1": STRING,
    "fetched": "boolean",
    "dhash": STRING,
    "phash": STRING,
    "colors": STRING,
    "blank": "boolean",
}
"""A subject's picture in one outcome; `sha1` is missing where an outcome shows none."""
LOOKS: Final = ("sha1", "dhash", "phash", "colors")
_LOOK: Final = tuple(SEEN)[list(SEEN).index("sha1") :]
_OUTCOMES: Final = 1 << 32
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def seen(piece: Piece) -> pd.DataFrame:
    """Return who shows what, and everybody who shows nothing."""
    rows: list[tuple[Any, ...]] = []
    for item in piece:
        for number, outcome in enumerate(item.head.load().outcomes, item.number * _OUTCOMES):
            who = outcome.subject
            told = (number, who.jid, who.kind.value, who.name, who.nick, outcome.source.value)
            rows += [(*told, *_look(reading)) for reading in outcome.readings or (Reading(Descriptor()),)]
    columns: list[Any] = list(zip(*rows, strict=True)) or [()] * len(SEEN)
    named = zip(SEEN.items(), columns, strict=True)
    return pd.DataFrame({name: _array(list(values), dtype) for (name, dtype), values in named})


def _array(values: list[Any], dtype: Any) -> Any:
    return pd.array(values, dtype=dtype)


def _look(reading: Reading) -> tuple[Any, ...]:
    facts = reading.facts
    sha1 = facts.sha1 if facts else normalized(reading.descriptor.id or "")
    if sha1 == EMPTY_SHA1 or not is_sha1(sha1):
        return (None,) * 6
    if facts is None:
        return sha1, False, None, None, None, None
    return sha1, True, facts.dhash, facts.phash, JOIN.join(facts.colors) or None, facts.blank


def last_of_each(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each subject's last row, without a picture; all rows of a subject are here, or will be."""
    told = rows.sort_values("order", kind="stable").drop_duplicates("jid", keep="last", ignore_index=True)
    return told.assign(**{name: _array([None] * len(told), SEEN[name]) for name in _LOOK})


def looks(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each picture's looks, and whether it is several people's; all rows of a picture are here."""
    several = rows.groupby("sha1")["jid"].nunique() > 1
    known = rows.assign(dhash=rows["dhash"].mask(rows["blank"].fillna(value=False).astype(bool)))
    found = known[list(LOOKS)].drop_duplicates(ignore_index=True)
    return found.assign(several=found["sha1"].map(several).astype("boolean"))


def banded(found: pd.DataFrame, near: int) -> pd.DataFrame:
    """Return each look once for each of `near` + 1 bands, with the bits it has there."""
    known = found[found["dhash"].notna()][list(LOOKS)]
    hashes = as_hashes(known["dhash"])
    edges = np.linspace(0, BITS, near + 2).astype(int).tolist()
    parts = []
    for low, high in pairwise(edges):
        bits = hashes << np.uint64(BITS - high) >> np.uint64(BITS - high + low)
        parts.append(known.assign(band=np.int64(low), bits=bits.view(np.int64)))
    return pd.concat(parts, ignore_index=True)


def near_each_other(banded: pd.DataFrame, near: int, confirm: int, shade: int) -> pd.DataFrame:
    """Return the pictures that look like another one; all looks that share a band are here."""
    found = banded[list(LOOKS)].drop_duplicates(ignore_index=True)
    # Equal looks are compared once: a default avatar in thousands of files would be millions of pairs.
    number = found.groupby(list(LOOKS[1:]), dropna=False, sort=False).ngroup().to_numpy()
    one_each = found.drop_duplicates(list(LOOKS[1:]), ignore_index=True)
    pairs = near_pairs(as_hashes(one_each["dhash"]), near)
    second = as_hashes(one_each["phash"].fillna("0"))
    has = one_each["phash"].notna().to_numpy(dtype=bool)
    apart = bit_count(second[pairs.left] ^ second[pairs.right])
    kept = (apart <= confirm) | ~has[pairs.left] | ~has[pairs.right]
    colors = [tuple(told.split(JOIN)) if told else () for (told,) in plain_rows(one_each, ["colors"])]
    left, right = pairs.left[kept], pairs.right[kept]
    kept = alike(colors, left, right, shade)
    company = np.bincount(number, minlength=len(one_each)) > 1
    company[left[kept]] = company[right[kept]] = True
    return found.loc[company[number], ["sha1"]].drop_duplicates(ignore_index=True)


def grouped(
    rows: pd.DataFrame, exports: tuple[Exported, ...], bounds: Bounds, many: int, join_occupants: bool
) -> pd.DataFrame:
    """Group what has company, as one machine does.

    Parameters
    ----------
    rows : pandas.DataFrame
        The showings, and each subject's last row, in which `sha1` is missing.
    exports : tuple of Exported
        Where the bytes are.
    bounds, many, join_occupants : optional
        As for :func:`xavatar.audit.duplicates`.
    """
    ordered = rows.sort_values("order", kind="stable")
    told = [_outcome(dict(zip(SEEN, row, strict=True))) for row in plain_rows(ordered, list(SEEN))]
    with _at_hand(exports):
        return groups(told, bounds, many=many, join_occupants=join_occupants)


def _outcome(row: dict[str, Any]) -> Outcome:
    subject = Subject(row["jid"], Kind(row["kind"]), row["nick"], row["name"])
    readings = () if row["sha1"] is None else (Reading(Descriptor(row["sha1"]), _facts(row)),)
    return Outcome(subject, Source(row["source"]), Status.OK, readings=readings, observed_at=_EPOCH)


def _facts(row: dict[str, Any]) -> ImageFacts | None:
    if not row["fetched"]:
        return None
    colors = tuple(row["colors"].split(JOIN)) if row["colors"] else ()
    return ImageFacts(row["sha1"], 0, dhash=row["dhash"], phash=row["phash"], colors=colors, blank=row["blank"])


@contextmanager
def _at_hand(exports: tuple[Exported, ...]) -> Iterator[None]:
    """Offer the exports' pictures to whoever looks for bytes, in this process, for a while."""
    mine = [Exported(export.place) for export in exports]
    for each in mine:
        register(each)
    try:
        yield
    finally:
        for each in mine:
            unregister(each)
