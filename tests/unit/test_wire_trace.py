"""Recording bytes, and telling what they say."""

from __future__ import annotations

import base64
import hashlib
import json
import weakref
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import aioxmpp
import aioxmpp.xml
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_wire_tap import ANSWER, EVENT, PRESENCE, Line, cuts
from xavatar.errors import ConfigError
from xavatar.wire.capture import Capture, Direction
from xavatar.wire.entry import Entry, entries
from xavatar.wire.lessons import Seen, broken, illustrated
from xavatar.wire.recorder import Record, Recorder
from xavatar.wire.trace import LiveTrace, Trace
from xavatar.wire.xml import DATA, METADATA, PUBSUB, VCARD_UPDATE, parse

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
SHA1 = hashlib.sha1(PNG).hexdigest()
BASE64 = base64.b64encode(PNG).decode()
ROMEO = "romeo@montague.lit"
NEWEST = f'<pubsub xmlns="{PUBSUB}"><items node="{METADATA}" max_items="1"/></pubsub>'
QUERY = f'<iq type="get" id="1" to="{ROMEO}">{NEWEST}</iq>'
INFO = f'<info id="{SHA1}" bytes="{len(PNG)}" type="image/png"/>'


def metadata(content: str = INFO) -> str:
    return f'<metadata xmlns="{METADATA}">{content}</metadata>'


def answer(payload: str, id_: str = SHA1, node: str = METADATA, iq: str = "1") -> str:
    items = f'<items node="{node}"><item id="{id_}">{payload}</item></items>'
    return f'<iq type="result" id="{iq}" from="{ROMEO}"><pubsub xmlns="{PUBSUB}">{items}</pubsub></iq>'


DATA_QUERY = (
    f'<iq type="get" id="2" to="{ROMEO}"><pubsub xmlns="{PUBSUB}"><items node="{DATA}"><item id="{SHA1}"/></items>'
    "</pubsub></iq>"
)
DATA_ANSWER = answer(f'<data xmlns="{DATA}">{BASE64}</data>', node=DATA, iq="2")


def trace_of(*stanzas: tuple[str, str]) -> Trace:
    kept = ((i, 1.7e9 + i / 1000, Direction(way), raw.encode()) for i, (way, raw) in enumerate(stanzas, 1))
    return Trace(entries(Record(*each, len(each[-1])) for each in kept))


CONVERSATION = (
    ("out", QUERY),
    ("in", answer(metadata())),
    ("out", DATA_QUERY),
    ("in", DATA_ANSWER),
    ("in", f'<presence from="{ROMEO}/orchard"><x xmlns="{VCARD_UPDATE}"><photo>{SHA1}</photo></x></presence>'),
    ("in", '<a xmlns="urn:xmpp:sm:3" h="7"/>'),
)


# -- capturing


class Stream:
    """Aioxmpp's writer and parser with a capture around them."""

    def __init__(self) -> None:
        self.line = Line()
        self.written: list[bytes] = []
        domain = aioxmpp.JID.fromstr("capulet.lit")
        self.writer = aioxmpp.xml.XMLStreamWriter(self, domain, nsmap={None: "jabber:client"})
        self.writer.start()
        self.seen: list[tuple[Direction, bytes]] = []
        self.capture = Capture()
        self.tap = self.line.tap
        self.capture.attached(self.tap, self.line.parser, self.writer)
        self.stop = self.capture.add(lambda way, raw: self.seen.append((way, raw)))

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    @property
    def received(self) -> list[str]:
        return [raw.decode() for way, raw in self.seen if way is Direction.IN]


ODD = (
    "<presence from='é@montague.lit/&gt;' xmlns:a='urn:a' a:b=\"/>'\"/>",
    "<r xmlns='urn:xmpp:sm:3'/>",
    "<iq  type='result'\n id='x' ></iq >",
    EVENT,
    ANSWER,
    PRESENCE.format(""),
)


GAPS = st.lists(st.sampled_from(["", " ", "\n"]), min_size=6, max_size=6)


@given(st.lists(st.integers(min_value=0), max_size=30), GAPS)
def test_every_byte_of_every_stanza_whatever_the_packets(places: list[int], gaps: list[str]) -> None:
    stream = Stream()
    stream.line.processor.stanza_parser.add_class(aioxmpp.nonza.SMRequest, lambda _: None)
    text = "".join(gap + stanza for gap, stanza in zip(gaps, ODD, strict=True))
    for piece in cuts(text.encode(), places):
        stream.line.feed(piece)
    assert stream.received == list(ODD)


@given(st.integers(0, 200), st.integers(0, 600))
def test_recording_may_begin_anywhere(start: int, end: int) -> None:
    stream = Stream()
    stream.stop()
    raw = (PRESENCE.format("") * 4).encode()
    stream.line.feed(raw[:start])
    stop = stream.capture.add(lambda way, stanza: stream.seen.append((way, stanza)))
    middle = max(start, min(end, len(raw)))
    stream.line.feed(raw[start:middle])
    stop()
    stream.line.feed(raw[middle:])
    assert set(stream.received) <= {PRESENCE.format("")}
    whole = len(PRESENCE.format("").encode())
    assert len(stream.received) == max(0, middle // whole - -(-start // whole))
    assert len(stream.line.stanzas) == 4


def test_while_nobody_records_nothing_is_in_the_way() -> None:
    stream = Stream()
    stream.stop()
    assert "feed" not in vars(stream.line.parser) or stream.line.parser.feed.__func__ is type(stream.line.parser).feed
    assert stream.writer._writer._write == stream.write
    assert stream.tap.inlet is None
    stream.line.feed(ANSWER)
    assert stream.seen == []


def test_what_is_sent_is_seen_as_it_is_written() -> None:
    stream = Stream()
    header = len(stream.written)
    presence = aioxmpp.Presence()
    presence.id_ = "p"
    stream.writer.send(presence)
    stream.writer.close()
    assert stream.seen == [(Direction.OUT, b'<presence id="p"/>')]
    assert stream.written[header] == b'<presence id="p"/>'
    assert b"".join(stream.written).endswith(b"</stream:stream>")


def test_a_stream_that_comes_again_is_recorded_once() -> None:
    """aioxmpp starts the stream anew on which a resumption failed."""
    stream = Stream()
    stream.capture.attached(stream.tap, stream.line.parser, stream.writer)
    stream.line.feed(ANSWER.encode())
    stream.writer.send(aioxmpp.Presence())
    assert len(stream.seen) == 2
    stream.stop()
    assert stream.writer._writer._write == stream.write


def test_a_recording_that_nobody_can_read_ends() -> None:
    stream = Stream()
    stream.stop()
    kept, forgotten = Recorder(1 << 20), Recorder(1 << 20)
    stream.capture.add(kept.record)
    stream.capture.add(forgotten.record)
    gone = weakref.ref(forgotten)
    del forgotten
    assert gone() is None
    stream.line.feed((ANSWER * 2).encode())
    assert len(kept) == 2
    del kept
    stream.line.feed(ANSWER.encode())
    assert not stream.capture.wanted
    assert stream.tap.inlet is None


# -- keeping


def test_the_oldest_go_when_the_bytes_are_spent() -> None:
    recorder = Recorder(10_000)
    for number in range(100):
        recorder.record(Direction.IN, b"<presence id='%d'>" % number + b" " * 1000 + b"</presence>")
    trace = LiveTrace(recorder, lambda: None)
    assert trace.dropped == 100 - len(trace)
    assert sum(entry.size for entry in trace) < 10_000
    assert trace[-1].number == 100
    recorder.record(Direction.IN, b"<presence>" + b" " * 20_000 + b"</presence>")
    assert len(trace) == 0


# -- telling


def test_an_answer_knows_its_request() -> None:
    trace = trace_of(*CONVERSATION)
    assert [entry.request and entry.request.number for entry in trace] == [None, 1, None, 3, None, None]
    assert trace[1].elapsed_ms == pytest.approx(1.0)
    assert trace[1].xeps == ("XEP-0084", "XEP-0060")
    assert [entry.summary for entry in trace] == [
        "get avatar metadata", "result avatar metadata", "get avatar image", "result avatar image",
        f"available, photo {SHA1[:8]}…", "7 stanzas arrived",
    ]  # fmt: skip
    bare = trace_of(("out", DATA_QUERY), ("in", f"<iq type='result' id='2' from='{ROMEO}'/>"))
    assert bare[1].xeps == ("XEP-0084", "XEP-0060")
    assert bare[1].summary == "result: get avatar image"


def test_two_who_chose_one_id_get_each_their_answer() -> None:
    ask = "<iq type='get' id='1' from='{}'><ping xmlns='urn:xmpp:ping'/></iq>"
    give = "<iq type='result' id='1' to='{}'/>"
    who = ("a@x/1", "b@x/1")
    trace = trace_of(*(("in", ask.format(each)) for each in who), *(("out", give.format(each)) for each in who[::-1]))
    assert [entry.request and entry.request.number for entry in trace] == [None, None, 2, 1]


def test_an_answer_of_the_same_id_in_the_other_direction_is_no_answer() -> None:
    trace = trace_of(("out", QUERY), ("out", answer(metadata())), ("in", QUERY), ("in", answer(metadata())))
    assert [entry.request and entry.request.number for entry in trace] == [None, None, None, 1]


def test_images_are_elided_but_kept() -> None:
    trace = trace_of(*CONVERSATION)
    for text in (str(trace), trace._repr_html_()):
        assert BASE64[:60] not in text
        assert f"{len(PNG):,} bytes in base64" in text
    assert trace.image(4) == PNG
    with pytest.raises(LookupError, match="no image"):
        trace.image(1)
    with pytest.raises(LookupError, match="not in this trace"):
        trace.image(99)


def test_filters() -> None:
    trace = trace_of(*CONVERSATION)

    def numbers(**wish: Any) -> list[int]:
        return [entry.number for entry in trace.filter(**wish)]

    assert numbers(jid=ROMEO) == [1, 2, 3, 4, 5]
    assert numbers(jid=f"{ROMEO}/orchard") == [5]
    assert numbers(kind="presence") == [5]
    assert numbers(xep=84) == numbers(xep="0084") == numbers(xep="XEP-0084") == [1, 2, 3, 4]
    assert numbers(xep=198) == [6]
    assert numbers(direction="out", kind="iq") == [1, 3]
    assert numbers(rule="P84-19") == [3]
    assert trace.filter(direction="in")[0].request is not None
    with pytest.raises(ConfigError):
        trace.filter(direction="up")


def test_the_frame() -> None:
    frame = trace_of(*CONVERSATION).frame
    assert len(frame) == 6
    assert frame["answers"].tolist()[1] == 1
    assert frame["size"].sum() == sum(len(raw) for _, raw in CONVERSATION)
    assert str(frame["at"].dtype) == "datetime64[us, UTC]"
    assert not set(map(str, frame.dtypes)) & {"object"}
    assert frame.loc[frame["xep"].str.contains("XEP-0084").fillna(False), "number"].tolist() == [1, 2, 3, 4]
    assert len(Trace().frame) == 0


def test_saved_and_loaded(tmp_path: Path) -> None:
    trace = trace_of(*CONVERSATION, ("in", "<broken"))
    again = Trace.load(trace.save(tmp_path / "t.jsonl"))
    assert [(entry.number, entry.raw, entry.direction, entry.at) for entry in again] == [
        (entry.number, entry.raw, entry.direction, entry.at) for entry in trace
    ]
    assert again[1].request is not None
    document = fromstring(trace.save(tmp_path / "t.xml").read_text())
    assert len(document) == 7
    assert document[0].get("summary") == "get avatar metadata"
    assert document[0][0].tag == "{jabber:client}iq"
    assert document[6][0].tag.endswith("base64")
    small = [json.loads(line) for line in trace.save(tmp_path / "s.jsonl", images=False).read_text().splitlines()]
    assert BASE64[:40] not in json.dumps(small)
    assert SHA1 in small[3]["xml"]
    with pytest.raises(ConfigError, match=r"\.jsonl"):
        trace.save(tmp_path / "t.doc")
    (tmp_path / "x.jsonl").write_text('{"number": 1}\n')
    with pytest.raises(ConfigError, match=r"x\.jsonl, line 1"):
        Trace.load(tmp_path / "x.jsonl")


def test_hostile_stanzas_are_shown_harmlessly(tmp_path: Path) -> None:
    evil = "&lt;/style&gt;&lt;img src=x onerror=alert(1)&gt;&quot;'"
    stanza = (
        f'<presence from="{evil}@x/&#x202e;{evil}" type="{evil}"><x xmlns="{evil}" a="{evil}">{evil}'
        f'<b xmlns="urn:{evil}"/></x></presence>'
    )
    trace = trace_of(("in", stanza), ("in", "<img src=x onerror=alert(1)>\x1b[31m"))
    trace.save(tmp_path / "t.svg")
    trace.save(tmp_path / "t.html")
    for markup in (trace._repr_html_(), (tmp_path / "t.html").read_text(), trace.diagram().svg):
        assert "<img" not in markup
        assert "</style><img" not in markup
        assert '"/onerror' not in markup
    fromstring(trace.diagram().svg)
    assert "\x1b" not in str(trace)
    assert "\u202e" not in str(trace)


def test_the_diagram_names_everybody_once() -> None:
    crowd = [("out", QUERY.replace("romeo", f"user{number}")) for number in range(20)]
    diagram = trace_of(*CONVERSATION, *crowd).diagram(limit=10)
    drawing = fromstring(diagram.svg)
    texts = ["".join(text.itertext()) for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert sum(text.startswith("this session") for text in texts) == 1
    assert sum(text.startswith(ROMEO) for text in texts) == 1
    assert any("15 more" in text for text in texts)
    assert not any("stanzas arrived" in text for text in texts)
    assert "stanzas arrived" in trace_of(*CONVERSATION).diagram(acknowledgements=True).svg


def test_a_live_trace_is_read_while_it_grows() -> None:
    recorder = Recorder(1 << 20)
    ended: list[bool] = []
    with LiveTrace(recorder, lambda: ended.append(True)) as trace:
        recorder.record(Direction.OUT, QUERY.encode())
        first = trace[0]
        recorder.record(Direction.IN, answer(metadata()).encode())
        assert trace[1].request is first
        assert trace[0] is first
    assert ended == [True]
    assert "2 stanzas" in repr(trace)
    assert "→" in repr(trace)


# -- lessons

PRESENCES = {
    "P153-01": f"<presence><x xmlns='{VCARD_UPDATE}'><photo>{SHA1.upper()}</photo></x></presence>",
    "A-29": f"<presence><x xmlns='{VCARD_UPDATE}'/><x xmlns='{VCARD_UPDATE}'/></presence>",
}
BROKEN = {
    "P84-01": answer(f'<data xmlns="{DATA}">{BASE64}</data>', id_="0" * 40, node=DATA),
    "P84-02": answer(metadata(), id_="current"),
    "P84-10": answer(metadata(INFO.replace("/>", ' width="65536"/>'))),
    "P84-11": answer(metadata(INFO.replace("image/png", "text/png"))),
    "P84-14": answer(metadata(INFO.replace("/>", ' url="ftp://a.lit/b.png"/>'))),
    "P84-04": answer(f'<data xmlns="{DATA}">{base64.b64encode(b"GIF89a").decode()}</data>', node=DATA),
    "P84-05": answer(f'<data xmlns="{DATA}">{BASE64[:8]}\n{BASE64[8:]}</data>', node=DATA),
    "P84-06": answer(f'<data xmlns="{DATA}" a="b">{BASE64}</data>', node=DATA),
    "P84-07": answer(metadata('<info id="1" type="image/png"/>')),
    "P84-09": answer(metadata(INFO.replace("/>", ' width="64px"/>'))),
    "P84-12": answer(metadata(INFO.replace("png", "jpeg"))),
    "P84-15": answer(metadata(INFO.replace("/>", ">x</info>"))),
    "P84-18": answer(metadata(INFO + "<stop/>")),
    "P153-12": "<iq type='result'><vCard xmlns='vcard-temp'><PHOTO><BINVAL>AA==</BINVAL></PHOTO></vCard></iq>",
    "P163-03": EVENT.replace(ROMEO, f"{ROMEO}/orchard"),
    "P486-08": "<iq type='result'><vCard xmlns='vcard-temp'><PHOTO/><PHOTO/></vCard></iq>",
} | PRESENCES
SHOWN = {
    "P84-01": DATA_ANSWER,
    "P84-02": answer(metadata()),
    "P84-22": "<iq type='get'><vCard xmlns='vcard-temp'/></iq>",
    "P54-03": "<iq type='set'><vCard xmlns='vcard-temp'/></iq>",
    "P60-03": "<iq type='error'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
    "<precondition-not-met xmlns='http://jabber.org/protocol/pubsub#errors'/></error></iq>",
    "P84-03": f"<iq type='set'><pubsub xmlns='{PUBSUB}'><publish node='{DATA}'/></pubsub></iq>",
    "P84-17": answer(metadata("")),
    "P84-19": DATA_QUERY,
    "A-10": QUERY,
    "P163-01": "<iq type='set'><x xmlns='jabber:x:data'><field var='pubsub#access_model'/></x></iq>",
    "P163-03": EVENT,
    "P60-01": f"<iq type='result'><pubsub xmlns='{PUBSUB}'><items node='{METADATA}'/></pubsub></iq>",
    "P153-03": f"<presence><x xmlns='{VCARD_UPDATE}'><photo>{SHA1}</photo></x></presence>",
    "P153-04": f"<presence><x xmlns='{VCARD_UPDATE}'/></presence>",
    "P153-05": f"<presence><x xmlns='{VCARD_UPDATE}'><photo/></x></presence>",
    "P398-01": "<iq type='result'><query xmlns='http://jabber.org/protocol/disco#info'><feature "
    "var='urn:xmpp:pep-vcard-conversion:0'/></query></iq>",
    "P486-04": "<message type='groupchat'><x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x>"
    "</message>",
    "P486-05": "<iq type='result'><x xmlns='jabber:x:data'><field var='muc#roominfo_avatarhash'/></x></iq>",
}


def tree(stanza: str) -> Element:
    return parse(f"<stream xmlns='jabber:client'>{stanza}</stream>")[0]


@pytest.mark.parametrize("rule", BROKEN)
def test_a_broken_rule_is_named(rule: str) -> None:
    assert rule in {lesson.rule for lesson in broken(Seen(tree(BROKEN[rule])))}


@pytest.mark.parametrize("rule", SHOWN)
def test_a_rule_at_work_is_named(rule: str) -> None:
    assert rule in {lesson.rule for lesson in illustrated(Seen(tree(SHOWN[rule])))}
    assert rule not in {lesson.rule for lesson in broken(Seen(tree(SHOWN[rule])))}


def test_refusals_teach_by_what_was_asked() -> None:
    refusal = tree(f"<iq type='error' id='1' from='{ROMEO}'><error type='auth'><forbidden xmlns='urn:x'/></error></iq>")
    assert [lesson.rule for lesson in illustrated(Seen(refusal, tree(QUERY)))] == ["P60-01"]
    vcard = tree("<iq type='get' id='1'><vCard xmlns='vcard-temp'/></iq>")
    assert [lesson.rule for lesson in illustrated(Seen(refusal, vcard))] == ["P54-01"]
    assert illustrated(Seen(refusal)) == ()


def test_what_is_right_breaks_nothing() -> None:
    for _, stanza in CONVERSATION:
        assert broken(Seen(tree(stanza))) == ()


def test_an_entry_that_is_no_xml_says_so() -> None:
    entry = Entry(1, trace_of(("in", QUERY))[0].at, Direction.IN, b"<iq><a></iq>", 11)
    assert (entry.kind, entry.element, entry.images, entry.xeps) == ("unreadable", None, (), ())
