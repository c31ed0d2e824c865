"""What an image really is: `inspect` turns any bytes into facts and never raises."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PIL.ImageFile import ImageFile

from xavatar.model import ImageFacts

from .decode import check_bytes, check_passes, check_pixels, exif_of, frames_of, open_picture
from .layout import layout
from .limits import Fault, Limits, Refused
from .look import SIDE, Sample, looks, sample
from .plain_png import plain_png
from .reduce import draft, plain
from .sniff import mime_of, sniff

_DEFAULT = Limits()
_STOPS = "the file stops before the picture's end"
_PADDING = b"\0\t\n\r "
# What a file has not that is nothing but a header, pixels and an end.
_PLAIN: Final = {
    "format": "png",
    "mime": "image/png",
    "frames": 1,
    "duration_ms": None,
    "has_exif": False,
    "has_gps": False,
    "exif_tags": (),
    "has_icc": False,
}


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

    Examples
    --------
    >>> facts = inspect(png)
    >>> facts.mime, facts.width, facts.colors
    ('image/png', 1, ('#008080',))
    >>> inspect(b"no picture").error
    'unrecognised: not a picture of a known format'
    """
    return conclude([examine(data, limits)])[0]


def inspect_many(pictures: Iterable[bytes], limits: Limits = _DEFAULT) -> list[ImageFacts]:
    """Inspect pictures, with the facts that each would have alone; some tens at once take half the time each."""
    return conclude([examine(data, limits) for data in pictures])


@dataclass(slots=True)
class Examined:
    """What one picture's decoding brought to light; how it looks is told of many at once.

    Parameters
    ----------
    found : dict
        Fields of :class:`ImageFacts`.
    sample : Sample, optional
        What is to be looked at; ``None`` when the picture was not decoded.
    """

    found: dict[str, Any]
    sample: Sample | None = None


def examine(data: bytes, limits: Limits) -> Examined:
    """Do with one picture what takes long, and may be too long."""
    examined = Examined({"sha1": hashlib.sha1(data).hexdigest(), "nbytes": len(data)})
    try:
        _find(data, limits, examined)
    except Refused as refusal:
        examined.found["error"] = str(refusal)
    except Exception as failure:  # noqa: BLE001  decoders raise whatever a hostile file makes them raise
        examined.found["error"] = str(Refused(Fault.CORRUPT, f"{type(failure).__name__}: {failure}"))
    return examined


def conclude(examined: Sequence[Examined]) -> list[ImageFacts]:
    """Return the facts of pictures, after a look at those that were decoded."""
    seen = iter(looks([each.sample for each in examined if each.sample is not None]))
    facts = []
    for each in examined:
        if each.sample is not None:
            look = next(seen)
            each.found |= {"dhash": look.dhash, "phash": look.phash, "colors": look.colors, "blank": look.blank}
        facts.append(ImageFacts(**each.found))
    return facts


def _find(data: bytes, limits: Limits, examined: Examined) -> None:
    deadline = time.monotonic() + limits.seconds
    if (picture := plain_png(data, limits)) is None:
        _find_in_any(data, limits, examined, deadline)
        return
    examined.found |= _PLAIN
    examined.found |= {"width": picture.width, "height": picture.height, "mode": picture.mode}
    examined.found["has_alpha"] = picture.mode == "RGBA"
    _check_time(deadline, limits)
    examined.sample = sample(picture)
    _check_time(deadline, limits)


def _find_in_any(data: bytes, limits: Limits, examined: Examined, deadline: float) -> None:
    """Find facts in the order of their cost; what is found before a refusal remains."""
    found = examined.found
    format = _recognise(data, found)
    check_bytes(data, limits)

    structure = layout(data, format)
    found["frames"], found["duration_ms"] = structure.frames, structure.duration_ms
    if structure.canvas:
        found["width"], found["height"] = structure.canvas
        check_pixels(structure.canvas, limits)
    _check_time(deadline, limits)

    try:
        picture = open_picture(data, format, structure)
        found["width"], found["height"] = picture.size
        found["mode"] = picture.mode
        found["frames"] = frames = frames_of(picture, structure, format)
        check_pixels(picture.size, limits)
        check_passes(frames, structure.scans, limits)
        found |= _metadata(data, format, picture)
        _check_time(deadline, limits)
        draft(picture, 2 * SIDE)
        picture.load()
    except Refused:
        raise
    except Exception as failure:
        # A file that stops too early is told from one that is wrong.
        if structure.end is None or "truncated" in str(failure):
            raise Refused(Fault.TRUNCATED, _STOPS) from failure
        raise
    if format in ("png", "apng"):
        found |= _metadata(data, format, picture)  # eXIf may follow the pixels
    found["has_alpha"] = picture.has_transparency_data
    _check_time(deadline, limits)

    examined.sample = sample(plain(picture, 2 * SIDE))
    _check_time(deadline, limits)
    if structure.end is None:
        raise Refused(Fault.TRUNCATED, _STOPS)
    if rest := data[structure.end :].strip(_PADDING):
        raise Refused(Fault.TRAILING, f"{len(rest):,} bytes follow the picture's end")


def _recognise(data: bytes, found: dict[str, Any]) -> str:
    if not data:
        raise Refused(Fault.EMPTY)
    format = sniff(data)
    if format is None:
        raise Refused(Fault.UNRECOGNISED, "not a picture of a known format")
    found["format"], found["mime"] = format, mime_of(format)
    if format == "svg":
        raise Refused(Fault.SVG, "recognised, never rendered")
    return format


def _check_time(deadline: float, limits: Limits) -> None:
    if time.monotonic() > deadline:
        raise Refused(Fault.TIME, f"not done within {limits.seconds:g} s")


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
