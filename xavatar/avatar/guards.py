"""What aioxmpp's own XSO classes can read; the rest is kept from them.

An XSO that refuses its element takes the whole stanza with it: a contact whose ``<photo/>`` is
malformed would look offline (D-34), an event with a malformed ``<info/>`` would vanish (D-12).
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from typing import Any, Final
from xml.etree.ElementTree import Element

import aioxmpp.avatar.xso
import aioxmpp.xml

from xavatar.wire import Wire
from xavatar.wire.xml import DATA, METADATA, VCARD_UPDATE, serialize, tag

_INTEGER: Final = re.compile(r"\s*[+-]?[0-9]{1,12}\s*")
_NUMBERS: Final = ("bytes", "width", "height")
_KNOWN: Final = frozenset({"id", "type", "url", *_NUMBERS})
_REQUIRED: Final = frozenset({"id", "type", "bytes"})


def install(wire: Wire) -> None:
    """Guard the three elements of XEP-0084 and XEP-0153 on a client's wire."""
    wire.guard(tag(VCARD_UPDATE, "x"), readable_update)
    wire.guard(tag(METADATA, "metadata"), readable_metadata)
    wire.guard(tag(DATA, "data"), readable_data)


def readable_update(update: Element) -> bool:
    """Tell whether a presence's ``<x/>`` is one that aioxmpp can read."""
    usual = _bare(update) and len(update) <= 1
    if usual and all(child.tag == tag(VCARD_UPDATE, "photo") and _leaf(child) for child in update):
        return True
    return _parses(update, aioxmpp.avatar.xso.VCardTempUpdate)


def readable_metadata(metadata: Element) -> bool:
    """Tell whether a ``<metadata/>`` is one that aioxmpp can read."""
    if _bare(metadata) and all(child.tag == tag(METADATA, "info") and _usual_info(child) for child in metadata):
        return True
    return _parses(metadata, aioxmpp.avatar.xso.Metadata)


def readable_data(data: Element) -> bool:
    """Tell whether a ``<data/>`` is one that aioxmpp can read: base64 as Python's decoder takes it."""
    if data.attrib or len(data):
        return _parses(data, aioxmpp.avatar.xso.Data)
    try:
        base64.b64decode(data.text or "")
    except (binascii.Error, ValueError):
        return False
    return bool(data.text)


def _bare(element: Element) -> bool:
    """Tell whether an element has no attributes, and no text beside its children."""
    return not element.attrib and not any((text or "").strip() for text in (element.text, *(c.tail for c in element)))


def _leaf(element: Element) -> bool:
    return not element.attrib and not len(element)


def _usual_info(info: Element) -> bool:
    names = info.attrib.keys()
    usual = _REQUIRED <= names <= _KNOWN and not len(info) and not (info.text or "").strip()
    return usual and all(_INTEGER.fullmatch(info.attrib.get(name, "0")) for name in _NUMBERS)


def _parses(element: Element, kind: Any) -> bool:
    """Ask aioxmpp itself: slower by far, and only for what is unusual."""
    try:
        aioxmpp.xml.read_single_xso(io.BytesIO(serialize(element).encode()), kind)
    except Exception:  # noqa: BLE001  whatever it raises, on a stream it would cost the stanza
        return False
    return True
