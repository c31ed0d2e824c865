"""Perceptual hashes: near for pictures that look alike, whatever their format and size.

Both follow the definitions that the ImageHash package made common, bit for bit on small
pictures, so that values can be compared with those of other tools.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Resampling

_SIDE: Final = 8
_SAMPLES: Final = 32


def _dct_rows() -> NDArray[np.float64]:
    """Return the first rows of the DCT-II matrix, as many as a hash has frequencies."""
    n = np.arange(_SAMPLES)
    k = np.arange(_SIDE)[:, np.newaxis]
    return np.asarray(2.0 * np.cos(np.pi * k * (2 * n + 1) / (2 * _SAMPLES)))


_DCT: Final = _dct_rows()


def gray_samples(gray: Image.Image, width: int, height: int) -> NDArray[np.uint8]:
    """Return the picture resampled to `height` x `width` gray values."""
    small = gray.resize((width, height), Resampling.LANCZOS)
    return np.frombuffer(small.tobytes(), np.uint8).reshape(height, width)


def dhash(gray: Image.Image) -> str:
    """Return the difference hash: does brightness rise from left to right, at 8 x 8 places."""
    samples = gray_samples(gray, _SIDE + 1, _SIDE)
    return _hex(samples[:, 1:] > samples[:, :-1])


def phash(gray: Image.Image) -> str:
    """Return the perception hash: which of the 8 x 8 lowest frequencies lie above their median."""
    samples = gray_samples(gray, _SAMPLES, _SAMPLES)
    # Rounding keeps the flat picture's zeros zero; noise of 1e-13 would decide its bits otherwise.
    low = np.round(_DCT @ samples @ _DCT.T, 6)
    ordered = np.sort(low, axis=None)
    middle = low.size // 2
    return _hex(low > (ordered[middle - 1] + ordered[middle]) / 2)


def distance(one: str, other: str) -> int:
    """Return in how many of their 64 bits two hashes differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _hex(bits: NDArray[np.bool_]) -> str:
    return np.packbits(bits).tobytes().hex()
