"""How a picture looks, in numbers: two perceptual hashes, dominant colours, blankness.

All of it is drawn from one reduction to 32 x 32 samples, with numpy alone, because a roster
has thousands of pictures and each resampling costs as much as decoding an avatar. The
hashes follow the definitions the ImageHash package made common and come out within a few
bits of its values; hashes of one kind compare among each other.
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
_WHITE: Final = np.float32(255)
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
_BUCKET: Final = np.array([64, 8, 1], np.float32)
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


def look(picture: Image.Image) -> Look:
    """Return the look of a picture of mode ``L``, ``RGB`` or ``RGBA``."""
    # A gap of 1 lets whole factors do the work; the filter only evens out what is left.
    small = picture.resize((SIDE, SIDE), Resampling.BILINEAR, reducing_gap=1.0)
    bands = len(small.getbands())
    samples = np.frombuffer(small.tobytes(), np.uint8).reshape(-1, bands).T.astype(np.float32, order="C")
    colored = samples[:3] if bands > 1 else samples.repeat(3, axis=0)
    opaque, visible = True, colored
    if bands == 4:
        seen = samples[3] >= 128
        opaque, visible = bool(seen.all()), colored[:, seen]
        # The hashes see the picture as it stands on a white page.
        colored = _WHITE + (colored - _WHITE) * (samples[3] / _WHITE)
    gray = (_LUMA @ colored).reshape(SIDE, SIDE)
    colors, uniform = _palette(visible)
    return Look(_dhash(gray), _phash(gray), colors, uniform and (opaque or not visible.size))


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


_ROWS: Final = _lanczos(_BITS)
_COLUMNS: Final = np.ascontiguousarray(_lanczos(_BITS + 1).T)
_DCT: Final = _cosines()
_DCT_T: Final = np.ascontiguousarray(_DCT.T)
# Below this an amplitude is rounding, not picture: a flat one must hash to the same bits always.
_AMPLITUDE: Final = 1.0


def _dhash(gray: Samples) -> str:
    # Whole numbers, as pixels are: where nothing rises, rounding must not decide.
    small = np.rint(_ROWS @ gray @ _COLUMNS)
    return _hex(small[:, 1:] > small[:, :-1])


def _phash(gray: Samples) -> str:
    low = _DCT @ gray @ _DCT_T
    ordered = np.sort(low, axis=None)
    middle = low.size // 2
    return _hex(low - (ordered[middle - 1] + ordered[middle]) / 2 > _AMPLITUDE)


def _hex(bits: NDArray[np.bool_]) -> str:
    return np.packbits(bits).tobytes().hex()


def _palette(planes: Samples) -> tuple[tuple[str, ...], bool]:
    """Return the dominant colours, and whether nearly all samples are of the first.

    Parameters
    ----------
    planes : array of shape (3, samples)
    """
    total = planes.shape[1]
    if not total:
        return (), True
    buckets = (_BUCKET @ np.floor(planes / 32)).astype(np.intp)
    counts = np.bincount(buckets, minlength=_BUCKETS)
    # In a picture of very many colours no bucket is frequent; then the fullest stands for all.
    frequent = np.flatnonzero(counts >= max(_LEAST_SHARE * total, 1)).tolist() or [int(counts.argmax())]
    chosen = sorted(frequent, key=lambda bucket: -counts[bucket])[:_MOST]
    sums = [np.bincount(buckets, weights=plane, minlength=_BUCKETS)[chosen] for plane in planes]
    means = np.rint(np.array(sums) / counts[chosen])
    colors = tuple(f"#{int(red):02x}{int(green):02x}{int(blue):02x}" for red, green, blue in means.T.tolist())
    near = (np.abs(planes - means[:, :1]) <= _NEAR).all(axis=0)
    return colors, bool(np.count_nonzero(near) >= _BLANK_SHARE * total)
