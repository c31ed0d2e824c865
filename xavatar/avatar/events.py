"""Events of the metadata node (XEP-0060, 7 and 8; XEP-0163, 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Final
from xml.etree.ElementTree import Element

from xavatar.model import Status
from xavatar.wire.xml import METADATA, PUBSUB_EVENT, tag

from .parse import Metadata, parse_items

_ROOM_CHANGED: Final = "104"


class Happened(Enum):
    """What an event says."""

    PUBLISHED = auto()
    TOUCHED = auto()
    """An item is there; what it holds was not sent along."""
    RETRACTED = auto()
    CLEARED = auto()
    """The node was purged or deleted."""
    DELETED = auto()
    """The node was deleted, and its subscriptions with it."""


@dataclass(frozen=True, slots=True)
class MetadataEvent:
    """An event of somebody's metadata node.

    Parameters
    ----------
    happened : Happened
    metadata : Metadata, optional
        For ``PUBLISHED``.
    items : tuple of str
        For ``RETRACTED``: the ItemIDs.
    """

    happened: Happened
    metadata: Metadata | None = None
    items: tuple[str, ...] = ()


@lru_cache(maxsize=1)  # several observers ask about one message, one after the other
def read_event(message: Element) -> MetadataEvent | None:
    """Return the event of the metadata node in a message, if there is one.

    Events come from bare JIDs (XEP-0163, 4.3); whatever else has one in it is somebody's own
    writing. Items with a foreign payload are none.
    """
    if message.get("type") in ("error", "groupchat") or "/" in message.get("from", ""):
        return None
    event = message.find(tag(PUBSUB_EVENT, "event"))
    for child in event if event is not None else ():
        if child.get("node") != METADATA:
            continue
        if child.tag == tag(PUBSUB_EVENT, "purge"):
            return MetadataEvent(Happened.CLEARED)
        if child.tag == tag(PUBSUB_EVENT, "delete"):
            return MetadataEvent(Happened.DELETED)
        if child.tag == tag(PUBSUB_EVENT, "items"):
            return _items(child)
    return None


def _items(items: Element) -> MetadataEvent | None:
    retracted = tuple(each.get("id", "") for each in items if each.tag == tag(PUBSUB_EVENT, "retract"))
    published = items.find(tag(PUBSUB_EVENT, "item"))
    if published is None:
        return MetadataEvent(Happened.RETRACTED, items=retracted) if retracted else None
    if not len(published):
        return MetadataEvent(Happened.TOUCHED)
    metadata = parse_items(items)
    if metadata.status is Status.MALFORMED and published.find(tag(METADATA, "metadata")) is None:
        return None
    return MetadataEvent(Happened.PUBLISHED, metadata)


def tells_room_change(message: Element, namespace: str) -> bool:
    """Tell whether a room says that its configuration changed, its avatar perhaps (XEP-0486, 3.2)."""
    if message.get("type") != "groupchat" or "/" in message.get("from", ""):
        return False
    return any(
        status.get("code") == _ROOM_CHANGED
        for status in message.iterfind(f"{tag(namespace, 'x')}/{tag(namespace, 'status')}")
    )
