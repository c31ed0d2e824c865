"""A writer that is killed at any moment leaves a sound store with all that was committed."""

from __future__ import annotations

import hashlib
import itertools
import random
import signal
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.support import THOROUGH, processes
from tests.unit.test_store_snapshots import FACTS, FINDING, NOON, PEP
from xavatar.model import Descriptor, Outcome, Reading, Snapshot, Subject
from xavatar.store import Retention, Store

PEOPLE = 150 if THOROUGH else 40
SAVING = 0.06 * PEOPLE / 150
"""Seconds that a save takes, or a little more."""
LIVES = 30 if THOROUGH else 15
KEPT = 12


def face(number: int) -> bytes:
    return f"face {number} ".encode() * 2000


def outcomes(start: int) -> tuple[Outcome, ...]:
    found = []
    for number in range(start, start + PEOPLE):
        sha1 = hashlib.sha1(face(number)).hexdigest()
        reading = Reading(Descriptor(id=sha1), replace(FACTS, sha1=sha1))
        found.append(replace(PEP, subject=Subject(f"{number}@x.lit"), readings=(reading,)))
    return tuple(found)


def write_until_killed(path: Path, life: int, told: Connection) -> None:
    """Save without end, and tell each id once it is committed; pictures come and go by retention."""
    with Store(path, retention=Retention(snapshots=KEPT)) as store:
        told.send("")
        for number in itertools.count():
            for person in range(number, number + 5):
                store.put(hashlib.sha1(face(person)).hexdigest(), face(person))
            at = NOON.replace(day=1 + life // 24, hour=life % 24, microsecond=number)
            store.save(Snapshot("a@x", "roster", outcomes(number), at, id=f"{life:03}-{number:05}"), [FINDING])
            told.send(f"{life:03}-{number:05}")


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_writer(ram_path: Path) -> None:
    path = ram_path / "s.sqlite"
    context = processes(__name__)
    chance = random.Random(84)
    committed: list[str] = []
    for life in range(LIVES):
        mine, theirs = context.Pipe(duplex=False)
        writer = context.Process(target=write_until_killed, args=(path, life, theirs))
        writer.start()
        theirs.close()
        # Some die while they open the file or create its tables, most in the middle of the third save or so.
        if life % 10:
            committed += [mine.recv() for _ in range(chance.randint(1, 4))]
            time.sleep(chance.random() * SAVING)
        else:
            time.sleep(chance.random() * 0.3)
        writer.kill()
        writer.join()
        assert writer.exitcode == -signal.SIGKILL
        while mine.poll():
            try:
                committed.append(mine.recv())
            except EOFError:
                break
        mine.close()
        verify(path, [key for key in committed if key])
    assert len([key for key in committed if key]) > LIVES * 4 / 3


def verify(path: Path, committed: list[str]) -> None:
    with Store(path) as store:
        assert store.check() == ()
        there = list(store.snapshots()["id"])
        # The last one may have been committed without a chance to say so, and its pruning may be due.
        newest = [*committed, *(key for key in there if key not in committed)][-KEPT:]
        assert set(newest) <= set(there)
        for key in newest[-2:]:
            assert store.load(key).outcomes == outcomes(int(key.partition("-")[2]))
