"""Reading leniently: whatever arrives gives a value and a list of problems, never an exception.

A problem is a rule id, a space and words (``"P84-07 info 0 lacks bytes"``), as
:attr:`xavatar.model.Outcome.problems` wants them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from xml.etree.ElementTree import Element

import pybase64

from xavatar.model import Descriptor, Status
from xavatar.wire.xml import DATA, METADATA, VCARD, VCARD_UPDATE, split, tag

# In whichever pubsub namespace: that of answers, or that of events.
_ITEM: Final = "}item"
_METADATA: Final = tag(METADATA, "metadata")
_INFO: Final = tag(METADATA, "info")
_POINTER: Final = tag(METADATA, "pointer")
_DATA: Final = tag(DATA, "data")
_DIGITS: Final = re.compile(r"\d{1,12}")
_ALPHABET: Final = re.compile(r"[^A-Za-z0-9+/]")
_SPACE: Final = re.compile(r"\s+")
_LIMITS: Final = {"bytes": ("P84-09", 2**32 - 1), "width": ("P84-10", 65535), "height": ("P84-10", 65535)}
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class Metadata:
    """The newest item of a metadata node.

    Parameters
    ----------
    status : Status
        ok, disabled (empty ``<metadata/>``), empty (no item) or malformed.
    item_id : str, optional
    descriptors : tuple of Descriptor
        In document order.
    problems : tuple of str
    """

    status: Status
    item_id: str | None = None
    descriptors: tuple[Descriptor, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """Image bytes as they were sent, with what declares them.

    Parameters
    ----------
    data : bytes, optional
        ``None`` when there are none.
    mime : str, optional
        The vCard's TYPE; a PEP data item has none.
    url : str, optional
        The vCard's EXTVAL.
    problems : tuple of str
    """

    data: bytes | None
    mime: str | None = None
    url: str | None = None
    problems: tuple[str, ...] = ()


class UpdateState(StrEnum):
    """What a presence says of the vCard photo (P153-04)."""

    ABSENT = "absent"
    """No ``<x/>``: the client does not support XEP-0153."""
    NOT_READY = "not-ready"
    """``<x/>`` without ``<photo/>``."""
    EMPTY = "no-photo"
    """``<photo/>``: there is no avatar."""
    HASH = "hash"


@dataclass(frozen=True, slots=True)
class Update:
    """The XEP-0153 part of a presence.

    Parameters
    ----------
    state : UpdateState
    hash : str, optional
        As sent, for :attr:`UpdateState.HASH`.
    problems : tuple of str
    """

    state: UpdateState
    hash: str | None = None
    problems: tuple[str, ...] = ()


def parse_items(items: Element | None) -> Metadata:
    """Read the ``<items/>`` of an answer or an event; the first item is the newest (A-10).

    Parameters
    ----------
    items : Element, optional
        The pubsub ``<items/>``, of whichever pubsub namespace.
    """
    found = [] if items is None else [child for child in items if child.tag.endswith(_ITEM)]
    if not found:
        return Metadata(Status.EMPTY)
    problems = (f"A-10 {len(found)} items in the metadata node",) if len(found) > 1 else ()
    item = found[0]
    item_id = item.get("id")
    payloads = [child for child in item if child.tag == _METADATA]
    if not payloads:
        what = f"<{split(item[0].tag)[1][:_SHOWN]}/>" if len(item) else "nothing"
        return Metadata(Status.MALFORMED, item_id, (), (*problems, f"P84-18 the item holds {what} instead of metadata"))
    return parse_metadata(payloads[0], item_id, problems)


def parse_metadata(metadata: Element, item_id: str | None = None, problems: tuple[str, ...] = ()) -> Metadata:
    """Read a ``<metadata/>`` (XEP-0084, 4.2)."""
    notes = list(problems)
    descriptors: list[Descriptor] = []
    pointer: str | None = None
    for child in metadata:
        if child.tag == _INFO:
            if pointer is not None:
                notes.append("P84-18 info after pointer")
            descriptors.append(_info(child, len(descriptors), item_id, notes))
        elif child.tag == _POINTER:
            pointer = _pointer(child, bool(descriptors), notes)
        elif (local := split(child.tag)[1]) == "stop":
            notes.append("P84-17 the deprecated <stop/>")
        else:
            notes.append(f"P84-18 <{local[:_SHOWN]}/> in the metadata")
    if (metadata.text or "").strip():
        notes.append("P84-18 text in the metadata")
    if pointer is not None and descriptors:
        descriptors[0] = replace(descriptors[0], pointer=pointer)
    bare = Status.DISABLED if pointer is None else Status.MALFORMED
    return Metadata(Status.OK if descriptors else bare, item_id, tuple(descriptors), tuple(notes))


def _info(info: Element, index: int, item_id: str | None, notes: list[str]) -> Descriptor:
    where = f"info {index}"
    id_, nbytes, mime = info.get("id", ""), info.get("bytes", "").strip(), info.get("type", "").strip()
    for name, value in (("bytes", nbytes), ("id", id_.strip()), ("type", mime)):
        if not value:
            notes.append(f"P84-07 {where} lacks {name}")
    if len(info) or (info.text or "").strip():
        notes.append(f"P84-15 {where} is not empty")
    return Descriptor(
        id=id_ or None,
        item_id=item_id,
        info_index=index,
        mime=mime or None,
        nbytes=_number(nbytes, "bytes", where, notes),
        width=_number(info.get("width", "").strip(), "width", where, notes),
        height=_number(info.get("height", "").strip(), "height", where, notes),
        url=info.get("url", "").strip() or None,
    )


def _number(value: str, name: str, where: str, notes: list[str]) -> int | None:
    if not value:
        return None
    rule, largest = _LIMITS[name]
    if _DIGITS.fullmatch(value) and value.isascii() and int(value) <= largest:
        return int(value)
    notes.append(f"{rule} {where} has {name}={value[:_SHOWN]!r}")
    return None


def _pointer(pointer: Element, preceded: bool, notes: list[str]) -> str:
    if not preceded:
        notes.append("P84-16 pointer without an info before it")
    if len(pointer) != 1:
        notes.append(f"P84-16 pointer with {len(pointer)} children")
    return split(pointer[0].tag)[0] if len(pointer) else ""


def parse_data(items: Element | None, id_: str) -> Picture:
    """Read the ``<items/>`` that answers a request for one data item (XEP-0084, 4.1).

    Parameters
    ----------
    items : Element, optional
    id_ : str
        The item asked for; another one is not taken for it.
    """
    found = [] if items is None else [child for child in items if child.tag.endswith(_ITEM)]
    exact = [item for item in found if item.get("id") == id_]
    notes = [f"P84-01 {len(found)} items for one id"] if len(found) > 1 else []
    if found and not exact:
        notes.append("P84-01 the data item has another id")
    for item in exact or found[:1]:
        for child in item:
            if child.tag == _DATA:
                return _data(child, notes)
        notes.append("P84-04 the data item holds no <data/>")
    return Picture(None, problems=tuple(notes))


def _data(data: Element, notes: list[str]) -> Picture:
    if data.attrib:
        notes.append("P84-06 <data/> has attributes")
    if len(data):
        notes.append("P84-04 <data/> holds elements")
    text = "".join(data.itertext()) if len(data) else data.text or ""
    exact = _exactly(text)
    if exact is None and len(text.split(None, 1)) > 1:
        notes.append("P84-05 white space in the base64")
    return Picture(exact or decode_base64(text, notes), problems=tuple(notes))


def _exactly(text: str) -> bytes | None:
    """Decode base64 as it should be; None for any other text, and for none."""
    try:
        return pybase64.b64decode(text, validate=True) or None
    except ValueError:
        return None


def decode_base64(text: str, notes: list[str]) -> bytes | None:
    """Decode what can be decoded; ``None`` when nothing is there.

    Parameters
    ----------
    text : str
    notes : list of str
        Problems are appended.
    """
    exact = _exactly(text.strip())
    if exact is not None:
        return exact  # what is right needs no repair
    clean = _SPACE.sub("", text)
    if clean[:5].lower() == "data:":
        notes.append("A-19 a data: URI instead of base64")
        clean = clean.partition(",")[2]
    clean = clean.rstrip("=")
    if _ALPHABET.search(clean):
        notes.append("A-19 characters outside of base64")
        clean = _ALPHABET.sub("", clean)
    if len(clean) % 4 == 1:
        notes.append("A-19 base64 of impossible length")
        clean = clean[:-1]
    try:
        return base64.b64decode(clean + "=" * (-len(clean) % 4)) or None
    except binascii.Error:
        notes.append("A-19 base64 that does not decode")
        return None


def parse_photos(vcard: Element | None) -> tuple[Picture, ...]:
    """Read every PHOTO of a vCard (XEP-0153, 4.5; XEP-0486, 5.1), in document order."""
    if vcard is None:
        return ()
    return tuple(_photo(photo) for photo in vcard if photo.tag == tag(VCARD, "PHOTO"))


def _photo(photo: Element) -> Picture:
    notes: list[str] = []
    mime = _field(photo, "TYPE")
    url = _field(photo, "EXTVAL")
    binval = photo.find(tag(VCARD, "BINVAL"))
    data = None
    if url is not None:
        notes.append("P153-12 EXTVAL in the photo")
    if binval is not None:
        if any(split(name)[1].lower() == "mime-type" for name in binval.attrib):
            notes.append("P153-12 BINVAL has a mime-type attribute")
        data = decode_base64("".join(binval.itertext()), notes)
        if data is None:
            notes.append("A-20 the photo holds no bytes")
        elif mime is None:
            notes.append("A-08 the photo has no TYPE")
    return Picture(data, mime, url, tuple(notes))


def _field(photo: Element, name: str) -> str | None:
    element = photo.find(tag(VCARD, name))
    return ("".join(element.itertext()).strip() or None) if element is not None else None


def parse_update(presence: Element) -> Update:
    """Read the ``<x/>`` of a presence (XEP-0153, 4.1); of several the first one counts (A-29)."""
    found = [child for child in presence if child.tag == tag(VCARD_UPDATE, "x")]
    if not found:
        return Update(UpdateState.ABSENT)
    notes = [f"A-29 {len(found)} update elements in one presence"] if len(found) > 1 else []
    photos = list(_photos_of(found[0]))
    if not photos:
        return Update(UpdateState.NOT_READY, None, tuple(notes))
    if len(photos) > 1:
        notes.append(f"A-29 {len(photos)} photo elements in one update")
    if len(photos[0]):
        notes.append("P153-01 the photo element holds elements")
    text = "".join(photos[0].itertext())
    if not text.strip():
        return Update(UpdateState.EMPTY, None, tuple(notes))
    return Update(UpdateState.HASH, text, tuple(notes))


def _photos_of(update: Element) -> Iterator[Element]:
    return (child for child in update if child.tag == tag(VCARD_UPDATE, "photo"))
