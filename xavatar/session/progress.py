"""A progress bar where a person watches, and none in scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from xavatar.runtime import environment

Report = Callable[[int, int], object]
Progress: TypeAlias = bool | Report | None
"""True, False, a callable (done, total), or None: where a person watches."""


@contextmanager
def meter(progress: Progress, what: str) -> Iterator[Report | None]:
    """Give what reports progress, for the time of a ``with`` block.

    Parameters
    ----------
    progress : bool, callable or None
    what : str
        Shown beside the bar.
    """
    if callable(progress):
        yield progress
        return
    if progress is False or (progress is None and not environment().shows_progress):
        yield None
        return
    from tqdm.auto import tqdm

    with tqdm(desc=what, unit="answer", delay=0.5, leave=False) as bar:

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield report
