"""Fewer colours, and whether that can be seen.

The difference of two colours is that of CIE 1976 (the distance in L*a*b*, D65); about 2.3 is the least that people
notice between two patches side by side (Mahy, Van Eycken and Oosterlinck, 1994).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Dither, Quantize

MEAN_UNSEEN: Final = 1.0
WORST_UNSEEN: Final = 2.3
MEAN_BEARABLE: Final = 4.0
_MOST: Final = 256
_PAGES: Final = (255.0, 0.0)
_TO_XYZ: Final = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_WHITE: Final = _TO_XYZ.sum(axis=1)


@dataclass(frozen=True, slots=True)
class Difference:
    """How far the colours of two pictures are apart.

    Parameters
    ----------
    mean : float
        Over all pixels.
    worst : float
        What 99 of 100 pixels stay below.
    """

    mean: float = 0.0
    worst: float = 0.0

    @property
    def unseen(self) -> bool:
        """Whether nobody will see it: the mean is small, and hardly a pixel is above the threshold."""
        return self.mean <= MEAN_UNSEEN and self.worst <= WORST_UNSEEN

    @property
    def bearable(self) -> bool:
        """Whether it is better to see it than to have fewer pixels."""
        return self.mean <= MEAN_BEARABLE


SAME: Final = Difference()


def lean(picture: Image.Image) -> Image.Image:
    """Return the same pixels without alpha where all is opaque, and grey where nothing is coloured."""
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    if picture.mode == "RGB":
        red, green, blue = picture.split()
        if red.tobytes() == green.tobytes() == blue.tobytes():
            return red
    return picture


def with_palette(picture: Image.Image) -> Image.Image:
    """Return a picture in at most 256 colours: its own, when they are no more."""
    exact = _exact(picture)
    if exact is not None:
        return exact
    # Only the octree knows about transparency.
    method = Quantize.FASTOCTREE if picture.mode == "RGBA" else Quantize.MEDIANCUT
    source = picture.convert("RGB") if picture.mode == "L" else picture
    return source.quantize(_MOST, method=method, dither=Dither.NONE)


def difference(one: Image.Image, other: Image.Image) -> Difference:
    """Return how far two pictures of one size are apart, as seen on white or on black, whichever is worse."""
    pages = _PAGES if one.has_transparency_data or other.has_transparency_data else _PAGES[:1]
    found = [_apart(_lab(one, page), _lab(other, page)) for page in pages]
    return max(found, key=lambda each: (each.worst, each.mean))


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> Difference:
    distance = np.sqrt(((one - other) ** 2).sum(axis=-1))
    return Difference(float(distance.mean()), float(np.percentile(distance, 99)))


def _lab(picture: Image.Image, page: float) -> NDArray[np.float64]:
    samples = np.asarray(picture.convert("RGBA"), np.float64)
    share = samples[..., 3:] / 255
    light = (samples[..., :3] * share + page * (1 - share)) / 255
    linear = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    x, y, z = np.moveaxis(_cube_root(linear @ _TO_XYZ.T / _WHITE), -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _cube_root(ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)


def _exact(picture: Image.Image) -> Image.Image | None:
    """Return a picture of at most 256 colours with just these as its palette, transparent ones first."""
    if picture.getcolors(_MOST) is None:
        return None
    whole = np.asarray(picture.convert("RGBA")).view(np.uint32)[..., 0]
    colors, places = np.unique(whole, return_inverse=True)
    entries = colors.view(np.uint8).reshape(-1, 4)
    order = np.argsort(entries[:, 3], kind="stable")  # PNG's list of alphas may end with the last that is not opaque
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    image = Image.frombytes("P", picture.size, rank[places].astype(np.uint8).tobytes())
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    image.putpalette(np.ascontiguousarray(entries[order][:, : len(mode)]).tobytes(), mode)
    return image
