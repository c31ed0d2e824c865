"""Counting on aioxmpp's real stanza stream, stanza by stanza."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aioxmpp
import aioxmpp.nonza
import aioxmpp.xml
import pytest
from aioxmpp.protocol import State
from aioxmpp.stream import StanzaState, StanzaStream, StanzaToken
from hypothesis import given
from hypothesis import strategies as st

from xavatar.wire.broker import Broker
from xavatar.wire.lane import Lane

ROMEO = aioxmpp.JID.fromstr("romeo@montague.lit/orchard")


@dataclass
class Writer:
    """The XML stream as the broker sees it."""

    state: State = State.OPEN
    sent: list[Any] = field(default_factory=list)

    def send_xso(self, xso: Any) -> None:
        if self.state is not State.OPEN:
            raise ConnectionError("xmlstream not connected")
        self.sent.append(xso)


@pytest.fixture
async def stream() -> StanzaStream:
    return managed()


def managed() -> StanzaStream:
    stream = StanzaStream(aioxmpp.JID.fromstr("juliet@capulet.lit"))
    stream._sm_enabled = True
    stream._sm_inbound_ctr = stream._sm_outbound_base = 0
    stream._sm_unacked_list = []
    return stream


def presence() -> aioxmpp.Presence:
    return aioxmpp.Presence(type_=aioxmpp.PresenceType.AVAILABLE, from_=ROMEO)


def message(number: int) -> aioxmpp.Message:
    stanza = aioxmpp.Message(type_=aioxmpp.MessageType.CHAT, to=ROMEO)
    stanza.body[None] = str(number)
    return stanza


async def test_an_answer_waits_for_what_came_before_it(stream: StanzaStream) -> None:
    broker, line = Broker(stream), Writer()
    broker.taken()
    assert stream.sm_inbound_ctr == 1
    broker.passed()
    broker.taken()
    broker.taken()
    assert stream.sm_inbound_ctr == 1
    stream._process_incoming(line, (presence(), None))
    assert stream.sm_inbound_ctr == 4


async def test_what_was_not_counted_comes_again(stream: StanzaStream) -> None:
    broker, line = Broker(stream), Writer()
    broker.passed()
    broker.taken()
    broker.renewed()  # aioxmpp threw its queue away
    assert stream.sm_inbound_ctr == 0
    broker.passed()
    stream._process_incoming(line, (presence(), None))
    broker.taken()
    assert stream.sm_inbound_ctr == 2


async def test_acknowledgements_count_nothing(stream: StanzaStream) -> None:
    broker, line = Broker(stream), Writer()
    broker.passed()
    broker.taken()
    stream._process_incoming(line, (aioxmpp.nonza.SMRequest(), None))
    assert line.sent[0].counter == stream.sm_inbound_ctr == 0


async def test_the_counter_wraps(stream: StanzaStream) -> None:
    broker = Broker(stream)
    stream._sm_inbound_ctr = 0xFFFFFFFF
    broker.taken()
    assert stream.sm_inbound_ctr == 0


async def test_without_stream_management_nothing_is_counted(stream: StanzaStream) -> None:
    broker = Broker(stream)
    stream._sm_enabled = False
    broker.taken()
    assert stream._sm_inbound_ctr == 0


@given(st.lists(st.sampled_from(["pass", "take", "process"]), max_size=60))
def test_never_more_than_arrived_in_order(events: list[str]) -> None:
    async def play() -> None:
        stream = managed()
        broker, line = Broker(stream), Writer()
        arrived: list[bool] = []  # in order; True is ours
        processed = 0
        for event in events:
            if event == "process":
                if processed < arrived.count(False):
                    processed += 1
                    stream._process_incoming(line, (presence(), None))
            elif event == "pass":
                arrived.append(False)
                broker.passed()
            else:
                arrived.append(True)
                broker.taken()
            safe, left = 0, processed
            for ours in arrived:
                if not ours and left == 0:
                    break
                left -= not ours
                safe += 1
            assert stream.sm_inbound_ctr == safe

    asyncio.run(play())


@pytest.mark.parametrize(
    ("state", "said"), [(State.OPEN, b'<a xmlns="urn:xmpp:sm:3" h="7"/>'), (State.CLOSING, b""), (State.CLOSED, b"")]
)
async def test_what_was_handled_is_acknowledged_unless_the_stream_is_closed(
    stream: StanzaStream, state: State, said: bytes
) -> None:
    lane, written = Lane(stream), io.BytesIO()
    stream._sm_inbound_ctr = 7
    writer = SimpleNamespace(_writer=aioxmpp.xml.XMPPXMLGenerator(written))
    lane.attached(SimpleNamespace(state=state, _writer=writer))
    lane._broker.passed()
    lane._broker.taken()  # behind a stanza that aioxmpp has not handled yet
    lane.asked()
    assert written.getvalue() == said


async def test_what_could_not_be_sent_is_sent_after_resumption(stream: StanzaStream) -> None:
    Broker(stream)
    line = Writer()
    tokens = [StanzaToken(message(number)) for number in range(6)]
    stream._process_outgoing(line, tokens[0])
    stream._process_outgoing(line, tokens[1])
    stream._process_outgoing(line, tokens[2])
    line.state = State.CLOSED
    stream._process_outgoing(line, tokens[3])
    stream._process_outgoing(line, tokens[4])
    stream._active_queue.put_nowait(tokens[5])
    assert [token.state for token in tokens[3:]] == [StanzaState.ACTIVE] * 3

    stream._resume_sm(1)
    assert tokens[0].state is StanzaState.ACKED
    again = Writer()
    stream._process_outgoing(again, stream._active_queue.get_nowait())
    assert [sent.body.any() for sent in again.sent if isinstance(sent, aioxmpp.Message)] == ["1", "2", "3", "4", "5"]
    assert stream.sm_unacked_list == tokens[1:]


async def test_what_will_never_be_sent_says_so(stream: StanzaStream) -> None:
    broker = Broker(stream)
    token = StanzaToken(message(0))
    stream._process_outgoing(Writer(State.CLOSED), token)
    broker.disconnected()
    assert token.state is StanzaState.DISCONNECTED
    stream._resume_sm(0)
    assert stream._active_queue.empty()
