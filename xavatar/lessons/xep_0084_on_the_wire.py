"""Judges of lesson 04, *XEP-0084 on the wire*."""

from __future__ import annotations

import base64
import hashlib
from xml.etree.ElementTree import ParseError

from xavatar.lessons.checking import exercise
from xavatar.wire.trace import Trace
from xavatar.wire.xml import METADATA, parse, tag


@exercise("04.1")
def _item_id(answer: str, picture: bytes) -> str | None:
    if answer.strip().lower() == hashlib.sha1(picture).hexdigest():
        return None
    if answer.strip().lower() == hashlib.sha1(base64.b64encode(picture)).hexdigest():
        return "that is the hash of the Base64 text. Bytes are what counts."
    return "it is the SHA-1 of the image's bytes, in hexadecimal: 40 digits."


@exercise("04.2")
def _carrier(answer: int, trace: Trace) -> str | None:
    entry = next((each for each in trace if each.number == int(answer)), None)
    if entry is None:
        return "no stanza of this trace has that number."
    if entry.direction == "out":
        return "that one goes out. Look for what comes in."
    return None if entry.images else "there is no image in it. A stanza with one is larger than the others."


@exercise("04.3")
def _metadata(answer: str, picture: bytes) -> str | None:
    try:
        root = parse(answer)
    except ParseError as error:
        return f"that is not one XML element: {error}."
    if root.tag != tag(METADATA, "metadata"):
        return f"the outer element is <metadata/> in the namespace {METADATA}."
    infos = root.findall(tag(METADATA, "info"))
    if len(infos) != 1:
        return "one image, one <info/>."
    (info,) = infos
    wanted = {"id": hashlib.sha1(picture).hexdigest(), "bytes": str(len(picture)), "type": "image/png"}
    for name, value in wanted.items():
        if name not in info.attrib:
            return f"<info/> needs `{name}` (XEP-0084, 4.2.1)."
        if info.attrib[name].lower() != value:
            return f"`{name}` is not that of this picture."
    return None
