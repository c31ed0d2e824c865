"""From any picture to one fit to be published: upright, square, small, without metadata (A-32)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from PIL import Image
from PIL.Image import Quantize, Resampling

from xavatar.errors import ConfigError, Corrupt, ImageError, TooLarge, UnsupportedFormat

from .encode import Format, encode
from .limits import Fault, Limits, Refused
from .thumbnail import upright

Box: TypeAlias = tuple[int, int, int, int]

SIZE: Final = 192
"""Pixels per side; what Conversations, Gajim and Dino publish."""
MAX_BYTES: Final = 72 << 10
"""What modernxmpp advises; in Base64 it still fits every server's stanza limit (A-17)."""
_SMALLEST: Final = 32
_STEP: Final = 0.8
_UNSUPPORTED: Final = frozenset({Fault.EMPTY, Fault.UNRECOGNISED, Fault.SVG})


@dataclass(frozen=True, slots=True)
class Variant:
    """A file of ours, ready to be published.

    Parameters
    ----------
    data : bytes
    mime : str
    width, height : int
        Pixels.
    """

    data: bytes
    mime: str
    width: int
    height: int

    @property
    def sha1(self) -> str:
        """The ItemID it is published under (XEP-0084, 3.1)."""
        return hashlib.sha1(self.data).hexdigest()


def variant(
    data: bytes,
    *,
    size: int = SIZE,
    max_bytes: int = MAX_BYTES,
    crop: Box | None = None,
    square: bool = True,
    format: Format = "png",
    limits: Limits | None = None,
) -> Variant:
    """Return a picture cut, turned, shrunk and encoded anew.

    Parameters
    ----------
    data : bytes
        Anything Pillow and we take.
    size : int
        Longest side in pixels; a smaller picture is not scaled up.
    max_bytes : int
        The file gets fewer colours, then fewer pixels, until it is no larger.
    crop : tuple of int, optional
        Left, upper, right and lower edge in pixels of the upright picture.
    square : bool
        Cut what `crop` leaves to the square in its middle.
    format : {"png", "webp"}
        PNG is what XEP-0084, 4.1 demands of the data node.
    limits : Limits, optional

    Raises
    ------
    UnsupportedFormat, TooLarge, Corrupt
        The bytes are no picture we take, exceed a limit, or do not decode.
    ConfigError
        The crop lies outside the picture, or `size` is no size.
    """
    if size < 1 or max_bytes < 1:
        raise ConfigError(f"size and max_bytes must be positive, not {size!r} and {max_bytes!r}.")
    # The cut is in pixels of the whole picture, so it must not come reduced; squares lose the long side's rest.
    picture = _cut(_opened(data, limits or Limits(), None if crop or square else 2 * size), crop, square)
    for candidate in _candidates(picture, size, format):
        encoded = encode(candidate, format)
        if len(encoded) <= max_bytes:
            return Variant(encoded, f"image/{format}", *candidate.size)
    raise TooLarge(f"The picture does not fit into {max_bytes:,} bytes even at {_SMALLEST} pixels; allow more.")


def _opened(data: bytes, limits: Limits, side: int | None) -> Image.Image:
    try:
        return upright(data, limits, side or max(limits.max_pixels, 1))
    except Refused as refusal:
        kind: type[ImageError] = UnsupportedFormat if refusal.fault in _UNSUPPORTED else TooLarge
        advice = "Take a PNG, JPEG, GIF, WebP or AVIF." if kind is UnsupportedFormat else "Take a smaller picture."
        raise kind(f"The picture cannot be used ({refusal}). {advice}") from None
    except Exception as failure:
        raise Corrupt(f"The picture does not decode ({failure}). Save it anew with an image editor.") from failure


def _cut(picture: Image.Image, crop: Box | None, square: bool) -> Image.Image:
    left, upper, right, lower = crop or (0, 0, *picture.size)
    if not (0 <= left < right <= picture.width and 0 <= upper < lower <= picture.height):
        raise ConfigError(f"crop {crop} does not lie within the picture's {picture.width} x {picture.height} pixels.")
    if square:
        side = min(right - left, lower - upper)
        left, upper = left + (right - left - side) // 2, upper + (lower - upper - side) // 2
        right, lower = left + side, upper + side
    return picture.crop((left, upper, right, lower))


def _candidates(picture: Image.Image, size: int, format: Format) -> Iterator[Image.Image]:
    """Yield ever cheaper versions: each size in full colour, then, for PNG, in a palette's."""
    longest = min(size, max(picture.size))
    while True:
        small = picture.copy()
        small.thumbnail((longest, longest), Resampling.LANCZOS, reducing_gap=3.0)
        yield small
        if format == "png":
            # Only the octree knows about transparency.
            yield small.quantize(method=Quantize.FASTOCTREE if small.mode == "RGBA" else Quantize.MEDIANCUT)
        if longest <= _SMALLEST:
            return
        longest = max(math.floor(longest * _STEP), _SMALLEST)
