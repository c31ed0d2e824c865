"""The one door to Pillow's decoders, behind the limits.

A plugin is chosen by our own reading of the bytes and called directly, so no other one is
ever tried on a stranger's file, and Pillow's process-wide settings are neither needed nor
changed: the pixels are counted here, before anything is allocated for them. A damaged TIFF is
the one file that still makes Pillow warn; warnings' filters belong to the whole process, so
they are left as the user has them.
"""

from __future__ import annotations

import io

from PIL import Image
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from .exif import Exif, read_exif
from .layout import Layout, layout, still_png
from .limits import MAX_SCANS, Fault, Limits, Refused
from .plain_png import plain_png
from .reduce import draft
from .sniff import sniff


class _JpegFile(JpegImageFile):
    """A JPEG whose resolution nobody asks for: looking it up parses the EXIF and warns when it is broken."""

    def _read_dpi_from_exif(self) -> None:
        pass


_PLUGINS: dict[str, type[ImageFile]] = {
    "png": PngImageFile,
    "apng": PngImageFile,
    "gif": GifImageFile,
    "jpeg": _JpegFile,
    "webp": WebPImageFile,
    "avif": AvifImageFile,
    "bmp": BmpImageFile,
    "tiff": TiffImageFile,
}


def check_bytes(data: bytes, limits: Limits) -> None:
    """Refuse a file that is too large to look into."""
    if len(data) > limits.max_bytes:
        raise Refused(Fault.BYTES, f"{len(data):,} are more than {limits.max_bytes:,}")


def check_pixels(size: tuple[int, int], limits: Limits) -> None:
    """Refuse a picture of too many pixels (A-18)."""
    if size[0] * size[1] > limits.max_pixels:
        raise Refused(Fault.PIXELS, f"{size[0]} x {size[1]} are more than {limits.max_pixels:,}")


def check_passes(frames: int, scans: int, limits: Limits) -> None:
    """Refuse a file that asks for the same pixels too many times."""
    if frames > limits.max_frames:
        raise Refused(Fault.FRAMES, f"{frames:,} are more than {limits.max_frames:,}")
    if scans > MAX_SCANS:
        raise Refused(Fault.SCANS, f"{scans:,} are more than {MAX_SCANS}")


def open_picture(data: bytes, format: str, structure: Layout) -> ImageFile:
    """Return the picture with its header read and nothing decoded."""
    if structure.animated:
        data = still_png(data)
    return _PLUGINS[format](io.BytesIO(data))


def frames_of(picture: ImageFile, structure: Layout, format: str) -> int:
    """Return how many pictures the file holds; only AVIF's are known to its decoder alone."""
    return int(getattr(picture, "n_frames", 1)) if format == "avif" else structure.frames


def decode(data: bytes, limits: Limits, side: int) -> tuple[Image.Image, int]:
    """Return the first picture, decoded, and its EXIF orientation.

    Parameters
    ----------
    data : bytes
    limits : Limits
    side : int
        Pixels that must remain of a side; a JPEG may be decoded that much smaller.

    Raises
    ------
    Refused
        The bytes are no picture, or one beyond the limits. Damaged files raise whatever the decoder raises.
    """
    if (plain := plain_png(data, limits)) is not None:
        return plain, 1
    format = sniff(data)
    if format is None or format not in _PLUGINS:
        raise Refused(Fault.SVG if format == "svg" else Fault.UNRECOGNISED)
    check_bytes(data, limits)
    structure = layout(data, format)
    check_pixels(structure.canvas or (0, 0), limits)
    picture = open_picture(data, format, structure)
    check_pixels(picture.size, limits)
    check_passes(frames_of(picture, structure, format), structure.scans, limits)
    draft(picture, side)
    picture.load()
    exif = exif_of(data, format, picture)
    return picture, exif.orientation if exif else 1


def exif_of(data: bytes, format: str, picture: ImageFile) -> Exif | None:
    """Return the picture's EXIF, or ``None`` when it has none."""
    if format == "tiff":
        # A TIFF is one big EXIF block; only its EXIF and GPS directories make it count as carrying one.
        exif = read_exif(data)
        return exif if {"ExifOffset", "GPSInfo"} & set(exif.tags) else None
    block = picture.info.get("exif")
    return read_exif(block) if isinstance(block, bytes) else None
