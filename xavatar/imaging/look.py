"""How a picture looks, in numbers: two perceptual hashes, dominant colours, blankness.

All of it is drawn from one reduction to 32 x 32 samples, with numpy alone and in few calls,
because a roster has thousands of pictures, each resampling costs as much as decoding an avatar,
and a call on so few samples costs more than what it does. The hashes follow the definitions the
ImageHash package made common and come out within a few bits of its values; hashes of one kind
compare among each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

Samples: TypeAlias = NDArray[np.float32]

SIDE: Final = 32
_BITS: Final = 8
_SOLID: Final = 128
_WHITE: Final = np.float32(255)
_LUMA: Final = np.array([0.299, 0.587, 0.114, 0], np.float32)
_BUCKETS: Final = 512
_MOST: Final = 5
_LEAST_SHARE: Final = 0.05
_NEAR: Final = 12
_APART: Final = 16
_BLANK_SHARE: Final = 0.995
# What is near one colour lies in two buckets per channel at most, eight in all; none is fuller than the fullest.
_FULLEST: Final = _BLANK_SHARE / 8


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture looks like.

    Parameters
    ----------
    dhash : str
        Difference hash: does brightness rise from left to right, at 8 x 8 places.
    phash : str
        Perception hash: which of the 8 x 8 lowest frequencies lie above their median.
    colors : tuple of str
        Up to five ``#rrggbb``, most frequent first; transparent parts do not count.
    blank : bool
        Nearly all that can be seen is of one colour, or nothing can be seen.
    """

    dhash: str
    phash: str
    colors: tuple[str, ...]
    blank: bool


def look(picture: Image.Image) -> Look:
    """Return the look of a picture of mode ``L``, ``RGB`` or ``RGBA``."""
    small = _reduced(picture)
    if small.mode == "L":
        small = small.convert("RGB")
    raw = np.frombuffer(small.tobytes("raw", "RGBA" if small.mode == "RGBA" else "RGBX"), np.uint8).reshape(-1, 4)
    planes = raw.T.astype(np.float32, order="C")
    gray = _LUMA @ planes
    opaque = True
    if small.mode == "RGBA":
        # The hashes see the picture as it stands on a white page.
        gray = _WHITE + (gray - _WHITE) * (planes[3] / _WHITE)
        seen = raw[:, 3] >= _SOLID
        if not (opaque := bool(seen.all())):
            raw, planes = raw[seen], planes[:, seen]
    dhash, phash = _hashes(gray.reshape(SIDE, SIDE))
    colors, uniform = _palette(raw, planes)
    return Look(dhash, phash, colors, uniform and (opaque or not colors))


def _reduced(picture: Image.Image) -> Image.Image:
    factor = picture.width // SIDE
    if picture.size == (SIDE * factor, SIDE * factor) and picture.mode != "RGBA":
        return picture.reduce(factor)  # what the general way comes to, without its detours
    # A gap of 1 lets whole factors do the work; the filter only evens out what is left.
    return picture.resize((SIDE, SIDE), Resampling.BILINEAR, reducing_gap=1.0)


def distance(one: str, other: str) -> int:
    """Return in how many of their 64 bits two hashes differ; up to about 10 two pictures look alike."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _lanczos(size: int) -> Samples:
    """Return the matrix that resamples `SIDE` values to `size`, with the window of Pillow's LANCZOS."""
    scale = SIDE / size
    centers = (np.arange(size)[:, np.newaxis] + 0.5) * scale
    offsets = (np.arange(SIDE) + 0.5 - centers) / scale
    weights = np.where(np.abs(offsets) < 3, np.sinc(offsets) * np.sinc(offsets / 3), 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def _cosines() -> Samples:
    """Return the rows of the DCT-II matrix for the lowest frequencies."""
    n, k = np.arange(SIDE), np.arange(_BITS)[:, np.newaxis]
    return np.asarray(2 * np.cos(np.pi * k * (2 * n + 1) / (2 * SIDE)), np.float32)


# Both hashes are drawn by one product: rows and columns of the one reduction stand beside the other's.
_ROWS: Final = np.ascontiguousarray(np.vstack([_lanczos(_BITS), _cosines()]))
_COLUMNS: Final = np.ascontiguousarray(np.vstack([_lanczos(_BITS + 1), _cosines()]).T)
# Below this an amplitude is rounding, not picture: a flat one must hash to the same bits always.
_AMPLITUDE: Final = 1.0


def _hashes(gray: Samples) -> tuple[str, str]:
    reduced = _ROWS @ gray @ _COLUMNS
    # Whole numbers, as pixels are: where nothing rises, rounding must not decide.
    small = np.rint(reduced[:_BITS, : _BITS + 1])
    low = reduced[_BITS:, _BITS + 1 :]
    ordered = np.sort(low, axis=None)
    middle = low.size // 2
    bits = np.empty((2, _BITS, _BITS), np.bool_)
    np.greater(small[:, 1:], small[:, :-1], out=bits[0])
    np.greater(low, (ordered[middle - 1] + ordered[middle]) / 2 + _AMPLITUDE, out=bits[1])
    digits = np.packbits(bits).tobytes().hex()
    return digits[:16], digits[16:]


def _palette(raw: NDArray[np.uint8], planes: Samples) -> tuple[tuple[str, ...], bool]:
    """Return the dominant colours, and whether nearly all samples are of the first.

    Parameters
    ----------
    raw : array of shape (samples, 4)
        Red, green, blue, anything.
    planes : array of shape (4, samples)
        The same, a row for each.
    """
    total = len(raw)
    if not total:
        return (), True
    buckets = _buckets(raw)
    counts = np.bincount(buckets, minlength=_BUCKETS)
    # In a picture of very many colours no bucket is frequent; then the fullest stands for all.
    frequent = (counts >= max(_LEAST_SHARE * total, 1)).nonzero()[0].tolist() or [int(counts.argmax())]
    sizes = {bucket: int(counts[bucket]) for bucket in frequent}
    chosen = sorted(frequent, key=lambda bucket: -sizes[bucket])[:_MOST]
    members = (buckets == np.array(chosen, np.uint32)[:, np.newaxis]).astype(np.float32)
    sums = (members @ planes[:3].T).tolist()
    means = [[round(each / sizes[bucket]) for each in sum_] for bucket, sum_ in zip(chosen, sums, strict=True)]
    colors = tuple([f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in means])
    return colors, sizes[chosen[0]] >= _FULLEST * total and _uniform(planes[:3], means)


_TOP_BITS: Final = np.uint32(0x00E0E0E0)
_GATHER: Final = np.uint32(1 << 22 | 1 << 11 | 1)
_GATHERED: Final = np.uint32(21)


def _buckets(raw: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return the upper three bits of red, green and blue side by side: one product moves all nine."""
    whole = raw.view("<u4").ravel()
    return (whole & _TOP_BITS) * _GATHER >> _GATHERED


def _uniform(planes: Samples, means: list[list[int]]) -> bool:
    first = means[0]
    # A second colour so far away holds more than the half per cent that may be of others.
    if any(abs(one - other) > _APART for mean in means[1:] for one, other in zip(mean, first, strict=True)):
        return False
    near = (np.abs(planes - np.array(first, np.float32)[:, np.newaxis]) <= _NEAR).all(axis=0)
    return bool(np.count_nonzero(near) >= _BLANK_SHARE * near.size)
