"""One claim, three servers; and on each three ways through the wire.

``XAVATAR_TEST_WIRE`` names the ways, separated by commas, or ``all``: ``lane`` past aioxmpp's XSO machinery, which is
the usual one, ``public`` through aioxmpp's public interface alone, ``traced`` the lane with every stanza recorded from
before the login on. The lane alone is the default; CI and ``make test`` take all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers import Cast, RunningServer, User
from tests.servers.embedded import Embedded
from tests.support import THOROUGH
from tests.wire_support import bytes_below
from xavatar.wire import Wire, seam
from xavatar.wire.trace import LiveTrace

PLAIN = {"sandbox": "sandbox_plain", "prosody": "prosody_plain", "ejabberd": "ejabberd_plain"}
WAYS = ("lane", "public", "traced")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Take the tests each way in turn, those of a module with a list `WAYS` of its own only these."""
    wish = os.environ.get("XAVATAR_TEST_WIRE") or ("all" if THOROUGH else "lane")
    ways = getattr(metafunc.module, "WAYS", WAYS if wish == "all" else wish.split(","))
    metafunc.parametrize("wire", ways, indirect=True)


@pytest.fixture(autouse=True)
def wire(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[LiveTrace]]:
    """Go one way through the wire; give the traces of all who log in, if they are traced."""
    way: str = request.param
    assert way in WAYS, f"XAVATAR_TEST_WIRE has ways {WAYS}, and 'all', but not {way!r}"
    traces: list[LiveTrace] = []
    if way == "public":
        monkeypatch.setenv(seam.VARIABLE, "public")
    if way == "traced":
        make = Wire.__init__

        def traced(each: Wire, *args: Any, **kwargs: Any) -> None:
            make(each, *args, **kwargs)
            traces.append(each.trace())

        monkeypatch.setattr(Wire, "__init__", traced)
    yield traces
    for trace in traces:
        check(trace)


def check(trace: LiveTrace) -> None:
    """Hold a trace to what is true of all."""
    assert len(trace.frame) == len(trace.entries)
    assert all(entry.element is not None for entry in trace)
    assert all(entry.elapsed_ms >= 0 for entry in trace if entry.elapsed_ms is not None)
    assert [entry.number for entry in trace] == list(range(1, len(trace) + 1))
    memory = b"\n".join(bytes_below(trace.recorder))
    for word in (b"urn:ietf:params:xml:ns:xmpp-sasl", User("anybody").password.encode()):
        assert word not in memory


@pytest.fixture(scope="session")
def sandbox(cast: Cast) -> Iterator[RunningServer]:
    """The embedded server with the shared cast."""
    server = Embedded.start(cast)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sandbox_plain(cast: Cast) -> Iterator[RunningServer]:
    """The embedded server whose PEP and vCards know nothing of each other."""
    server = Embedded.start(cast, conversion=False)
    yield server
    server.stop()


@pytest.fixture(params=list(PLAIN))
def server(request: pytest.FixtureRequest) -> RunningServer:
    """Each server in turn, with XEP-0398."""
    found: RunningServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=list(PLAIN))
def unconverted(request: pytest.FixtureRequest) -> RunningServer:
    """Each server in turn, without XEP-0398."""
    found: RunningServer = request.getfixturevalue(PLAIN[request.param])
    return found


def login(server: RunningServer, user: str = "juliet") -> dict[str, Any]:
    """Return what `connect` needs to log in as a user."""
    return {
        "jid": server.jid(user),
        "password": server.accounts[user],
        "host": server.host,
        "port": server.port,
        "ca_file": server.ca_file,
    }
