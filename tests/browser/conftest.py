"""A browser, blank pages for widgets, and a JupyterLab."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from pathlib import Path

import comm
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.blank import Blank, Link, Theme, Threads
from tests.browser.chromium import chromium
from tests.browser.lab import Lab, Notebook
from tests.support import requires

expect.set_options(timeout=30_000)
HERE = Path(__file__).parent
LONG = pytest.mark.timeout(300)
"""A server, a browser and a kernel have to start, and axe looks at a report for eight seconds when it is alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test with a browser the same time."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(LONG)


# Per module, not per session: Playwright's loop counts as running in this thread for as long as it is
# there, and asynchronous tests of other folders may follow on the same worker.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once."""
    requires("chromium")
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own, with nothing in it."""
    context = browser.new_context(viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture
def blank(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Blank]]:
    """Make pages that show widgets made after it was asked for; see :class:`Blank`."""
    outbox: queue.SimpleQueue[object] = queue.SimpleQueue()
    monkeypatch.setattr(Link, "outbox", outbox, raising=False)
    monkeypatch.setattr(comm, "create_comm", Link)
    context = browser.new_context(viewport={"width": 1000, "height": 900}, reduced_motion="reduce")
    made: list[Blank] = []

    def make(threads: Threads = "main", theme: Theme = "light") -> Blank:
        if theme == "bare":
            context.set_default_timeout(30_000)
        made.append(Blank(context.new_page(), outbox, threads, theme))
        made[-1].page.set_default_timeout(30_000)
        return made[-1]

    try:
        yield make
        for each in made:
            each.end()
    finally:
        context.close()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, started once, on a free port of the loopback interface."""
    requires("chromium")
    with Lab.start(tmp_path_factory.mktemp("lab")) as started:
        yield started


@pytest.fixture
def notebook(lab: Lab, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Notebook]]:
    """Open notebooks of given cells in JupyterLab; each kernel ends with its test."""
    opened: list[Notebook] = []
    context = browser.new_context(viewport={"width": 1200, "height": 900}, reduced_motion="reduce")

    def open(*cells: str, theme: str = "light") -> Notebook:
        name = f"{request.node.name}-{len(opened)}".translate({ord(mark): "_" for mark in "[]/"})
        opened.append(Notebook.open(lab, context.new_page(), Path(f"{name}.ipynb"), cells, theme=theme))
        return opened[-1]

    yield open
    for each in opened:
        each.close()
    context.close()
