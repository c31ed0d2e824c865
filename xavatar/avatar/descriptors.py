"""Descriptors: what is announced of an avatar, and how its bytes are had."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from .ids import normalize_id

Fetch = Callable[[Any], Awaitable[bytes]]


async def _nowhere(descriptor: AbstractAvatarDescriptor) -> bytes:
    raise NotImplementedError(f"{descriptor!r} is not attached to a service")


@dataclass(frozen=True, slots=True, eq=False)
class AbstractAvatarDescriptor:
    """One announced avatar; immutable and hashable.

    Two descriptors are equal when they are of one class and announce the same, ids compared in
    their normalised form (XEP-0153, 3.1).

    Parameters
    ----------
    remote_jid : aioxmpp.JID
        Whose avatar it is.
    id_ : str
        The SHA-1 of the image as it was sent; use it for requests only.
    mime_type : str, optional
        As announced. The bytes decide (P153-16).
    nbytes, width, height : int, optional
        As announced: bytes, pixels.
    url : str, optional
        Where the image lies; ``None`` when it is had over XMPP.
    item_id : str, optional
        ItemID of the PEP item it came in.
    info_index : int
        Position among the item's ``<info/>``, from 0.
    pointer : str, optional
        Namespace of the ``<pointer/>`` that the item carries (XEP-0084, 4.2.2).
    """

    remote_jid: Any
    id_: str
    mime_type: str | None = field(default=None, kw_only=True)
    nbytes: int | None = field(default=None, kw_only=True)
    width: int | None = field(default=None, kw_only=True)
    height: int | None = field(default=None, kw_only=True)
    url: str | None = field(default=None, kw_only=True)
    item_id: str | None = field(default=None, kw_only=True)
    info_index: int = field(default=0, kw_only=True)
    pointer: str | None = field(default=None, kw_only=True)
    fetch: Fetch = field(default=_nowhere, kw_only=True, repr=False)

    can_get_image_bytes_via_xmpp: ClassVar[bool] = False
    """Whether :meth:`get_image_bytes` works: it never raises NotImplementedError then."""

    @property
    def normalized_id(self) -> str:
        """The id for comparing and caching; see :func:`normalize_id`."""
        return normalize_id(self.id_)

    @property
    def has_image_data_in_pubsub(self) -> bool:
        """Older name of :attr:`can_get_image_bytes_via_xmpp`; deprecated."""
        warnings.warn(
            "has_image_data_in_pubsub is deprecated, use can_get_image_bytes_via_xmpp",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.can_get_image_bytes_via_xmpp

    async def get_image_bytes(self) -> bytes:
        """Fetch the image over XMPP; its SHA-1 is the announced one.

        Raises
        ------
        NotImplementedError
            The image is not to be had over XMPP: :attr:`can_get_image_bytes_via_xmpp` is false.
        RuntimeError
            It is not where it was announced, or it is another one.
        aioxmpp.XMPPCancelError
            The request was answered with an error, or not in time.
        ConnectionError
            There is no connection.
        """
        raise NotImplementedError

    def _announced(self) -> tuple[Any, ...]:
        size = (self.nbytes, self.width, self.height)
        origin = (self.item_id, self.info_index, self.pointer)
        return (self.remote_jid, self.normalized_id, self.mime_type, *size, self.url, *origin)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._announced() == other._announced()

    def __hash__(self) -> int:
        return hash((type(self), self._announced()))


class PubsubAvatarDescriptor(AbstractAvatarDescriptor):
    """An avatar in the PEP data node (XEP-0084, 3.4)."""

    __slots__ = ()
    can_get_image_bytes_via_xmpp = True

    async def get_image_bytes(self) -> bytes:
        """Ask the data node for the item of this id; see the base class."""
        return await self.fetch(self)


class HttpAvatarDescriptor(AbstractAvatarDescriptor):
    """An avatar at a url; :func:`xavatar.avatar.fetch_url` fetches it."""

    __slots__ = ()


class VCardAvatarDescriptor(AbstractAvatarDescriptor):
    """An avatar in the vCard (XEP-0153)."""

    __slots__ = ()
    can_get_image_bytes_via_xmpp = True

    async def get_image_bytes(self) -> bytes:
        """Ask for the vCard and return its photo of this id; see the base class."""
        return await self.fetch(self)
