"""Measure near-duplicates among many pictures: pairs within a few bits, found by bands, beside a look at every two.

python -m benchmarks.duplicates [--hashes 100000] [--near 6]
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from xavatar.audit import duplicate_groups, duplicates
from xavatar.audit.near import Hashes, bit_count, near_pairs
from xavatar.model import Descriptor, ImageFacts, Outcome, Reading, Source, Status, Subject

T = TypeVar("T")
COPIES = 0.1


def hashes(count: int, near: int) -> tuple[Hashes, int]:
    """Return random hashes of which a tenth are copies of others, a few bits apart; and how many copies there are."""
    rng = np.random.default_rng(84)
    found = rng.integers(0, 2**64, count, np.uint64)
    copies = int(count * COPIES)
    for index in range(copies):
        flips = rng.choice(64, int(rng.integers(0, near + 1)), replace=False)
        found[index] = found[count - 1 - index] ^ np.uint64(sum(1 << int(bit) for bit in flips))
    return found, copies


def outcomes(found: Hashes) -> list[Outcome]:
    """Return one contact for each hash, whose picture has it."""
    made = []
    for number, value in enumerate(found.tolist()):
        sha1 = hashlib.sha1(str(number).encode()).hexdigest()
        facts = ImageFacts(sha1, 4000, "png", dhash=f"{value:016x}")
        reading = Reading(Descriptor(sha1), facts, Status.OK)
        made.append(Outcome(Subject(f"{number}@x"), Source.PEP, Status.OK, readings=(reading,)))
    return made


def every_two(found: Hashes, near: int, rows: int) -> int:
    """Compare the first rows with all hashes, as a search without bands has to with each."""
    return sum(int(np.count_nonzero(bit_count(found ^ value) <= near)) - 1 for value in found[:rows])


def timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hashes", type=int, default=100_000)
    parser.add_argument("--near", type=int, default=6)
    wanted = parser.parse_args()
    found, copies = hashes(wanted.hashes, wanted.near)
    seconds, pairs = timed(lambda: near_pairs(found, wanted.near))
    told = set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))
    missed = sum((index, wanted.hashes - 1 - index) not in told for index in range(copies))
    rows = max(1, wanted.hashes // 100)
    part, _ = timed(lambda: every_two(found, wanted.near, rows))
    told_of = outcomes(found)
    whole, table = timed(lambda: duplicates(told_of, near=wanted.near))
    groups = len(duplicate_groups(table))
    print(f"{wanted.hashes:,} hashes, {copies:,} of them copies within {wanted.near} bits")
    print(f"pairs by bands           {seconds:8.2f} s   {len(told):,} pairs, {missed} copies missed")
    print(f"pairs by every two       {part * wanted.hashes / rows / 2:8.2f} s   (from {rows:,} rows)")
    print(f"duplicates() as a table  {whole:8.2f} s   {groups:,} groups")


if __name__ == "__main__":
    main()
