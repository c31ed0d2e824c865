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
    """
    limits = limits or Limits()
    tiles = [shrink(data, tile, limits) or draw_placeholder(name, size=tile) for name, data in images]
    columns = columns or math.ceil(math.sqrt(len(tiles))) or 1
    rows = math.ceil(len(tiles) / columns) or 1
    margin = max(tile // 16, 1)
    step = tile + margin
    sheet = Image.new("RGBA", (min(columns, len(tiles) or 1) * step + margin, rows * step + margin))
    for index, picture in enumerate(tiles):
        left = margin + index % columns * step + (tile - picture.width) // 2
        top = margin + index // columns * step + (tile - picture.height) // 2
        sheet.paste(picture, (left, top))
    return encode(sheet)
