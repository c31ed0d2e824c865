"""The report of two thousand contacts: small enough to send, quick to open, sound where it is long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import xavatar as xa
from tests.browser.axe import faults
from xavatar.store import Store

THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Store.temporary() as store, xa.connect(sandbox="campus", store=store, timeout=30) as session:
        audit = session.audit(progress=False)
        assert len(audit.cases) == 2001
        return audit.report(tmp_path_factory.mktemp("campus") / "campus.html")


@pytest.fixture
def shown(browser: Browser, campus: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(color_scheme=request.param, reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    page.goto(campus.as_uri())
    yield page
    context.close()


def test_it_is_under_five_megabytes(campus: Path) -> None:
    assert 1_000_000 < campus.stat().st_size < 5_000_000


# Axe takes minutes for so many elements; of what is all alike the first ones are left to it.
SHORTEN = """document.querySelectorAll(
    ".people tbody:nth-of-type(n+30), .wall li:nth-of-type(n+60), .told tr:nth-of-type(n+12)"
).forEach(each => each.remove())"""


@pytest.mark.parametrize("shown", THEMES, indirect=True)
def test_it_opens_whole_and_axe_finds_no_serious_fault(shown: Page) -> None:
    assert shown.locator("tbody[id^=c]").count() == 2001
    assert shown.locator(".wall li").count() == 2001
    assert shown.locator(".wall img").count() > 1500
    shown.evaluate(SHORTEN)
    assert shown.locator("tbody[id^=c]").count() == 29
    assert faults(shown) == []
