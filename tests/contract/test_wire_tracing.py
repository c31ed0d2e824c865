"""What a trace tells of real servers is the truth."""

from __future__ import annotations

import base64
from xml.etree.ElementTree import fromstring

import pytest

import xavatar as xa
from tests.avatar_support import avatar_set, jid, online, png, until
from tests.contract.conftest import login
from tests.servers import RunningServer
from tests.wire_support import bytes_below
from xavatar.wire import seam
from xavatar.wire.trace import LiveTrace
from xavatar.wire.xml import DATA, METADATA, PUBSUB, tag

WAYS = ("traced",)


async def test_no_login_is_in_the_recorders_memory(server: RunningServer, wire: list[LiveTrace]) -> None:
    password = server.accounts["juliet"]
    secrets = (password, f"\0juliet\0{password}")
    wanted = [secret.encode() for secret in secrets] + [base64.b64encode(secret.encode()) for secret in secrets]
    async with online(server, "juliet") as juliet:
        await juliet.service.get_avatar_metadata(jid(server.jid("romeo")), require_fresh=True)
    (trace,) = wire
    assert len(trace) > 5
    memory = b"".join(bytes_below(trace)).lower()
    assert b"avatar:metadata" in memory
    for secret in (*wanted, b"xmpp-sasl", b"scram", b"<auth", b"<response"):
        assert secret.lower() not in memory


async def test_it_holds_as_many_stanzas_as_stream_management_counted(
    server: RunningServer, wire: list[LiveTrace]
) -> None:
    async with online(server, "juliet") as juliet:
        for who in ("romeo", "nurse", "tybalt", "mercutio"):
            await juliet.service.get_avatar_metadata(jid(server.jid(who)), require_fresh=True)
        stream = juliet.client.stream
        await until(lambda: stream._incoming_queue.empty())
        (trace,) = wire
        counted = [entry for entry in trace if entry.kind in ("iq", "message", "presence")]
        start = next(number for number, entry in enumerate(trace) if entry.kind == "enabled")
        after = [entry for entry in trace[start:] if entry in counted]
        assert sum(entry.direction == "in" for entry in after) == stream.sm_inbound_ctr
        sent = sum(entry.direction == "out" for entry in after)
        assert sent == stream.sm_outbound_base + len(stream.sm_unacked_list)


async def test_publishing_as_the_trace_tells_it(server: RunningServer, wire: list[LiveTrace]) -> None:
    image = png("olive")
    async with online(server, "walkon7") as owner:
        before = len(wire[0])
        await owner.service.publish_avatar_set(avatar_set(image))
        trace = wire[0][before:]
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
