"""Words for people, made of words from the wire.

Nothing that came from the wire may steer a terminal, turn the direction of a line or fill
a page, so every quoted value passes through :func:`quoted`.
"""

from __future__ import annotations

import unicodedata

# Cc: controls, C1 among them (a terminal takes U+009B for an escape); Cf: bidi and joiners; the rest cannot be shown.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_KIB = 1024


def clean(text: str, limit: int | None = None) -> str:
    """Return `text` on one line, without invisible characters, cut to `limit` characters."""
    # A Cf character inside an emoji sequence is lost as well: a picture of two people becomes two pictures.
    visible = text
    if not text.isprintable():
        visible = "".join(
            " " if char in "\t\n\r" else "\ufffd" if unicodedata.category(char) in _HIDDEN else char for char in text
        )
    if limit is not None and len(visible) > limit:
        return visible[: limit - 1] + "…"
    return visible


def quoted(value: str, limit: int = 60) -> str:
    """Return `value` from the wire in quotation marks, harmless and short."""
    return f"“{clean(value, limit)}”"


def size(nbytes: int) -> str:
    """Return a number of bytes as people read it: ``812 bytes``, ``71.4 KiB``, ``1.2 MiB``."""
    if nbytes < _KIB:
        return "1 byte" if nbytes == 1 else f"{nbytes} bytes"
    number, unit = (nbytes / _KIB, "KiB") if nbytes < _KIB * _KIB else (nbytes / _KIB / _KIB, "MiB")
    return f"{number:.1f}".removesuffix(".0") + f" {unit}"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return ``1 contact``, ``2 contacts``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
