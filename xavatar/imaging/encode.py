"""Files of our own making: nothing but pixels goes in."""

from __future__ import annotations

import io
from typing import Literal, TypeAlias

from PIL import Image

Format: TypeAlias = Literal["png", "webp"]


def encode(picture: Image.Image, format: Format = "png") -> bytes:
    """Return a file of the picture; WebP is lossy and about a quarter of the size."""
    out = io.BytesIO()
    if format == "webp":
        picture.save(out, "WEBP", quality=85, method=2)
    else:
        picture.save(out, "PNG")
    return out.getvalue()
