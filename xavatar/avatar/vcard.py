"""Changing the photo of a vCard and nothing else of it.

A vCard can only be written whole (XEP-0054, 3.2). So it is read, changed and written as the tree
it was sent as, whatever is in it; a card that could not be read is not written over (D-42); and
what was written is read back, because another client may have written at the same time.
"""

from __future__ import annotations

import base64
from copy import deepcopy
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from xavatar.errors import NotFound, Unsupported
from xavatar.wire import Wire
from xavatar.wire.xml import VCARD, serialize, tag

from .failures import NotStored
from .ids import sha1
from .parse import parse_photos
from .read import Card, fetch_vcard

_PHOTO: Final = tag(VCARD, "PHOTO")
_ATTEMPTS: Final = 2


async def write_photo(wire: Wire, jid: str | None, image: bytes | None, mime: str, *, timeout: float) -> str:
    """Make `image` the photo of a vCard, or remove all photos.

    Parameters
    ----------
    wire : Wire
    jid : str, optional
        A room; left out, one's own account.
    image : bytes, optional
        ``None`` removes.
    mime : str
        Media type of `image`.
    timeout : float
        Seconds for each request.

    Returns
    -------
    str
        SHA-1 of the photo, ``""`` when there is none.

    Raises
    ------
    QueryError
        The card could not be read, and was left alone; or not be written.
    NotStored
        Something else was there when it was read back, twice.
    """
    wanted = sha1(image) if image is not None else ""
    for _ in range(_ATTEMPTS):
        card = await _read(wire, jid, timeout)
        if _holds(card, image, mime):
            return wanted
        changed = serialize(with_photo(card, image, mime))
        await wire.request(changed, to=jid, kind="set", timeout=timeout, step="writing the vCard")
        if photo_id(await fetch_or_none(wire, jid, timeout)) == wanted:
            return wanted
    raise NotStored(
        f"The vCard of {jid or 'the own account'} was written twice, and twice another photo was there after it: "
        "another client writes it too, or the server changes images. Compare before you try again."
    )


def with_photo(card: Element | None, image: bytes | None, mime: str) -> Element:
    """Return a copy of `card` with this photo in place of its photos (XEP-0153, 4.5; D-14)."""
    copy = Element(tag(VCARD, "vCard")) if card is None else deepcopy(card)
    places = [index for index, child in enumerate(copy) if child.tag == _PHOTO]
    for index in reversed(places):
        del copy[index]
    if image is not None:
        photo = Element(_PHOTO)
        SubElement(photo, tag(VCARD, "TYPE")).text = mime
        SubElement(photo, tag(VCARD, "BINVAL")).text = base64.b64encode(image).decode()
        copy.insert(places[0] if places else len(copy), photo)
    return copy


def photo_id(card: Element | None) -> str:
    """Return the SHA-1 of a card's first photo, ``""`` when it has none."""
    return next((sha1(photo.data) for photo in parse_photos(card) if photo.data is not None), "")


async def fetch_or_none(wire: Wire, jid: str | None, timeout: float) -> Element | None:
    """Return a vCard as it was sent, ``None`` when there is none.

    Raises
    ------
    Unsupported
        Whether there is one, the server does not say: it has no vCards (XEP-0054, 3.1).
    QueryError
    """
    try:
        card: Card = await fetch_vcard(wire, jid, timeout=timeout)
    except NotFound as error:
        if error.condition == "item-not-found":
            return None
        raise Unsupported(
            error.jid, error.step, condition=error.condition, error_type=error.error_type, text=error.text
        ) from None
    return card.element


def _holds(card: Element | None, image: bytes | None, mime: str) -> bool:
    """Tell whether nothing is to be done: the same avatar is not uploaded twice (P153-08)."""
    photos = [] if card is None else [child for child in card if child.tag == _PHOTO]
    if image is None:
        return not photos
    return len(photos) == 1 and [(each.data, each.mime) for each in parse_photos(card)] == [(image, mime)]


async def _read(wire: Wire, jid: str | None, timeout: float) -> Element | None:
    """Read a card; that there is none has to be said twice before one is made."""
    card = await fetch_or_none(wire, jid, timeout)
    return card if card is not None else await fetch_or_none(wire, jid, timeout)
