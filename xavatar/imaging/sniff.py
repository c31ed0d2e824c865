"""The type of a picture by its own bytes; declared types are hints at best (P153-16, A-07)."""

from __future__ import annotations

import re
from typing import Final

MIME = {
    "png": "image/png",
    # An APNG is a valid PNG and is declared as one; `format` and `frames` tell them apart.
    "apng": "image/png",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "tiff": "image/tiff",
    "svg": "image/svg+xml",
}

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BMP_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_PROLOGUE = 1 << 16
_BLANK = re.compile(r"\s*")
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?svg(?=[\s/>])")
_DOCTYPE = re.compile(r"<!DOCTYPE\s+(?:[A-Za-z_][\w.-]*:)?svg(?=[\s\[>])", re.IGNORECASE)


def sniff(data: bytes) -> str | None:
    """Return the format of a picture by its bytes.

    Returns
    -------
    str or None
        ``png apng gif jpeg webp avif bmp tiff svg``, or ``None`` when it is none of them.

    Examples
    --------
    >>> sniff(b"GIF89a...")
    'gif'
    """
    head = data[:32]
    if head.startswith(PNG_SIGNATURE):
        return "apng" if _is_animated(data) else "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and _is_avif(data):
        return "avif"
    if head.startswith(_TIFF):
        return "tiff"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "bmp"
    return "svg" if _is_svg(data) else None


def mime_of(format: str | None) -> str | None:
    """Return the media type of a format of :func:`sniff`.

    Examples
    --------
    >>> mime_of("apng")
    'image/png'
    """
    return MIME.get(format) if format else None


_FIRST_CHUNKS: Final = 1000


def _is_animated(data: bytes) -> bool:
    """Tell whether an ``acTL`` chunk comes before the first ``IDAT``, as APNG demands."""
    offset = len(PNG_SIGNATURE)
    for _ in range(_FIRST_CHUNKS):
        kind = data[offset + 4 : offset + 8]
        if kind in (b"acTL", b"IDAT", b""):
            return kind == b"acTL"
        offset += 12 + int.from_bytes(data[offset : offset + 4], "big")
    return False


def _is_avif(data: bytes) -> bool:
    size = int.from_bytes(data[:4], "big")
    brands = data[8 : min(max(size, 16), 256)]
    return any(brands[i : i + 4] in (b"avif", b"avis") for i in range(0, len(brands), 4))


def _is_svg(data: bytes) -> bool:
    """Tell whether the document's first element is ``svg``, past all that XML allows before it."""
    if b"svg" not in data and b"s\0v\0g" not in data:
        return False
    text = _decode(data[:_PROLOGUE])
    position = 0
    while True:
        position = _blank_end(text, position)
        if text.startswith("<?", position):
            end = text.find("?>", position)
            position = end + 2
        elif text.startswith("<!--", position):
            end = text.find("-->", position)
            position = end + 3
        elif _DOCTYPE.match(text, position):
            end = position = _doctype_end(text, position)
        else:
            return _ROOT.match(text, position) is not None
        if end < 0:
            return False


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if data[1:2] == b"\0":
        return data.decode("utf-16-le", "replace")
    if data[:1] == b"\0":
        return data.decode("utf-16-be", "replace")
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")


def _blank_end(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


def _doctype_end(text: str, position: int) -> int:
    """Return where the document type declaration ends, internal subset included; -1 when it does not."""
    close = text.find(">", position)
    subset = text.find("[", position)
    if 0 <= subset < close:
        close = text.find(">", text.find("]", subset)) if "]" in text[subset:] else -1
    return close + 1 if close >= 0 else -1
