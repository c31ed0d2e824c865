"""Which specification a stanza belongs to, and what it says, in a few words.

The more telling one comes first: an avatar's metadata travels by PEP, PEP by publish-subscribe,
and is XEP-0084 to whoever looks at avatars.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from .xml import DISCO_INFO, METADATA, PUBSUB_EVENT, VCARD, VCARD_UPDATE, split, tag

_RANKED: Final[tuple[tuple[str, str], ...]] = (
    ("urn:xmpp:avatar:", "XEP-0084"),
    ("vcard-temp:x:update", "XEP-0153"),
    ("urn:xmpp:pep-vcard-conversion:", "XEP-0398"),
    ("urn:ietf:params:xml:ns:vcard-4.0", "XEP-0292"),
    ("vcard-temp", "XEP-0054"),
    ("http://jabber.org/protocol/muc", "XEP-0045"),
    ("urn:xmpp:bookmarks:", "XEP-0402"),
    ("storage:bookmarks", "XEP-0048"),
    ("http://jabber.org/protocol/pubsub", "XEP-0060"),
    ("http://jabber.org/protocol/disco", "XEP-0030"),
    ("jabber:iq:roster", "RFC 6121"),
    ("urn:xmpp:ping", "XEP-0199"),
    ("jabber:iq:version", "XEP-0092"),
    ("urn:xmpp:time", "XEP-0202"),
    ("jabber:iq:last", "XEP-0012"),
    ("jabber:iq:register", "XEP-0077"),
    ("jabber:iq:private", "XEP-0049"),
    ("urn:xmpp:http:upload:", "XEP-0363"),
    ("urn:xmpp:carbons:", "XEP-0280"),
    ("urn:xmpp:mam:", "XEP-0313"),
    ("urn:xmpp:occupant-id:", "XEP-0421"),
    ("http://jabber.org/protocol/chatstates", "XEP-0085"),
    ("urn:xmpp:receipts", "XEP-0184"),
    ("urn:xmpp:sm:", "XEP-0198"),
    ("urn:ietf:params:xml:ns:xmpp-bind", "RFC 6120"),
    ("http://jabber.org/protocol/caps", "XEP-0115"),
    ("urn:xmpp:delay", "XEP-0203"),
    ("urn:xmpp:sid:", "XEP-0359"),
)
_ORDER: Final = {xep: rank for rank, (_, xep) in enumerate(_RANKED)}
_PLAIN: Final = {"presence": "RFC 6121", "message": "RFC 6121"}

_NODES: Final = {"urn:xmpp:avatar:metadata": "avatar metadata", "urn:xmpp:avatar:data": "avatar image"}
_PAYLOADS: Final = {
    "http://jabber.org/protocol/disco#info": "features",
    "http://jabber.org/protocol/disco#items": "items",
    "jabber:iq:roster": "roster",
    "jabber:iq:version": "software version",
    "urn:ietf:params:xml:ns:xmpp-bind": "resource",
    "urn:xmpp:ping": "ping",
    "vcard-temp": "vCard",
}
_ACTIONS: Final = ("publish", "retract", "purge", "delete", "create", "configure", "subscribe", "unsubscribe")
_STREAM: Final = {
    "r": "how many stanzas arrived?",
    "resume": "resume the stream",
    "resumed": "the stream is resumed",
    "enable": "count stanzas",
    "enabled": "stanzas are counted",
}


def specifications(stanza: Element) -> tuple[str, ...]:
    """Return the specifications a stanza belongs to, the most telling first; empty for a bare IQ."""
    found = {xep for name in _names(stanza) if (xep := _specification(name))}
    kind = split(stanza.tag)[1]
    if kind in _PLAIN:
        found.add(_PLAIN[kind])
    return tuple(sorted(found, key=lambda xep: (xep == _PLAIN.get(kind), _ORDER[xep])))


def _names(stanza: Element) -> Iterator[str]:
    """Yield the namespaces of all elements, and the nodes they name; what a disco answer lists is not its matter."""
    for element in stanza.iter():
        yield split(element.tag)[0]
        yield element.get("node", "")


def _specification(name: str) -> str | None:
    return next((xep for prefix, xep in _RANKED if name.startswith(prefix)), None)


def summary(stanza: Element) -> str:
    """Say in a few words what a stanza is about, as ``"get avatar metadata"``."""
    namespace, kind = split(stanza.tag)
    if namespace == "urn:xmpp:sm:3":
        return f"{stanza.get('h')} stanzas arrived" if kind == "a" else _STREAM.get(kind, kind)
    form = stanza.get("type", "")
    if form == "error":
        return f"error: {_condition(stanza)}"
    if kind == "presence":
        return _presence(stanza, form)
    if kind == "message":
        return _event(stanza) or f"{form or 'normal'} message"
    said = _payload(stanza)
    return said if form == "set" and said.startswith(_ACTIONS) else f"{form} {said}".strip()


def _condition(stanza: Element) -> str:
    error = next((child for child in stanza if split(child.tag)[1] == "error"), None)
    names = [split(child.tag)[1] for child in error if split(child.tag)[1] != "text"] if error is not None else []
    return ", ".join(names) or "unknown"


def _presence(stanza: Element, form: str) -> str:
    update = stanza.find(tag(VCARD_UPDATE, "x"))
    words = form or "available"
    if update is None:
        return words
    photo = update.find(tag(VCARD_UPDATE, "photo"))
    if photo is None:
        return f"{words}, photo not known yet"
    return f"{words}, photo {photo.text[:8]}…" if photo.text else f"{words}, no photo"


def _event(stanza: Element) -> str:
    event = stanza.find(tag(PUBSUB_EVENT, "event"))
    if event is None or not len(event):
        return ""
    what, node = split(event[0].tag)[1], event[0].get("node", "")
    thing = _NODES.get(node, node or "event")
    if what == "items":
        gone = any(split(child.tag)[1] == "retract" for child in event[0])
        empty = event[0].find(f".//{tag(METADATA, 'metadata')}")
        if empty is not None and not len(empty):
            return f"{thing} changed: none"
        return f"{thing} {'retracted' if gone else 'changed'}"
    return f"{thing} {what}d"


def _payload(stanza: Element) -> str:
    if not len(stanza):
        return ""
    payload = stanza[0]
    namespace = split(payload.tag)[0]
    if namespace.startswith("http://jabber.org/protocol/pubsub"):
        actions = [child for child in payload if child.get("node")]
        if not actions:
            return "pubsub"
        what, node = split(actions[0].tag)[1], actions[0].get("node", "")
        thing = _NODES.get(node, node)
        return thing if what == "items" else f"{what} {thing}"
    if namespace in (DISCO_INFO, VCARD) or namespace in _PAYLOADS:
        return _PAYLOADS[namespace]
    return split(payload.tag)[1]
