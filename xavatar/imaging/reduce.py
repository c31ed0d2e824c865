"""From whatever a decoder yields to plain, and to smaller, pictures."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_PLAIN: Final = frozenset({"L", "RGB", "RGBA"})
_REDUCIBLE: Final = frozenset({"LA", "CMYK"})


def draft(picture: Image.Image, side: int) -> None:
    """Let a JPEG decode itself at an eighth to a half of its size, as long as `side` pixels remain."""
    picture.draft(None, (side, side))


def plain(picture: Image.Image, side: int) -> Image.Image:
    """Return the picture as ``L``, ``RGB`` or ``RGBA``, without losing what is seen.

    Parameters
    ----------
    picture : PIL.Image.Image
        Decoded, of any mode.
    side : int
        Pixels that must remain of a side; a large picture is brought down by a whole factor
        before it is converted, where that can be done, to save memory.
    """
    if picture.mode in _PLAIN and "transparency" not in picture.info:
        return picture
    factor = min(picture.size) // side
    if factor > 1 and picture.mode in _REDUCIBLE and "transparency" not in picture.info:
        picture = picture.reduce(factor)
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    if picture.mode[0] in "IF":
        return Image.fromarray(_eight_bits(np.asarray(picture)))
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _eight_bits(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale samples of 16 or more bits down; Pillow would cut them off at 255."""
    values = np.nan_to_num(samples.astype(np.float32), posinf=0, neginf=0)
    top = 65535.0 if samples.dtype.kind in "iu" else float(values.max(initial=0.0)) or 1.0
    with np.errstate(over="ignore"):
        return (values * (255.0 / top)).clip(0, 255).astype(np.uint8)
