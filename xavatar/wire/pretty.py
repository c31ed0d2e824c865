"""Stanzas for reading: indented, namespaces said once, images elided; as text, HTML, or for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape as escape_text
from xml.sax.saxutils import quoteattr

from xavatar.imaging import mime_of, sniff

from .lessons import decoded
from .xml import CLIENT, DATA, VCARD, parse, split, tag

if TYPE_CHECKING:
    from rich.text import Text

Token = tuple[str, str]
"""A class, and the characters: ``tag``, ``name``, ``value``, ``namespace``, ``text``, ``elided``, ``""``."""

_XML: Final = "http://www.w3.org/XML/1998/namespace"
_LONG: Final = 200
_BASE64: Final = re.compile(r"[A-Za-z0-9+/=]{60,}")
IMAGES: Final = (tag(DATA, "data"), tag(VCARD, "BINVAL"))
"""Elements that hold an image as base64."""
_STYLES: Final = {
    "tag": "bold blue",
    "name": "cyan",
    "value": "green",
    "namespace": "dim",
    "text": "default",
    "elided": "italic magenta",
}
# Neither a terminal nor a page shall take orders from a stanza.
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def tokens(element: Element, inherited: str = CLIENT, indent: int = 0) -> Iterator[Token]:
    """Yield the pieces of a stanza's text.

    Parameters
    ----------
    element : Element
    inherited : str
        The default namespace in force.
    indent : int
        Levels of two spaces.
    """
    namespace, local = split(element.tag)
    yield "", "  " * indent
    yield "tag", f"<{local}"
    if namespace != inherited:
        yield "namespace", f" xmlns={quoteattr(namespace)}"
    for count, (name, value) in enumerate(element.attrib.items()):
        yield from _attribute(name, value, f"a{count}")
    text = (element.text or "").strip()
    if not len(element) and not text:
        yield "tag", "/>"
        return
    yield "tag", ">"
    if text:
        yield ("elided", _image(text)) if element.tag in IMAGES else _text(text)
    if len(element):
        for child in element:
            yield "", "\n"
            yield from tokens(child, namespace, indent + 1)
            if tail := (child.tail or "").strip():
                yield _text(tail)
        yield "", "\n" + "  " * indent
    yield "tag", f"</{local}>"


def _attribute(name: str, value: str, prefix: str) -> Iterator[Token]:
    scope, local = split(name)
    if scope and scope != _XML:
        yield "namespace", f" xmlns:{prefix}={quoteattr(scope)}"
    yield "name", f" {'xml:' if scope == _XML else f'{prefix}:' if scope else ''}{local}="
    shown = value if len(value) <= _LONG else f"{value[:_LONG]}… ({len(value):,} characters)"
    yield "value", harmless(quoteattr(shown))


def _text(text: str) -> Token:
    if len(text) <= _LONG:
        return "text", harmless(escape_text(text))
    if _BASE64.match(text):
        return "elided", f"… {len(decoded(text)):,} bytes in base64 …"
    return "text", f"{harmless(escape_text(text[:_LONG]))}… ({len(text):,} characters)"


def _image(text: str) -> str:
    image = decoded(text)
    if not image:
        return f"… {len(text):,} characters, no base64 …"
    return f"… {mime_of(sniff(image)) or 'no image format'}, {len(image):,} bytes in base64 …"


def harmless(text: str) -> str:
    """Return text without what a terminal would obey, or what would turn its direction."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def as_text(element: Element, inherited: str = CLIENT) -> str:
    """Return a stanza as indented XML, images elided; `inherited` as of :func:`tokens`."""
    return "".join(text for _, text in tokens(element, inherited))


def pretty(stanza: str) -> str:
    """Return a stanza's text indented, images elided; as it is, made harmless, when it cannot be read."""
    try:
        element = parse(stanza)
        return as_text(element, split(element.tag)[0])
    except (SyntaxError, ValueError):  # ParseError is a SyntaxError
        return unreadable(stanza.encode())


def as_html(element: Element) -> str:
    """Return a stanza as indented, escaped XML with a ``<span>`` of class ``xa-…`` for each line and kind of piece."""
    lines: list[list[Token]] = [[]]
    for kind, text in tokens(element):
        first, *more = text.split("\n")
        lines[-1].append((kind, first))
        lines += [[(kind, each)] for each in more]
    return "".join(map(_line, lines))


def _line(pieces: list[Token]) -> str:
    text = "".join(text for _, text in pieces)
    marked = "".join(f'<span class="xa-{kind}">{escape(text)}</span>' if kind else text for kind, text in pieces)
    return f'<span class="xa-line" style="--n:{len(text) - len(text.lstrip(" "))}">{marked}\n</span>'


def as_rich(element: Element) -> Text:
    """Return a stanza for a terminal, coloured."""
    from rich.text import Text

    return Text.assemble(*((text, _STYLES.get(kind, "")) for kind, text in tokens(element)))


def unreadable(raw: bytes) -> str:
    """Return bytes that are no stanza as text, shortened."""
    text = raw.decode(errors="replace")
    return harmless(text if len(text) <= 2 * _LONG else f"{text[: 2 * _LONG]}… ({len(raw):,} bytes)")
