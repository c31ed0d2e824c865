"""Sessions on the embedded server: opening, telling, failing, closing."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import xavatar as xa
from tests.support import patience
from xavatar.client import Secret, State
from xavatar.errors import (
    AuthError,
    ConfigError,
    ConnectError,
    ConnectTimeout,
    QueryError,
    Refused,
    SessionClosed,
    TLSError,
    UnknownHost,
)
from xavatar.sandbox import Fault

# One of Verona is silent. Few are asked at once, so that the others answer in time on a busy machine too.
SHORT = xa.Settings(timeout=patience(0.7), concurrency=8, presence_wait=0.1)
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def box() -> Iterator[xa.Sandbox]:
    with xa.sandbox("verona") as running:
        yield running


@pytest.fixture(scope="module")
def pair() -> Iterator[xa.Sandbox]:
    """Two accounts only: for what does not depend on the cast."""
    with xa.sandbox("pair") as running:
        yield running


def way(box: xa.Sandbox, **changes: Any) -> dict[str, Any]:
    login = box.login
    known = {
        "jid": login.jid, "password": login.password, "host": login.host, "port": login.port, "ca_file": login.ca_file,
    }  # fmt: skip
    return known | changes


def test_the_whole_of_verona(box: xa.Sandbox) -> None:
    with xa.connect(sandbox=box, settings=SHORT) as session:
        roster = session.roster()
        assert session.last is not None
        assert session.last.complete
    contacts = {account.jid for account in box.scenario.accounts if account.subscription} - {box.scenario.user}
    assert set(roster["jid"]) == contacts
    assert set(roster["source"]) == {"pep", "vcard", "presence"}
    assert roster.groupby("jid")["source"].nunique().eq(3).all()
    assert box.stats().requests > len(contacts)


@pytest.mark.parametrize(("lifetime", "status"), [(300.0, "ok"), (0.0, "forbidden")])
def test_what_came_unasked_is_believed_for_a_while(lifetime: float, status: str) -> None:
    """Nobody is told when a node is closed (P60-03); the silence of who had no avatar is believed as long."""
    romeo, silent = "romeo@montague.lit", "balthasar@montague.lit"
    settings = replace(SHORT, push_lifetime=lifetime)
    with xa.sandbox("verona") as box, xa.connect(sandbox=box, settings=settings) as session:
        session.roster(sources=["pep"])
        box.fault(romeo, Fault("error", "metadata", condition="forbidden", error_type="auth"))
        with session.recording() as trace:
            again = session.roster(sources=["pep"]).set_index("jid")
    assert again.loc[[romeo, silent], "status"].unique().tolist() == [status, "not_found"]
    asked = {entry.to for entry in trace.filter(direction="out", xep=84)}
    assert (silent in asked) == (romeo in asked) == (lifetime == 0.0)


def test_images_are_fetched_once(box: xa.Sandbox) -> None:
    with xa.connect(sandbox=box, settings=SHORT) as session:
        session.roster()
        before = session._twin._pictures.fetched
        session.roster()
        again = session._twin._pictures.fetched - before
        found = session.roster(images=False)
        assert session._twin._pictures.fetched == before + again
    # Only what never could be verified, or never came, is asked for again.
    hopeless = found[(found["source"] == "pep") & (found["status"] == "ok") & found["url"].isna()]
    assert again < len(hopeless) / 2


def test_fewer_sources(pair: xa.Sandbox) -> None:
    with xa.connect(sandbox=pair) as session:
        assert set(session.roster(sources=["vcard"])["source"]) == {"vcard"}
        with pytest.raises(ConfigError, match="'carrier pigeon' is no source"):
            session.roster(sources=["carrier pigeon"])


def test_progress_is_told(pair: xa.Sandbox) -> None:
    told: list[tuple[int, int]] = []
    with xa.connect(sandbox=pair) as session:
        session.roster(images=False, progress=lambda *step: told.append(step))
    total = told[0][1]
    assert told == [(done, total) for done in range(1, total + 1)]


def test_rooms_of_verona(box: xa.Sandbox) -> None:
    with xa.connect(sandbox=box) as session:
        for room in box.scenario.rooms:
            frame = session.room(room.jid)
            assert set(frame.loc[frame["kind"] == "occupant", "nick"]) == {each.nick for each in room.occupants}
            assert set(frame.loc[frame["kind"] == "room", "jid"]) == {room.jid}
        with pytest.raises(ConfigError, match="names no room"):
            session.room("rooms.capulet.lit")
        with pytest.raises(QueryError, match="nowhere"):
            session.room("x@nowhere.invalid")


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"password": PASSWORD}, AuthError, "user name or password"),
        ({"jid": "nobody@capulet.lit"}, AuthError, "user name or password"),
        ({"port": 1}, Refused, "nothing accepts connections"),
        ({"ca_file": None}, TLSError, "`ca_file`"),
        ({"host": "no-such-host.invalid"}, UnknownHost, "no address"),
        ({"jid": "juliet@verona.example"}, ConnectError, "verona.example"),
        ({"jid": "capulet.lit"}, ConfigError, "names no account"),
        ({"jid": "@@"}, ConfigError, "is not a JID"),
        ({"ca_file": "/nonexistent.pem"}, ConfigError, "ca_file"),
    ],
    ids=lambda value: getattr(value, "__name__", None) or (str(next(iter(value))) if isinstance(value, dict) else None),
)
def test_what_goes_wrong_is_told(
    box: xa.Sandbox, changes: dict[str, Any], error: type[Exception], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    threads = set(threading.enumerate())
    with pytest.raises(error, match=words) as caught:
        xa.connect(**way(box, **changes), timeout=10)
    assert PASSWORD not in str(caught.value)
    gc.collect()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    end = time.monotonic() + patience(5)
    while left := [each.name for each in set(threading.enumerate()) - threads if not each.name.startswith("asyncio_")]:
        # The server's own loop may have taken one more thread of its pool.
        assert time.monotonic() < end, left
        time.sleep(0.02)


def test_a_silent_server_is_left_in_time() -> None:
    async def main() -> None:
        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        silent = await asyncio.start_server(hold, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        started = time.monotonic()
        with pytest.raises(ConnectTimeout, match=r"0\.5 s"):
            async with xa.AsyncSession("juliet@capulet.lit", "x", host="127.0.0.1", port=port, timeout=0.5):
                pass
        assert time.monotonic() - started < 5
        silent.close()
        await asyncio.sleep(0.1)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_unverified_is_said_aloud(box: xa.Sandbox) -> None:
    with xa.connect(**way(box, ca_file=None), verify=False) as session:
        assert "certificates not verified" in repr(session)
        assert "not verified" in session._repr_html_()


def test_direct_tls(box: xa.Sandbox) -> None:
    with xa.connect(**way(box, port=box.tls_port), direct_tls=True) as session:
        assert session.state is State.ONLINE


def test_closing_twice_and_using_it_after(pair: xa.Sandbox) -> None:
    session = xa.connect(sandbox=pair)
    session.close()
    session.close()
    assert session.state is State.CLOSED
    assert "closed" in repr(session)
    with pytest.raises(SessionClosed):
        session.roster()


def test_a_sandbox_of_its_own_ends_with_the_session() -> None:
    threads = set(threading.enumerate())
    with xa.connect(sandbox="pair") as session:
        own = session.sandbox
        assert own is not None
        assert own.running
    assert not own.running
    assert not [thread for thread in set(threading.enumerate()) - threads if thread.name.startswith("xavatar-sandbox")]


def test_wishes_that_contradict(box: xa.Sandbox) -> None:
    with pytest.raises(ConfigError, match="Give a JID"):
        xa.connect()
    with pytest.raises(ConfigError, match="brings its own host"):
        xa.connect(sandbox="verona", port=5222)
    with pytest.raises(ConfigError, match="cannot log in to the sandbox"):
        xa.connect("stranger@example.org", sandbox=box)


def test_another_client_takes_the_resource(box: xa.Sandbox) -> None:
    login = way(box, jid=f"{box.login.jid}/only")
    with xa.connect(**login) as first, xa.connect(**login) as second:
        end = time.monotonic() + 10
        while first.state is State.ONLINE and time.monotonic() < end:
            time.sleep(0.02)
        assert first.state is State.FAILED
        assert "another client took" in str(first.last_error)
        assert second.state is State.ONLINE


def test_no_password_in_any_log_or_repr(pair: xa.Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    password = pair.login.password
    caplog.set_level(logging.DEBUG)
    with xa.connect(**way(pair)) as session:
        session.roster(images=False)
        shown = [repr(session), session._repr_html_(), repr(session._twin), repr(vars(session._twin)), repr(pair.login)]
    with pytest.raises(AuthError) as refused:
        xa.connect(**way(pair, password=PASSWORD))
    shown += [str(refused.value), repr(refused.value), *(record.getMessage() for record in caplog.records)]
    assert len(caplog.records) > 100
    encodings = [spell(secret) for secret in (password, PASSWORD) for spell in (str, b64, b64_plain)]
    for text in shown:
        assert not [word for word in encodings if word in text]


def test_aioxmpp_s_debug_log_tells_of_a_question_when_it_is_sent(
    pair: xa.Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with xa.connect(**way(pair)) as session:
        caplog.clear()
        session.features()
        told = [record.getMessage() for record in caplog.records]
    assert [text for text in told if "SENT" in text and "disco#info" in text]


def b64(text: str) -> str:
    import base64

    return base64.b64encode(text.encode()).decode()


def b64_plain(text: str) -> str:
    """As SASL PLAIN sends it, for valentine."""
    return b64(f"\0valentine\0{text}")


def test_a_secret_is_not_written_anywhere() -> None:
    import copy
    import json
    import pickle

    secret = Secret(PASSWORD)
    assert PASSWORD not in repr(secret) + str(secret) + f"{secret}"
    assert not hasattr(secret, "__dict__")
    for write in (pickle.dumps, json.dumps, copy.copy):
        with pytest.raises(TypeError):
            write(secret)


def test_the_password_s_sources(box: xa.Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XAVATAR_PASSWORD", box.login.password)
    with xa.connect(**way(box, password=None)) as session:
        assert session.state is State.ONLINE
    monkeypatch.delenv("XAVATAR_PASSWORD")
    monkeypatch.setattr(sys, "stdin", None)
    monkeypatch.setitem(sys.modules, "ipykernel", None)
    monkeypatch.delitem(sys.modules, "ipykernel")
    with pytest.raises(ConfigError, match="XAVATAR_PASSWORD"):
        xa.connect(**way(box, password=None))


CAMPUS = Path(__file__).parents[2] / "data" / "scenarios" / "campus.toml"
INTERRUPTED = """
import os, signal, sys, time, xavatar as xa
with xa.connect(sandbox=sys.argv[1], settings=xa.Settings(concurrency=1)) as s:
    def stop(done, total):
        if done == 50:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.3)  # the main thread takes it before everybody has answered, on a busy machine too
    try:
        s.roster(images=False, progress=stop)
    except KeyboardInterrupt as interrupt:
        print(len(interrupt.partial), interrupt.partial["condition"].eq("interrupted").sum(), s.last.complete, s.state)
    print(len(s.me()) > 0)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send")
def test_an_interrupt_keeps_the_connection_and_what_was_collected(tmp_path: Path) -> None:
    assert signal.SIGINT
    town = tmp_path / "town.toml"
    town.write_text(re.sub("^size = .*", "size = 300", CAMPUS.read_text(), flags=re.MULTILINE))
    command = [sys.executable, "-c", INTERRUPTED, str(town)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    rows, interrupted, complete, state = first.split()
    assert int(rows) > 900 - 10
    assert 450 < int(interrupted) < 600
    assert (complete, state, second) == ("False", "online", "True")


@pytest.mark.slow
def test_forgetting_to_close_ends_quietly(tmp_path: Path) -> None:
    script = "import xavatar as xa; s = xa.connect(sandbox='pair'); print(s.state)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)
    assert (done.stdout, done.stderr) == ("online\n", "")
