"""XML in and out: what is parsed in pieces, written and read again, is the same."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xavatar.sandbox.jid import parse_jid
from xavatar.sandbox.xml import StreamError, StreamParser, parse_fragment, serialise

HEADER = b"<?xml version='1.0'?><s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams' to='a.lit'>"
STANZAS = (
    "<iq id='1' type='get'><a:q xmlns:a='urn:a' a:b='c' xml:lang='de'>über &lt;\u2028😺</a:q></iq> "
    "<message><body>x</body>tail</message>\n<presence/>"
).encode()

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), max_size=20)
NAMES = st.sampled_from(["a", "photo", "{urn:x}b", "{urn:y}c", "{jabber:client}d", "{vcard-temp}e"])
KEYS = st.sampled_from(["id", "type", "{http://www.w3.org/XML/1998/namespace}lang", "{urn:x}k", "{urn:y}k"])


def built(tag: str, attributes: dict[str, str], text: str, kids: list[Element], tail: str) -> Element:
    element = Element(tag, attributes)
    element.text, element.tail = text or None, tail or None
    element.extend(kids)
    return element


ELEMENTS = st.recursive(
    st.builds(built, NAMES, st.dictionaries(KEYS, TEXT), TEXT, st.just([]), TEXT),
    lambda inner: st.builds(built, NAMES, st.dictionaries(KEYS, TEXT), TEXT, st.lists(inner, max_size=3), TEXT),
    max_leaves=8,
)


def same(one: Element, other: Element) -> bool:
    return (
        (one.tag, one.attrib, one.text or "") == (other.tag, other.attrib, other.text or "")
        and [child.tail or "" for child in one] == [child.tail or "" for child in other]
        and len(one) == len(other)
        and all(map(same, one, other))
    )


def parsed(*chunks: bytes, limit: int = 1 << 20) -> list[str]:
    """Return what a stream of these chunks says, as text."""
    heard: list[str] = []
    parser = StreamParser(
        lambda attributes: heard.append(f"open {attributes}"),
        lambda stanza: heard.append(serialise(stanza)),
        lambda: heard.append("close"),
        limit,
    )
    for chunk in chunks:
        parser.feed(chunk)
    return heard


@given(ELEMENTS)
def test_what_is_written_reads_the_same(element: Element) -> None:
    element.tail = None
    for inherited in ("jabber:client", None):
        again = parse_fragment(serialise(element, inherited))
        assert len(again) == 1
        assert same(again[0], element)


@given(st.lists(st.integers(0, len(STANZAS)), max_size=6))
def test_pieces_make_no_difference(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STANZAS)]
    pieces = [STANZAS[start:end] for start, end in pairwise(edges)]
    assert parsed(HEADER, *pieces) == parsed(HEADER + STANZAS)


def test_a_complete_stanza_does_not_wait_for_the_next() -> None:
    heard: list[Element] = []
    parser = StreamParser(lambda _: None, heard.append, lambda: None, 1000)
    parser.feed(HEADER)
    for byte in b"<presence/>":
        parser.feed(bytes([byte]))
    assert [stanza.tag for stanza in heard] == ["{jabber:client}presence"]


@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_end_the_stream(data: bytes) -> None:
    with suppress(StreamError):
        parsed(HEADER, data)


def test_the_limit_is_of_a_stanza_not_of_the_stream() -> None:
    stanza = b"<message><body>" + b"x" * 400 + b"</body></message>"
    assert len(parsed(HEADER, *[stanza] * 50, limit=500)) == 51
    assert len(parsed(HEADER, stanza * 50, limit=500)) == 51
    with pytest.raises(StreamError, match="policy-violation"):
        parsed(HEADER, stanza.replace(b"x", b"xx"), limit=500)
    with pytest.raises(StreamError, match="policy-violation"):
        parsed(HEADER, b"<message a='" + b"x" * 600, limit=500)
    assert parsed(HEADER, *[b" " * 400] * 5, limit=500)[1:] == []


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("Romeo@Montague.LIT/Orchard", "romeo@montague.lit/Orchard"),
        ("montague.lit", "montague.lit"),
        ("a@b/c/d@e", "a@b/c/d@e"),
    ],
)
def test_jids_are_normalised(text: str, full: str) -> None:
    assert parse_jid(text).full == full


@pytest.mark.parametrize("text", ["", "@b", "a@", "a@b/", "a b@c", "a@b@c", "a<@b", "a@b c", "x" * 1024 + "@b"])
def test_what_is_no_jid(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any words will do
        parse_jid(text)
