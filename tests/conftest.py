"""Marks by folder, one worker per kind of shared resource, and the real servers."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Cast, Ejabberd, Prosody, RunningServer, stage
from tests.support import requires

HERE = Path(__file__).parent
KINDS = {"unit", "contract", "sandbox", "real", "notebooks", "browser", "golden"}

# Under pytest-xdist a session fixture is made once per worker. What shares one expensive resource goes to one worker.
GROUPS = {"contract": "servers", "real": "servers", "notebooks": "kernels", "browser": "browser"}


def pytest_configure() -> None:
    """Let interrupts interrupt: what a shell starts in the background has SIGINT ignored, and its children too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test after its folder."""
    for item in items:
        if not item.path.is_relative_to(HERE):
            continue
        kind = item.path.relative_to(HERE).parts[0]
        if kind in KINDS:
            item.add_marker(kind)
        if kind in GROUPS:
            item.add_marker(pytest.mark.xdist_group(GROUPS[kind]))


@pytest.fixture(scope="session")
def cast() -> Cast:
    """Who lives on the shared servers: see :func:`tests.servers.stage`."""
    return stage()


def _running(kind: type[RunningServer], cast: Cast, *, conversion: bool) -> Iterator[RunningServer]:
    requires(*kind.needs)
    server = kind.start(cast, conversion=conversion)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def prosody(cast: Cast) -> Iterator[RunningServer]:
    """Prosody with XEP-0398, shared by the whole run."""
    yield from _running(Prosody, cast, conversion=True)


@pytest.fixture(scope="session")
def prosody_plain(cast: Cast) -> Iterator[RunningServer]:
    """Prosody whose PEP and vCards know nothing of each other."""
    yield from _running(Prosody, cast, conversion=False)


@pytest.fixture(scope="session")
def ejabberd(cast: Cast) -> Iterator[RunningServer]:
    """ejabberd with XEP-0398, shared by the whole run."""
    yield from _running(Ejabberd, cast, conversion=True)


@pytest.fixture(scope="session")
def ejabberd_plain(cast: Cast) -> Iterator[RunningServer]:
    """ejabberd whose PEP and vCards know nothing of each other."""
    yield from _running(Ejabberd, cast, conversion=False)


@pytest.fixture(params=["prosody", "ejabberd"])
def real_server(request: pytest.FixtureRequest) -> RunningServer:
    """Each real server in turn, with XEP-0398."""
    server: RunningServer = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=["prosody_plain", "ejabberd_plain"])
def plain_server(request: pytest.FixtureRequest) -> RunningServer:
    """Each real server in turn, without XEP-0398."""
    server: RunningServer = request.getfixturevalue(request.param)
    return server
