"""The report in a real browser: no network, no script, keyboard, print, and what axe-core thinks of it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.axe import faults
from tests.unit.report_samples import open_images, roster
from xavatar.audit import Audit
from xavatar.model import Status

THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty contacts, odd in many ways, with changes since a week ago."""
    with open_images() as memory:
        now = roster(memory, 90)
        before = replace(
            now,
            taken_at=now.taken_at - timedelta(days=7),
            outcomes=tuple(
                replace(outcome, readings=(), status=Status.NOT_FOUND) if number % 9 == 0 else outcome
                for number, outcome in enumerate(now.outcomes)
            ),
        )
        return Audit.of(now, previous=before).report(tmp_path_factory.mktemp("report") / "audit.html")


@pytest.fixture
def requested() -> list[str]:
    return []


@pytest.fixture
def shown(browser: Browser, report: Path, requested: list[str], request: pytest.FixtureRequest) -> Iterator[Page]:
    """The report, in the theme of the test's parameter, without scripts unless axe has to run."""
    theme, scripts = getattr(request, "param", ("light", False))
    context = browser.new_context(
        color_scheme=theme, java_script_enabled=scripts, reduced_motion="reduce", bypass_csp=True
    )
    page = context.new_page()
    page.on("request", lambda each: requested.append(each.url))
    page.goto(report.as_uri())
    yield page
    context.close()


@pytest.mark.parametrize("shown", [(theme, True) for theme in THEMES], indirect=True)
def test_axe_finds_no_serious_fault(shown: Page) -> None:
    assert faults(shown) == []


@pytest.mark.parametrize("shown", [(theme, True) for theme in THEMES], indirect=True)
def test_nor_in_what_is_folded_away(shown: Page) -> None:
    shown.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert faults(shown, "#people ~ .people") == []


def test_nothing_is_requested_and_pictures_are_drawn_without_scripts(
    shown: Page, requested: list[str], report: Path
) -> None:
    shown.locator("#people").scroll_into_view_if_needed()
    shown.wait_for_load_state("networkidle")
    assert {url for url in requested if not url.startswith("data:")} == {report.as_uri()}
    assert shown.locator("img").first.bounding_box()
    assert shown.get_by_role("heading", name="Shared pictures").is_visible()


def brightness(page: Page) -> float:
    pixels = Image.open(io.BytesIO(page.screenshot())).convert("L")
    return sum(level * number for level, number in enumerate(pixels.histogram())) / (pixels.width * pixels.height)


@pytest.mark.parametrize(("shown", "bright"), [(("light", False), True), (("dark", False), False)], indirect=["shown"])
def test_light_and_dark(shown: Page, bright: bool) -> None:
    level = brightness(shown)
    assert level > 200 if bright else level < 60


@pytest.mark.parametrize("shown", [("light", True)], indirect=True)
def test_the_keyboard_reaches_everything(shown: Page) -> None:
    shown.keyboard.press("Tab")
    focused = "document.activeElement"
    assert shown.evaluate(f"{focused}.textContent") == "Skip to the findings"
    assert shown.evaluate(f"{focused}.getBoundingClientRect().x") >= 0, (
        "what is skipped to is seen while it has the focus"
    )
    shown.keyboard.press("Enter")
    assert shown.evaluate(f"{focused}.id") == "main"
    for _ in range(400):
        shown.keyboard.press("Tab")
        if shown.evaluate(f"{focused}.tagName") == "SUMMARY":
            break
    assert not shown.evaluate(f"{focused}.parentElement.open")
    shown.keyboard.press("Enter")
    assert shown.evaluate(f"{focused}.parentElement.open")
    assert shown.evaluate(f"getComputedStyle({focused}).outlineStyle") != "none"


@pytest.mark.parametrize("shown", [("dark", False)], indirect=True)
def test_printed_it_is_light_and_whole(shown: Page, tmp_path: Path) -> None:
    shown.emulate_media(media="print")
    assert brightness(shown) > 200
    for words, ink in (("h1", "color"), ("figure svg text", "fill")):
        color = shown.locator(words).first.evaluate(f"each => getComputedStyle(each).{ink}")
        assert max(int(part) for part in re.findall(r"\d+", color)) < 90, "a dark theme's light letters are not printed"
    assert not shown.locator("nav").is_visible()
    pages = shown.pdf(format="A4", path=tmp_path / "audit.pdf")
    assert pages.startswith(b"%PDF")
    assert pages.count(b"/Type /Page\n") + pages.count(b"/Type /Page ") + pages.count(b"/Type /Page/") > 5


@pytest.mark.parametrize("width", [320, 640])
def test_no_sideways_scrolling_on_narrow_screens(shown: Page, width: int) -> None:
    shown.set_viewport_size({"width": width, "height": 800})
    assert shown.locator("html").evaluate("each => each.scrollWidth") <= width
