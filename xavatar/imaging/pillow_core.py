"""Two steps of Pillow by its C core alone.

Around each step Pillow has Python that suits every picture: properties to ask, codecs that others may have registered,
info to copy. With a picture as small as an avatar that takes longer than the step: 57 calls for these two. The core's
names are private, so they are tried once; where they do not do what the public methods do, these are used.
"""

from __future__ import annotations

import zlib
from functools import cache
from typing import Final

from PIL import Image, _imaging

_BUFFER: Final = 1 << 16


def inflated(mode: str, size: tuple[int, int], stream: bytes) -> Image.Image | None:
    """Return the picture whose rows, filtered as a PNG's, are in a zlib stream; ``None`` when they are not.

    Parameters
    ----------
    mode : str
        ``L``, ``RGB`` or ``RGBA``.
    size : tuple of int
        Width and height in pixels.
    stream : bytes
    """
    return (_inflated if works() else _inflated_in_public)(mode, size, stream)


def reduced(picture: Image.Image, factor: int) -> bytes:
    """Return the pixels of an ``RGB`` picture reduced by a whole factor: red, green, blue and anything, row by row.

    Parameters
    ----------
    picture : PIL.Image.Image
        Of a width and a height that `factor` divides; no larger than 64 KiB after it.
    factor : int
        1 or more.
    """
    return (_reduced if works() else _reduced_in_public)(picture, factor)


@cache
def works() -> bool:
    """Tell whether the core of this Pillow does what is expected of it."""
    size, stream = (4, 4), zlib.compress(b"".join(bytes((1, *range(row, row + 12))) for row in range(4)))
    expected = _inflated_in_public("RGB", size, stream)
    try:
        found = _inflated("RGB", size, stream)
        return (
            expected is not None
            and expected == found
            and _inflated("RGB", size, stream[:-8]) is None
            and _reduced(found, 2) == _reduced_in_public(expected, 2)
        )
    except Exception:  # noqa: BLE001  whatever another release makes of these calls
        return False


def _inflated(mode: str, size: tuple[int, int], stream: bytes) -> Image.Image | None:
    pixels = _imaging.new(mode, size)
    decoder = _imaging.zip_decoder(mode, mode)
    decoder.setimage(pixels, (0, 0, *size))
    left, error = decoder.decode(stream)
    if left >= 0 or error:  # rows are missing, or damaged
        return None
    return Image.Image()._new(pixels)


def _inflated_in_public(mode: str, size: tuple[int, int], stream: bytes) -> Image.Image | None:
    try:
        return Image.frombytes(mode, size, stream, "zip", mode)
    except ValueError:
        return None


def _reduced(picture: Image.Image, factor: int) -> bytes:
    width, height = picture.size
    encoder = _imaging.raw_encoder("RGB", "RGBX")
    small = picture.im.reduce((factor, factor), (0, 0, width, height))
    encoder.setimage(small, (0, 0, width // factor, height // factor))
    pixels: bytes = encoder.encode(_BUFFER)[2]
    return pixels


def _reduced_in_public(picture: Image.Image, factor: int) -> bytes:
    return picture.reduce(factor).tobytes("raw", "RGBX")
