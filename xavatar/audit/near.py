"""All pairs of 64-bit hashes that differ in few bits, found without comparing every two.

The bits are dealt out to bands. Of two hashes that differ in at most d bits, some one of m
bands differs in at most d // m (pigeonhole), so a pair is missed never: it is met where its
hashes fall into buckets that lie that near each other. What is met is then compared whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from math import comb
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from xavatar.errors import ConfigError

Hashes: TypeAlias = NDArray[np.uint64]
Indices: TypeAlias = NDArray[np.intp]

BITS: Final = 64
MOST: Final = 16
"""Beyond this many bits pictures have nothing in common, and everything is near everything."""
_FEWEST: Final = 4  # bands of 16 bits: wider ones have more buckets than anybody has pictures
_AT_ONCE: Final = 1 << 21


class Pairs(NamedTuple):
    """Pairs of positions, each once, the smaller first.

    Parameters
    ----------
    left, right : array of int
    distance : array of int
        In how many bits the two differ.
    """

    left: Indices
    right: Indices
    distance: NDArray[np.uint8]


def as_hashes(texts: Iterable[str]) -> Hashes:
    """Return hexadecimal hashes of 16 digits as numbers."""
    return np.array([int(text, 16) for text in texts], np.uint64)


def near_pairs(hashes: Hashes, threshold: int) -> Pairs:
    """Return every pair of hashes that differ in at most `threshold` bits.

    Parameters
    ----------
    hashes : array of uint64
        Equal ones are pairs as well; a thousand of them are half a million.
    threshold : int
        0 to 16 bits.

    Raises
    ------
    ConfigError
        Another threshold.

    Notes
    -----
    Memory is bounded by pieces of some million candidates. Time depends on how evenly the
    hashes spread.
    """
    if not 0 <= threshold <= MOST:
        raise ConfigError(f"A threshold of {threshold} bits makes no sense; choose 0 to {MOST}.")
    total = len(hashes)
    found: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    bands = _bands(total, threshold)
    for bits in _deal(hashes, bands):
        keys = _gather(hashes, bits)
        for left, right in _candidates(keys, len(bits), threshold // bands):
            near = bit_count(hashes[left] ^ hashes[right]) <= threshold
            one, other = left[near], right[near]
            found.append(np.minimum(one, other) * total + np.maximum(one, other))
    pairs = np.sort(np.concatenate(found))
    pairs = pairs[np.diff(pairs, prepend=-1) > 0]  # numpy's own `unique` hashes, and takes several times as long
    left, right = (pairs // max(total, 1)).astype(np.intp), (pairs % max(total, 1)).astype(np.intp)
    return Pairs(left, right, bit_count(hashes[left] ^ hashes[right]))


def _bands(total: int, threshold: int) -> int:
    """Return how many bands cost least: few wide ones have small buckets, but many near each other."""

    def cost(bands: int) -> float:
        width, radius = BITS / bands, threshold // bands
        buckets: float = 2.0**width
        # Measured: to look at a candidate costs some four times as much as to look into a bucket.
        return bands * sum(comb(round(width), bits) for bits in range(radius + 1)) * (buckets + 4 * total**2 / buckets)

    return min(range(_FEWEST, max(_FEWEST, threshold + 1) + 1), key=cost)


def _deal(hashes: Hashes, bands: int) -> list[list[int]]:
    """Deal the bits out to bands, each its share of those that tell hashes apart.

    Flat edges, common in pictures, leave whole rows of bits at zero; in one band together they
    would fill one bucket with everybody.
    """
    ones = [int(np.count_nonzero(hashes >> np.uint64(bit) & np.uint64(1))) for bit in range(BITS)]
    telling = sorted(range(BITS), key=lambda bit: -ones[bit] * (len(hashes) - ones[bit]))
    return [telling[first::bands] for first in range(bands)]


def _gather(hashes: Hashes, bits: list[int]) -> NDArray[np.int64]:
    """Return the numbers that some bits of the hashes make."""
    keys = np.zeros(len(hashes), np.int64)
    for place, bit in enumerate(bits):
        keys |= ((hashes >> np.uint64(bit)) & np.uint64(1)).astype(np.int64) << place
    return keys


def _candidates(keys: NDArray[np.int64], width: int, radius: int) -> Iterator[tuple[Indices, Indices]]:
    """Yield pairs of positions whose keys differ in at most `radius` bits, each once, in pieces."""
    order = np.argsort(keys, kind="stable")
    counts = np.bincount(keys, minlength=1 << width)
    starts = np.cumsum(counts) - counts
    full = np.flatnonzero(counts)
    for bits in range(radius + 1):
        for flipped in combinations(range(width), bits):
            mask = sum(1 << bit for bit in flipped)
            # Of two buckets that face each other only the one without the highest flipped bit is asked.
            here = full[full & (1 << flipped[-1]) == 0] if flipped else full
            there = here ^ mask
            met = counts[there] > 0
            here, there = here[met], there[met]
            for one, other in _product(starts[here], counts[here], starts[there], counts[there]):
                apart = one < other if mask == 0 else slice(None)
                yield order[one[apart]], order[other[apart]]


def _product(
    start: Indices, count: Indices, other_start: Indices, other_count: Indices
) -> Iterator[tuple[Indices, Indices]]:
    """Yield all pairs of members of facing buckets, a bounded number at once."""
    sizes = count * other_count
    ends = np.cumsum(sizes)
    for begin in range(0, int(ends[-1]) if len(ends) else 0, _AT_ONCE):
        running = np.arange(begin, min(begin + _AT_ONCE, int(ends[-1])))
        bucket = np.searchsorted(ends, running, side="right")
        within = running - (ends[bucket] - sizes[bucket])
        row, column = np.divmod(within, other_count[bucket])
        yield start[bucket] + row, other_start[bucket] + column


def bit_count(values: Hashes) -> NDArray[np.uint8]:
    """Return how many bits of each number are set."""
    if hasattr(np, "bitwise_count"):  # numpy 2
        return np.asarray(np.bitwise_count(values), np.uint8)
    octets = values.view(np.uint8).reshape(-1, 8)
    return np.asarray(_OCTETS[octets].sum(axis=1), np.uint8)


_OCTETS: Final = np.array([octet.bit_count() for octet in range(256)], np.uint8)
