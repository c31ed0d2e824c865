"""A picture at several sizes, held against what XEPs, clients and servers take."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from html import escape
from typing import Final

from xavatar.errors import TooLarge

from .limits import Limits
from .source import OWN, ImageSource
from .variant import MAX_BYTES, SIZE, SMALLEST, Box, Variant, cut_out, versions

_SIDES: Final = (512, 256, 192, 128, 96, 64, 48, SMALLEST)
_ENVELOPE: Final = 1024
"""Characters of a stanza around an image, generously."""


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """What somebody takes at most.

    Parameters
    ----------
    name : str
    nbytes : int
        Largest image.
    words : str
        Whose limit, and in its unit.
    """

    name: str
    nbytes: int
    words: str


def stanza_limit(characters: int, words: str = "the server's largest stanza") -> SizeLimit:
    """Return the image that fits into a stanza of so many bytes."""
    return SizeLimit("stanza", max(characters - _ENVELOPE, 0) // 4 * 3, words)


LIMITS: Final = (
    SizeLimit("XEP-0153", (8 << 10) - 1, "the 8 KB of XEP-0153, 4.6.1"),
    SizeLimit("Conversations", 9400 // 4 * 3, "the 9400 Base64 characters of Conversations"),
    SizeLimit("modernxmpp", MAX_BYTES, "the 72 KiB that modernxmpp advises"),
    stanza_limit(250_000, "the 250 000 bytes of PEP payload that ejabberd takes"),
)
"""What pictures are held against, the tightest first."""


def limits_of(stanza_bytes: int | None) -> tuple[SizeLimit, ...]:
    """Return what pictures are held against where a server says how large a stanza may be (XEP-0478).

    Parameters
    ----------
    stanza_bytes : int or None
        ``None`` where it does not say; then what ejabberd takes stands for it.

    Examples
    --------
    >>> limits_of(60_000)[-1].nbytes
    44232
    """
    if stanza_bytes is None:
        return LIMITS
    said = stanza_limit(stanza_bytes, f"the {stanza_bytes:,} bytes of a stanza that this server takes")
    return tuple(said if each.name == said.name else each for each in LIMITS)


@dataclass(frozen=True, slots=True, repr=False)
class Ladder:
    """The variants made of a picture, and the one taken.

    Parameters
    ----------
    size : tuple of int
        Width and height of what was cut out, pixels.
    rungs : tuple of Variant
        The largest first; of one size the better first.
    chosen : Variant
    max_bytes : int
        What was asked for.
    limits : tuple of SizeLimit
    """

    size: tuple[int, int]
    rungs: tuple[Variant, ...]
    chosen: Variant
    max_bytes: int
    limits: tuple[SizeLimit, ...] = LIMITS

    def keeps(self, rung: Variant) -> tuple[str, ...]:
        """Return the names of the limits that a variant keeps."""
        return tuple(limit.name for limit in self.limits if rung.nbytes <= limit.nbytes)

    @property
    def why(self) -> str:
        """Why this one, in words."""
        rung = self.chosen
        larger = [each for each in self.rungs if each.width > rung.width]
        size = f"the largest that fits into {self.max_bytes:,} bytes" if larger else "as asked for, or as it is"
        return f"{rung.width} x {rung.height}: {size}; {_palette(rung)}"

    def __repr__(self) -> str:
        lines = [f"Ladder of {self.size[0]} x {self.size[1]} pixels, at most {self.max_bytes:,} bytes"]
        for rung in self.rungs:
            mark = "→" if rung is self.chosen else " "
            lines.append(
                f" {mark} {' '.join(f'{cell:>{width}}' for cell, width in zip(_cells(rung), _WIDTHS, strict=True))}"
                f"  keeps {', '.join(self.keeps(rung)) or 'none'}"
            )
        return "\n".join([*lines, f"  {self.why}"])

    def _repr_html_(self) -> str:
        rows = "".join(self._row(rung) for rung in self.rungs)
        names = "".join(f'<th title="{escape(limit.words)}">{escape(limit.name)}</th>' for limit in self.limits)
        head = f"<tr><th></th><th>pixels</th><th>bytes</th><th>Base64</th><th>colours</th>{names}</tr>"
        return f"<div><table><thead>{head}</thead><tbody>{rows}</tbody></table><p>{escape(self.why)}</p></div>"

    def _row(self, rung: Variant) -> str:
        uri = f"data:{rung.mime};base64,{base64.b64encode(rung.data).decode()}" if rung.width <= SIZE else ""
        shown = f'<img src="{uri}" alt="" style="max-height:64px">' if uri else ""
        kept = self.keeps(rung)
        marks = "".join(f"<td>{'✓' if limit.name in kept else '✗'}</td>" for limit in self.limits)
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in _cells(rung))
        weight = ' style="font-weight:bold"' if rung is self.chosen else ""
        return f"<tr{weight}><td>{shown}</td>{cells}{marks}</tr>"


def ladder(
    source: ImageSource,
    *,
    size: int = SIZE,
    max_bytes: int = MAX_BYTES,
    crop: Box | None = None,
    square: bool = True,
    sizes: tuple[SizeLimit, ...] = LIMITS,
    limits: Limits = OWN,
) -> Ladder:
    """Return a picture as PNG in `size` and the usual smaller sizes, and the best that fits.

    Parameters
    ----------
    source : ImageSource
        Path, bytes, Pillow image or numpy array.
    size, max_bytes, crop, square, limits : optional
        As for :func:`~xavatar.imaging.variant`.
    sizes : tuple of SizeLimit
        Limits to hold the variants against.

    Raises
    ------
    ImageError, ConfigError
        As for :func:`~xavatar.imaging.variant`.

    Examples
    --------
    >>> made = ladder(np.zeros((300, 200, 3), np.uint8))
    >>> made.chosen.width, made.keeps(made.chosen)
    (192, ('XEP-0153', 'Conversations', 'modernxmpp', 'stanza'))
    """
    picture = cut_out(source, size=size, crop=crop, square=square, limits=limits)
    largest = min(size, max(picture.size))
    sides = [largest, *(side for side in _SIDES if side < largest)]
    rungs = tuple(made for side in sides for made in versions(picture, side, "png"))
    chosen = next((rung for rung in rungs if rung.nbytes <= max_bytes), None)
    if chosen is None:
        least = min(rung.nbytes for rung in rungs)
        raise TooLarge(f"The picture does not fit into {max_bytes:,} bytes, its smallest has {least:,}; allow more.")
    return Ladder(picture.size, rungs, chosen, max_bytes, sizes)


_WIDTHS: Final = (9, 7, 7, 28)
_LOSSLESS: Final = "lossless"


def _cells(rung: Variant) -> tuple[str, str, str, str]:
    colors = "all" if rung.colors is None else f"{rung.colors} ({_apart(rung)})"
    return f"{rung.width} x {rung.height}", f"{rung.nbytes:,}", f"{rung.base64_length:,}", colors


def _apart(rung: Variant) -> str:
    found = rung.difference
    if math.isclose(found.worst, 0, abs_tol=0.005):
        return _LOSSLESS
    return f"ΔE {found.mean:.2f}, 99%: {found.worst:.2f}"


def _palette(rung: Variant) -> str:
    if rung.colors is None:
        return "all its colours, since a palette would show or be no smaller"
    if rung.difference.unseen:
        seen = "" if _apart(rung) == _LOSSLESS else ": not to be seen"
        return f"a palette of {rung.colors} colours, {_apart(rung)}{seen}"
    return f"a palette of {rung.colors} colours, {_apart(rung)}: to be seen, but nothing else of this size fits"
