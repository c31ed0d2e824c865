"""Many pictures on one."""

from __future__ import annotations

import math
from collections.abc import Iterable

from PIL import Image

from .encode import encode
from .limits import Limits
from .placeholder import draw_placeholder
from .thumbnail import shrink


def contact_sheet(
    images: Iterable[tuple[str, bytes]], *, tile: int = 64, columns: int | None = None, limits: Limits | None = None
) -> bytes:
    """Return many pictures on one sheet.

    Parameters
    ----------
    images : iterable of (str, bytes)
        Name and bytes; one that cannot be shown gets a placeholder of the name (XEP-0392).
    tile : int
        Side of a picture in pixels; smaller ones are centred, not scaled up (P84-21).
    columns : int, optional
        Pictures in a row; by default as many as make the sheet about square.
    limits : Limits, optional

    Returns
    -------
    bytes
        A PNG with a transparent ground.

    Examples
    --------
    >>> xa.imaging.sniff(contact_sheet([("Juliet", png), ("Romeo", png)], tile=32))
    'png'
    """
    limits = limits or Limits()
    files = list(images)
    columns = columns or math.ceil(math.sqrt(len(files))) or 1
    rows = math.ceil(len(files) / columns) or 1
    margin = max(tile // 16, 1)
    step = tile + margin
    sheet = Image.new("RGBA", (min(columns, len(files) or 1) * step + margin, rows * step + margin))
    for index, (name, data) in enumerate(files):
        picture = shrink(data, tile, limits) or draw_placeholder(name, size=tile)
        left = margin + index % columns * step + (tile - picture.width) // 2
        top = margin + index // columns * step + (tile - picture.height) // 2
        sheet.paste(picture, (left, top))
    return encode(sheet)
