"""One small picture from a large one, from which all facts about the look are drawn."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

REDUCED: Final = 256
"""Sides are brought down towards this by whole factors; smaller pictures stay as they are."""

_REDUCIBLE: Final = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})


def draft(picture: Image.Image, side: int) -> None:
    """Let a JPEG decode itself at an eighth to a half of its size, as long as `side` pixels remain."""
    picture.draft(None, (side, side))


def reduced(picture: Image.Image) -> Image.Image:
    """Return the picture small, as ``L``, ``RGB`` or ``RGBA``."""
    picture = plain(picture) if picture.mode not in _REDUCIBLE else picture
    factors = (max(picture.width // REDUCED, 1), max(picture.height // REDUCED, 1))
    small = picture.reduce(factors) if factors != (1, 1) else picture
    if small.mode == "LA" or "transparency" in small.info:
        return small.convert("RGBA")
    return small.convert("RGB") if small.mode == "CMYK" else small


def plain(picture: Image.Image) -> Image.Image:
    """Return a picture of an unusual mode as ``L``, ``RGB`` or ``RGBA``."""
    if picture.has_transparency_data:
        return picture.convert("RGBA")
    if picture.mode.startswith("I") or picture.mode == "F":
        return Image.fromarray(_eight_bits(np.asarray(picture)))
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _eight_bits(samples: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale samples of 16 or more bits down; Pillow would cut them off at 255."""
    values = np.nan_to_num(samples.astype(np.float32), posinf=0, neginf=0)
    top = 65535.0 if samples.dtype.kind in "iu" else float(values.max(initial=1.0)) or 1.0
    return (values * (255.0 / top)).clip(0, 255).astype(np.uint8)


def on_white(small: Image.Image) -> Image.Image:
    """Return a reduced picture as it looks on a white page."""
    if small.mode != "RGBA":
        return small
    page = Image.new("RGBA", small.size, "white")
    page.alpha_composite(small)
    return page.convert("RGB")
