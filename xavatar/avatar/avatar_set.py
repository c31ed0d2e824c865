"""The avatar to publish: one PNG with its bytes, the same picture elsewhere, pointers."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

import aioxmpp.avatar.xso
import aioxmpp.xml

from xavatar.errors import PublishError
from xavatar.imaging import mime_of, sniff
from xavatar.wire.xml import METADATA, parse, serialize, split, tag

from .ids import is_sha1, normalize_id, sha1

_PNG: Final = "image/png"
_MEDIA_TYPE: Final = re.compile(r"(image|video)/[a-z0-9][a-z0-9.+-]*")
_LARGEST: Final = {"width": 65535, "height": 65535, "nbytes": 2**32 - 1}


class InvalidAvatarSet(PublishError, ValueError, RuntimeError):
    """A source, or the whole set, breaks a rule of XEP-0084, 4.2."""


@dataclass(frozen=True, slots=True)
class _Source:
    mime_type: str | None
    id_: str | None
    nbytes: int | None
    width: int | None
    height: int | None
    url: str | None = None

    def attributes(self) -> dict[str, str]:
        pairs = {
            "bytes": self.nbytes,
            "id": self.id_,
            "type": self.mime_type,
            "width": self.width,
            "height": self.height,
            "url": self.url,
        }
        return {name: str(value) for name, value in pairs.items() if value is not None}


class AvatarSet:
    """The sources of one avatar, for :meth:`AvatarService.publish_avatar_set`.

    One of them carries the image itself, as PNG. The others are the same image in other types
    or sizes, each at a url. Add the PNG and the urls in any order.

    Examples
    --------
    >>> avatar = AvatarSet()
    >>> avatar.add_avatar_image("image/png", image_bytes=png)
    >>> avatar.add_avatar_image(
    ...     "image/webp",
    ...     id_="0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33",
    ...     nbytes=20000,
    ...     width=512,
    ...     height=512,
    ...     url="https://capulet.lit/juliet.webp",
    ... )
    >>> avatar
    <AvatarSet ... bytes, 1 urls, 0 pointers>
    """

    def __init__(self) -> None:
        self._image_bytes: bytes | None = None
        self._png: _Source | None = None
        self._linked: list[_Source] = []
        self._pointers: list[Element] = []

    def __repr__(self) -> str:
        png = f"{self.png_id}, {len(self._image_bytes)} bytes" if self._image_bytes else "no PNG"
        return f"<AvatarSet {png}, {len(self._linked)} urls, {len(self._pointers)} pointers>"

    @property
    def image_bytes(self) -> bytes | None:
        """The PNG image; ``None`` before it was added."""
        return self._image_bytes

    @property
    def png_id(self) -> str | None:
        """The normalised SHA-1 of :attr:`image_bytes`; ``None`` before they were added."""
        return self._png.id_ if self._png else None

    @property
    def metadata(self) -> Any:
        """The ``<metadata/>`` as aioxmpp's own class for it."""
        return aioxmpp.xml.read_single_xso(io.BytesIO(self.to_xml().encode()), aioxmpp.avatar.xso.Metadata)

    def to_xml(self) -> str:
        """Return the ``<metadata/>`` as it is published.

        The PNG comes first: servers that convert to a vCard look at the first (XEP-0398, 3.1).
        """
        root = Element(tag(METADATA, "metadata"))
        for source in (self._png, *self._linked):
            if source is not None:
                root.append(Element(tag(METADATA, "info"), source.attributes()))
        root.extend(self._pointers)
        return serialize(root)

    def check(self) -> bytes:
        """Return the PNG's bytes.

        Raises
        ------
        InvalidAvatarSet
            There are none: a set without them cannot be published (P84-12).
        """
        if self._image_bytes is None:
            raise InvalidAvatarSet(
                "The avatar set has no PNG image: add one with add_avatar_image('image/png', image_bytes=...)."
            )
        return self._image_bytes

    def add_avatar_image(
        self,
        mime_type: str,
        *,
        id_: str | None = None,
        image_bytes: bytes | None = None,
        width: int | None = None,
        height: int | None = None,
        url: str | None = None,
        nbytes: int | None = None,
    ) -> None:
        """Add a source of the avatar.

        Parameters
        ----------
        mime_type : str
            ``image/...`` or ``video/...``; for `image_bytes` it is ``image/png``.
        id_ : str, optional
            SHA-1 of the image, in hexadecimal. May be left out with `image_bytes` only; there
            it is checked.
        image_bytes : bytes, optional
            The PNG; in one call only.
        width, height : int, optional
            Pixels. With `image_bytes` they are read from the image, and checked.
        url : str, optional
            http or https. That the image is there, and has this SHA-1, is the caller's concern.
        nbytes : int, optional
            Size of the image in bytes; like `id_`.

        Raises
        ------
        InvalidAvatarSet
            A :class:`RuntimeError` and a :class:`ValueError`; the set stays as it was.
        """
        source = _Source(_media_type(mime_type), _sha1(id_), nbytes, width, height, url)
        _check_sizes(source)
        if image_bytes is not None:
            self._add_png(source, bytes(image_bytes))
        else:
            self._linked.append(_checked_link(source))

    def _add_png(self, source: _Source, image: bytes) -> None:
        if source.mime_type != _PNG:
            raise InvalidAvatarSet(f"Image bytes must be image/png, not {source.mime_type}; give other types by url.")
        if self._png is not None:
            raise InvalidAvatarSet("The set has its PNG already: only one image carries its bytes.")
        if source.url is not None:
            raise InvalidAvatarSet("A source has either image bytes or a url: add the url as a source of its own.")
        real = _measure(image)
        for name in ("id_", "nbytes", "width", "height"):
            given, found = getattr(source, name), getattr(real, name)
            if given is not None and given != found:
                raise InvalidAvatarSet(f"{name.rstrip('_')} is {given}, but that of the image bytes is {found}.")
        self._png, self._image_bytes = real, image

    def add_pointer(
        self,
        payload: str | Element,
        *,
        mime_type: str | None = None,
        id_: str | None = None,
        nbytes: int | None = None,
        width: int | None = None,
        height: int | None = None,
    ) -> None:
        """Add a pointer to an image that is neither in PEP nor at a url (XEP-0084, 4.2.2).

        Parameters
        ----------
        payload : str or Element
            One element in a namespace of its own that says where the image is.
        mime_type, id_, nbytes, width, height
            What is known of the image.

        Raises
        ------
        InvalidAvatarSet
        """
        try:
            child = parse(payload) if isinstance(payload, str) else payload
        except ParseError as error:
            raise InvalidAvatarSet(f"The pointer's payload is not one XML element: {error}.") from error
        if split(child.tag)[0] in ("", METADATA):
            raise InvalidAvatarSet("The pointer's payload needs a namespace of its own (XEP-0084, 4.2.2).")
        known = _Source(None if mime_type is None else _media_type(mime_type), _sha1(id_), nbytes, width, height)
        _check_sizes(known)
        pointer = Element(tag(METADATA, "pointer"), known.attributes())
        pointer.append(child)
        self._pointers.append(pointer)


def _measure(image: bytes) -> _Source:
    """Return what a PNG's bytes say of it (PNG, 11.2.1)."""
    found = mime_of(sniff(image))
    if found != _PNG or len(image) < 24 or image[12:16] != b"IHDR":
        raise InvalidAvatarSet(f"The image bytes are not a PNG but {found or 'nothing known'}; convert them first.")
    width, height = struct.unpack(">II", image[16:24])
    source = _Source(_PNG, sha1(image), len(image), width, height)
    _check_sizes(source)
    return source


def _checked_link(source: _Source) -> _Source:
    if source.url is None:
        raise InvalidAvatarSet("Give the image bytes, or a url where the image is.")
    if not _is_web(source.url.strip()):
        raise InvalidAvatarSet(f"url must be http or https, not {source.url[:100]!r} (XEP-0084, 4.2.1).")
    missing = [name.rstrip("_") for name in ("id_", "nbytes") if getattr(source, name) is None]
    if missing:
        raise InvalidAvatarSet(f"{' and '.join(missing)} must be given for an image at a url.")
    return replace(source, url=source.url.strip())


def _is_web(url: str) -> bool:
    try:
        address = urlsplit(url)
    except ValueError:
        return False
    return address.scheme in ("http", "https") and bool(address.hostname)


def _media_type(mime_type: str) -> str:
    plain = mime_type.strip().lower()
    if not _MEDIA_TYPE.fullmatch(plain):
        raise InvalidAvatarSet(f"{mime_type[:100]!r} is not a media type image/... or video/... (XEP-0084, 4.2.1).")
    return plain


def _sha1(id_: str | None) -> str | None:
    if id_ is None:
        return None
    if not is_sha1(id_):
        raise InvalidAvatarSet(f"id {id_[:100]!r} is not a SHA-1 in 40 hexadecimal digits.")
    return normalize_id(id_)


def _check_sizes(source: _Source) -> None:
    for name, largest in _LARGEST.items():
        value = getattr(source, name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidAvatarSet(f"{name} must be an integer, not {value!r}.")
        if not 1 <= value <= largest:
            raise InvalidAvatarSet(f"{name} must be between 1 and {largest}, not {value}.")
