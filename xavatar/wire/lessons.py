"""Which rules a stanza keeps to as one sees it, and which it breaks.

Ids as in the rules of the audit. A rule is a row of a table: id, words, and a pure function of
what can be seen on this one stanza (and, for an answer, of the request before it). Whole
avatars are judged by the audit; here a stanza tells what it teaches.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from .xml import CONVERSION, DATA, DATA_FORM, METADATA, MUC_USER, PUBSUB, PUBSUB_EVENT, VCARD, VCARD_UPDATE, split, tag

_SHA1: Final = re.compile(r"[0-9a-f]{40}")
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_REQUIRED: Final = ("bytes", "id", "type")


@dataclass(frozen=True, slots=True)
class Seen:
    """A stanza as the table's functions look at it.

    Parameters
    ----------
    stanza : Element
    request : Element, optional
        What it answers.
    """

    stanza: Element
    request: Element | None = None

    @property
    def kind(self) -> str:
        """``iq``, ``message`` or ``presence``."""
        return split(self.stanza.tag)[1]

    @property
    def form(self) -> str:
        """The attribute `type`."""
        return self.stanza.get("type", "")

    def all(self, namespace: str, local: str) -> Iterator[Element]:
        """Yield the elements of a name, at any depth."""
        return self.stanza.iter(tag(namespace, local))

    def has(self, namespace: str, local: str) -> bool:
        """Tell whether there is such an element."""
        return next(self.all(namespace, local), None) is not None

    def publishes(self, node: str) -> bool:
        """Tell whether the stanza asks to publish to a node."""
        return self.form == "set" and any(each.get("node") == node for each in self.all(PUBSUB, "publish"))

    @property
    def updates(self) -> list[Element]:
        """The update elements of a presence."""
        return self.stanza.findall(tag(VCARD_UPDATE, "x")) if self.kind == "presence" else []

    @property
    def photos(self) -> list[str]:
        """What a presence says of the photo, one text for each ``<photo/>``."""
        return [each.text or "" for update in self.updates for each in update.findall(tag(VCARD_UPDATE, "photo"))]

    @property
    def items(self) -> Iterator[tuple[str, Element]]:
        """Yield ItemID and payload of every item that holds metadata or data."""
        for item in self.stanza.iter():
            if split(item.tag)[1] == "item":
                yield from ((item.get("id", ""), child) for child in item)

    @property
    def images(self) -> Iterator[tuple[str, bytes]]:
        """Yield ItemID and bytes of every image in a data item."""
        for id_, payload in self.items:
            if payload.tag == tag(DATA, "data") and (image := decoded(payload.text)):
                yield id_, image


def decoded(text: str | None) -> bytes:
    """Return the bytes of base64 as far as it is any."""
    try:
        return base64.b64decode(text or "")
    except (binascii.Error, ValueError):
        return b""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A row of the table.

    Parameters
    ----------
    rule : str
    words : str
        What is to be seen, in a few words.
    applies : callable
    """

    rule: str
    words: str
    applies: Callable[[Seen], bool]


def illustrated(seen: Seen) -> tuple[Lesson, ...]:
    """Return the rules that a stanza shows at work."""
    return tuple(lesson for lesson in _ILLUSTRATES if lesson.applies(seen))


def broken(seen: Seen) -> tuple[Lesson, ...]:
    """Return the rules that a stanza breaks."""
    return tuple(lesson for lesson in _BREAKS if lesson.applies(seen))


def _main_ids(seen: Seen) -> Iterator[tuple[str, str]]:
    """Yield ItemID and the id of the PNG in the data node, for every metadata item that names one."""
    for id_, payload in seen.items:
        if payload.tag == tag(METADATA, "metadata"):
            infos = payload.findall(tag(METADATA, "info"))
            png = next((each for each in infos if each.get("type") == "image/png" and not each.get("url")), None)
            if png is not None:
                yield id_.strip().lower(), png.get("id", "").strip().lower()


def _under_its_hash(seen: Seen) -> bool:
    return any(item == png and _SHA1.fullmatch(item) for item, png in _main_ids(seen))


def _under_another_id(seen: Seen) -> bool:
    return any(item != png for item, png in _main_ids(seen))


def _asks_vcard(seen: Seen) -> bool:
    return seen.form == "get" and seen.stanza.find(tag(VCARD, "vCard")) is not None


def _writes_vcard(seen: Seen) -> bool:
    return seen.form == "set" and seen.stanza.find(tag(VCARD, "vCard")) is not None


def _failed_precondition(seen: Seen) -> bool:
    return any(split(each.tag)[1] in ("precondition-not-met", "payload-too-big") for each in seen.stanza.iter())


def _shows_disabled(seen: Seen) -> bool:
    return any(not len(each) for each in seen.all(METADATA, "metadata"))


def _asks_one_item(seen: Seen) -> bool:
    return seen.form == "get" and any(
        items.get("node") == DATA and len(items) == 1 for items in seen.all(PUBSUB, "items")
    )


def _asks_newest(seen: Seen) -> bool:
    return seen.form == "get" and any(items.get("max_items") == "1" for items in seen.all(PUBSUB, "items"))


def _sets_access(seen: Seen) -> bool:
    return any(field.get("var") == "pubsub#access_model" for field in seen.all(DATA_FORM, "field"))


def _empty_items(seen: Seen) -> bool:
    return seen.form == "result" and any(not len(items) for items in seen.all(PUBSUB, "items"))


def _converts(seen: Seen) -> bool:
    return any(each.get("var") == CONVERSION for each in seen.stanza.iter() if split(each.tag)[1] == "feature")


def _room_hashes(seen: Seen) -> bool:
    return any(field.get("var") == "muc#roominfo_avatarhash" for field in seen.all(DATA_FORM, "field"))


def _room_changed(seen: Seen) -> bool:
    return seen.form == "groupchat" and any(status.get("code") == "104" for status in seen.all(MUC_USER, "status"))


def _refused(seen: Seen) -> bool:
    asked = seen.request is not None and next(seen.request.iter(tag(PUBSUB, "items")), None) is not None
    return asked and seen.form == "error"


def _no_vcard(seen: Seen) -> bool:
    asked = seen.request is not None and seen.request.find(tag(VCARD, "vCard")) is not None
    return asked and seen.form == "error"


def _matches(seen: Seen) -> bool:
    return any(hashlib.sha1(image).hexdigest() == id_.lower() for id_, image in seen.images)


_ILLUSTRATES: Final = (
    Lesson("P84-01", "the image is stored under the SHA-1 of its bytes", _matches),
    Lesson("P84-03", "data first, then metadata", lambda seen: seen.publishes(DATA)),
    Lesson("P84-02", "metadata under the image's SHA-1", _under_its_hash),
    Lesson("P84-22", "the vCard may serve where there is no avatar in PEP", _asks_vcard),
    Lesson("P54-03", "a vCard is rewritten as a whole", _writes_vcard),
    Lesson("P60-03", "a publication is refused, and says why", _failed_precondition),
    Lesson("P84-17", "empty metadata: the avatar is disabled", _shows_disabled),
    Lesson("P84-19", "one image, asked for by its hash", _asks_one_item),
    Lesson("A-10", "only the newest item is asked for", _asks_newest),
    Lesson("P163-03", "an event nobody had to subscribe to", lambda seen: seen.has(PUBSUB_EVENT, "event")),
    Lesson("P163-01", "who may see it is said on publishing", _sets_access),
    Lesson("P60-01", "refused, or not there: the condition says which", _refused),
    Lesson("P60-01", "the node exists, and is empty", _empty_items),
    Lesson("P54-01", "no vCard and no such account look alike", _no_vcard),
    Lesson("P153-03", "a presence that tells of the photo", lambda seen: len(seen.updates) == 1),
    Lesson("P153-04", "empty update: not known yet", lambda seen: bool(seen.updates) and not seen.photos),
    Lesson("P153-05", "empty photo: there is none", lambda seen: "" in seen.photos),
    Lesson("P398-01", "the server converts between PEP and vCard", _converts),
    Lesson("P486-04", "the room's configuration, and perhaps its avatar, changed", _room_changed),
    Lesson("P486-05", "the room announces its avatar's hash", _room_hashes),
)


def _lacks(seen: Seen) -> bool:
    return any(not info.get(name, "").strip() for info in seen.all(METADATA, "info") for name in _REQUIRED)


def _no_png(seen: Seen) -> bool:
    found = [metadata for metadata in seen.all(METADATA, "metadata") if len(metadata)]
    return any(all(info.get("type") != "image/png" for info in metadata) for metadata in found)


def _not_empty(seen: Seen) -> bool:
    return any(len(info) > 0 or bool((info.text or "").strip()) for info in seen.all(METADATA, "info"))


def _no_number(seen: Seen) -> bool:
    values = (info.get(name, "0") for info in seen.all(METADATA, "info") for name in ("bytes", "width", "height"))
    return not all(value.isascii() and value.isdigit() for value in values)


def _too_large(seen: Seen) -> bool:
    sides = (info.get(name, "") for info in seen.all(METADATA, "info") for name in ("width", "height"))
    return any(side.isascii() and side.isdigit() and int(side[:9]) > 65535 for side in sides)


def _no_picture(seen: Seen) -> bool:
    types = (info.get("type", "").strip().lower() for info in seen.all(METADATA, "info"))
    return any(each and not each.startswith(("image/", "video/")) for each in types)


def _odd_address(seen: Seen) -> bool:
    addresses = (info.get("url", "").strip().lower() for info in seen.all(METADATA, "info"))
    return any(each and not each.startswith(("http://", "https://")) for each in addresses)


def _foreign(seen: Seen) -> bool:
    return any(
        child.tag not in (tag(METADATA, "info"), tag(METADATA, "pointer"))
        for metadata in seen.all(METADATA, "metadata")
        for child in metadata
    )


def _other_hash(seen: Seen) -> bool:
    return any(hashlib.sha1(image).hexdigest() != id_.strip().lower() for id_, image in seen.images)


def _spaced(seen: Seen) -> bool:
    return any(len((data.text or "").split()) > 1 for data in seen.all(DATA, "data"))


def _odd_photo(seen: Seen) -> bool:
    return any(photo and not _SHA1.fullmatch(photo) for photo in seen.photos)


def _event_from_resource(seen: Seen) -> bool:
    return seen.form != "groupchat" and seen.has(PUBSUB_EVENT, "event") and "/" in seen.stanza.get("from", "")


def _photo_without(name: str) -> Callable[[Seen], bool]:
    def lacks(seen: Seen) -> bool:
        return any(len(photo) > 0 and photo.find(tag(VCARD, name)) is None for photo in seen.all(VCARD, "PHOTO"))

    return lacks


_BREAKS: Final = (
    Lesson("P84-01", "the image is not what its id says", _other_hash),
    Lesson("P84-02", "the item's id is not that of its PNG", _under_another_id),
    Lesson(
        "P84-04",
        "no PNG in the data node",
        lambda seen: any(not image.startswith(_PNG) for _, image in seen.images),
    ),
    Lesson("P84-05", "white space in the base64", _spaced),
    Lesson("P84-06", "attributes on <data/>", lambda seen: any(data.attrib for data in seen.all(DATA, "data"))),
    Lesson("P84-07", "<info/> lacks bytes, id or type", _lacks),
    Lesson("P84-09", "a size that is no number", _no_number),
    Lesson("P84-10", "a width or height beyond 65535", _too_large),
    Lesson("P84-11", "a type that is neither image nor video", _no_picture),
    Lesson("P84-12", "no PNG among the formats", _no_png),
    Lesson("P84-14", "an address that is not of the web", _odd_address),
    Lesson("P84-15", "<info/> is not empty", _not_empty),
    Lesson("P84-18", "foreign elements in the metadata", _foreign),
    Lesson("P153-01", "a photo hash that is no lower-case SHA-1", _odd_photo),
    Lesson("P153-12", "a photo without TYPE", _photo_without("TYPE")),
    Lesson("P163-03", "an event from a full JID", _event_from_resource),
    Lesson("A-29", "several update elements", lambda seen: len(seen.updates) > 1),
    Lesson("P486-08", "several photos in one vCard", lambda seen: len(list(seen.all(VCARD, "PHOTO"))) > 1),
)
