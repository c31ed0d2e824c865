"""How a picture looks, in numbers: two perceptual hashes, dominant colours, blankness.

All of it is drawn from one reduction to 32 x 32 samples, with numpy alone and for many pictures
at once, because a roster has thousands of them, each resampling costs as much as decoding an
avatar, and a call on so few samples costs more than what it does. The hashes follow the definitions the
ImageHash package made common and come out within a few bits of its values; hashes of one kind
compare among each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

from .pillow_core import reduced

Samples: TypeAlias = NDArray[np.float32]

SIDE: Final = 32
_BITS: Final = 8
_SOLID: Final = 128
_WHITE: Final = np.float32(255)
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
_BUCKETS: Final = 512
_MOST: Final = 5
_LEAST_SHARE: Final = 0.05
_NEAR: Final = 12
_BLANK_SHARE: Final = 0.995


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


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A picture brought down to `SIDE` x `SIDE`.

    Parameters
    ----------
    pixels : array of shape (SIDE * SIDE, 4)
        Red, green, blue, alpha; the last means nothing in a picture without transparency.
    transparent : bool
        Whether it has any.
    """

    pixels: NDArray[np.uint8]
    transparent: bool


def sample(picture: Image.Image) -> Sample:
    """Return the sample of a picture of mode ``L``, ``RGB`` or ``RGBA``."""
    factor = picture.width // SIDE
    if picture.mode == "RGB" and picture.size == (SIDE * factor, SIDE * factor):
        raw = reduced(picture, factor)  # what the general way comes to, without its detours
        return Sample(np.frombuffer(raw, np.uint8).reshape(-1, 4), transparent=False)
    # A gap of 1 lets whole factors do the work; the filter only evens out what is left.
    small = picture.resize((SIDE, SIDE), Resampling.BILINEAR, reducing_gap=1.0)
    if small.mode == "L":
        small = small.convert("RGB")
    raw = small.tobytes("raw", "RGBA" if small.mode == "RGBA" else "RGBX")
    return Sample(np.frombuffer(raw, np.uint8).reshape(-1, 4), small.mode == "RGBA")


def looks(samples: Sequence[Sample]) -> list[Look]:
    """Return the looks of pictures, each as it would be alone."""
    if not samples:
        return []
    pixels = np.stack([each.pixels for each in samples])
    planes = np.ascontiguousarray(pixels.transpose(2, 0, 1))
    transparent = np.array([each.transparent for each in samples])
    seen = (planes[3] >= _SOLID) | ~transparent[:, np.newaxis]
    hashes = _hashes(_gray(planes, transparent))
    palettes = _palettes(planes, seen)
    opaque = np.asarray(seen.all(axis=1)).tolist()
    return [
        Look(dhash, phash, colors, uniform and (whole or not colors))
        for (dhash, phash), (colors, uniform), whole in zip(hashes, palettes, opaque, strict=True)
    ]


def _gray(planes: NDArray[np.uint8], transparent: NDArray[np.bool_]) -> Samples:
    """Return the brightness of pictures, as they stand on a white page."""
    gray = np.multiply(planes[0], _LUMA[0], dtype=np.float32)
    for channel in (1, 2):
        gray += np.multiply(planes[channel], _LUMA[channel], dtype=np.float32)
    if transparent.any():
        cover = planes[3, transparent].astype(np.float32) / _WHITE
        gray[transparent] = _WHITE + (gray[transparent] - _WHITE) * cover
    return np.asarray(gray.reshape(-1, SIDE, SIDE), np.float32)


def distance(one: str, other: str) -> int:
    """Return in how many of their 64 bits two hashes differ; up to about 10 two pictures look alike.

    Examples
    --------
    >>> distance("00000000000000ff", "000000000000000f")
    4
    """
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


def _hashes(gray: Samples) -> list[tuple[str, str]]:
    reduced = _ROWS @ gray @ _COLUMNS
    # Whole numbers, as pixels are: where nothing rises, rounding must not decide.
    small = np.rint(reduced[:, :_BITS, : _BITS + 1])
    low = reduced[:, _BITS:, _BITS + 1 :]
    ordered = np.sort(low.reshape(len(gray), -1), axis=1)
    middle = ordered.shape[1] // 2
    median = (ordered[:, middle - 1] + ordered[:, middle]) / 2 + _AMPLITUDE
    bits = np.empty((len(gray), 2, _BITS, _BITS), np.bool_)
    np.greater(small[:, :, 1:], small[:, :, :-1], out=bits[:, 0])
    np.greater(low, median[:, np.newaxis, np.newaxis], out=bits[:, 1])
    digits = np.packbits(bits).tobytes().hex()
    return [(digits[at : at + 16], digits[at + 16 : at + 32]) for at in range(0, len(digits), 32)]


def _palettes(planes: NDArray[np.uint8], seen: NDArray[np.bool_]) -> list[tuple[tuple[str, ...], bool]]:
    """Return the dominant colours of each picture, and whether nearly all that is seen of it is of the first.

    Parameters
    ----------
    planes : array of shape (4, pictures, samples)
        Red, green, blue, anything.
    seen : array of shape (pictures, samples)
        Which samples count.
    """
    sizes, rests = _filled(planes, seen)
    pictures, totals = np.arange(len(sizes)), sizes.sum(axis=1)
    # In a picture of very many colours no bucket is frequent; then the fullest stands for all.
    frequent = sizes >= np.maximum(_LEAST_SHARE * totals, 1)[:, np.newaxis]
    frequent[pictures, sizes.argmax(axis=1)] = True
    index, bucket = np.nonzero(frequent)
    order = np.lexsort((bucket, -sizes[index, bucket], index))
    index, bucket = index[order], bucket[order]
    means = _means(bucket, rests[index, bucket], sizes[index, bucket])
    first = np.searchsorted(index, pictures)
    shown = np.minimum(np.append(first[1:], len(index)) - first, _MOST)
    uniform = _uniform(planes, seen, means[first])
    digits = means.astype(np.uint8).tobytes().hex()
    return [
        (_named(digits, at, many), alike) if total else ((), True)
        for at, many, alike, total in zip(*map(np.ndarray.tolist, (first, shown, uniform, totals)), strict=True)
    ]


def _named(digits: str, first: int, count: int) -> tuple[str, ...]:
    return tuple(["#" + digits[at : at + 6] for at in range(6 * first, 6 * (first + count), 6)])


_TOP: Final = 0xE0
# What is left of a channel in its bucket, five bits, summed over all samples takes fifteen.
_REST: Final = 0x1F
_SUM: Final = 15


def _filled(planes: NDArray[np.uint8], seen: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Return how many of a picture's colours are in each bucket, and the sums of what they are more than it.

    A bucket is of one choice of the upper three bits of red, green and blue. The sums of the three channels are side
    by side, `_SUM` bits each, since each counting of so many samples takes longer than all the rest: together they
    remain exact in a float of 53 bits. As much as can be is done in bytes: wider numbers do not stay in the cache.

    Parameters
    ----------
    planes : array of shape (4, pictures, samples)
        Red, green, blue, anything.
    seen : array of shape (pictures, samples)
        Which samples count.

    Returns
    -------
    sizes, rests : arrays of shape (pictures, `_BUCKETS`)
    """
    red, green, blue = planes[:3]
    shape = len(seen), _BUCKETS
    kept = len(seen) * _BUCKETS
    buckets = (red & _TOP).astype(np.intp)
    buckets <<= 1
    buckets |= (green & _TOP) >> 2 | blue >> 5
    buckets += np.arange(0, kept, _BUCKETS)[:, np.newaxis]
    if not seen.all():
        buckets[~seen] = kept  # where nobody looks
    flat = buckets.ravel()
    rests = np.multiply(blue & _REST, float(1 << 2 * _SUM), dtype=np.float64)
    rests += np.multiply(green & _REST, float(1 << _SUM), dtype=np.float64)
    rests += red & _REST
    sizes = np.bincount(flat, minlength=kept + 1)[:kept]
    sums = np.bincount(flat, rests.ravel(), kept + 1)[:kept]
    return sizes.reshape(shape), sums.astype(np.int64).reshape(shape)


def _means(buckets: NDArray[np.intp], rests: NDArray[np.int64], sizes: NDArray[np.intp]) -> NDArray[np.int16]:
    """Return the mean colours of some buckets, of shape (buckets, 3)."""
    channel = np.arange(3)
    sums = rests[:, np.newaxis] >> _SUM * channel & (1 << _SUM) - 1
    lowest = (buckets[:, np.newaxis] >> 3 * (2 - channel) & 7) << 5
    return np.asarray(np.rint(lowest + sums / np.maximum(sizes, 1)[:, np.newaxis]), np.int16)


def _uniform(planes: NDArray[np.uint8], seen: NDArray[np.bool_], firsts: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Tell of which pictures nearly all that is seen is near the first colour."""
    least = np.maximum(firsts - _NEAR, 0)
    most = np.minimum(firsts + _NEAR, 255)
    least, reach = least.astype(np.uint8), (most - least).astype(np.uint8)
    near = seen.copy()
    for channel in range(3):
        # Bytes wrap around: what is less than the least is far beyond the reach.
        near &= planes[channel] - least[:, channel, np.newaxis] <= reach[:, channel, np.newaxis]
    return np.asarray(np.count_nonzero(near, axis=1) >= _BLANK_SHARE * np.count_nonzero(seen, axis=1))
