"""Which EXIF tags a picture carries: names only, for what they reveal (A-32).

The walk is our own because Pillow reads the values too, and answers a broken block with
warnings, whose filters are shared by all threads.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import ExifTags

_MAX_TAGS = 1000
_ORIENTATION = 0x0112
_EXIF_IFD, _GPS_IFD, _INTEROP_IFD = 0x8769, 0x8825, 0xA005
_POSITION = frozenset({"GPSLatitude", "GPSLongitude", "GPSDestLatitude", "GPSDestLongitude"})
_NAMES = {_GPS_IFD: ExifTags.GPSTAGS, _INTEROP_IFD: {tag.value: tag.name for tag in ExifTags.Interop}}


@dataclass(frozen=True, slots=True)
class Exif:
    """What an EXIF block holds.

    Parameters
    ----------
    tags : tuple of str
        Names in the order of the file; ``0x....`` for a tag without one.
    orientation : int
        1 to 8; 1 when absent or senseless.
    """

    tags: tuple[str, ...] = ()
    orientation: int = 1

    @property
    def has_gps(self) -> bool:
        """A position is among the tags; a bare GPSVersionID is none."""
        return not _POSITION.isdisjoint(self.tags)


def read_exif(block: bytes) -> Exif:
    r"""Read an EXIF block, which is a small TIFF file; never raises.

    Parameters
    ----------
    block : bytes
        With or without the leading ``Exif\0\0`` of JPEG's APP1.
    """
    tiff = block.removeprefix(b"Exif\0\0")
    if tiff[:4] not in (b"II*\0", b"MM\0*"):
        return Exif()
    order = "little" if tiff[:1] == b"I" else "big"

    def number(offset: int, size: int) -> int:
        return int.from_bytes(tiff[offset : offset + size], order)  # type: ignore[arg-type]

    tags: dict[str, None] = {}
    orientation = 1
    queue, seen = [(0, number(4, 4))], set[int]()
    while queue:
        directory, offset = queue.pop(0)
        if offset in seen or not 8 <= offset < len(tiff):
            continue
        seen.add(offset)
        names = _NAMES.get(directory, ExifTags.TAGS)
        for entry in range(offset + 2, offset + 2 + 12 * min(number(offset, 2), _MAX_TAGS), 12):
            if entry + 12 > len(tiff) or len(tags) >= _MAX_TAGS:
                break
            tag, value = number(entry, 2), number(entry + 8, 4)
            tags[names.get(tag, f"0x{tag:04x}")] = None
            if tag in (_EXIF_IFD, _GPS_IFD, _INTEROP_IFD):
                queue.append((tag, value))
            elif tag == _ORIENTATION and directory == 0:
                orientation = number(entry + 8, 2)
    return Exif(tuple(tags), orientation if 1 <= orientation <= 8 else 1)
