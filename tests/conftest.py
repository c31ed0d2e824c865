"""Marks by folder, workers, Hypothesis, and the real servers."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import signal
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings

from tests.servers import Cast, Ejabberd, Prosody, RunningServer, stage
from tests.support import THOROUGH, examples, requires

HERE = Path(__file__).parent
KINDS = {"unit", "contract", "sandbox", "real", "notebooks", "browser", "golden"}

WAY = re.compile(r"[\[-](public|traced)(?=[\]-])")  # through the wire: each has servers of its own, see tests/contract
# Under pytest-xdist a fixture is made once per worker. What shares the servers goes to one worker, else each module.
GROUPS = {"contract": "servers", "real": "servers"}

PATCHED = pytest.StashKey[str]()

settings.register_profile("quick", max_examples=examples(100), deadline=None)
settings.register_profile("thorough", deadline=None, print_blob=True)
settings.load_profile("thorough" if THOROUGH else "quick")


def pytest_configure() -> None:
    """Let interrupts interrupt: what a shell starts in the background has SIGINT ignored, and its children too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers more than cores, since tests wait; none where starting them takes longer than what was chosen."""
    return 0 if _chosen(config) or config.option.capture == "no" else min(6, (os.cpu_count() or 1) + 2)


def _chosen(config: pytest.Config) -> bool:
    """Tell whether some tests were asked for, rather than whole folders of them."""
    return bool(config.option.keyword) or not all(Path(each).is_dir() for each in config.args)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Give a module, or what shares a resource, to one worker."""
    from xdist.scheduler import LoadScopeScheduling

    class ByResource(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            module, _, test = nodeid.partition("::")
            group = next((group for kind, group in GROUPS.items() if f"tests/{kind}/" in module), module)
            return f"{group} {way[1]}" if (way := WAY.search(test)) else group

    return ByResource(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage, never again among what was imported, and seldom afterwards."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 10, 10)
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test after its folder; leave slow ones to those who have the time, or who ask for them."""
    if not (THOROUGH or config.option.markexpr or _chosen(config)):
        slow = [item for item in items if item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]
    for item in items:
        kind = item.path.relative_to(HERE).parts[0] if item.path.is_relative_to(HERE) else ""
        if kind in KINDS:
            item.add_marker(kind)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Name the test that patches asyncio for all that come after it in its process."""
    if hasattr(asyncio, "_nest_patched") and item.config.stash.setdefault(PATCHED, item.nodeid) == item.nodeid:
        pytest.fail("nest-asyncio was applied here: do that in a process of its own", pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep off the store of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XAVATAR_STORE", str(tmp_path_factory.mktemp("own") / "store.sqlite"))
        yield


@pytest.fixture
def no_lull(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sessions wait for presences no longer than on loopback, where they come before the answers do."""
    from xavatar.session import access

    monkeypatch.setattr(access, "_EMBEDDED", replace(access._EMBEDDED, presence_wait=0.1))
    monkeypatch.setattr(access, "Settings", partial(access.Settings, presence_wait=0.1))


@pytest.fixture
def ram_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: for what waits for the disk over and over, and claims nothing about it."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


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
