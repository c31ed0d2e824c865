"""PNGs of the plainest kind, decoded without Pillow's plugin.

Most avatars that are published as PNG, our own among them, are a header, pixels of eight bits and an end. Pillow's
decoder takes less time for those pixels than its plugin, which is Python, takes to read past everything such a file
does not have. A file that has any of it, and one that is damaged, is the plugin's.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

from PIL import Image

from .limits import Limits
from .pillow_core import inflated
from .sniff import PNG_SIGNATURE

# PNG (third edition), table 11.1: what the colour types are called here.
_MODES: Final = {0: "L", 2: "RGB", 6: "RGBA"}
_START: Final = PNG_SIGNATURE + b"\0\0\0\rIHDR"
_IHDR: Final = struct.Struct(">8x 4x 4s II 5B I")
_PLAIN: Final = (0, 0, 0)
"""Compression, filter and interlacing: the first two know no other value."""
_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
_FIRST: Final = 33
_FRAME: Final = 12


def plain_png(data: bytes, limits: Limits) -> Image.Image | None:
    """Return the decoded picture, or ``None`` when somebody else has to look at the file.

    Parameters
    ----------
    data : bytes
    limits : Limits

    Examples
    --------
    >>> plain_png(png, Limits()).mode
    'RGB'
    >>> plain_png(png[:-1], Limits()) is None
    True
    """
    if not data.startswith(_START) or not data.endswith(_END) or not _FIRST <= len(data) <= limits.max_bytes:
        return None
    _, width, height, depth, color, *methods, checksum = _IHDR.unpack_from(data)
    mode = _MODES.get(color)
    if mode is None or depth != 8 or tuple(methods) != _PLAIN or not 0 < width * height <= limits.max_pixels:
        return None
    stream = _stream(data)
    if stream is None or zlib.crc32(data[12:29]) != checksum:
        return None
    return inflated(mode, (width, height), stream)


def _stream(data: bytes) -> bytes | None:
    """Return the compressed pixels, when the file holds nothing else between its header and its end."""
    parts = []
    offset, end = _FIRST, len(data) - len(_END)
    while offset < end:
        length = int.from_bytes(data[offset : offset + 4], "big")
        if data[offset + 4 : offset + 8] != b"IDAT":
            return None
        parts.append(data[offset + 8 : offset + 8 + length])
        offset += length + _FRAME
    return b"".join(parts) if offset == end else None
