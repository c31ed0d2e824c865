"""What aioxmpp's own XSO classes can read; the rest is kept from them.

An XSO that refuses its element takes the whole stanza with it: a contact whose ``<photo/>`` is
malformed would look offline (D-34), an event with a malformed ``<info/>`` would vanish (D-12).
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from xml.etree.ElementTree import Element

from xavatar.wire import Wire
from xavatar.wire.xml import DATA, METADATA, VCARD_UPDATE, tag

_INTEGER: Final = re.compile(r"\s*[+-]?\d+\s*")


def install(wire: Wire) -> None:
    """Guard the three elements of XEP-0084 and XEP-0153 on a client's wire."""
    wire.guard(tag(VCARD_UPDATE, "x"), readable_update)
    wire.guard(tag(METADATA, "metadata"), readable_metadata)
    wire.guard(tag(DATA, "data"), readable_data)


def readable_update(update: Element) -> bool:
    """Tell whether a presence's ``<x/>`` is one ``<photo/>`` of text, or nothing."""
    return all(child.tag == tag(VCARD_UPDATE, "photo") and not len(child) for child in update) and len(update) <= 1


def readable_metadata(metadata: Element) -> bool:
    """Tell whether every ``<info/>`` has its attributes, and numbers where they belong."""
    return all(
        info.get("id") is not None
        and info.get("type") is not None
        and not len(info)
        and not (info.text or "").strip()
        and all(_INTEGER.fullmatch(info.get(name, "0")) for name in ("bytes", "width", "height"))
        and info.get("bytes") is not None
        for info in metadata
        if info.tag == tag(METADATA, "info")
    )


def readable_data(data: Element) -> bool:
    """Tell whether a ``<data/>`` is base64 as Python's decoder takes it."""
    try:
        base64.b64decode(data.text or "")
    except (binascii.Error, ValueError):
        return False
    return not len(data) and bool(data.text)
