"""The trace viewer without a browser: lines, filters, opened stanzas, and what it costs the stream."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import traitlets

from tests.browser.people import EVIL, TURNED, picture
from xavatar.widgets import TraceViewer
from xavatar.wire.capture import Direction
from xavatar.wire.entry import entries
from xavatar.wire.recorder import Recorder
from xavatar.wire.trace import LiveTrace, Trace

IN, OUT = Direction.IN, Direction.OUT
ASK = "<iq type='get' id='a' to='romeo@montague.lit'><vCard xmlns='vcard-temp'/></iq>"
PHOTO = base64.b64encode(picture(1)).decode()
ANSWER = (
    "<iq type='result' id='a' from='romeo@montague.lit' to='j@c.lit/x'><vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png"
    f"</TYPE><BINVAL>{PHOTO}</BINVAL></PHOTO></vCard></iq>"
)
HERE = "<presence from='hamlet@elsinore.lit/castle' to='j@c.lit/x'/>"
COUNT = "<r xmlns='urn:xmpp:sm:3'/>"


class Stream:
    """A recording without a stream."""

    def __init__(self, limit: int = 1 << 20) -> None:
        self.recorder = Recorder(limit)
        self.stopped = 0
        self.trace = LiveTrace(self.recorder, self._stop)

    def _stop(self) -> None:
        self.stopped += 1

    def pass_(self, direction: Direction, stanza: str) -> None:
        self.recorder.record(direction, stanza.encode())


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def stream() -> Stream:
    made = Stream()
    for direction, stanza in ((OUT, ASK), (IN, ANSWER), (IN, HERE), (OUT, COUNT)):
        made.pass_(direction, stanza)
    return made


@pytest.fixture
def viewer(stream: Stream) -> Iterator[TraceViewer]:
    made = TraceViewer(stream.trace, own=True)
    yield made
    made.close()


def asked(viewer: TraceViewer, send: Callable[[], object]) -> dict[str, Any]:
    """Return the one message that is sent."""
    sent: list[dict[str, Any]] = []
    viewer.send = lambda content, buffers=None: sent.append(content)
    send()
    (message,) = sent
    return message


def test_lines(viewer: TraceViewer) -> None:
    told = asked(viewer, lambda: viewer._send_rows(0))
    assert [row[0] for row in told["rows"]] == [1, 2, 3, 4]
    assert told["rows"][0][2:7] == [True, "iq", "romeo@montague.lit", "get vCard", len(ASK)]
    assert told["rows"][1][5] == "result vCard"
    assert asked(viewer, lambda: viewer._send_rows(3))["rows"][0][0] == 4
    assert asked(viewer, lambda: viewer._send_rows(99))["rows"] == []


def test_it_grows_and_pauses(viewer: TraceViewer, stream: Stream) -> None:
    version = viewer._state["version"]
    stream.pass_(IN, HERE)
    until(lambda: viewer._state["count"] == 5)
    assert viewer._state["version"] == version
    viewer.paused = True
    until(lambda: "held" in viewer._state)
    stream.pass_(IN, HERE)
    until(lambda: viewer._state["held"] == 1)
    assert viewer._state["count"] == len(viewer.shown) == 5
    assert len(viewer.trace) == 6
    viewer.paused = False
    until(lambda: viewer._state["count"] == 6)


@pytest.mark.parametrize(
    ("wishes", "numbers"),
    [
        ({"jid": "ROMEO"}, [1, 2]),
        ({"jid": "romeo", "direction": "in"}, [2]),
        ({"kind": "presence"}, [3]),
        ({"kind": "stanzas"}, [1, 2, 3]),
        ({"kind": "r"}, [4]),
        ({"xep": "XEP-0054"}, [1, 2]),
        ({"rule": "P84-22"}, [1]),
        ({"jid": "nobody"}, []),
    ],
)
def test_filters(stream: Stream, wishes: dict[str, str], numbers: list[int]) -> None:
    viewer = TraceViewer(stream.trace, **wishes)
    assert [entry.number for entry in viewer.shown] == numbers
    assert viewer._state["total"] == 4
    viewer.set_state(dict.fromkeys(wishes, ""))
    until(lambda: viewer._state["count"] == 4)
    viewer.close()
    with pytest.raises(traitlets.TraitError):
        TraceViewer(stream.trace, direction="sideways")


def test_what_can_be_filtered_by(viewer: TraceViewer) -> None:
    choices = viewer._choices
    assert choices["jid"] == [["romeo@montague.lit", 2], ["hamlet@elsinore.lit", 1]]
    assert ["iq", 2] in choices["kind"]
    assert choices["xep"][0] == ["XEP-0054", 2]


def test_an_opened_stanza(viewer: TraceViewer) -> None:
    told = asked(viewer, lambda: viewer._send_stanza(2))["stanza"]
    text = "".join(piece for _, piece in told["pieces"])
    assert "BINVAL" in text
    assert PHOTO not in text
    assert (told["request"], told["answer"]) == (1, 0)
    assert viewer._album.original(told["pictures"][0]["number"]) == picture(1)
    question = asked(viewer, lambda: viewer._send_stanza(1))["stanza"]
    assert question["answer"] == 2
    assert question["notes"][0][:2] == ["shown", "P84-22"]
    assert asked(viewer, lambda: viewer._send_stanza(99))["stanza"] is None


def test_hostile_stanzas(stream: Stream, viewer: TraceViewer) -> None:
    evil = EVIL.replace("<", "&lt;").replace('"', "&quot;")
    stream.pass_(IN, f"<presence from='{'x' * 3000}@y.lit/z'><nick>{evil}{TURNED}{'n' * 10_000}</nick></presence>")
    stream.pass_(IN, f"<iq type='get' id='q'><query xmlns='{evil}'>{'<a/>' * 5000}</query></iq>")
    until(lambda: viewer._state["count"] == 6)
    assert len(viewer._choices["jid"][-1][0]) <= 300
    told = asked(viewer, lambda: viewer._send_stanza(5))["stanza"]
    assert len(told["peer"]) == 300
    assert all("\u202e" not in piece for _, piece in told["pieces"])
    assert len("".join(piece for _, piece in told["pieces"])) < 6000
    large = asked(viewer, lambda: viewer._send_stanza(6))["stanza"]
    assert len(large["pieces"]) <= 6001
    assert "<img" not in asked(viewer, viewer._send_diagram)["svg"]
    assert "<img" not in viewer._static_html()


def test_a_ring_that_overflows() -> None:
    stream = Stream(limit=4000)
    viewer = TraceViewer(stream.trace)
    for _ in range(60):
        stream.pass_(IN, HERE)
    until(lambda: viewer._state["dropped"] > 0 and viewer._state["count"] == len(stream.trace))
    first = viewer._state["version"]
    for _ in range(10):
        stream.pass_(IN, HERE)
    until(lambda: viewer._state["version"] > first)
    viewer.close()


def test_a_trace_that_stands(stream: Stream) -> None:
    viewer = TraceViewer(Trace(entries(stream.recorder.records())))
    assert viewer._state["live"] is False
    assert viewer._state["count"] == 4
    viewer.close()
    assert stream.stopped == 0


def test_closing_ends_the_recording(stream: Stream) -> None:
    other = TraceViewer(stream.trace)
    viewer = TraceViewer(stream.trace, own=True)
    assert len(stream.recorder.listeners) == 2
    other.close()
    assert (stream.stopped, len(stream.recorder.listeners)) == (0, 1)
    viewer.close()
    assert (stream.stopped, stream.recorder.listeners) == (1, [])
    assert "4 stanzas" in viewer._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("content", [{"type": "rows", "first": -1}, {"type": "rows"}, {"type": "stanza"}, None])
def test_nonsense_from_a_browser_does_nothing(viewer: TraceViewer, content: Any) -> None:
    sent: list[Any] = []
    viewer.send = lambda *message: sent.append(message)
    viewer._handle_custom_msg(content, [])
    assert (sent, viewer.problem) == ([], "")
    viewer.set_state({"_state": {}, "selected": 3, "problem": "forged"})
    assert viewer._state["count"] == 4
    assert (viewer.selected, viewer.problem) == (3, "")
    with pytest.raises(TypeError, match="titel"):
        TraceViewer(Trace(), titel=3)
