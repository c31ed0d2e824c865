"""Faces of a crowd: a number is a face, always the same one.

Templates in indexed colour: one PNG body per template, one palette per person. Nothing is
compressed or drawn per person, so two thousand faces take a fraction of a second.
"""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from itertools import product

from PIL import Image, ImageDraw

from ._data import Picture

SKINS = ("#f6d7bd", "#f2c6a8", "#e2ac84", "#c98f66", "#9c6644", "#74472f")
HAIRS = ("#2d2327", "#5a3825", "#9a4a24", "#d8b168", "#9a958f", "#e4e0d8", "#7b3f61")
CLOTHES = ("#b23a48", "#33658a", "#2f6f73", "#5b3a73", "#d9a441", "#5f7a4e", "#3a3a4d", "#c2703d")
BACKS = ("#d98873", "#7fa6b8", "#a78bb5", "#b3a284", "#c9a96b", "#8fae8b", "#8a93a3", "#c98ba0")
BACK, HALO, SKIN, SHADE, HAIR, CLOTH, INK = range(7)
HIGHEST = 255  # pixels of a side: the image must fit one stored block of deflate (RFC 1951, 3.2.4)

Color = tuple[int, int, int]
# hair, collar, mouth, glasses
_LOOKS = tuple(product(("short", "long", "bun", "curls", "crop", "bald"), ("round", "vee"), ("smile", "calm"), (0, 1)))


def face(number: int, side: int, form: str = "png") -> Picture:
    """Draw the face of a number: its bits choose template and colours.

    Parameters
    ----------
    number : int
    side : int
        Pixels, 255 at most.
    form : str
        png, jpeg or webp.
    """
    look, (skin, hair, cloth, back) = _traits(number)
    header, body, mixes = _template(look, side)
    ink, white = (59, 42, 42), (255, 255, 255)
    base = (back, _mix(back, white), skin, _mix(skin, ink), hair, cloth, ink)
    palette = bytearray(3 * len(mixes))
    for channel, shade in enumerate(zip(*base, strict=True)):
        palette[channel::3] = bytes([(shade[a] + shade[b] + shade[c] + shade[d]) // 4 for a, b, c, d in mixes])
    content = b"\x89PNG\r\n\x1a\n" + header + _chunk(b"PLTE", bytes(palette)) + body + _chunk(b"IEND", b"")
    if form == "png":
        return Picture(content, "image/png", side, side)
    buffer = io.BytesIO()
    Image.open(io.BytesIO(content)).convert("RGB").save(buffer, form, quality=85)
    return Picture(buffer.getvalue(), f"image/{form}", side, side)


def _traits(number: int) -> tuple[int, tuple[Color, ...]]:
    """Read template and colours from a number; the colours vary a little around the named ones."""
    chosen = []
    for colors in (SKINS, HAIRS, CLOTHES, BACKS):
        number, rest = divmod(number, len(colors))
        step = number % 23 - 11
        red, green, blue = (min(255, max(0, int(colors[rest][at : at + 2], 16) + step)) for at in (1, 3, 5))
        chosen.append((red, green, blue))
    return number % len(_LOOKS), tuple(chosen)


def _mix(one: Color, other: Color) -> Color:
    return (one[0] * 3 + other[0]) // 4, (one[1] * 3 + other[1]) // 4, (one[2] * 3 + other[2]) // 4


def _stored(content: bytes) -> bytes:
    """Wrap bytes as a zlib stream without compression: the same with any zlib."""
    size = len(content)
    head = b"\x78\x01\x01" + struct.pack("<HH", size, size ^ 0xFFFF)
    return head + content + struct.pack(">I", zlib.adler32(content))


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


@cache
def _template(look: int, side: int) -> tuple[bytes, bytes, tuple[tuple[int, int, int, int], ...]]:
    """Return IHDR, IDAT and the palette's mixtures of a face.

    Drawn twice as large in seven colours; four pixels become one of their mixture, which
    smooths the edges.
    """
    double = side * 2
    pixels = _drawn(look, double).tobytes()
    mixes: dict[tuple[int, int, int, int], int] = {}
    found: dict[tuple[int, int, int, int], int] = {}
    rows = bytearray()
    for y in range(0, double * double, double * 2):
        upper, lower = pixels[y : y + double], pixels[y + double : y + double * 2]
        rows.append(0)
        for four in zip(upper[::2], upper[1::2], lower[::2], lower[1::2], strict=True):
            if four not in found:
                a, b, c, d = sorted(four)
                found[four] = mixes.setdefault((a, b, c, d), len(mixes))
            rows.append(found[four])
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 3, 0, 0, 0))
    return header, _chunk(b"IDAT", _stored(bytes(rows))), tuple(mixes)


def _drawn(look: int, side: int) -> Image.Image:
    hair, collar, mouth, glasses = _LOOKS[look]
    image = Image.new("P", (side, side), BACK)
    pen, unit = ImageDraw.Draw(image), side / 100

    def oval(x: float, y: float, rx: float, ry: float, color: int) -> None:
        pen.ellipse([(x - rx) * unit, (y - ry) * unit, (x + rx) * unit, (y + ry) * unit], fill=color)

    def cut(x: float, y: float, rx: float, ry: float, color: int) -> None:
        pen.chord([(x - rx) * unit, (y - ry) * unit, (x + rx) * unit, (y + ry) * unit], 180, 360, fill=color)

    oval(50, 48, 44, 44, HALO)
    if hair == "long":
        pen.rounded_rectangle([24 * unit, 24 * unit, 76 * unit, 84 * unit], 20 * unit, fill=HAIR)
    elif hair == "bun":
        oval(50, 15, 11, 9, HAIR)
    elif hair == "curls":
        for x, y in ((27, 34), (26, 47), (73, 34), (74, 47), (37, 24), (50, 20), (63, 24)):
            oval(x, y, 10, 10, HAIR)
    pen.rounded_rectangle([16 * unit, 77 * unit, 84 * unit, 130 * unit], 20 * unit, fill=CLOTH)
    pen.rectangle([43 * unit, 62 * unit, 57 * unit, 80 * unit], fill=SHADE)
    if collar == "vee":
        pen.polygon([(41 * unit, 77 * unit), (59 * unit, 77 * unit), (50 * unit, 90 * unit)], fill=SHADE)
    else:
        oval(50, 78, 11, 6, SHADE)
    oval(28, 48, 4, 5, SHADE)
    oval(72, 48, 4, 5, SHADE)
    oval(50, 46, 22, 26, SKIN)
    if hair != "bald":
        cut(50, 38, 24, 16 if hair == "crop" else 21, HAIR)
    for x in (41, 59):
        oval(x, 48, 2.6, 3.2, INK)
        if glasses:
            pen.ellipse([(x - 7) * unit, 41 * unit, (x + 7) * unit, 55 * unit], outline=INK, width=round(1.5 * unit))
    box = [43 * unit, (54 if mouth == "smile" else 58) * unit, 57 * unit, (65 if mouth == "smile" else 63) * unit]
    pen.arc(box, 20, 160, fill=INK, width=round(2 * unit))
    return image
