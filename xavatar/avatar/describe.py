"""From what was read to descriptors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xavatar.imaging import mime_of, sniff

from .descriptors import (
    AbstractAvatarDescriptor,
    Fetch,
    HttpAvatarDescriptor,
    PubsubAvatarDescriptor,
    VCardAvatarDescriptor,
)
from .ids import sha1
from .parse import Metadata, Picture

Descriptors = tuple[AbstractAvatarDescriptor, ...]


def from_metadata(jid: Any, metadata: Metadata, fetch: Fetch) -> Descriptors:
    """Return a descriptor for each ``<info/>``, in document order (D-31).

    One without an id is left out: nothing could be asked for, nothing verified.
    """
    return tuple(
        (PubsubAvatarDescriptor if each.url is None else HttpAvatarDescriptor)(
            jid,
            each.id,
            mime_type=each.mime,
            nbytes=each.nbytes,
            width=each.width,
            height=each.height,
            url=each.url,
            item_id=each.item_id,
            info_index=each.info_index,
            pointer=each.pointer,
            fetch=fetch,
        )
        for each in metadata.descriptors
        if each.id is not None and each.id.strip()
    )


def from_photos(jid: Any, photos: Iterable[Picture], fetch: Fetch) -> tuple[Descriptors, dict[str, bytes]]:
    """Return a descriptor for each different PHOTO with bytes, and the bytes by their SHA-1."""
    found: list[AbstractAvatarDescriptor] = []
    images: dict[str, bytes] = {}
    for index, photo in enumerate(photos):
        if photo.data is None or (id_ := sha1(photo.data)) in images:
            continue
        images[id_] = photo.data
        # The bytes decide on the type (P153-16, A-07, A-08).
        mime = mime_of(sniff(photo.data)) or photo.mime
        size = len(photo.data)
        found.append(VCardAvatarDescriptor(jid, id_, mime_type=mime, nbytes=size, info_index=index, fetch=fetch))
    return tuple(found), images


def from_hashes(jid: Any, hashes: Iterable[str], fetch: Fetch) -> Descriptors:
    """Return a descriptor for each hash announced of a vCard's photos."""
    return tuple(VCardAvatarDescriptor(jid, each, info_index=i, fetch=fetch) for i, each in enumerate(hashes))
