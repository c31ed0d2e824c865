"""Whether pictures have their main colours in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .near import Indices

_MAIN: Final = 3


def alike(told: Sequence[tuple[str, ...]], left: Indices, right: Indices, shade: int) -> NDArray[np.bool_]:
    """Tell whether the main colours of each of a pair are among the other's, as far as they are known.

    Parameters
    ----------
    told : sequence of sequence of str
        Colours by position, as ``#rrggbb``, the main one first.
    left, right : array of int
        Positions of the pairs.
    shade : int
        So many steps of 255 apart they may be.
    """
    most = max([_MAIN, *map(len, told)])
    colors = np.zeros((len(told), most, 3), np.int16)
    for index, each in enumerate(told):
        # Those of fewer colours have their first one several times.
        colors[index] = [_rgb(color) for color in (*each, *each[:1] * most)[:most]] or 0
    known = np.array([bool(each) for each in told], bool)
    alike: NDArray[np.bool_] = ~known[left] | ~known[right]
    for begin in range(0, len(left), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        one, other = colors[left[some], np.newaxis], colors[right[some], :, np.newaxis]
        apart = np.abs(one - other).max(axis=3)
        # By the second axis the other's colours, by the third one's own.
        worst = np.maximum(apart.min(axis=1)[:, :_MAIN].max(axis=1), apart.min(axis=2)[:, :_MAIN].max(axis=1))
        alike[some] |= worst <= shade
    return alike


_AT_ONCE: Final = 1 << 18


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
