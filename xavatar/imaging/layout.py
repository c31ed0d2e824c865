"""What a file's own structure says, read block by block without decoding a pixel.

Pillow counts the frames of an animation by seeking through it and cannot tell what follows
a picture's end. These walks can, cost next to nothing, and meet the allocations some decoders
make for a declared canvas before anyone could look at it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .sniff import PNG_SIGNATURE


@dataclass(frozen=True, slots=True)
class Layout:
    """The structure of a picture file.

    Parameters
    ----------
    end : int, optional
        Offset behind the picture's last byte; ``None`` when the file stops before it.
    frames : int
    duration_ms : float, optional
        Total length of an animation.
    canvas : tuple of int, optional
        Width and height, where a decoder allocates before its caller can look at them.
    scans : int
        Passes of a progressive JPEG.
    animated : bool
        A PNG has the chunk that makes decoders take it for an animation.
    """

    end: int | None
    frames: int = 1
    duration_ms: float | None = None
    canvas: tuple[int, int] | None = None
    scans: int = 1
    animated: bool = False


def layout(data: bytes, format: str) -> Layout:
    """Return the structure of `data`, a picture of this format."""
    walk = _WALKS.get(format)
    return walk(data) if walk else Layout(end=len(data))


def _le(data: bytes, offset: int, size: int) -> int:
    return int.from_bytes(data[offset : offset + size], "little")


def _be(data: bytes, offset: int, size: int) -> int:
    return int.from_bytes(data[offset : offset + size], "big")


def _animation(delays: list[float]) -> tuple[int, float | None]:
    return len(delays), sum(delays) if len(delays) > 1 else None


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, offset of the content, and offset behind the chunk."""
    offset = len(PNG_SIGNATURE)
    while offset + 12 <= len(data):
        end = offset + 12 + _be(data, offset, 4)
        yield data[offset + 4 : offset + 8], offset + 8, end
        offset = end


def _png(data: bytes) -> Layout:
    delays: list[float] = []
    animated = False
    end = None
    for kind, start, behind in _png_chunks(data):
        if kind == b"acTL":
            animated = True
        elif kind == b"fcTL" and animated:
            delays.append(1000 * _be(data, start + 20, 2) / (_be(data, start + 22, 2) or 100))
        elif kind == b"IEND":
            end = behind if behind <= len(data) else None
            break
    frames, duration = _animation(delays)
    return Layout(end, max(frames, 1), duration, animated=animated)


def _gif(data: bytes) -> Layout:
    """Walk a GIF's blocks (GIF89a, 17 to 27); the canvas includes frames that stick out of the screen."""
    width, height = _le(data, 6, 2), _le(data, 8, 2)
    offset = 13 + _color_table(data, 10)
    delays: list[float] = []
    delay = 0.0
    end = None
    while offset < len(data):
        introducer = data[offset]
        if introducer == 0x3B:
            end = offset + 1
            break
        if introducer == 0x21:
            if data[offset + 1 : offset + 2] == b"\xf9":
                delay = 10.0 * _le(data, offset + 4, 2)
            offset = _sub_blocks_end(data, offset + 2)
        elif introducer == 0x2C:
            width = max(width, _le(data, offset + 1, 2) + _le(data, offset + 5, 2))
            height = max(height, _le(data, offset + 3, 2) + _le(data, offset + 7, 2))
            delays.append(delay)
            delay = 0.0
            offset = _sub_blocks_end(data, offset + 11 + _color_table(data, offset + 9))
        else:
            offset += 1  # decoders skip stray bytes between blocks
    frames, duration = _animation(delays)
    return Layout(end, frames, duration, (width, height))


def _color_table(data: bytes, flags_at: int) -> int:
    flags = data[flags_at] if flags_at < len(data) else 0
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks_end(data: bytes, offset: int) -> int:
    while offset < len(data) and data[offset]:
        offset += data[offset] + 1
    return offset + 1


_JPEG_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_BARE_MARKERS = frozenset({0x01, 0xD8})
_SCAN, _END = 0xDA, 0xD9


def _jpeg(data: bytes) -> Layout:
    """Walk a JPEG's segments; inside a scan the next marker is the first ``FF`` that is none of its own."""
    offset = 2
    scans = 0
    while match := _JPEG_MARKER.search(data, offset):
        offset = match.end()
        marker = data[offset - 1]
        if marker == _END:
            return Layout(_multi_picture_end(data, offset), scans=scans)
        if marker not in _BARE_MARKERS:
            scans += marker == _SCAN
            offset += max(_be(data, offset, 2), 2)
    return Layout(None, scans=scans)


def _multi_picture_end(data: bytes, end: int) -> int:
    """Return the end of the file when what follows are the further pictures of CIPA's MPF, as phones write."""
    further = data.startswith(b"\xff\xd8", end) and data.find(b"MPF\0", 0, end) >= 0
    return len(data) if further else end


def _webp(data: bytes) -> Layout:
    """Walk a WebP's RIFF chunks (RFC 9649)."""
    end = 8 + _le(data, 4, 4)
    canvas = None
    delays: list[float] = []
    offset = 12
    while offset + 8 <= min(end, len(data)):
        kind, start = data[offset : offset + 4], offset + 8
        if kind == b"ANMF":
            delays.append(float(_le(data, start + 12, 3)))
        elif canvas is None:
            canvas = _webp_canvas(data, kind, start)
        offset = start + (_le(data, offset + 4, 4) + 1 & ~1)
    frames, duration = _animation(delays)
    return Layout(end if end <= len(data) else None, max(frames, 1), duration, canvas)


def _webp_canvas(data: bytes, kind: bytes, start: int) -> tuple[int, int] | None:
    if kind == b"VP8X":
        return _le(data, start + 4, 3) + 1, _le(data, start + 7, 3) + 1
    if kind == b"VP8L":
        bits = _le(data, start + 1, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return _le(data, start + 6, 2) & 0x3FFF, _le(data, start + 8, 2) & 0x3FFF
    return None


def still_png(data: bytes) -> bytes:
    """Return an APNG as the plain PNG it also is: its default picture, without the animation's chunks."""
    parts = [PNG_SIGNATURE]
    offset = len(PNG_SIGNATURE)
    for kind, start, end in _png_chunks(data):
        if kind not in (b"acTL", b"fcTL", b"fdAT"):
            parts.append(data[start - 8 : end])
        offset = end
    return b"".join([*parts, data[offset:]])


def _avif(data: bytes) -> Layout:
    """Walk the boxes of an ISO base media file; whatever is no box lies behind the end."""
    duration = _media_duration(data)
    offset = 0
    while offset + 8 <= len(data):
        size, kind = _be(data, offset, 4), data[offset + 4 : offset + 8]
        if not (kind.isascii() and kind.isalnum()):
            break
        if size == 1:
            size = _be(data, offset + 8, 8)
        if size == 0:
            return Layout(len(data), duration_ms=duration)
        if size < 8:
            break
        offset += size
    return Layout(offset if offset <= len(data) else None, duration_ms=duration)


def _media_duration(data: bytes) -> float | None:
    """Return the milliseconds of one run through a sequence's first track (ISO 14496-12, 8.4.2)."""
    start = data.find(b"mdhd") + 4
    if start < 4:
        return None
    # Version 1 of the box has times of 8 bytes, version 0 of 4.
    width = 8 if data[start : start + 1] == b"\1" else 4
    scale, duration = _be(data, start + 4 + 2 * width, 4), _be(data, start + 8 + 2 * width, width)
    return 1000 * duration / scale if scale and duration < 1 << 31 else None


_MOST_DIRECTORIES = 10_000


def _tiff(data: bytes) -> Layout:
    """Follow a TIFF's chain of directories, one per page, until it ends or bites its tail."""
    read = _le if data[:1] == b"I" else _be
    offset, seen = read(data, 4, 4), set[int]()
    while 8 <= offset < len(data) and offset not in seen and len(seen) < _MOST_DIRECTORIES:
        seen.add(offset)
        offset = read(data, offset + 2 + 12 * read(data, offset, 2), 4)
    return Layout(len(data), max(len(seen), 1))


_WALKS: dict[str, Callable[[bytes], Layout]] = {
    "png": _png,
    "apng": _png,
    "gif": _gif,
    "jpeg": _jpeg,
    "webp": _webp,
    "avif": _avif,
    "tiff": _tiff,
}
