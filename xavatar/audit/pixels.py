"""Two pictures laid over each other, small: what perceptual hashes take for one picture is looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xavatar.imaging.thumbnail import shrink

from .near import Indices

Look: TypeAlias = NDArray[np.int16]
Fetch: TypeAlias = Callable[[str], bytes | None]

_SIDE: Final = 16
_GROUND: Final = (128, 128, 128, 255)
_MOST: Final = _SIDE * _SIDE // 32
"""So many of the 256 places count: a face differs in few of them, a re-encoding a little in all."""
_AT_ONCE: Final = 1 << 13


def look(data: bytes) -> Look | None:
    """Return a picture as 16 x 16 places of red, green and blue, on grey; ``None`` when it does not decode."""
    small = shrink(data, _SIDE)
    if small is None:
        return None
    if small.mode == "RGBA":
        ground = Image.new("RGBA", small.size, _GROUND)
        small = Image.alpha_composite(ground, small).convert("RGB")
    return np.asarray(small.resize((_SIDE, _SIDE), Image.Resampling.BOX), np.int16)


def over_each_other(names: Iterable[str], left: Indices, right: Indices, fetch: Fetch) -> NDArray[np.float64]:
    """Return how far apart the pictures of each pair are where they differ most.

    Parameters
    ----------
    names : iterable of str
        SHA-1 by position.
    left, right : array of int
        Positions of the pairs.
    fetch : callable
        Returns a picture's bytes, or ``None``.

    Returns
    -------
    array of float
        Steps of 255, the mean of the worst 32nd of all places; 0 where a picture is not at hand.
    """
    listed = list(names)
    needed = np.unique(np.concatenate([left, right]))
    looks = np.zeros((len(needed), _SIDE, _SIDE, 3), np.int16)
    known = np.zeros(len(needed), bool)
    for place, position in enumerate(needed.tolist()):
        data = fetch(listed[position])
        seen = look(data) if data else None
        if seen is not None:
            looks[place], known[place] = seen, True
    one, other = np.searchsorted(needed, left), np.searchsorted(needed, right)
    apart = np.zeros(len(left))
    for begin in range(0, len(left), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        places = np.abs(looks[one[some]] - looks[other[some]]).max(axis=3).reshape(-1, _SIDE * _SIDE)
        apart[some] = np.partition(places, -_MOST, axis=1)[:, -_MOST:].mean(axis=1)
    apart[~(known[one] & known[other])] = 0
    return apart
