"""What becomes of a request, on aioxmpp's real stanza stream."""

from __future__ import annotations

import asyncio
import gc
import io
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import aioxmpp
import aioxmpp.xml
import pytest
from aioxmpp.protocol import State
from aioxmpp.stream import StanzaState, StanzaStream

from xavatar.errors import QueryTimeout, SessionClosed
from xavatar.wire.lane import Lane

ROMEO = "romeo@montague.lit"


class Line:
    """An XML stream that keeps what is written."""

    def __init__(self, state: State = State.OPEN) -> None:
        self.state = state
        self.written = io.BytesIO()
        self._writer = SimpleNamespace(_writer=aioxmpp.xml.XMPPXMLGenerator(self.written))

    def send_xso(self, xso: Any) -> None:
        with self._writer._writer.buffer():
            xso.xso_serialise_to_sax(self._writer._writer)


class Managed(StanzaStream):  # type: ignore[misc]
    """A stanza stream with stream management, which says that it runs."""

    running = True

    def __init__(self) -> None:
        super().__init__(aioxmpp.JID.fromstr("juliet@capulet.lit"))
        self._sm_enabled = True
        self._sm_inbound_ctr = self._sm_outbound_base = 0
        self._sm_unacked_list: list[Any] = []


class Asked:
    """A lane with one request under way on it."""

    def __init__(self) -> None:
        self.stream, self.line = Managed(), Line()
        self.lane = Lane(self.stream)
        self.lane.attached(self.line)
        self.task = asyncio.ensure_future(
            self.lane.request("<query/>", to=ROMEO, kind="get", timeout=20, step="a question")
        )

    @property
    def request(self) -> Any:
        return self.stream._sm_unacked_list[0]

    def answer(self) -> Element:
        return fromstring(f'<iq type="result" id="{next(iter(self.lane._pending))}" from="{ROMEO}"/>')


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    made = Asked()
    await asyncio.sleep(0)
    yield made
    made.task.cancel()
    await asyncio.wait([made.task])
    made.lane.disconnected("the test is over.")


async def test_it_is_sent_at_once_and_waits_for_its_acknowledgement(asked: Asked) -> None:
    assert b"<query/>" in asked.line.written.getvalue()
    assert asked.request.state is StanzaState.SENT
    request = asked.request
    asked.stream.sm_ack(1)
    assert request.state is StanzaState.ACKED
    assert not asked.task.done()


async def test_without_stream_management_nothing_waits(asked: Asked) -> None:
    asked.stream._sm_enabled = False
    asked.task.cancel()
    other = asyncio.ensure_future(asked.lane.request("<x/>", to=ROMEO, kind="get", timeout=20, step="another"))
    await asyncio.sleep(0)
    assert b"<x/>" in asked.line.written.getvalue()
    assert len(asked.stream._sm_unacked_list) == 1
    assert [each.state for each in asked.lane._pending.values()][-1] is StanzaState.SENT_WITHOUT_SM
    other.cancel()


async def test_after_a_resumption_it_is_sent_again(asked: Asked) -> None:
    asked.stream._resume_sm(0)
    line = Line()
    asked.lane.attached(line)
    asked.stream._process_outgoing(line, asked.stream._active_queue.get_nowait())
    assert line.written.getvalue().count(b"<query/>") == 1
    assert asked.request.state is StanzaState.SENT
    asked.lane.answered(asked.answer())
    assert (await asked.task).get("type") == "result"


@pytest.mark.parametrize("state", [StanzaState.DISCONNECTED, StanzaState.FAILED])
async def test_what_the_stream_gives_up_has_no_answer(asked: Asked, state: StanzaState) -> None:
    asked.stream._clear_unacked(state)
    with pytest.raises(SessionClosed, match=ROMEO):
        await asked.task


@pytest.mark.parametrize("state", [StanzaState.DISCONNECTED, StanzaState.FAILED])
async def test_what_the_stream_gives_up_after_the_answer_is_nobody_s_concern(asked: Asked, state: StanzaState) -> None:
    asked.lane.answered(asked.answer())
    asked.stream._clear_unacked(state)
    assert (await asked.task).get("type") == "result"
    asked.stream._clear_unacked(state)


async def test_an_answer_is_not_kept_until_the_acknowledgement(asked: Asked) -> None:
    answer = asked.answer()
    asked.lane.answered(answer)
    assert await asked.task is answer
    assert asked.request not in asked.lane._pending.values()
    assert not [
        each for each in gc.get_referrers(answer) if isinstance(each, asyncio.Future) and each is not asked.task
    ]


async def test_behind_others_it_queues_and_is_not_sent_when_nobody_waits_any_more(asked: Asked) -> None:
    asked.stream._active_queue.put_nowait(object())
    other = asyncio.ensure_future(asked.lane.request("<x/>", to=ROMEO, kind="get", timeout=20, step="another"))
    await asyncio.sleep(0)
    assert b"<x/>" not in asked.line.written.getvalue()
    other.cancel()
    await asyncio.wait([other])
    asked.stream._active_queue.get_nowait()
    asked.stream._process_outgoing(asked.line, asked.stream._active_queue.get_nowait())
    assert b"<x/>" not in asked.line.written.getvalue()


async def test_the_earliest_deadline_counts(asked: Asked) -> None:
    quick = asyncio.ensure_future(asked.lane.request("<x/>", to=ROMEO, kind="get", timeout=0.01, step="another"))
    with pytest.raises(QueryTimeout, match=r"0\.01 s"):
        await asyncio.wait_for(quick, 10)
    assert not asked.task.done()


async def test_each_deadline_counts(asked: Asked) -> None:
    asked.task.cancel()
    for _ in range(2):
        with pytest.raises(QueryTimeout):
            await asyncio.wait_for(asked.lane.request("<x/>", to=ROMEO, kind="get", timeout=0.01, step="another"), 10)
