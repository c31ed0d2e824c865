"""Small pictures of our own making: what is shown is never a stranger's file."""

from __future__ import annotations

from typing import Final

from PIL import Image
from PIL.Image import Resampling, Transpose

from .decode import decode
from .encode import Format, encode
from .limits import Limits
from .reduce import plain

_DEFAULT: Final = Limits()
_UPRIGHT: Final = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def thumbnail(data: bytes, size: int = 64, *, limits: Limits = _DEFAULT, format: Format = "png") -> bytes | None:
    """Return a small copy of a picture, encoded by us, without metadata.

    Parameters
    ----------
    data : bytes
        Anything at all.
    size : int
        Longest side in pixels; a smaller picture keeps its size (P84-21).
    limits : Limits
    format : {"png", "webp"}

    Returns
    -------
    bytes or None
        The first picture, upright; ``None`` when the bytes cannot be shown.

    Examples
    --------
    >>> xa.imaging.sniff(thumbnail(png, 32))
    'png'
    """
    small = shrink(data, size, limits)
    return encode(small, format) if small else None


def shrink(data: bytes, size: int, limits: Limits = _DEFAULT) -> Image.Image | None:
    """Return the picture itself, as :func:`thumbnail` would encode it, as ``RGB`` or ``RGBA``."""
    try:
        small = upright(data, limits, 2 * size)
        small.thumbnail((size, size), Resampling.LANCZOS, reducing_gap=2.0)
    except Exception:  # noqa: BLE001  decoders raise whatever a hostile file makes them raise
        return None
    return small


def upright(data: bytes, limits: Limits, side: int) -> Image.Image:
    """Return the first picture turned as its EXIF says, as ``RGB`` or ``RGBA``.

    Parameters
    ----------
    data : bytes
    limits : Limits
    side : int
        Pixels that must remain of a side; a larger picture may come smaller.

    Raises
    ------
    Refused
        No picture, or one beyond the limits. Damaged files raise whatever their decoder raises.
    """
    picture, orientation = decode(data, limits, side)
    return turned(plain(picture, side), orientation)


def turned(picture: Image.Image, orientation: int) -> Image.Image:
    """Return a plain picture as ``RGB`` or ``RGBA``, turned as this value of EXIF's Orientation says."""
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    shown = picture.convert(mode) if picture.mode != mode else picture
    return shown.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else shown
