"""Who shows the same picture, or nearly the same: copies, re-encodings, default avatars."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from xavatar.errors import ConfigError
from xavatar.frames.agreement import EMPTY_SHA1, is_sha1, normalized
from xavatar.frames.images import lookup
from xavatar.frames.schema import JOIN
from xavatar.model import ImageFacts, Kind, Outcome, Source, Subject

from . import joining
from .near import Pairs, as_hashes, bit_count, near_pairs
from .pixels import over_each_other
from .shades import alike

# Measured on 1,673 drawn portraits that one generator made from the same parts: of 1,050 re-encoded or smaller copies
# 19 in 20 are known, and of the pairs that hashes and colours take for one picture the last look tells 19 in 20 apart.
NEAR: Final = 6
"""Bits of dhash in which a picture and its copies differ at most."""
CONFIRM: Final = 10
"""Bits of phash for the same."""
SHADE: Final = 16
"""Steps of red, green or blue for the same, of 255, between their main colours."""
APART: Final = 30
"""Steps of 255 for the same, where the two differ most when they are laid over each other."""
MANY: Final = 5
"""So many people do not choose one picture by chance."""

MEMBERS: Final = {
    "group": "Int64",
    "label": "string",
    "jid": "string",
    "kind": "string",
    "name": "string",
    "sources": "string",
    "sha1": "string",
    "match": "string",
    "distance": "Int64",
}
"""Columns and dtypes of :func:`duplicates`."""
GROUPS: Final = {
    "group": "Int64",
    "label": "string",
    "subjects": "Int64",
    "pictures": "Int64",
    "sha1": "string",
    "distance": "Int64",
    "jids": "string",
}
"""Columns and dtypes of :func:`duplicate_groups`."""


class Bounds(NamedTuple):
    """How near is near; the parameters of :func:`duplicates`."""

    near: int
    confirm: int
    shade: int
    apart: int


_DEFAULT: Final = Bounds(NEAR, CONFIRM, SHADE, APART)


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture, and who shows it where."""

    sha1: str
    facts: ImageFacts | None
    shown: dict[str, set[Source]]


@dataclass(frozen=True, slots=True)
class _Group:
    """Pictures near the first one, which most of the people here show; the distances are from it."""

    pictures: list[_Picture]
    distances: list[int]

    @property
    def jids(self) -> set[str]:
        return {jid for picture in self.pictures for jid in picture.shown}

    def label(self, many: int) -> str:
        if len(self.pictures[0].shown) >= many:
            return "default avatar"
        return "near-duplicates" if len(self.pictures) > 1 else "same picture"


def duplicates(
    outcomes: Iterable[Outcome],
    *,
    near: int = NEAR,
    confirm: int = CONFIRM,
    shade: int = SHADE,
    apart: int = APART,
    many: int = MANY,
    join_occupants: bool = False,
) -> pd.DataFrame:
    """Find pictures that several subjects show.

    Parameters
    ----------
    outcomes : iterable of Outcome
        A snapshot's, or those of several.
    near : int
        Pictures whose dhash differs in so many bits or fewer are looked at as one; 0 to 16.
        0 still takes a re-encoding that looks the same for a copy.
    confirm : int
        And their phash in so many; 64 asks no second hash.
    shade : int
        And each of their three main colours has a match in the other, so many steps of 255 away;
        255 asks for no colours.
    apart : int
        And, where a store that is open has the bytes of both, they differ so many steps at most when
        they are laid over each other; 255 looks at no bytes.
    many : int
        A picture that so many subjects show is called a default avatar.
    join_occupants : bool
        Whether a room's occupants may be in one group with contacts: that tells who a
        nickname belongs to (A-24, P398-08).

    Returns
    -------
    pandas.DataFrame
        One row per subject and picture: `group`, from 1, the one of most subjects first;
        `label`, ``default avatar``, ``same picture`` or ``near-duplicates``; `jid`, `kind`, `name`;
        `sources` that show it; `sha1`; `match`, ``same`` as the group's most shown picture or ``near``
        it; `distance` from it, in bits of dhash.

    Raises
    ------
    ConfigError
        A bound that makes no sense.

    Warns
    -----
    PrivacyWarning
        Occupants are joined with contacts.

    Notes
    -----
    A group is one picture and what is near *it*: no chain of small steps leads from one
    face to another. Blank pictures are like each other by their bytes only. Near is what looks
    alike small and of the same main colours: avatars that a generator draws of the same parts can
    be, so look before you say that two people share a picture.

    Examples
    --------
    >>> from xavatar.audit import duplicates
    >>> found = duplicates(audit.snapshot.outcomes)
    >>> sorted(found["match"].unique())
    ['same']
    """
    if many < 2 or min(confirm, shade, apart) < 0:
        raise ConfigError(
            f"{many=}, {confirm=}, {shade=}, {apart=}: a group has 2 subjects or more, no bound is negative."
        )
    if join_occupants:
        joining.warn()
    bounds = Bounds(near, confirm, shade, apart)
    return groups(outcomes, bounds, many=many, join_occupants=join_occupants)


def groups(
    outcomes: Iterable[Outcome], bounds: Bounds = _DEFAULT, *, many: int = MANY, join_occupants: bool = False
) -> pd.DataFrame:
    """Do what :func:`duplicates` does, for whoever has warned already."""
    told = list(outcomes)
    subjects = {outcome.subject.jid: outcome.subject for outcome in told}
    rooms = [outcome for outcome in told if outcome.subject.kind is Kind.OCCUPANT]
    others = [outcome for outcome in told if outcome.subject.kind is not Kind.OCCUPANT]
    parts = [told] if join_occupants else [others, rooms]
    found = [group for part in parts for group in _groups(_pictures(part), bounds)]
    found.sort(key=lambda group: (-len(group.jids), group.pictures[0].sha1))
    return _table(MEMBERS, list(_rows(found, subjects, many)))


def duplicate_groups(members: pd.DataFrame) -> pd.DataFrame:
    """Fold what :func:`duplicates` found to one row per group.

    Returns
    -------
    pandas.DataFrame
        `group`, `label`, how many `subjects` show how many `pictures`, the `sha1` of the most shown
        one, the largest `distance` from it, and the `jids`.

    Examples
    --------
    >>> from xavatar.audit import duplicate_groups, duplicates
    >>> groups = duplicate_groups(duplicates(audit.snapshot.outcomes))
    >>> bool((groups["subjects"] > 1).all())
    True
    """
    rows = []
    for number, group in members.groupby("group", sort=True):
        most = group.loc[group["match"] == "same", "sha1"].iloc[0]
        jids = group["jid"].drop_duplicates()
        pictures, farthest = group["sha1"].nunique(), group["distance"].max()
        rows.append((number, group["label"].iloc[0], len(jids), pictures, most, farthest, JOIN.join(jids)))
    return _table(GROUPS, rows)


def _pictures(outcomes: Iterable[Outcome]) -> list[_Picture]:
    """Gather pictures by their bytes; where those were not fetched, by the hash that is announced."""
    shown: defaultdict[str, defaultdict[str, set[Source]]] = defaultdict(lambda: defaultdict(set))
    facts: dict[str, ImageFacts] = {}
    for outcome in outcomes:
        for reading in outcome.readings:
            sha1 = reading.facts.sha1 if reading.facts else normalized(reading.descriptor.id or "")
            if sha1 != EMPTY_SHA1 and is_sha1(sha1):
                shown[sha1][outcome.subject.jid].add(outcome.source)
                if reading.facts is not None:
                    facts[sha1] = reading.facts
    return [_Picture(sha1, facts.get(sha1), by) for sha1, by in shown.items()]


def _groups(pictures: list[_Picture], bounds: Bounds) -> Iterator[_Group]:
    """Yield what several people show: the most shown one takes what is near it, then the next of those left."""
    looks = _looks(pictures)
    pairs = _near(looks, bounds)
    both = np.concatenate([pairs.left, pairs.right])
    facing = np.concatenate([pairs.right, pairs.left])
    apart = np.concatenate([pairs.distance, pairs.distance])
    order = np.lexsort((apart, both))
    ends = np.searchsorted(both[order], np.arange(len(looks) + 1)).tolist()
    left = np.ones(len(looks), bool)
    # Nearly all pictures are one person's and like no other.
    met = (n for n, look in enumerate(looks) if ends[n] < ends[n + 1] or len(look) > 1 or len(look[0].shown) > 1)
    for index in sorted(met, key=lambda index: _rank(looks[index])):
        if left[index]:
            mine = order[ends[index] : ends[index + 1]]
            mine = mine[left[facing[mine]]]
            members = [(index, 0), *zip(facing[mine].tolist(), apart[mine].tolist(), strict=True)]
            group = [(picture, bits) for look, bits in members for picture in looks[look]]
            found = _Group([picture for picture, _ in group], [bits for _, bits in group])
            left[index] = False
            # Somebody's own two pictures do not keep one of them from being another's.
            if len(found.jids) > 1:
                left[[look for look, _ in members]] = False
                yield found


def _looks(pictures: list[_Picture]) -> list[list[_Picture]]:
    """Put pictures of the same looks together, the most shown first; blank and unknown ones look like no other."""
    looks: defaultdict[tuple[object, ...], list[_Picture]] = defaultdict(list)
    for picture in sorted(pictures, key=lambda picture: _rank([picture])):
        known = _hashes(picture)
        looks[(*known, picture.facts and picture.facts.colors) if known else (picture.sha1,)].append(picture)
    return list(looks.values())


def _hashes(picture: _Picture) -> tuple[str, str | None] | None:
    facts = picture.facts
    return (facts.dhash, facts.phash) if facts is not None and facts.dhash is not None and not facts.blank else None


def _rank(look: list[_Picture]) -> tuple[int, str]:
    return (-len(look[0].shown), look[0].sha1)


def _near(looks: list[list[_Picture]], bounds: Bounds) -> Pairs:
    """Return the pairs of looks that are near each other, by position."""
    known = [(index, *hashes) for index, look in enumerate(looks) if (hashes := _hashes(look[0]))]
    place = np.array([index for index, _, _ in known], np.intp)
    pairs = near_pairs(as_hashes(dhash for _, dhash, _ in known), bounds.near)
    # Without a second hash there is nothing to confirm by.
    has = np.array([phash is not None for _, _, phash in known], bool)
    second = as_hashes(phash or "0" for _, _, phash in known)
    apart = bit_count(second[pairs.left] ^ second[pairs.right])
    kept = (apart <= bounds.confirm) | ~has[pairs.left] | ~has[pairs.right]
    left, right, bits = (values[kept] for values in pairs)
    pictures = [looks[index][0] for index in place.tolist()]
    colors = [picture.facts.colors if picture.facts else () for picture in pictures]
    kept = alike(colors, left, right, bounds.shade)
    left, right, bits = left[kept], right[kept], bits[kept]
    if bounds.apart < 255:
        kept = over_each_other((picture.sha1 for picture in pictures), left, right, lookup) <= bounds.apart
        left, right, bits = left[kept], right[kept], bits[kept]
    return Pairs(place[left], place[right], bits)


def _rows(groups: list[_Group], subjects: dict[str, Subject], many: int) -> Iterator[tuple[Any, ...]]:
    for number, group in enumerate(groups, 1):
        label = group.label(many)
        for picture, bits in zip(group.pictures, group.distances, strict=True):
            match = "same" if picture is group.pictures[0] else "near"
            for jid, sources in sorted(picture.shown.items()):
                who = subjects[jid]
                told = JOIN.join(source for source in Source if source in sources)
                yield number, label, jid, who.kind.value, who.name or who.nick, told, picture.sha1, match, bits


def _table(dtypes: dict[str, str], rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    arrays: dict[str, Any] = {}
    for index, (name, dtype) in enumerate(dtypes.items()):
        kind: Any = dtype
        arrays[name] = pd.array([row[index] for row in rows], dtype=kind)
    return pd.DataFrame(arrays)
