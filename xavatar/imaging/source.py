"""A picture from wherever its owner has it: file, bytes, Pillow's image, numpy's array."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xavatar.errors import ConfigError, Corrupt, ImageError, TooLarge, UnsupportedFormat

from .decode import check_pixels
from .limits import Fault, Limits, Refused
from .reduce import plain
from .thumbnail import turned, upright

ImageSource: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str] | Image.Image | NDArray[Any]
"""Path, bytes of a file, Pillow image, or array of height x width, with 1, 3 or 4 channels or none."""

OWN: Final = Limits(max_bytes=64 << 20, max_pixels=64_000_000, seconds=30.0)
"""For one's own photo: as large as phones make them."""
_ORIENTATION: Final = 0x0112
_UNSUPPORTED: Final = frozenset({Fault.EMPTY, Fault.UNRECOGNISED, Fault.SVG})


def open_source(source: ImageSource, *, limits: Limits = OWN, side: int | None = None) -> Image.Image:
    """Return a picture upright, as ``RGB`` or ``RGBA``, with no metadata.

    Parameters
    ----------
    source : ImageSource
        Of an animation the first picture is taken. An array holds whole numbers of 8 or 16 bits, or
        fractions from 0 to 1.
    limits : Limits
    side : int, optional
        Pixels that must remain of the shorter side; a larger picture may come smaller.

    Raises
    ------
    UnsupportedFormat, TooLarge, Corrupt
        No picture we take, beyond a limit, damaged.
    ConfigError
        No such file, or an array that is no picture.

    Examples
    --------
    >>> open_source(np.zeros((20, 30), np.uint8)).size
    (30, 20)
    """
    enough = side or limits.max_pixels
    try:
        if isinstance(source, Image.Image):
            check_pixels(source.size, limits)
            picture = _plain(source.copy(), enough, source.getexif().get(_ORIENTATION, 1))
        elif isinstance(source, np.ndarray):
            picture = _plain(_of_array(source, limits), enough, 1)
        else:
            picture = upright(_bytes(source, limits), limits, enough)
    except Refused as refusal:
        kind: type[ImageError] = UnsupportedFormat if refusal.fault in _UNSUPPORTED else TooLarge
        advice = "Take a PNG, JPEG, GIF, WebP or AVIF." if kind is UnsupportedFormat else "Take a smaller picture."
        raise kind(f"The picture cannot be used ({refusal}). {advice}") from None
    except (ConfigError, ImageError):
        raise
    except Exception as failure:
        raise Corrupt(f"The picture does not decode ({failure}). Save it anew with an image editor.") from failure
    picture.info = {}
    return picture


def _plain(picture: Image.Image, side: int, orientation: int) -> Image.Image:
    return turned(plain(picture, side), orientation)


def _bytes(source: bytes | bytearray | memoryview | str | os.PathLike[str], limits: Limits) -> bytes:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if not isinstance(source, (str, os.PathLike)):
        raise ConfigError(
            f"{type(source).__name__} is no picture; give a path, bytes, a Pillow image or a numpy array."
        )
    path = Path(source).expanduser()
    try:
        if path.stat().st_size > limits.max_bytes:
            raise TooLarge(f"{path} has more than {limits.max_bytes:,} bytes. Take a smaller picture.")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from None


def _of_array(array: NDArray[Any], limits: Limits) -> Image.Image:
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 3, 4) or not array.size:
        raise ConfigError(
            f"An array of shape {array.shape} is no picture; give height x width, or with 3 or 4 channels."
        )
    check_pixels((array.shape[1], array.shape[0]), limits)
    samples = array[..., 0] if array.ndim == 3 and channels == 1 else array
    return Image.fromarray(np.ascontiguousarray(_eight_bits(samples)))


def _eight_bits(samples: NDArray[Any]) -> NDArray[np.uint8]:
    kind, bits = samples.dtype.kind, 8 * samples.dtype.itemsize
    if kind == "b":
        return np.asarray(np.where(samples, 255, 0), np.uint8)
    if kind == "f" and np.isfinite(samples).all() and samples.min() >= 0 and samples.max() <= 1:
        return np.asarray(np.rint(samples * 255), np.uint8)
    if kind == "u" and bits == 16:
        return np.asarray(samples >> 8, np.uint8)
    if kind in "iu" and samples.min() >= 0 and samples.max() <= 255:
        return np.asarray(samples, np.uint8)
    raise ConfigError(
        f"An array of {samples.dtype} from {samples.min()} to {samples.max()} is no picture; "
        "give whole numbers from 0 to 255 (16 bits: to 65535), or fractions from 0 to 1."
    )
