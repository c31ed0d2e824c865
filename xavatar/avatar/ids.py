"""Image ids: the SHA-1 of the bytes, in hexadecimal (XEP-0084, 3.1; XEP-0153, 3.1)."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_SHA1: Final = re.compile(r"[0-9a-f]{40}")
EMPTY_SHA1: Final = hashlib.sha1(b"", usedforsecurity=False).hexdigest()
"""What a publisher of zero bytes announces (A-20)."""


def normalize_id(id_: str) -> str:
    """Return the form of an id in which two of them can be compared.

    Surrounding white space goes, letters become lower case (A-04). For any request keep the
    id as it was sent.

    Examples
    --------
    >>> normalize_id(" DA39A3EE5E6B4B0D3255BFEF95601890AFD80709")
    'da39a3ee5e6b4b0d3255bfef95601890afd80709'
    """
    return id_.strip().lower()


def is_sha1(id_: str) -> bool:
    """Tell whether an id, normalised, is 40 hexadecimal digits (A-01).

    Examples
    --------
    >>> is_sha1("current")
    False
    """
    return _SHA1.fullmatch(normalize_id(id_)) is not None


def sha1(data: bytes) -> str:
    """Return the id of an image's bytes."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
