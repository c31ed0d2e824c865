"""The avatar to publish: one PNG with its bytes, the same picture elsewhere, pointers."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from html import escape
from typing import Any, Final, Self
from xml.etree.ElementTree import Element, ParseError

import aioxmpp.avatar.xso
import aioxmpp.xml

from xavatar.imaging import Box, Format, ImageSource, Ladder, Variant, ladder, limits_of, stanza_limit, variant
from xavatar.imaging.variant import MAX_BYTES, SIZE
from xavatar.wire.xml import METADATA, parse, serialize, split, tag

from .fetch_url import UrlPolicy, fetch_picture
from .info import PNG, InvalidAvatarSet, Source, check_sizes, checked_id, checked_link, measure, media_type

__all__ = ["AvatarSet", "InvalidAvatarSet"]

_LARGE_BYTES: Final = 1 << 20


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
        self._png: Source | None = None
        self._linked: list[Source] = []
        self._pointers: list[Element] = []
        self._uploads: list[Variant] = []
        self._ladder: Ladder | None = None

    @classmethod
    def from_image(
        cls,
        source: ImageSource,
        *,
        size: int = SIZE,
        max_bytes: int = MAX_BYTES,
        crop: Box | None = None,
        square: bool = True,
        large: int | None = None,
        formats: Sequence[Format] = ("webp",),
        policy: UrlPolicy | None = None,
        stanza_bytes: int | None = None,
    ) -> Self:
        """Make the set to publish from one's own picture.

        The picture is turned as its EXIF says, cut, resized and encoded anew, so that nothing but
        pixels is published. :attr:`ladder` tells what was made and why.

        Parameters
        ----------
        source : path, bytes, PIL.Image.Image, numpy.ndarray or str
            A string that begins with ``https://`` is fetched, as :func:`fetch_url` does it; blocks.
        size : int
            Longest side of the PNG in pixels; a smaller picture is not scaled up.
        max_bytes : int
            Of the PNG: it gets fewer colours, then fewer pixels, until it is no larger.
        crop : tuple of int, optional
            Left, upper, right and lower edge in pixels of the upright picture.
        square : bool
            Cut what `crop` leaves to the square in its middle.
        large : int, optional
            Add the picture with so many pixels per side, to be uploaded when the set is published
            (XEP-0363); nothing is added for a picture that is no larger than `size`.
        formats : sequence of {"webp", "jpeg", "png"}
            Of the large ones.
        policy : UrlPolicy, optional
            For a url.
        stanza_bytes : int, optional
            Largest stanza that the server takes, as :attr:`Session.stanza_bytes` says: the PNG
            fits into it, whatever `max_bytes` allows, and the ladder is held against it.

        Raises
        ------
        ImageError
            No picture, damaged, or beyond a limit; a url that must not be fetched.
        RemoteUnavailable
            The url's host does not answer.
        ConfigError
            There is no such file, or the crop lies outside the picture.

        Examples
        --------
        >>> from PIL import Image
        >>> avatar = AvatarSet.from_image(Image.new("RGB", (640, 480), "teal"), large=480)
        >>> avatar
        <AvatarSet ... bytes, 0 urls, 1 to upload, 0 pointers>
        >>> avatar.ladder.chosen.width, avatar.uploads[0].width
        (192, 480)
        """
        picture = _at_hand(source, policy or UrlPolicy(max_bytes=16 << 20))
        self = cls()
        if stanza_bytes is not None:
            max_bytes = min(max_bytes, stanza_limit(stanza_bytes).nbytes)
        sizes = limits_of(stanza_bytes)
        self._ladder = ladder(picture, size=size, max_bytes=max_bytes, crop=crop, square=square, sizes=sizes)
        self.add_avatar_image(PNG, image_bytes=self._ladder.chosen.data)
        if large is not None and max(self._ladder.size) > self._ladder.chosen.width:
            for format in formats:
                made = variant(picture, size=large, max_bytes=_LARGE_BYTES, crop=crop, square=square, format=format)
                self.add_upload(made)
        return self

    def __repr__(self) -> str:
        png = f"{self.png_id}, {len(self._image_bytes)} bytes" if self._image_bytes else "no PNG"
        uploads = f"{len(self._uploads)} to upload, " if self._uploads else ""
        return f"<AvatarSet {png}, {len(self._linked)} urls, {uploads}{len(self._pointers)} pointers>"

    def _repr_html_(self) -> str:
        told = f"<p>{escape(repr(self))}</p>"
        return told + (self._ladder._repr_html_() if self._ladder else "")

    @property
    def ladder(self) -> Ladder | None:
        """What :meth:`from_image` made of the picture; ``None`` for a set made otherwise."""
        return self._ladder

    @property
    def uploads(self) -> tuple[Variant, ...]:
        """Images that are to get a url when the set is published, and are announced only then."""
        return tuple(self._uploads)

    def add_upload(self, image: Variant) -> None:
        """Add an image to be uploaded when the set is published (XEP-0363)."""
        self._uploads.append(image)

    def uploaded(self, image: Variant, url: str) -> AvatarSet:
        """Return a set in which one of :attr:`uploads` lies at `url`; this one stays as it is."""
        copy = self.without_uploads()
        copy._uploads = [each for each in self._uploads if each is not image]
        copy.add_avatar_image(
            image.mime, id_=image.sha1, nbytes=image.nbytes, width=image.width, height=image.height, url=url
        )
        return copy

    def without_uploads(self) -> AvatarSet:
        """Return the set with nothing left to upload."""
        copy = AvatarSet()
        copy._image_bytes, copy._png, copy._ladder = self._image_bytes, self._png, self._ladder
        copy._linked, copy._pointers = [*self._linked], [*self._pointers]
        return copy

    @property
    def image_bytes(self) -> bytes | None:
        """The PNG image; ``None`` before it was added."""
        return self._image_bytes

    @property
    def png_id(self) -> str | None:
        """The normalised SHA-1 of :attr:`image_bytes`; ``None`` before they were added."""
        return self._png.id_ if self._png else None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the PNG, pixels; zero before it was added."""
        return (self._png.width or 0, self._png.height or 0) if self._png else (0, 0)

    @property
    def links(self) -> tuple[str, ...]:
        """The urls of the set's further formats."""
        return tuple(each.url or "" for each in self._linked)

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
        source = Source(media_type(mime_type), checked_id(id_), nbytes, width, height, url)
        check_sizes(source)
        if image_bytes is not None:
            self._add_png(source, bytes(image_bytes))
        else:
            self._linked.append(checked_link(source))

    def _add_png(self, source: Source, image: bytes) -> None:
        if source.mime_type != PNG:
            raise InvalidAvatarSet(f"Image bytes must be image/png, not {source.mime_type}; give other types by url.")
        if self._png is not None:
            raise InvalidAvatarSet("The set has its PNG already: only one image carries its bytes.")
        if source.url is not None:
            raise InvalidAvatarSet("A source has either image bytes or a url: add the url as a source of its own.")
        real = measure(image)
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
        known = Source(None if mime_type is None else media_type(mime_type), checked_id(id_), nbytes, width, height)
        check_sizes(known)
        pointer = Element(tag(METADATA, "pointer"), known.attributes())
        pointer.append(child)
        self._pointers.append(pointer)


def _at_hand(source: ImageSource, policy: UrlPolicy) -> ImageSource:
    if not (isinstance(source, str) and source.startswith(("https://", "http://"))):
        return source
    # A notebook's cell runs on a loop already; the fetch gets a thread, and a loop, of its own.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, fetch_picture(source, policy)).result()
