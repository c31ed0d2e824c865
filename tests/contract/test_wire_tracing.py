"""With tracing on everything claimed stays true, and the trace tells the truth."""

from __future__ import annotations

import base64
import gc
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

import xavatar as xa
from tests.avatar_support import avatar_set, jid, online, png, until
from tests.contract import test_avatar_service, test_roster
from tests.contract.conftest import login
from tests.servers import RunningServer
from xavatar.wire import Wire, seam
from xavatar.wire.trace import LiveTrace
from xavatar.wire.xml import DATA, METADATA, PUBSUB, tag

# Collected here a second time, under the fixture below.
for module in (test_roster, test_avatar_service):
    globals().update({name: value for name, value in vars(module).items() if name.startswith("test_")})
roster, plain_roster = test_roster.roster, test_roster.plain_roster


@pytest.fixture(autouse=True)
def traces(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[LiveTrace]]:
    """Trace every client from before its login on; give the traces."""
    begun: list[LiveTrace] = []
    make = Wire.__init__

    def traced(wire: Wire, *args: Any, **kwargs: Any) -> None:
        make(wire, *args, **kwargs)
        begun.append(wire.trace())

    monkeypatch.setattr(Wire, "__init__", traced)
    yield begun
    assert all(entry.element is not None for trace in begun for entry in trace)


async def test_no_login_is_in_the_recorders_memory(server: RunningServer, traces: list[LiveTrace]) -> None:
    password = server.accounts["juliet"]
    secrets = (password, f"\0juliet\0{password}")
    wanted = [secret.encode() for secret in secrets] + [base64.b64encode(secret.encode()) for secret in secrets]
    async with online(server, "juliet") as juliet:
        await juliet.service.get_avatar_metadata(jid(server.jid("romeo")), require_fresh=True)
    (trace,) = traces
    assert len(trace) > 5
    memory = b"".join(_bytes_below(trace)).lower()
    assert b"avatar:metadata" in memory
    for secret in (*wanted, b"xmpp-sasl", b"scram", b"<auth", b"<response"):
        assert secret.lower() not in memory


def _bytes_below(thing: object) -> Iterator[bytes]:
    """Yield all bytes and texts an object holds on to, however deep."""
    seen: set[int] = set()
    todo = [thing]
    while todo:
        each = todo.pop()
        if id(each) in seen or isinstance(each, type) or callable(each):
            continue
        seen.add(id(each))
        if isinstance(each, bytes | bytearray):
            yield bytes(each)
        elif isinstance(each, str):
            yield each.encode()
        else:
            todo.extend(gc.get_referents(each))


async def test_it_holds_as_many_stanzas_as_stream_management_counted(
    server: RunningServer, traces: list[LiveTrace]
) -> None:
    async with online(server, "juliet") as juliet:
        for who in ("romeo", "nurse", "tybalt", "mercutio"):
            await juliet.service.get_avatar_metadata(jid(server.jid(who)), require_fresh=True)
        stream = juliet.client.stream
        await until(lambda: stream._incoming_queue.empty())
        (trace,) = traces
        counted = [entry for entry in trace if entry.kind in ("iq", "message", "presence")]
        start = next(number for number, entry in enumerate(trace) if entry.kind == "enabled")
        after = [entry for entry in trace[start:] if entry in counted]
        assert sum(entry.direction == "in" for entry in after) == stream.sm_inbound_ctr
        sent = sum(entry.direction == "out" for entry in after)
        assert sent == stream.sm_outbound_base + len(stream.sm_unacked_list)


async def test_publishing_as_the_trace_tells_it(server: RunningServer, traces: list[LiveTrace]) -> None:
    image = png("olive")
    async with online(server, "walkon7") as owner:
        before = len(traces[0])
        await owner.service.publish_avatar_set(avatar_set(image))
        trace = traces[0][before:]
        sent = trace.filter(direction="out", xep=84)
        nodes = [publish.get("node") for each in sent for publish in each.element.iter(tag(PUBSUB, "publish"))]
        assert nodes[:2] == [DATA, METADATA]
        assert sent[0].images == (image,)
        assert {"P84-01", "P84-03"} <= {lesson.rule for lesson in sent[0].illustrates}
        assert trace.frame["breaks"].isna().all()
        answers = trace.filter(direction="in", kind="iq", xep=84)
        assert all(entry.request is not None and 0 < (entry.elapsed_ms or 0) < 10_000 for entry in answers)
        fromstring(trace.diagram().svg)
        assert "bytes in base64" in trace._repr_html_()
        await owner.service.wipe_avatar()


def test_a_session_records_between_its_marks(server: RunningServer) -> None:
    with xa.connect(**login(server)) as session:
        with session.recording() as trace:
            session.roster(sources=["pep"])
        held = len(trace)
        session.me()
        assert len(trace) == held > 0
        asked = trace.filter(direction="out", jid=server.jid("friar"))
        assert [entry.summary for entry in asked] == ["get avatar metadata"]
        other = session.trace(limit=2000)
        session.me()
        assert other.dropped > 0
    other.stop()
    assert "stanzas" in repr(other)


async def test_recording_goes_on_after_a_stop_of_another(server: RunningServer) -> None:
    async with xa.AsyncSession(**login(server)) as session:
        with session.recording() as one:
            await session.features()
            with session.recording() as two:
                await session.features()
            await session.features()
        await session.features()
    assert len(one) > len(two) > 0


async def test_the_public_path_traces_too(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(seam.VARIABLE, "public")
    async with xa.AsyncSession(**login(server)) as session:
        with session.recording() as trace:
            await session.roster(sources=["pep"])
    asked = trace.filter(direction="out", jid=server.jid("friar"))
    assert [entry.summary for entry in asked] == ["get avatar metadata"]
    (refusal,) = trace.filter(direction="in", jid=server.jid("friar"), kind="iq")
    assert refusal.request is asked[0]
    assert refusal.type == "error"
