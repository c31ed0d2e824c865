"""Light XML trees: how stanzas look to everything above aioxmpp.

Trees are :class:`xml.etree.ElementTree.Element` with ``{namespace}local`` tags: built in C,
forgiving about content, and known to everybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, fromstring
from xml.sax.saxutils import escape, quoteattr

CLIENT: Final = "jabber:client"
STANZAS: Final = "urn:ietf:params:xml:ns:xmpp-stanzas"
PUBSUB: Final = "http://jabber.org/protocol/pubsub"
PUBSUB_EVENT: Final = "http://jabber.org/protocol/pubsub#event"
PUBSUB_OWNER: Final = "http://jabber.org/protocol/pubsub#owner"
PUBSUB_ERRORS: Final = "http://jabber.org/protocol/pubsub#errors"
METADATA: Final = "urn:xmpp:avatar:metadata"
DATA: Final = "urn:xmpp:avatar:data"
VCARD: Final = "vcard-temp"
VCARD_UPDATE: Final = "vcard-temp:x:update"
CONVERSION: Final = "urn:xmpp:pep-vcard-conversion:0"
DISCO_INFO: Final = "http://jabber.org/protocol/disco#info"
DISCO_ITEMS: Final = "http://jabber.org/protocol/disco#items"
ROSTER: Final = "jabber:iq:roster"
MUC: Final = "http://jabber.org/protocol/muc"
MUC_USER: Final = "http://jabber.org/protocol/muc#user"
DATA_FORM: Final = "jabber:x:data"

_SPECIAL: Final = re.compile("[&<>\"'\\s]")
_XML: Final = "http://www.w3.org/XML/1998/namespace"


def tag(namespace: str, local: str) -> str:
    """Return the ``{namespace}local`` name."""
    return f"{{{namespace}}}{local}"


def split(name: str) -> tuple[str, str]:
    """Return namespace and local part of a ``{namespace}local`` name."""
    if name.startswith("{"):
        namespace, _, local = name[1:].partition("}")
        return namespace, local
    return "", name


def attribute(value: str) -> str:
    """Return `value` quoted for use as an attribute, quotes included."""
    return quoteattr(value) if _SPECIAL.search(value) else f'"{value}"'


def text(value: str) -> str:
    """Return `value` escaped for use as character data."""
    return escape(value)


def parse(document: str | bytes) -> Element:
    """Return the root of a document; raise :class:`xml.etree.ElementTree.ParseError`."""
    return fromstring(document)


def children(element: Element, namespace: str) -> Iterator[Element]:
    """Yield the children that are in `namespace`."""
    prefix = f"{{{namespace}}}"
    return (child for child in element if child.tag.startswith(prefix))


def serialize(element: Element, inherited: str = "") -> str:
    """Return `element` as text, with default namespace declarations only.

    Parameters
    ----------
    element : Element
    inherited : str
        The default namespace in force where the text will stand.
    """
    parts: list[str] = []
    _write(element, inherited, parts)
    return "".join(parts)


def _write(element: Element, inherited: str, parts: list[str]) -> None:
    namespace, local = split(element.tag)
    parts.append(f"<{local}")
    if namespace != inherited:
        parts.append(f" xmlns={quoteattr(namespace)}")
    for count, (name, value) in enumerate(element.attrib.items()):
        scope, plain = split(name)
        if scope == _XML:
            plain = f"xml:{plain}"
        elif scope:
            parts.append(f" xmlns:a{count}={quoteattr(scope)}")
            plain = f"a{count}:{plain}"
        parts.append(f" {plain}={quoteattr(value)}")
    if len(element) == 0 and not element.text:
        parts.append("/>")
        return
    parts.append(">")
    parts.append(escape(element.text or ""))
    for child in element:
        _write(child, namespace, parts)
        parts.append(escape(child.tail or ""))
    parts.append(f"</{local}>")
