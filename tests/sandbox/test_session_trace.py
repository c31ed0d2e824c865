"""Tracing sessions: around any call, from any thread, until the end and after it."""

from __future__ import annotations

import asyncio
import base64
import gc
import html
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import xavatar as xa
from tests.wire_support import Proxy, bytes_below
from xavatar.client import Connection, Login, Secret
from xavatar.errors import SessionClosed
from xavatar.sandbox import sasl
from xavatar.wire import seam
from xavatar.wire.trace import LiveTrace, Trace


@pytest.fixture(scope="module")
def box() -> Iterator[xa.Sandbox]:
    with xa.sandbox("pair") as running:
        yield running


@pytest.fixture
def session(box: xa.Sandbox) -> Iterator[xa.Session]:
    with xa.connect(sandbox=box) as running:
        yield running


def test_around_any_call(session: xa.Session) -> None:
    with session.recording() as trace:
        session.roster(images=False)
    held = len(trace)
    session.me()
    assert len(trace) == held > 2
    assert isinstance(trace, xa.Trace)
    asked = trace.filter(direction="out", xep=84)
    answers = [entry for entry in trace if entry.request in asked.entries]
    assert len(answers) == len(asked) > 0


def test_after_the_session_it_is_still_there(box: xa.Sandbox) -> None:
    with xa.connect(sandbox=box) as session:
        trace = session.trace()
        session.me()
        held = len(trace)
    assert len(trace) >= held > 0
    trace.stop()
    trace.stop()
    assert "get avatar metadata" in repr(trace)
    assert len(trace.frame) == len(trace)
    for begin in (session.trace, session.recording):
        with pytest.raises(SessionClosed):
            begin()


def test_a_closed_session_in_the_midst_of_the_block(box: xa.Sandbox) -> None:
    with xa.connect(sandbox=box) as session, session.recording() as trace:
        session.me()
        session.close()
    assert len(trace) > 0


def test_it_begins_and_ends_on_the_sessions_own_loop_too(session: xa.Session) -> None:
    begun: list[LiveTrace] = []

    def begin(done: int, total: int) -> None:
        if not begun:
            begun.append(session.trace())

    session.roster(progress=begin)
    session.me(images=False)
    session.me(images=False, progress=lambda done, total: begun[0].stop())
    held = len(begun[0])
    session.me(images=False)
    assert len(begun[0]) == held > 0


def test_others_read_it_while_it_grows(session: xa.Session) -> None:
    failures: list[BaseException] = []
    done = threading.Event()

    def read(trace: Trace) -> None:
        try:
            while not done.is_set():
                numbers = [entry.number for entry in trace]
                assert numbers == sorted(set(numbers))
                trace.frame["size"].sum()
                time.sleep(0.01)
        except BaseException as failure:  # noqa: BLE001
            failures.append(failure)

    with session.recording(limit=6_000) as trace:
        readers = [threading.Thread(target=read, args=(trace,)) for _ in range(2)]
        for reader in readers:
            reader.start()
        for _ in range(8):
            session.me()
        done.set()
        for reader in readers:
            reader.join()
        assert trace.dropped > 0
    assert failures == []


def test_one_that_nobody_holds_ends(session: xa.Session) -> None:
    capture = session._twin._online().wire._capture
    session.trace()
    gc.collect()
    session.me()
    assert not capture.wanted


async def test_awaiting(box: xa.Sandbox) -> None:
    waiting = xa.AsyncSession(sandbox=box)
    with pytest.raises(SessionClosed):
        waiting.trace()
    async with waiting as session:
        with session.recording() as one:
            await session.features()
            with session.recording() as two:
                await session.features()
            await session.features()
        await session.features()
    assert len(one) > len(two) > 0


async def test_attached(box: xa.Sandbox) -> None:
    connection = Connection.to(login(box))
    await connection.open()

    def elsewhere() -> None:  # on the loop's own thread asyncio would be patched, for all tests to come
        session = xa.attach(connection.client)
        with session.recording() as trace:
            session.me()
        held = len(trace)
        assert held > 0
        session.me()
        session.close()
        trace.stop()
        assert len(trace) == held

    await asyncio.to_thread(elsewhere)
    await connection.close()


def login(box: xa.Sandbox, port: int | None = None) -> Login:
    known = box.login
    return Login(known.jid, Secret(known.password), known.host, port or known.port, ca_file=known.ca_file)


class Eavesdropper:
    """What each login said, as the server took it."""

    def __init__(self, mechanism: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[bytes] = []
        self.logins = 0
        self._begin = sasl.begin
        monkeypatch.setattr(sasl, "MECHANISMS", (mechanism,))
        monkeypatch.setattr(sasl, "begin", self._overheard)

    def _overheard(self, mechanism: str, lookup: sasl.Lookup) -> Any:
        exchange = self._begin(mechanism, lookup)
        self.logins += 1

        def respond(message: bytes) -> sasl.Step:
            step = exchange.respond(message)
            self.said += [part for part in (message, step.reply) if part]
            return step

        return SimpleNamespace(respond=respond)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"])
@pytest.mark.parametrize("path", ["raw", "public"])
async def test_no_login_is_recorded(
    box: xa.Sandbox, mechanism: str, path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither the first nor that of a reconnection; in memory, in what is shown, and in every export."""
    heard = Eavesdropper(mechanism, monkeypatch)
    monkeypatch.setenv(seam.VARIABLE, path)
    async with Proxy(box.login) as proxy:
        way = login(box, proxy.port)
        connection = Connection.to(way)
        connection.client.backoff_start = timedelta(milliseconds=50)
        resumed = asyncio.Event()
        connection.client.on_stream_resumed.connect(resumed.set)
        trace = connection.wire.trace()
        await connection.open()
        await connection.wire.request("<ping xmlns='urn:xmpp:ping'/>")
        before = len(trace)
        proxy.cut()
        async with asyncio.timeout(15):
            await resumed.wait()
        await connection.wire.request("<ping xmlns='urn:xmpp:ping'/>")
        await connection.close()
    assert heard.logins == 2
    assert len(trace) > before > 0
    password = way.password.reveal().encode()
    assert mechanism != "PLAIN" or any(password in said for said in heard.said)
    told = [str(trace), repr(trace), trace._repr_html_(), trace.frame.to_csv(), trace.diagram().svg]
    told += [trace.save(tmp_path / f"t{suffix}").read_text() for suffix in (".jsonl", ".xml", ".html", ".txt", ".svg")]
    memory = b"\n".join([*bytes_below(trace), *(text.encode() for text in told)]).lower()
    assert b"urn:xmpp:ping" in memory
    forms = (bytes, base64.b64encode, lambda said: html.escape(said.decode(errors="replace")).encode())
    for secret in (password, *heard.said):
        for form in forms:
            assert form(secret).lower() not in memory
    for word in (b"xmpp-sasl", b"scram-", b"<auth", b"<response", b"<challenge"):
        assert word not in memory
