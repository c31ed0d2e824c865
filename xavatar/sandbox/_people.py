"""From the shorthands of a scenario's file to what a server holds for a person or a room.

Correct by default: `picture` becomes data and metadata nodes with true ids, sizes and types,
`photo` a correct vCard. What is to be wrong is said, field by field or as raw XML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from . import faults
from ._data import Picture
from ._table import Table
from .nodes import ACCESS_MODELS
from .scenario import Account, Fault, Item, Node, Occupant, Resource, Room

AVATAR = {"metadata": "urn:xmpp:avatar:metadata", "data": "urn:xmpp:avatar:data", "vcard4": "urn:xmpp:vcard4"}
SUBSCRIPTIONS = ("both", "to", "from", "none")
STRANGER = "stranger"  # not in the roster at all
UPDATE = "vcard-temp:x:update"

_JID = re.compile(r"[^@/\s]+@[^@/\s]+")
_PLANT = re.compile(r"A-\d\d|P\d+-\d\d")
_WORDS = {
    "none": "",
    "inject": "",
    "not-ready": f"<x xmlns='{UPDATE}'/>",
    "empty": f"<x xmlns='{UPDATE}'><photo/></x>",
}


def account(table: Table) -> Account:
    """Build an account from a ``[[contact]]``, or from the scenario's ``[user]``."""
    name = table.optional("name")
    picture, photos = table.optional("picture"), table.texts("photo")
    person = Account(
        jid=jid(table, "jid"),
        password=table.optional("password"),
        name=name,
        groups=table.texts("groups"),
        subscription=_subscription(table),
        nodes=tuple(_nodes(table, picture)),
        vcard=vcard(table, photos, name or ""),
        resources=tuple(_resources(table, picture or next(iter(photos), None))),
        faults=tuple(_fault(each) for each in table.tables("fault")),
        plants=plants(table),
        note=table.take("note", str, ""),
        exists=table.take("exists", bool, True),
    )
    table.done()
    return person


def _subscription(table: Table) -> str | None:
    word = table.choice("subscription", "both", (*SUBSCRIPTIONS, STRANGER))
    return None if word == STRANGER else word


def room(table: Table) -> Room:
    """Build a room from a ``[[room]]``."""
    name = table.take("name", str, "")
    hashes = table.texts("hashes")
    place = Room(
        jid=jid(table, "jid"),
        name=name,
        occupants=tuple(_occupant(each) for each in table.tables("occupant")),
        vcard=vcard(table, table.texts("photo"), name),
        hashes=tuple(table.filled(each) for each in hashes) or None,
        anonymity=table.choice("anonymity", "semi", ("semi", "non")),
        allow_query_users=table.take("allow-query-users", bool, True),
        owner=table.optional("owner"),
        vcards=table.take("vcards", bool, True),
        legacy_presence=table.take("legacy-presence", bool, False),
        plants=plants(table),
        note=table.take("note", str, ""),
    )
    table.done()
    return place


def jid(table: Table, key: str) -> str:
    """Read a bare JID, and let the table's errors carry it from here on."""
    value = table.need(key)
    if not _JID.fullmatch(value):
        raise table.error(f"`{key}` must be a bare JID, not {value!r}.")
    if value != value.lower():
        raise table.error(f"`{key}` must be in lower case, as after stringprep: {value!r}.")
    table.where = f"{table.where} ({value})"
    return value


def plants(table: Table) -> tuple[str, ...]:
    """Read the ids of what an entry shows on purpose."""
    ids = table.texts("plants")
    for each in ids:
        if not _PLANT.fullmatch(each):
            raise table.error(f"`plants` holds {each!r}, which is no id of a rule or an anomaly.")
    return ids


def vcard(table: Table, photos: tuple[str, ...], name: str) -> str | None:
    """Build a vCard-temp (XEP-0054) with a name and the photos, or take the raw one."""
    raw, kind = table.optional("vcard"), table.take("photo-type", object, None)
    if raw is not None:
        return table.xml(raw)
    if not photos:
        return None
    entries = "".join(_photo(table.picture(each), kind) for each in photos)
    return f"<vCard xmlns='vcard-temp'><FN>{escape(name)}</FN>{entries}</vCard>"


def _photo(picture: Picture, kind: object) -> str:
    shown = "" if kind is False else f"<TYPE>{escape(str(kind or picture.mime))}</TYPE>"
    return f"<PHOTO>{shown}<BINVAL>{picture.base64}</BINVAL></PHOTO>"


def info(table: Table, picture: Picture | None, changes: dict[str, Any]) -> str:
    """Build an ``<info/>`` (XEP-0084, 4.2.1); a change of ``false`` drops the attribute."""
    attributes: dict[str, Any] = {}
    if picture is not None:
        attributes = {"id": picture.sha1, "bytes": len(picture.content), "type": picture.mime}
        attributes |= {"width": picture.width, "height": picture.height}
    attributes |= changes
    words = (
        f" {name}={quoteattr(table.filled(str(value)))}"
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    return f"<info{''.join(words)}/>"


def _infos(table: Table, picture: Picture) -> Iterator[str]:
    yield info(table, picture, table.mapping("info"))
    for each in table.take("infos", list, []):
        changes = dict(each)
        name = changes.pop("picture", None)
        yield info(table, table.picture(name) if name else None, changes)


def _nodes(table: Table, name: str | None) -> Iterator[Node]:
    access = table.choice("access", "open", ACCESS_MODELS)
    raw = {node.name: node for node in (_raw_node(each, access) for each in table.tables("node"))}
    if name is not None:
        for node in _avatar_nodes(table, table.picture(name), access):
            if node.name not in raw:
                yield node
    yield from raw.values()


def _avatar_nodes(table: Table, picture: Picture, access: str) -> Iterator[Node]:
    kept = table.take("data-picture", str, "")
    shown = table.picture(kept) if kept else picture
    data = table.take("data", str, f"<data xmlns='{AVATAR['data']}'>{shown.base64}</data>")
    data_id = table.filled(table.take("data-id", str, picture.sha1))
    yield Node(AVATAR["data"], (Item(data_id, table.xml(data)),), access)
    children = "".join((*_infos(table, picture), table.take("pointer", str, "")))
    metadata = table.take("metadata", str, f"<metadata xmlns='{AVATAR['metadata']}'>{children}</metadata>")
    item_id = table.filled(table.take("item-id", str, picture.sha1))
    yield Node(AVATAR["metadata"], (Item(item_id, table.xml(metadata)),), access)


def _raw_node(table: Table, access: str) -> Node:
    name = table.need("name")
    items = tuple(_item(each) for each in table.tables("items"))
    node = Node(
        name=AVATAR.get(name, name),
        items=items,
        access_model=table.choice("access", access, ACCESS_MODELS),
        max_items=table.take("max-items", int, max(1, len(items))),
    )
    table.done()
    return node


def _item(table: Table) -> Item:
    item = Item(table.filled(table.need("id")), table.xml(table.take("payload", str, "")))
    table.done()
    return item


def _resources(table: Table, picture: str | None) -> Iterator[Resource]:
    words = table.take("presence", object, "offline")
    if isinstance(words, str):
        words = {} if words == "offline" else {"home": words}
    if not isinstance(words, dict) or not all(isinstance(word, str) for word in words.values()):
        raise table.error(f"`presence` must be a word, or words by resource, not {words!r}.")
    for name, word in words.items():
        yield Resource(name, _update(table, word, picture), inject=word == "inject")


def _update(table: Table, word: str, picture: str | None) -> str:
    """Build the XEP-0153 child of a presence from a word of the scenario."""
    if word.startswith("<"):
        return table.xml(word)
    if word in _WORDS:
        return _WORDS[word]
    if word.startswith("photo:"):
        text = table.filled(word.removeprefix("photo:"))
    elif word == "hash" and picture is not None:
        text = table.picture(picture).sha1
    else:
        raise table.error(
            f"`presence` is {word!r}; it must be offline, {', '.join(_WORDS)}, hash (with a picture or photo), "
            "photo:<text> or XML."
        )
    return f"<x xmlns='{UPDATE}'><photo>{escape(text)}</photo></x>"


def _fault(table: Table) -> Fault:
    fault = Fault(
        kind=table.choice("kind", "", faults.KINDS),
        on=table.choice("on", "any", faults.TARGETS),
        condition=table.optional("condition"),
        error_type=table.optional("type"),
        seconds=table.number("seconds"),
        times=table.take("times", int, 0),
    )
    if fault.kind == "error" and not (fault.condition and fault.error_type):
        raise table.error("an error needs `condition` and `type`.")
    if fault.kind == "delay" and fault.seconds <= 0:
        raise table.error("a delay needs `seconds`.")
    table.done()
    return fault


def _occupant(table: Table) -> Occupant:
    word = table.take("presence", str, "none")
    occupant = Occupant(
        nick=table.need("nick"),
        jid=jid(table, "jid"),
        children=_update(table, word, table.optional("picture")),
        inject=word == "inject",
        role=table.choice("role", "participant", ("moderator", "participant", "visitor")),
        affiliation=table.choice("affiliation", "none", ("owner", "admin", "member", "none")),
        plants=plants(table),
        note=table.take("note", str, ""),
    )
    table.done()
    return occupant
