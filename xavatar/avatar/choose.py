"""Choosing one descriptor of several."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from .descriptors import AbstractAvatarDescriptor
from .ids import normalize_id

D = TypeVar("D", bound=AbstractAvatarDescriptor)
Rank = tuple[int, ...]


def choose(
    descriptors: Iterable[D],
    *,
    size: int | tuple[int, int] | None = None,
    mime_types: Sequence[str] | None = None,
    cached: Collection[str] = (),
) -> D | None:
    """Return the descriptor to take, or ``None`` when none is acceptable.

    What is cached already comes first, then what fits, then what comes over XMPP before what
    lies at a url, then the smaller one.

    Parameters
    ----------
    descriptors : iterable of descriptors
        As :meth:`AvatarService.get_avatar_metadata` returns them.
    size : int or (int, int), optional
        Pixels wanted, one side or width and height. The smallest image that covers them fits
        best, then one of unknown size, then the largest of those that are too small: scaling
        down is harmless, scaling up is not (P84-21). Left out, size does not matter.
    mime_types : sequence of str, optional
        Types that can be used, the best first. Others are not chosen; an image of unknown type
        is, after the known ones.
    cached : collection of str
        Ids of images at hand; compared normalised.

    Examples
    --------
    >>> small = PubsubAvatarDescriptor("juliet@capulet.lit", "aa", width=64, height=64)
    >>> large = HttpAvatarDescriptor("juliet@capulet.lit", "bb", width=512, height=512, url="https://capulet.lit/j")
    >>> choose([small, large], size=48) is small, choose([small, large], size=96) is large
    (True, True)
    >>> choose([small, large], size=48, cached={"BB"}) is large
    True
    """
    at_hand = {normalize_id(id_) for id_ in cached}
    types = None if mime_types is None else [mime.strip().lower() for mime in mime_types]
    usable = [each for each in descriptors if types is None or _type_rank(each, types) is not None]

    def rank(descriptor: D) -> Rank:
        return (
            descriptor.normalized_id not in at_hand,
            *_fit(descriptor, size),
            _type_rank(descriptor, types or []) or 0,
            not descriptor.can_get_image_bytes_via_xmpp,
            descriptor.nbytes is None,
            descriptor.nbytes or 0,
        )

    return min(usable, key=rank, default=None)


def _fit(descriptor: AbstractAvatarDescriptor, size: int | tuple[int, int] | None) -> Rank:
    if size is None:
        return (0, 0)
    width, height = (size, size) if isinstance(size, int) else size
    if descriptor.width is None or descriptor.height is None:
        return (1, 0)
    area = descriptor.width * descriptor.height
    return (0, area) if descriptor.width >= width and descriptor.height >= height else (2, -area)


def _type_rank(descriptor: AbstractAvatarDescriptor, types: list[str]) -> int | None:
    mime = (descriptor.mime_type or "").strip().lower()
    if not mime:
        return len(types)
    return types.index(mime) if mime in types else None
