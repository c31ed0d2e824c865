"""Bounded memories: what is known by JID, and the last few photos by hash."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from .known import Known

K = TypeVar("K", bound=Hashable)


class Cache(Generic[K]):
    """What is known by JID; the least recently used goes first.

    Everything that strangers can make grow is in here: of a JID that falls out nothing is left
    (D-07).

    Parameters
    ----------
    size : int
        JIDs at most.
    """

    def __init__(self, size: int) -> None:
        self._entries: OrderedDict[K, Known] = OrderedDict()
        self._size = size

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[K]:
        return iter(tuple(self._entries))

    def __contains__(self, jid: K) -> bool:
        return jid in self._entries

    @property
    def size(self) -> int:
        """JIDs at most."""
        return self._size

    @size.setter
    def size(self, value: int) -> None:
        if value < 1:
            raise ValueError(f"metadata_cache_size must be at least 1, not {value}")
        self._size = value
        self._shrink()

    def known(self, jid: K) -> Known:
        """Return what is known of `jid`, which is remembered from now on."""
        entry = self._entries.get(jid)
        if entry is None:
            entry = self._entries[jid] = Known()
            self._shrink()
        else:
            self._entries.move_to_end(jid)
        return entry

    def forget(self, jid: K) -> None:
        """Forget a JID."""
        self._entries.pop(jid, None)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def _shrink(self) -> None:
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)


class Photos:
    """The last few vCard photos by SHA-1, so that a card is not downloaded again for its image.

    Parameters
    ----------
    limit : int
        Bytes at most; a larger photo is not kept.
    """

    def __init__(self, limit: int = 1 << 20) -> None:
        self._limit = limit
        self._held = 0
        self._photos: OrderedDict[str, bytes] = OrderedDict()

    def get(self, id_: str) -> bytes | None:
        """Return the photo of a normalised id."""
        return self._photos.get(id_)

    def put(self, id_: str, photo: bytes) -> None:
        """Keep a photo under its SHA-1, which the caller has computed."""
        if id_ in self._photos or len(photo) > self._limit:
            return
        self._photos[id_] = photo
        self._held += len(photo)
        while self._held > self._limit:
            self._held -= len(self._photos.popitem(last=False)[1])

    def clear(self) -> None:
        """Drop all."""
        self._photos.clear()
        self._held = 0
