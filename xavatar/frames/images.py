"""Where the bytes behind a frame are.

A frame holds SHA-1 keys, never bytes. Whoever keeps images registers here while it is open;
frames only ever ask for a key. Registration is weak: a store that is dropped is forgotten.
"""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, runtime_checkable

from xavatar.errors import StoreError


@runtime_checkable
class ImageSource(Protocol):
    """Anything that keeps images by their SHA-1."""

    def get(self, sha1: str) -> bytes | None:
        """Return the image with this lower-case hexadecimal SHA-1, or ``None``."""


_sources: list[weakref.ref[ImageSource]] = []
_lock = threading.Lock()


def register(source: ImageSource) -> None:
    """Offer a source to all frames of the process for as long as it lives; the newest is asked first."""
    with _lock:
        _sources[:] = [ref for ref in _sources if ref() not in (None, source)]
        _sources.insert(0, weakref.ref(source))


def unregister(source: ImageSource) -> None:
    """Withdraw a source, as a store that is closed does; unknown ones are ignored."""
    with _lock:
        _sources[:] = [ref for ref in _sources if ref() not in (None, source)]


def lookup(sha1: str) -> bytes | None:
    """Return the image with this SHA-1 from any open source, or ``None``.

    Notes
    -----
    The bytes are hashed again: a damaged store must not show one person's face for another's.

    Examples
    --------
    >>> from xavatar.frames import lookup
    >>> picture = lookup(df["sha1"].dropna().iat[0])
    >>> isinstance(picture, bytes)
    True
    """
    with _lock:
        sources = [source for ref in _sources if (source := ref()) is not None]
    for source in sources:
        try:
            data = source.get(sha1)
        except StoreError:
            continue  # closed in the meantime
        if data is not None and hashlib.sha1(data).hexdigest() == sha1:
            return data
    return None


class Images(Mapping[str, bytes]):
    """The images behind the shown rows, by SHA-1, read from open sources when asked for."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = dict.fromkeys(keys)

    def __getitem__(self, sha1: str) -> bytes:
        data = lookup(sha1) if sha1 in self._keys else None
        if data is None:
            raise KeyError(sha1)
        return data

    def __iter__(self) -> Iterator[str]:
        return (sha1 for sha1 in self._keys if lookup(sha1) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<Images: {len(self)} of {len(self._keys)} at hand>"
