"""One claim, three servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers import Cast, RunningServer
from tests.servers.embedded import Embedded

PLAIN = {"sandbox": "sandbox_plain", "prosody": "prosody_plain", "ejabberd": "ejabberd_plain"}


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
