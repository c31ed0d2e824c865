"""Pictures for those who have none: a colour of their own (XEP-0392) and a letter."""

from __future__ import annotations

import functools
import hashlib
import unicodedata
from typing import Final

import hsluv
from PIL import Image, ImageDraw, ImageFont

from .encode import encode

_SATURATION: Final = 100
_LIGHTNESS: Final = 50
_JOINER: Final = "\u200d"
_REGIONAL: Final = range(0x1F1E6, 0x1F200)
_MODIFIERS: Final = (*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080))


def hue(key: str) -> float:
    """Return the angle of a key's colour in degrees (XEP-0392, 5.1)."""
    digest = hashlib.sha1(key.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:2], "little") / 65536 * 360


def color(key: str) -> str:
    """Return a key's colour as ``#rrggbb`` (XEP-0392, 5.4), saturation 100, lightness 50.

    Parameters
    ----------
    key : str
        A bare JID, normalised as for comparison; for an occupant the nickname.

    Examples
    --------
    >>> color("Romeo")
    '#dd00af'
    """
    return str(hsluv.hsluv_to_hex((hue(key), _SATURATION, _LIGHTNESS)))


def first_grapheme(text: str) -> str:
    """Return what a reader takes for the first character, upper-cased; ``""`` when there is none.

    Notes
    -----
    Combining marks, variation selectors, skin tones, flags and joined emoji stay together; the
    rarer rules of Unicode's annex 29 are left out.

    Examples
    --------
    >>> first_grapheme("julia")
    'J'
    """
    text = text.strip()
    end = 0
    while end < len(text):
        code = ord(text[end])
        joins = (
            end == 0
            or text[end - 1] == _JOINER
            or text[end] == _JOINER
            or code in _MODIFIERS
            or unicodedata.category(text[end]) in ("Mn", "Me", "Mc")
            or (end == 1 and code in _REGIONAL and ord(text[0]) in _REGIONAL)
        )
        if not joins:
            break
        end += 1
    upper = text[:end].upper()
    # Some letters grow when capitalised, as the German sharp s; one letter is enough.
    return upper if len(upper) == end else text[:end]


def placeholder(text: str, *, key: str | None = None, size: int = 64) -> bytes:
    """Return a PNG that stands for somebody without an avatar.

    Parameters
    ----------
    text : str
        The name; its first character is drawn when the font has it.
    key : str, optional
        What the colour is made of; `text` by default.
    size : int
        Pixels per side.

    Examples
    --------
    >>> xa.imaging.sniff(placeholder("Juliet", size=32))
    'png'
    """
    return encode(draw_placeholder(text, key=key, size=size))


def draw_placeholder(text: str, *, key: str | None = None, size: int = 64) -> Image.Image:
    """Return the picture of :func:`placeholder`."""
    picture = Image.new("RGB", (size, size), color(key if key is not None else text))
    letter = first_grapheme(text)
    font = _font(round(size * 0.55))
    if letter and _has_glyphs(letter, font):
        ImageDraw.Draw(picture).text((size / 2, size / 2), letter, fill="white", font=font, anchor="mm")
    return picture


@functools.lru_cache(maxsize=8)
def _font(points: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(max(points, 4))


def _has_glyphs(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> bool:
    """Tell whether the font draws the text, by comparing with what it draws for a code without a glyph."""
    missing = bytes(font.getmask("\U0010fffe"))
    return all(bytes(font.getmask(character)) != missing for character in text)
