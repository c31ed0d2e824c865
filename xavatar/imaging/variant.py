"""From any picture to one fit to be published: upright, square, small, without metadata (A-32)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from PIL import Image
from PIL.Image import Resampling

from xavatar.errors import ConfigError, TooLarge

from .colors import SAME, Difference, difference, lean, with_palette
from .encode import Format, encode
from .limits import Limits
from .source import OWN, ImageSource, open_source

Box: TypeAlias = tuple[int, int, int, int]

SIZE: Final = 192
"""Pixels per side; what Conversations, Gajim and Dino publish."""
MAX_BYTES: Final = 72 << 10
"""What modernxmpp advises; in Base64 it still fits every server's stanza limit (A-17)."""
SMALLEST: Final = 32
_STEP: Final = 0.8
_DRAFT: Final = 3
"""A JPEG may be decoded that many times as large as it is needed: the rest is done by a better filter."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A file of ours, ready to be published.

    Parameters
    ----------
    data : bytes
    mime : str
    width, height : int
        Pixels.
    colors : int, optional
        Of the palette; ``None`` without one.
    difference : Difference
        From the same picture in all its colours; of a lossy format's own losses nothing is said.
    """

    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int
    colors: int | None = None
    difference: Difference = SAME

    @property
    def sha1(self) -> str:
        """The ItemID it is published under (XEP-0084, 3.1)."""
        return hashlib.sha1(self.data).hexdigest()

    @property
    def nbytes(self) -> int:
        """Size of the file."""
        return len(self.data)

    @property
    def base64_length(self) -> int:
        """Characters it takes in a stanza."""
        return -(-len(self.data) // 3) * 4


def variant(
    source: ImageSource,
    *,
    size: int = SIZE,
    max_bytes: int = MAX_BYTES,
    crop: Box | None = None,
    square: bool = True,
    format: Format = "png",
    limits: Limits = OWN,
) -> Variant:
    """Return a picture cut, turned, shrunk and encoded anew.

    Parameters
    ----------
    source : ImageSource
        Path, bytes, Pillow image or numpy array.
    size : int
        Longest side in pixels; a smaller picture is not scaled up.
    max_bytes : int
        The file gets fewer colours, then fewer pixels, until it is no larger.
    crop : tuple of int, optional
        Left, upper, right and lower edge in pixels of the upright picture.
    square : bool
        Cut what `crop` leaves to the square in its middle.
    format : {"png", "webp", "jpeg"}
        PNG is what XEP-0084, 4.1 demands of the data node.
    limits : Limits, optional

    Raises
    ------
    UnsupportedFormat, TooLarge, Corrupt
        The bytes are no picture we take, exceed a limit, or do not decode.
    ConfigError
        There is no such file, the crop lies outside the picture, or `size` is no size.

    Examples
    --------
    >>> made = variant(np.full((400, 300, 3), 90, np.uint8), size=96)
    >>> made.width, made.height, made.mime
    (96, 96, 'image/png')
    """
    picture = cut_out(source, size=size, crop=crop, square=square, limits=limits)
    if max_bytes < 1:
        raise ConfigError(f"max_bytes must be positive, not {max_bytes!r}.")
    side = min(size, max(picture.size))
    while True:
        for made in versions(picture, side, format):
            if made.nbytes <= max_bytes:
                return made
        if side <= SMALLEST:
            raise TooLarge(f"The picture does not fit into {max_bytes:,} bytes even at {side} pixels; allow more.")
        side = max(math.floor(side * _STEP), SMALLEST)


def cut_out(
    source: ImageSource,
    *,
    size: int,
    crop: Box | None = None,
    square: bool = True,
    limits: Limits = OWN,
) -> Image.Image:
    """Return what is to be published of a picture, upright, `size` pixels or more; see :func:`variant`."""
    if size < 1:
        raise ConfigError(f"size must be positive, not {size!r}.")
    # The cut is in pixels of the whole picture, so it must not come reduced.
    picture = open_source(source, limits=limits, side=None if crop else _DRAFT * size)
    left, upper, right, lower = crop or (0, 0, *picture.size)
    if not (0 <= left < right <= picture.width and 0 <= upper < lower <= picture.height):
        raise ConfigError(f"crop {crop} does not lie within the picture's {picture.width} x {picture.height} pixels.")
    if square:
        side = min(right - left, lower - upper)
        left, upper = left + (right - left - side) // 2, upper + (lower - upper - side) // 2
        right, lower = left + side, upper + side
    return picture.crop((left, upper, right, lower))


def versions(picture: Image.Image, side: int, format: Format) -> Iterator[Variant]:
    """Yield files of a picture at one size: the best first, then, for PNG, one whose colours suffer.

    The best PNG has a palette where that is smaller and cannot be seen. One that can be seen is
    offered while it is bearable, or where nothing smaller follows.
    """
    small = picture.copy()
    small.thumbnail((side, side), Resampling.LANCZOS, reducing_gap=3.0)
    if format != "png":
        yield Variant(encode(small, format), f"image/{format}", *small.size)
        return
    small = lean(small)
    full = Variant(encode(small, optimize=True), "image/png", *small.size)
    fewer = with_palette(small)
    used = len(fewer.getcolors() or ())
    reduced = Variant(encode(fewer, optimize=True), "image/png", *small.size, used, difference(small, fewer))
    if reduced.nbytes >= full.nbytes:
        yield full
    elif reduced.difference.unseen:
        yield reduced
    else:
        yield full
        if reduced.difference.bearable or side <= SMALLEST:
            yield reduced
