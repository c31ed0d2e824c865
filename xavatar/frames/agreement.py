"""Whether a subject's sources show the same picture.

Each answer is reduced to a *claim*:

======================================================  =======================================
the source says                                         claim
======================================================  =======================================
a picture whose SHA-1 is known                          that hash (several, when several are offered)
a picture, but not which (only a url, a pointer)        some picture
switched off or empty, or a picture of zero bytes       no picture
not found, forbidden, no answer, not ready, no hash     nothing at all
======================================================  =======================================

A hash is the real one when the bytes are there, otherwise the declared one if it looks like
a SHA-1; what servers inject besides (``current``, an item's UUID: A-01 to A-03) claims nothing.

The claims agree when all say "no picture", or when one picture is among the hashes of all of
them (a room's vCard may offer several, XEP-0486, 5.1). They disagree when their hashes have
none in common, and when one says "no picture" and another shows one, known or not. One source
alone agrees with nobody, but can disagree with itself: resources that announce different
hashes (A-23).

A vCard without PHOTO beside a picture in PEP says nothing, unless a presence announces one: some
servers answer an empty vCard where others answer that there is none (P54-01, P54-02).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

from xavatar.model import Outcome, Reading, Source, Status

Claim: TypeAlias = frozenset[str]

NO_PICTURE: Final[Claim] = frozenset({""})
SOME_PICTURE: Final[Claim] = frozenset()

EMPTY_SHA1: Final = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
_SHA1: Final = re.compile(r"[0-9a-f]{40}", re.ASCII)
_NOTHING_THERE: Final = frozenset({Status.DISABLED, Status.EMPTY})


def normalized(id: str) -> str:
    """Return a declared hash as it is compared (P153-01, A-04)."""
    return id.strip().lower()


def is_sha1(id: str) -> bool:
    """Tell whether a declared id is a SHA-1 in hexadecimal, in either case."""
    return _SHA1.fullmatch(normalized(id)) is not None


def claim(outcome: Outcome) -> Claim | None:
    """Return what an outcome claims; ``None`` when nothing at all."""
    if outcome.status in _NOTHING_THERE:
        return NO_PICTURE
    if outcome.status is not Status.OK:
        return None
    # An image elsewhere has a hash of its own, of another format (XEP-0084, 4.2.1).
    inband = [reading for reading in outcome.readings if reading.descriptor.url is None]
    hashes = {known for reading in inband if (known := _hash(reading)) is not None}
    if hashes:
        return frozenset(hashes)
    elsewhere = len(inband) < len(outcome.readings)
    return SOME_PICTURE if elsewhere or (inband and outcome.source is not Source.PRESENCE) else None


def agree(claims: Iterable[tuple[Source, Claim | None]]) -> bool | None:
    """Tell whether the claims about one subject agree; ``None`` when too little is known."""
    said = [(source, what) for source, what in claims if what is not None]
    if len(said) < 2:
        return None
    showing = {source for source, what in said if what != NO_PICTURE}
    if showing == {Source.PEP}:
        said = [(source, what) for source, what in said if source is not Source.VCARD]
    if len({what == NO_PICTURE for _, what in said}) == 2:
        return False
    known = [what for _, what in said if what]
    if known and not frozenset.intersection(*known):
        return False
    return True if len({source for source, what in said if what}) > 1 else None


def _hash(reading: Reading) -> str | None:
    facts, declared = reading.facts, reading.descriptor.id
    if facts is not None:
        return facts.sha1 if facts.nbytes else ""
    if declared is None or not is_sha1(declared):
        return None
    id = normalized(declared)
    return "" if id == EMPTY_SHA1 else id
