"""Asking for avatars: one request each, read leniently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from xavatar.errors import NotFound, Unsupported
from xavatar.wire import Wire
from xavatar.wire.xml import DATA, METADATA, PUBSUB, VCARD, attribute, tag

from .parse import Metadata, Picture, parse_data, parse_items, parse_photos

# Without max_items a node of many items answers with all of them.
_METADATA: Final = f'<pubsub xmlns="{PUBSUB}"><items node="{METADATA}" max_items="1"/></pubsub>'
_VCARD: Final = f'<vCard xmlns="{VCARD}"/>'
_PUBSUB: Final = tag(PUBSUB, "pubsub")
_ITEMS: Final = tag(PUBSUB, "items")


@dataclass(frozen=True, slots=True)
class Card:
    """A vCard.

    Parameters
    ----------
    element : Element, optional
        The ``<vCard/>`` as sent.
    photos : tuple of Picture
    """

    element: Element | None
    photos: tuple[Picture, ...]


async def fetch_metadata(wire: Wire, jid: str | None, *, timeout: float) -> Metadata:
    """Ask for the newest item of the metadata node (XEP-0084, 3.3).

    Parameters
    ----------
    wire : Wire
    jid : str, optional
        Bare JID; ``None`` is one's own account.
    timeout : float
        Seconds.

    Raises
    ------
    QueryError
        See P60-01 for the conditions.
    """
    answer = await wire.request(_METADATA, to=jid, timeout=timeout, step="PEP metadata")
    return parse_items(_items(answer))


async def fetch_data(wire: Wire, jid: str | None, id_: str, *, timeout: float) -> Picture:
    """Ask for one item of the data node by its id as it was sent (XEP-0084, 3.4).

    Raises
    ------
    QueryError
    """
    payload = f'<pubsub xmlns="{PUBSUB}"><items node="{DATA}"><item id={attribute(id_)}/></items></pubsub>'
    answer = await wire.request(payload, to=jid, timeout=timeout, step="PEP image")
    return parse_data(_items(answer), id_)


async def fetch_vcard(wire: Wire, jid: str | None, *, timeout: float) -> Card:
    """Ask for a vCard (XEP-0054, 3.1 and 3.3).

    Raises
    ------
    NotFound
        No vCard, or no such account: servers answer ``item-not-found`` or
        ``service-unavailable`` for both (P54-01).
    QueryError
    """
    try:
        answer = await wire.request(_VCARD, to=jid, timeout=timeout, step="vCard")
    except Unsupported as error:
        if error.condition != "service-unavailable":
            raise
        raise NotFound(
            error.jid, error.step, condition=error.condition, error_type=error.error_type, text=error.text
        ) from None
    element = answer.find(tag(VCARD, "vCard"))
    return Card(element, parse_photos(element))


def _items(answer: Element) -> Element | None:
    pubsub = answer.find(_PUBSUB)
    return pubsub.find(_ITEMS) if pubsub is not None else None
