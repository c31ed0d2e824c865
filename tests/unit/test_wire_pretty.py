"""Stanzas made readable: indented, images elided, harmless."""

from __future__ import annotations

import base64
from xml.etree.ElementTree import fromstring

import pytest
from rich.console import Console

from tests.unit.test_wire_trace import CONVERSATION, DATA_ANSWER, PNG, answer, metadata, trace_of, tree
from xavatar.wire.pretty import as_html, as_rich, as_text, pretty
from xavatar.wire.xml import DATA


def test_indented_with_each_namespace_said_once() -> None:
    assert as_text(tree(answer(metadata("<info id='1'/>"), id_="1"))).splitlines() == [
        '<iq type="result" id="1" from="romeo@montague.lit">',
        '  <pubsub xmlns="http://jabber.org/protocol/pubsub">',
        '    <items node="urn:xmpp:avatar:metadata">',
        '      <item id="1">',
        '        <metadata xmlns="urn:xmpp:avatar:metadata">',
        '          <info id="1"/>',
        "        </metadata>",
        "      </item>",
        "    </items>",
        "  </pubsub>",
        "</iq>",
    ]


def test_what_is_shown_can_be_read_again() -> None:
    stanza = (
        "<iq xmlns:a='urn:a' xmlns:b='urn:b' a:x='1' b:x='&lt;&quot;' xml:lang='en'><q xmlns='urn:q'>a &amp; b</q></iq>"
    )
    once = as_text(tree(stanza))
    assert as_text(tree(once)) == once
    assert {"{urn:a}x": "1", "{urn:b}x": '<"'}.items() <= fromstring(once).attrib.items()


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (base64.b64encode(PNG).decode(), f"image/png, {len(PNG):,} bytes in base64"),
        ("aGVsbG8=", "no image format, 5 bytes in base64"),
        ("!", "1 characters, no base64"),
    ],
)
def test_images_are_named(content: str, note: str) -> None:
    assert f"… {note} …" in as_text(tree(answer(f"<data xmlns='{DATA}'>{content}</data>", node=DATA)))


def test_long_texts_are_shortened_not_taken_for_images() -> None:
    words = "a rose by any other name would smell as sweet " * 10
    shown = as_text(tree(f"<presence><status>{words}</status></presence>"))
    assert "a rose by any other name" in shown
    assert f"… ({len(words) - 1} characters)" in shown


def test_html_keeps_lines_whole() -> None:
    stanza = tree("<presence><status>one\ntwo &lt;b></status></presence>")
    page = fromstring(f"<pre>{as_html(stanza)}</pre>")
    assert [line.get("class") for line in page] == ["xa-line"] * 4
    assert "".join(page.itertext()) == f"{as_text(stanza)}\n"


def test_a_single_stanza_shows_itself() -> None:
    entry = trace_of(*CONVERSATION)[3]
    assert repr(entry) == entry.headline
    assert "1.0 ms after 3" in repr(entry)
    assert str(entry).splitlines()[1].split()[0] == "P84-01"
    assert "Answers no. 3" in entry._repr_html_()


def test_colours_are_for_terminals_only() -> None:
    console = Console(width=100, no_color=True)
    with console.capture() as capture:
        console.print(as_rich(tree(DATA_ANSWER)))
    assert "\x1b[3" not in capture.get()
    assert "bytes in base64" in capture.get()


def test_texts_of_diagnoses() -> None:
    shown = pretty("<iq type='get'><a xmlns='urn:a'/></iq>")
    assert shown.splitlines()[:2] == ['<iq type="get">', '  <a xmlns="urn:a"/>']
    assert pretty("<iq>\x1b[31m") == "<iq>\N{REPLACEMENT CHARACTER}[31m"
