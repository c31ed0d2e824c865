"""A trace as other programs take it: DataFrame, JSON lines, XML."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

from xavatar.errors import ConfigError

from .capture import Direction
from .entry import Entry
from .pretty import IMAGES
from .recorder import Record
from .xml import serialize

if TYPE_CHECKING:
    from pandas import DataFrame

NAMESPACE: Final = "urn:xavatar:trace:0"
_DTYPES: Final = {
    "number": "Int64",
    "at": "datetime64[us, UTC]",
    "direction": "string",
    "kind": "string",
    "type": "string",
    "from": "string",
    "to": "string",
    "id": "string",
    "summary": "string",
    "size": "Int64",
    "answers": "Int64",
    "elapsed_ms": "Float64",
    "xep": "string",
    "illustrates": "string",
    "breaks": "string",
}


def facts(entry: Entry) -> dict[str, Any]:
    """Return what is known of a stanza, by the frame's columns; None for what it has not."""
    return {
        "number": entry.number,
        "at": entry.at,
        "direction": entry.direction.value,
        "kind": entry.kind,
        "type": entry.type or None,
        "from": entry.sender or None,
        "to": entry.to or None,
        "id": entry.id or None,
        "summary": entry.summary,
        "size": entry.size,
        "answers": entry.request.number if entry.request is not None else None,
        "elapsed_ms": entry.elapsed_ms,
        "xep": "; ".join(entry.xeps) or None,
        "illustrates": "; ".join(dict.fromkeys(lesson.rule for lesson in entry.illustrates)) or None,
        "breaks": "; ".join(dict.fromkeys(lesson.rule for lesson in entry.breaks)) or None,
    }


def frame(entries: Sequence[Entry]) -> DataFrame:
    """Return one row per stanza."""
    import pandas as pd

    rows = [facts(entry) for entry in entries]
    columns = {name: pd.Series([row[name] for row in rows], dtype=dtype) for name, dtype in _DTYPES.items()}
    return pd.DataFrame(columns)


def as_json_lines(entries: Sequence[Entry], *, images: bool = True) -> str:
    """Return a JSON object per line: the facts, and the stanza as `xml`."""
    lines = []
    for entry in entries:
        known = {name: value for name, value in facts(entry).items() if value is not None}
        known["at"] = entry.at.isoformat()
        lines.append(json.dumps(known | _stanza(entry, images=images), ensure_ascii=False))
    return "".join(f"{line}\n" for line in lines)


def _stanza(entry: Entry, *, images: bool) -> dict[str, str]:
    """Return the stanza's text; what is no UTF-8 as base64."""
    try:
        return {"xml": entry.raw.decode() if images else serialize(_without_images(entry), "jabber:client")}
    except (UnicodeDecodeError, ValueError):
        return {"base64": base64.b64encode(entry.raw).decode()}


def _without_images(entry: Entry) -> Element:
    element = deepcopy(entry.element)
    if element is None:
        raise ValueError("not to be read alone")
    for image in element.iter():
        if image.tag in IMAGES:
            image.text = None
    return element


def from_json_lines(text: str, name: str) -> Iterator[Record]:
    """Yield the records of :func:`as_json_lines`.

    Raises
    ------
    ConfigError
        A line is none of its.
    """
    for count, line in enumerate(text.splitlines(), 1):
        try:
            known = json.loads(line)
            raw = known["xml"].encode() if "xml" in known else base64.b64decode(known["base64"])
            at = datetime.fromisoformat(known["at"]).timestamp()
            yield Record(int(known["number"]), at, Direction(known["direction"]), raw, int(known["size"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"{name}, line {count}: not of a saved trace ({error!r}).") from None


def as_xml(entries: Sequence[Entry], *, images: bool = True) -> str:
    """Return one document: a ``<stanza/>`` with what is known as attributes around each."""
    parts = [f'<?xml version="1.0" encoding="utf-8"?>\n<trace xmlns="{NAMESPACE}">\n']
    for entry in entries:
        known = {name: str(value) for name, value in facts(entry).items() if value is not None}
        known["at"] = entry.at.isoformat()
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in known.items())
        parts.append(f"<stanza{attributes}>{_embedded(entry, images=images)}</stanza>\n")
    return "".join([*parts, "</trace>\n"])


def _embedded(entry: Entry, *, images: bool) -> str:
    if entry.element is None:
        return f"<base64>{base64.b64encode(entry.raw).decode()}</base64>"
    return serialize(entry.element if images else _without_images(entry), NAMESPACE)
