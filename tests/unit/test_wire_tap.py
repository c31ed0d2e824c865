"""The tap between a real expat parser and aioxmpp's real stanza parser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import Element

import aioxmpp
import aioxmpp.xml
import aioxmpp.xso
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xavatar.avatar.guards import readable_metadata, readable_update
from xavatar.wire.seam import parse_at_once
from xavatar.wire.tap import Guard, Tap
from xavatar.wire.xml import METADATA, VCARD_UPDATE, parse, serialize, tag

HEADER = (
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "from='capulet.lit' id='1' version='1.0'>"
)
ANSWER = (
    "<iq type='result' id='mine' from='romeo@montague.lit/a'><query xmlns='urn:x'><a b='c&amp;d'>é</a></query></iq>"
)
PRESENCE = "<presence from='romeo@montague.lit/a'><show>away</show>{}</presence>"
GOOD = f"<x xmlns='{VCARD_UPDATE}'><photo>abc</photo></x>"
BAD = f"<x xmlns='{VCARD_UPDATE}'><photo><b/>abc</photo></x>"
EVENT = (
    "<message from='romeo@montague.lit' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>"
    f"<items node='{METADATA}'><item id='1'><metadata xmlns='{METADATA}'><info id='1' width='64px'/></metadata>"
    "</item></items></event><body>kept</body></message>"
)


@dataclass
class Board:
    """Remembers what the tap leaves; expects the id ``mine``."""

    guards: dict[str, Guard] = field(default_factory=dict)
    watched: frozenset[str] = frozenset({"presence", "message"})
    taken: frozenset[str] = frozenset()
    answers: list[Element] = field(default_factory=list)
    seen: list[Element] = field(default_factory=list)
    passes: int = 0
    requests: int = 0

    def expects(self, attributes: Mapping[str, str]) -> bool:
        return attributes.get("id") == "mine"

    def watches(self, name: str, kind: str | None) -> bool:
        return name in self.watched

    def answered(self, stanza: Element) -> None:
        self.answers.append(stanza)

    def observed(self, stanza: Element) -> bool:
        self.seen.append(stanza)
        return stanza.tag in self.taken

    def passed(self) -> None:
        self.passes += 1

    def asked(self) -> None:
        self.requests += 1


@dataclass
class Line:
    """A parser with a tap, and what aioxmpp made of the stream."""

    board: Board = field(default_factory=Board)
    stanzas: list[Any] = field(default_factory=list)
    tapped: bool = True
    errors: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        xsos = aioxmpp.xso.XSOParser()
        for kind in (aioxmpp.IQ, aioxmpp.Presence, aioxmpp.Message):
            xsos.add_class(kind, self.stanzas.append)
        self.processor = aioxmpp.xml.XMPPXMLProcessor()
        self.processor.stanza_parser = xsos
        self.processor.on_exception = self.errors.append
        self.parser = aioxmpp.xml.make_parser()
        self.parser.setContentHandler(self.processor)
        self.feed(HEADER)
        parse_at_once(self.parser)
        if self.tapped:
            self.listen()

    def listen(self) -> None:
        self.tap = Tap(self.parser._parser, self.board, self.processor._depth)

    def feed(self, text: str | bytes) -> None:
        self.parser.feed(text)


@pytest.fixture
def line() -> Line:
    return Line()


def test_an_answer_of_ours_becomes_a_tree_and_stays_out_of_aioxmpp(line: Line) -> None:
    line.feed(ANSWER)
    (answer,) = line.board.answers
    assert answer.get("from") == "romeo@montague.lit/a"
    assert answer[0].tag == "{urn:x}query"
    assert (answer[0][0].get("b"), answer[0][0].text) == ("c&d", "é")
    assert (line.stanzas, line.board.passes, line.errors) == ([], 0, [])


def test_prefixes_are_resolved_in_an_answer(line: Line) -> None:
    """Element, root and attributes: whatever prefix a server takes, the names are the same."""
    line.feed(
        "<iq type='result' id='mine' xml:lang='en'><p:query xmlns:p='urn:x' plain='1' p:own='2'>"
        "<a xmlns='urn:y' xml:lang='de'/></p:query></iq>"
    )
    (answer,) = line.board.answers
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    assert [(node.tag, dict(node.items())) for node in answer.iter()] == [
        ("{jabber:client}iq", {"type": "result", "id": "mine", language: "en"}),
        ("{urn:x}query", {"plain": "1", "{urn:x}own": "2"}),
        ("{urn:y}a", {language: "de"}),
    ]


def test_other_answers_pass_unseen(line: Line) -> None:
    line.feed(ANSWER.replace("mine", "other").replace("<query xmlns='urn:x'><a b='c&amp;d'>é</a></query>", ""))
    assert [stanza.id_ for stanza in line.stanzas] == ["other"]
    assert (line.board.answers, line.board.seen, line.board.passes) == ([], [], 1)


def test_observed_stanzas_reach_both_sides(line: Line) -> None:
    line.feed(PRESENCE.format(""))
    assert line.board.seen[0].get("from") == "romeo@montague.lit/a"
    assert line.stanzas[0].show is aioxmpp.PresenceShow.AWAY


def test_a_malformed_photo_does_not_cost_the_presence(line: Line) -> None:
    line.feed(PRESENCE.format(BAD))
    assert line.errors, "aioxmpp reads this after all: the guard has become needless"

    guarded = Line(Board({tag(VCARD_UPDATE, "x"): readable_update}))
    guarded.feed(PRESENCE.format(BAD) + PRESENCE.format(GOOD))
    assert guarded.errors == []
    assert [stanza.xep0153_x and stanza.xep0153_x.photo for stanza in guarded.stanzas] == [None, "abc"]
    assert [len(stanza.findall(tag(VCARD_UPDATE, "x"))) for stanza in guarded.board.seen] == [1, 1]


def test_a_malformed_info_does_not_cost_the_message(line: Line) -> None:
    line.feed(EVENT)
    assert line.errors, "aioxmpp reads this after all: the guard has become needless"

    guarded = Line(Board({tag(METADATA, "metadata"): readable_metadata}))
    guarded.feed(EVENT)
    assert guarded.errors == []
    assert guarded.stanzas[0].body.any() == "kept"
    assert next(guarded.board.seen[0].iter(tag(METADATA, "info"))).get("width") == "64px"


def test_what_is_taken_is_seen_and_does_not_pass(line: Line) -> None:
    taking = Line(Board(taken=frozenset({"{jabber:client}presence"})))
    taking.feed(PRESENCE.format(GOOD) + "<message><body>hi</body></message>" + PRESENCE.format(""))
    assert (len(taking.board.seen), len(taking.stanzas), taking.board.passes) == (3, 1, 1)


def test_a_request_for_an_acknowledgement_stays_out_of_aioxmpp(line: Line) -> None:
    line.feed(f"<r xmlns='urn:xmpp:sm:3'/>{ANSWER}<r xmlns='urn:xmpp:sm:3'></r>")
    assert (line.board.requests, len(line.board.answers), line.board.passes) == (2, 1, 0)
    assert (line.stanzas, line.errors) == ([], [])


def test_attached_inside_a_stanza_the_rest_of_it_passes() -> None:
    line = Line(Board(watched=frozenset()), tapped=False)
    line.feed("<presence from='romeo@montague.lit/a'><show>aw")
    line.listen()
    line.feed("ay</show></presence>" + ANSWER)
    assert line.stanzas[0].show is aioxmpp.PresenceShow.AWAY
    assert len(line.board.answers) == 1


def cuts(text: bytes, places: list[int]) -> Iterator[bytes]:
    marks = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return (text[start:end] for start, end in pairwise(marks))


@given(st.lists(st.integers(min_value=0), max_size=20))
def test_packets_may_be_cut_anywhere(places: list[int]) -> None:
    stanzas = ANSWER + PRESENCE.format(BAD) + EVENT + PRESENCE.format(GOOD) + ANSWER
    board = Board({tag(VCARD_UPDATE, "x"): readable_update, tag(METADATA, "metadata"): readable_metadata})
    line = Line(board)
    for piece in cuts(stanzas.encode(), places):
        line.feed(piece)
    assert (len(board.answers), len(board.seen), board.passes, len(line.stanzas)) == (2, 3, 3, 3)
    assert line.errors == []


NAMES = st.from_regex(r"\A[a-z_][a-z0-9.-]{0,6}\Z")
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Cn")), max_size=12)
TREES = st.recursive(
    st.builds(lambda name, text: (name, {}, text, []), NAMES, TEXTS),
    lambda below: st.tuples(NAMES, st.dictionaries(NAMES, TEXTS, max_size=2), TEXTS, st.lists(below, max_size=3)),
    max_leaves=8,
)


def build(tree: Any, namespaces: list[str]) -> Element:
    name, attributes, text, below = tree
    element = Element(tag(namespaces[len(name) % len(namespaces)], name), attributes)
    element.text = text or None
    element.extend([build(child, namespaces) for child in below])
    return element


@given(TREES)
def test_what_is_serialized_reads_back_the_same(tree: Any) -> None:
    element = build(tree, ["urn:a", "urn:b"])
    again = parse(serialize(element))
    assert [(node.tag, node.attrib, node.text or "") for node in again.iter()] == [
        (node.tag, node.attrib, node.text or "") for node in element.iter()
    ]
    assert "ns0:" not in serialize(element)
