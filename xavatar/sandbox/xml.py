"""XML of the wire: escaping, writing an element, and the incremental parser of a stream.

Stanzas are written from templates over escaped values and *verbatim* payload text, so that
what a scenario holds reaches the client byte for byte. What clients send is parsed with
expat directly: its position tells the size of an unfinished stanza, and its handlers see
the comments, DTDs and processing instructions that RFC 6120, 11.1 forbids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, TreeBuilder, XMLParser
from xml.etree.ElementTree import ParseError as _ParseError
from xml.parsers import expat

from . import ns

_MAX_DEPTH = 64


class StreamError(Exception):
    """A condition of RFC 6120, 4.9.3 that ends the stream."""

    def __init__(self, condition: str, text: str = "") -> None:
        super().__init__(condition, text)
        self.condition = condition
        self.text = text


def escape(value: str) -> str:
    """Escape text for an element's content or a quoted attribute."""
    if "&" in value:
        value = value.replace("&", "&amp;")
    if "<" in value or ">" in value:
        value = value.replace("<", "&lt;").replace(">", "&gt;")
    if "'" in value or '"' in value:
        value = value.replace("'", "&apos;").replace('"', "&quot;")
    return value


def attribute(name: str, value: str | None) -> str:
    """Write ``" name='value'"``, or nothing for ``None``."""
    return "" if value is None else f" {name}='{escape(value)}'"


def split_tag(tag: str) -> tuple[str, str]:
    """Split ``{namespace}local`` into its two halves."""
    namespace, _, local = tag[1:].rpartition("}") if tag[:1] == "{" else ("", "", tag)
    return namespace, local


def serialise(element: Element, inherited: str | None = ns.CLIENT) -> str:
    """Write an element as text that stands where `inherited` is the default namespace.

    With ``None`` the text declares its namespace itself and can stand anywhere.
    """
    namespace, local = split_tag(element.tag)
    head = [local]
    if namespace != inherited:
        head.append(f"xmlns='{escape(namespace)}'")
    for number, (key, value) in enumerate(element.attrib.items()):
        attribute_ns, name = split_tag(key)
        if attribute_ns == ns.XML:
            name = f"xml:{name}"
        elif attribute_ns:
            head.append(f"xmlns:a{number}='{escape(attribute_ns)}'")
            name = f"a{number}:{name}"
        head.append(f"{name}='{_escape_attribute(value)}'")
    body = content(element, namespace)
    return f"<{' '.join(head)}>{body}</{local}>" if body else f"<{' '.join(head)}/>"


def content(element: Element, inherited: str = ns.CLIENT) -> str:
    """Write what is inside an element: text, children and their tails."""
    parts = [escape(element.text or "")]
    for child in element:
        parts.append(serialise(child, inherited))
        if child.tail:
            parts.append(escape(child.tail))
    return "".join(parts)


def _escape_attribute(value: str) -> str:
    # Literal line breaks would come back as spaces (XML 1.0, 3.3.3).
    return escape(value).replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")


def parse_fragment(text: str) -> Element:
    """Parse any number of sibling elements; return them under one root.

    Raises
    ------
    ValueError
        The text is not well-formed, or holds what a stream must not (RFC 6120, 11.1).
    """
    if "<!" in text or "<?" in text:
        raise ValueError("comments, processing instructions and DTDs are not allowed")
    parser = XMLParser(target=TreeBuilder())
    try:
        parser.feed(f"<fragment xmlns='{ns.CLIENT}'>")
        parser.feed(text)
        parser.feed("</fragment>")
        root = parser.close()
    except _ParseError as error:
        raise ValueError(f"not well-formed XML: {error}") from error
    assert isinstance(root, Element)
    return root


def local_name(element: Element) -> str:
    """Return the tag without its namespace."""
    return split_tag(element.tag)[1]


def children(element: Element, namespace: str, local: str) -> Iterator[Element]:
    """Yield the direct children of one name."""
    yield from element.iterfind(f"{{{namespace}}}{local}")


class StreamParser:
    """Incremental parser of one XML stream (RFC 6120, 4).

    Parameters
    ----------
    on_open : callable
        Gets the stream header's attributes.
    on_stanza : callable
        Gets each complete child of the root.
    on_close : callable
        The root was closed.
    limit : int
        Largest stanza, bytes; a larger one raises ``policy-violation``.
    """

    def __init__(
        self,
        on_open: Callable[[dict[str, str]], None],
        on_stanza: Callable[[Element], None],
        on_close: Callable[[], None],
        limit: int,
    ) -> None:
        self._on_open = on_open
        self._on_stanza = on_stanza
        self._on_close = on_close
        self._limit = limit
        self._names: dict[str, str] = {}
        self._depth = 0
        self._fed = 0
        self._settled = 0
        self._builder = TreeBuilder()
        self._stopped = False
        self._expat = parser = expat.ParserCreate("utf-8", "}")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = parser.StartDoctypeDeclHandler = self._restricted
        parser.ProcessingInstructionHandler = self._restricted
        # A stanza must not wait in the parser for the next one to arrive (expat 2.6 and later).
        if hasattr(parser, "SetReparseDeferralEnabled"):
            parser.SetReparseDeferralEnabled(False)

    def stop(self) -> None:
        """Ignore what is still in the buffer: the stream is about to restart."""
        self._stopped = True

    def feed(self, data: bytes) -> None:
        """Parse a chunk; callbacks run before it returns.

        Raises
        ------
        StreamError
            Not well-formed, restricted XML, or a stanza beyond the limit.
        """
        self._fed += len(data)
        try:
            self._expat.Parse(data, False)
        except expat.ExpatError as error:
            undefined = expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]
            condition = "restricted-xml" if error.code == undefined else "not-well-formed"
            raise StreamError(condition, expat.ErrorString(error.code) or "") from None
        if self._fed - self._settled > self._limit and not self._stopped:
            raise StreamError("policy-violation", f"A stanza must not be larger than {self._limit} bytes.")

    def _name(self, raw: str) -> str:
        name = self._names.get(raw)
        if name is None:
            name = f"{{{raw}" if "}" in raw else raw
            if len(self._names) < 512:
                self._names[raw] = name
        return name

    def _start(self, raw: str, attributes: dict[str, str]) -> None:
        if self._stopped:
            return
        for key in attributes:
            if "}" in key:
                attributes = {self._name(name): value for name, value in attributes.items()}
                break
        if not self._depth:
            if raw != f"{ns.STREAM}}}stream":
                raise StreamError("invalid-namespace", "The root must be a stream header.")
            self._depth = 1
            self._on_open(attributes)
            return
        if self._depth == 1:
            self._settled = self._expat.CurrentByteIndex
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise StreamError("policy-violation", f"Elements must not be nested deeper than {_MAX_DEPTH}.")
        self._builder.start(self._name(raw), attributes)

    def _end(self, raw: str) -> None:
        if self._stopped:
            return
        self._depth -= 1
        if self._depth == 0:
            self._on_close()
            return
        self._builder.end(self._name(raw))
        if self._depth == 1:
            end = self._expat.CurrentByteIndex
            if end - self._settled > self._limit:
                raise StreamError("policy-violation", f"A stanza must not be larger than {self._limit} bytes.")
            self._settled = end
            stanza = self._builder.close()
            self._builder = TreeBuilder()
            self._on_stanza(stanza)

    def _text(self, data: str) -> None:
        if self._depth > 1:
            self._builder.data(data)
        elif not self._stopped:
            if data.strip():
                raise StreamError("bad-format", "Text outside of stanzas.")
            self._settled = self._expat.CurrentByteIndex

    def _restricted(self, *_: object) -> None:
        if not self._stopped:
            raise StreamError("restricted-xml", "Comments, processing instructions and DTDs are not allowed.")
