"""Files of our own making: nothing but pixels goes in."""

from __future__ import annotations

import io
from typing import Literal, TypeAlias

from PIL import Image

Format: TypeAlias = Literal["png", "webp", "jpeg"]


def encode(picture: Image.Image, format: Format = "png", *, optimize: bool = False) -> bytes:
    """Return a file of the picture.

    Parameters
    ----------
    picture : PIL.Image.Image
    format : {"png", "webp", "jpeg"}
        WebP is lossy and about a quarter of the size; JPEG stands on white where there is nothing.
    optimize : bool
        Take the time to make a PNG as small as it gets.
    """
    pixels = picture.copy()
    pixels.info = {}  # profiles, comments, EXIF: what Pillow read it would write again
    out = io.BytesIO()
    if format == "webp":
        pixels.save(out, "WEBP", quality=85, method=2)
    elif format == "jpeg":
        _on_white(pixels).save(out, "JPEG", quality=88, optimize=True, progressive=True)
    else:
        pixels.save(out, "PNG", optimize=optimize)
    return out.getvalue()


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    page = Image.new("RGB", picture.size, "white")
    page.paste(picture, mask=picture.getchannel("A"))
    return page
