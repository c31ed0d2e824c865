"""What an image really is: `inspect` turns any bytes into facts and never raises."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator
from typing import Any

from PIL.ImageFile import ImageFile

from xavatar.model import ImageFacts

from .decode import check_bytes, check_passes, check_pixels, exif_of, frames_of, open_picture
from .layout import Layout, layout
from .limits import Fault, Limits, Refused
from .look import SIDE, look
from .reduce import draft, plain
from .sniff import mime_of, sniff

_DEFAULT = Limits()
_STOPS = "the file stops before the picture's end"
_PADDING = b"\0\t\n\r "


def inspect(data: bytes, limits: Limits = _DEFAULT) -> ImageFacts:
    """Return what the bytes of an image are.

    Parameters
    ----------
    data : bytes
        Anything at all; nothing in it is trusted.
    limits : Limits

    Returns
    -------
    ImageFacts
        `error` says why the picture was not decoded, or not taken at its word, beginning
        with a :class:`~xavatar.imaging.Fault`; the facts found before remain. A picture
        that carries `dhash` was decoded: it can be shown.

    Notes
    -----
    Safe to call from several threads. Of an animation the first picture is decoded, the
    others are counted.
    """
    found: dict[str, Any] = {}
    error = None
    deadline = time.monotonic() + limits.seconds
    try:
        for facts in _stages(data, limits):
            found |= facts
            if time.monotonic() > deadline:
                raise Refused(Fault.TIME, f"not done within {limits.seconds:g} s")
    except Refused as refusal:
        error = str(refusal)
    except Exception as failure:  # noqa: BLE001  decoders raise whatever a hostile file makes them raise
        error = str(Refused(Fault.CORRUPT, f"{type(failure).__name__}: {failure}"))
    return ImageFacts(hashlib.sha1(data).hexdigest(), len(data), error=error, **found)


def _stages(data: bytes, limits: Limits) -> Iterator[dict[str, Any]]:
    """Yield facts in the order of their cost; each stage runs only when those before it went well."""
    if not data:
        raise Refused(Fault.EMPTY)
    format = sniff(data)
    if format is None:
        raise Refused(Fault.UNRECOGNISED, "not a picture of a known format")
    yield {"format": format, "mime": mime_of(format)}
    if format == "svg":
        raise Refused(Fault.SVG, "recognised, never rendered")
    check_bytes(data, limits)

    structure = layout(data, format)
    yield {"frames": structure.frames, "duration_ms": structure.duration_ms}
    if structure.canvas:
        yield {"width": structure.canvas[0], "height": structure.canvas[1]}
        check_pixels(structure.canvas, limits)

    with _damage(structure):
        picture = open_picture(data, format)
    frames = frames_of(picture, structure, format)
    yield {"width": picture.width, "height": picture.height, "mode": picture.mode, "frames": frames}
    check_pixels(picture.size, limits)
    check_passes(frames, structure.scans, limits)
    yield _metadata(data, format, picture)

    with _damage(structure):
        draft(picture, 2 * SIDE)
        picture.load()
    if format in ("png", "apng"):
        yield _metadata(data, format, picture)  # eXIf may follow the pixels
    yield {"has_alpha": picture.has_transparency_data}
    seen = look(plain(picture, 2 * SIDE))
    yield {"dhash": seen.dhash, "phash": seen.phash, "colors": seen.colors, "blank": seen.blank}

    if structure.end is None:
        raise Refused(Fault.TRUNCATED, _STOPS)
    if rest := data[structure.end :].strip(_PADDING):
        raise Refused(Fault.TRAILING, f"{len(rest):,} bytes follow the picture's end")


@contextlib.contextmanager
def _damage(structure: Layout) -> Iterator[None]:
    """Tell a file that stops too early from one that is wrong."""
    try:
        yield
    except Exception as failure:
        if structure.end is None or "truncated" in str(failure):
            raise Refused(Fault.TRUNCATED, _STOPS) from failure
        raise


def _metadata(data: bytes, format: str, picture: ImageFile) -> dict[str, Any]:
    exif = exif_of(data, format, picture)
    xmp = picture.info.get("xmp", b"")
    return {
        "has_exif": exif is not None,
        # XMP repeats EXIF's position as text, and editors keep it when they drop the EXIF.
        "has_gps": bool(exif and exif.has_gps) or (isinstance(xmp, bytes) and b"exif:GPSLatitude" in xmp),
        "exif_tags": exif.tags if exif else (),
        "has_icc": bool(picture.info.get("icc_profile")),
    }
