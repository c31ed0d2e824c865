"""Garbage is looked for seldom in here, and as before everywhere else."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from xavatar.runtime import seldom


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield gc.get_threshold()
    gc.set_threshold(*before)


def looks(objects: int) -> int:
    """Make things that stay, and return how often garbage was looked for meanwhile."""
    seen = []
    gc.callbacks.append(lambda phase, _: seen.append(phase) if phase == "start" else None)
    kept = [[number] for number in range(objects)]
    gc.callbacks.pop()
    assert len(kept) == objects
    return len(seen)


def test_seldom_inside_and_as_before_outside(thresholds: tuple[int, int, int]) -> None:
    assert looks(20_000) >= 20
    with seldom(), seldom():
        assert looks(20_000) <= 1
    assert gc.get_threshold() == thresholds


def test_the_last_to_leave_puts_it_back(thresholds: tuple[int, int, int]) -> None:
    one, two = seldom(), seldom()
    one.__enter__()
    two.__enter__()
    one.__exit__(None, None, None)
    assert gc.get_threshold() != thresholds
    two.__exit__(None, None, None)
    assert gc.get_threshold() == thresholds


def test_what_others_set_meanwhile_stays() -> None:
    with seldom():
        gc.set_threshold(5_000, 10, 10)
    assert gc.get_threshold()[0] == 5_000


def test_where_it_never_looks_it_does_not_here() -> None:
    gc.set_threshold(0, 10, 10)
    with seldom():
        assert gc.get_threshold()[0] == 0
        assert looks(20_000) == 0
