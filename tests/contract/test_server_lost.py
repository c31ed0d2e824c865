"""A server that dies in the middle: rows, no hang, no traceback, and the session comes back."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import xavatar as xa
from tests.contract.conftest import login
from tests.servers import Ejabberd, Prosody, RunningServer
from tests.servers.cast import crowd
from tests.servers.embedded import Embedded
from tests.support import requires
from xavatar.client import State
from xavatar.errors import SessionClosed

CONTACTS = 40
SETTINGS = xa.Settings(concurrency=2, resume_wait=1.0, timeout=15.0)


@pytest.fixture(params=[Embedded, Prosody, Ejabberd], ids=lambda kind: kind.kind)
def fragile(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    """A server of the test's own."""
    kind: type[RunningServer] = request.param
    requires(*kind.needs)
    server = kind.start(crowd(CONTACTS))
    yield server
    server.stop()


@pytest.mark.timeout(150)
def test_what_was_collected_stays_and_the_session_comes_back(
    fragile: RunningServer, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    caplog.set_level(logging.WARNING)
    killer = threading.Thread(target=fragile.kill)

    def die(done: int, total: int) -> None:
        if done == CONTACTS // 2:
            killer.start()
        elif done > CONTACTS // 2:
            time.sleep(0.02)  # the server must be dead before the end

    with xa.connect(**login(fragile, "alice"), settings=SETTINGS) as session:
        started = time.monotonic()
        roster = session.roster(progress=die)
        assert time.monotonic() - started < 30
        killer.join()

        asked = roster[roster["source"] != "presence"]
        assert asked["jid"].nunique() == CONTACTS
        assert (asked["status"] == "ok").sum() >= CONTACTS // 4
        lost = asked[asked["condition"] == "session-lost"]
        assert len(lost) > 0
        assert set(lost["status"]) == {"skipped"}
        assert session.last is not None
        assert not session.last.complete
        assert session.state is State.RECONNECTING
        assert session.last_error is not None
        assert "reconnecting" in repr(session)
        with pytest.raises(SessionClosed, match="reconnecting"):
            session.roster()

        fragile.restart()
        wait_for(lambda: session.state is State.ONLINE, seconds=60)
        again = session.roster()
        assert (again["condition"] == "session-lost").sum() == 0
        assert session.last.complete
        found = again[(again["source"] == "pep") & (again["status"] == "ok")]
        assert len(found) == CONTACTS * 9 // 10
    gc.collect()
    assert [record.getMessage() for record in caplog.records] == []


def wait_for(condition: Any, *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


async def test_cancelling_keeps_what_was_collected(server: RunningServer) -> None:
    async with xa.AsyncSession(**login(server), settings=xa.Settings(concurrency=1)) as session:
        task: asyncio.Task[Any] = asyncio.create_task(
            session.roster(progress=lambda done, total: task.cancel() if done == 5 else None)
        )
        with pytest.raises(asyncio.CancelledError):
            await task
        assert session.last is not None
        assert not session.last.complete
        conditions = [outcome.condition for outcome in session.last.outcomes]
        asked = [outcome for outcome in session.last.outcomes if outcome.source != "presence"]
        kept = sum(outcome.condition != "interrupted" for outcome in asked)
        assert 5 <= kept < 10  # some answers were being worked on
        assert conditions.count("interrupted") == len(asked) - kept
        assert session.state is State.ONLINE
        assert len(await session.roster(images=False)) > 0
