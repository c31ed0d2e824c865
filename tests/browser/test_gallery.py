"""The gallery: its page with the real class behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import faults
from tests.browser.blank import Blank
from tests.browser.people import EVIL, TURNED, crowd, one, picture
from xavatar.frames import frame
from xavatar.model import Finding, Severity, Source
from xavatar.widgets import Gallery

Make = Callable[..., Blank]
PAINTED = """() => {
  const all = [...document.querySelectorAll(".xav-tile")];
  return all.length && all.every((tile) => tile.painted);
}"""
RULES = [
    Finding("P84-07", Severity.ERROR, "user3@mantua.lit", Source.PEP, "Wrong.", "Mend it."),
    Finding("A-36", Severity.INFO, "user4@verona.lit", None, "Odd.", "Look."),
]


def shown(blank: Make, many: int = 60, threads: str = "main", theme: str = "light", **options: Any) -> Any:
    table, pictures = crowd(many)
    here = blank(threads, theme)
    gallery = Gallery(table, pictures=pictures, findings=RULES, **options)
    here.show(gallery)
    here.page.wait_for_function(PAINTED)
    return here, gallery


def tile(here: Blank, label: str) -> Any:
    return here.page.get_by_role("listbox").get_by_role("option", name=label)


@pytest.mark.parametrize("threads", ["main", "subshell"])
def test_search_and_select(blank: Make, threads: str) -> None:
    here, gallery = shown(blank, 400, threads)
    here.page.get_by_role("searchbox").fill("mercutio 00")
    here.page.get_by_text("13 of 400 avatars").wait_for()
    here.page.locator(".xav-tile").first.click()
    here.until(lambda: gallery.selected == ["user2@verona.lit"], "the selection in Python")
    assert gallery.selection_frame()["name"].tolist() == ["Mercutio 0002"]


def test_selecting_in_python_shows_in_every_view(blank: Make) -> None:
    here, gallery = shown(blank)
    here.show(gallery)
    gallery.selected = ["user1@mantua.lit"]
    here.page.wait_for_function("() => document.querySelectorAll('[aria-selected=true]').length === 2")
    here.page.locator("#view2 .xav-tile").first.click()
    here.page.wait_for_function("() => document.querySelector('#view1 .xav-tile').ariaSelected === 'true'")
    assert gallery.selected == ["user0@verona.lit"]


def test_thousands_keep_the_page_small(blank: Make) -> None:
    here, gallery = shown(blank, 2000)
    elements = "() => document.querySelectorAll('main *').length"
    assert here.page.evaluate(elements) <= 300
    first = here.bytes_sent
    assert 0 < first < 500_000
    for place in (8_000, 16_000, 10**6, 0):
        here.page.evaluate("(top) => { document.querySelector('.xav-port').scrollTop = top; }", place)
        here.page.evaluate("() => new Promise(requestAnimationFrame)")
        here.page.wait_for_function(PAINTED)
        assert here.page.evaluate(elements) <= 300
        here.page.wait_for_function("() => notebook.unrevoked() <= 80")
    expect(tile(here, "Juliet 0000")).to_be_visible()
    gallery.close()
    here.page.wait_for_function("() => document.querySelector('.xav') === null")
    here.page.wait_for_function("() => notebook.unrevoked() === 0")


def test_pictures_that_were_seen_are_not_sent_again(blank: Make) -> None:
    here, _ = shown(blank, 200)
    for place in (10**6, 0):
        here.page.evaluate("(top) => { document.querySelector('.xav-port').scrollTop = top; }", place)
        here.page.evaluate("() => new Promise(requestAnimationFrame)")
        here.page.wait_for_function(PAINTED)
    sent = here.bytes_sent
    here.page.get_by_role("searchbox").fill("juliet 0000")
    here.page.get_by_text("1 of 200 avatars").wait_for()
    here.page.wait_for_function(PAINTED)
    assert here.bytes_sent == sent


def test_by_keyboard_only(blank: Make) -> None:
    here, gallery = shown(blank, 90)
    keys = here.page.keyboard
    here.page.get_by_role("listbox").focus()
    active = "document.getElementById(document.querySelector('.xav-port').getAttribute('aria-activedescendant'))"

    def at(label: str) -> None:
        here.page.wait_for_function(f"(label) => {active}?.ariaLabel.startsWith(label)", arg=label)

    for press in ("ArrowRight", "ArrowRight", "Space"):
        keys.press(press)
    here.until(lambda: gallery.selected == ["user1@mantua.lit"], "selected by the space bar")
    keys.press("Shift+ArrowRight")
    here.until(lambda: len(gallery.selected) == 2, "extended by shift")
    keys.press("End")
    here.page.wait_for_function(PAINTED)
    here.until(lambda: gallery.active == "user89@mantua.lit", "the focus in Python")
    at("Romeo 0089")
    keys.press("Enter")
    here.until(lambda: gallery.selected == ["user89@mantua.lit"], "selected alone")
    keys.press("Control+a")
    here.until(lambda: len(gallery.selected) == 90, "all selected")
    keys.press("Escape")
    here.until(lambda: gallery.selected == [], "none selected")
    keys.press("Home")
    at("Juliet 0000")
    keys.press("PageDown")
    keys.press("ArrowUp")
    here.until(lambda: gallery.active not in (None, "user0@verona.lit"), "another focus")
    outline = here.page.evaluate("() => getComputedStyle(document.querySelector('.xav-active')).outlineStyle")
    assert outline == "solid"


def test_filters_groups_and_order(blank: Make) -> None:
    here, gallery = shown(blank, 60)
    labels = "() => [...document.querySelectorAll('.xav-name')].map((name) => name.textContent)"
    here.page.get_by_label("Show which findings").select_option("error")
    here.page.get_by_text("1 of 60 avatars").wait_for()
    here.page.wait_for_function(f"{labels.removeprefix('() => ')}.join() === 'Nurse 0003'")
    here.page.get_by_label("Show which findings").select_option(label="A-36 (1)")
    here.page.wait_for_function(f"{labels.removeprefix('() => ')}.join() === 'Tybalt 0004'")
    here.page.get_by_label("Show which findings").select_option("all")
    here.page.get_by_label("Show which avatars").select_option(label="none (6)")
    here.page.get_by_text("6 of 60 avatars").wait_for()
    expect(here.page.locator(".xav-face img")).to_have_count(0)
    here.page.get_by_label("Show which avatars").select_option("all")
    here.page.get_by_label("Group").select_option("domain")
    here.until(lambda: gallery.group == "domain", "the grouping in Python")
    assert here.page.locator(".xav-heading").first.inner_text().split() == ["mantua.lit", "30"]
    gallery.group, gallery.sort = "nothing", "findings"
    here.page.wait_for_function(f"({labels})().slice(0, 2).join() === 'Nurse 0003,Tybalt 0004'")


def test_another_width(blank: Make) -> None:
    """Tiles stand in full lines after a change of width, also of one that leaves their distance as it was."""
    here, _ = shown(blank, 60)
    for width in (700, 816, 350, 900):
        here.page.evaluate("(width) => { document.querySelector('#view1').style.width = `${width}px`; }", width)
        here.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        here.page.wait_for_function(PAINTED)
        places = here.page.evaluate("""() => [...document.querySelectorAll(".xav-tile")].map((tile) => {
            const { x, y } = tile.getBoundingClientRect();
            return [tile.position, Math.round(y), Math.round(x)];
        }).sort((one, other) => one[0] - other[0])""")
        lines: dict[int, list[int]] = {}
        for _, y, x in places:
            lines.setdefault(y, []).append(x)
        many = {len(line) for line in list(lines.values())[:-1]}
        assert len(many) == 1, lines
        assert places == sorted(places, key=lambda place: place[1:])


def test_pictures_are_not_scaled_up(blank: Make) -> None:
    """P84-21."""
    (small, large), pictures = zip(
        *(one(number, picture(number, side)) for number, side in ((0, 20), (1, 200))), strict=True
    )
    here = blank()
    here.show(Gallery(frame([small, large]), pictures=dict(pictures), tile=64))
    here.page.wait_for_function(PAINTED)
    here.page.wait_for_function(
        "() => [...document.querySelectorAll('.xav-face img')].every((image) => image.style.width)"
    )
    boxes = [image.bounding_box() for image in here.page.locator(".xav-face img").all()]
    assert [(box["width"], box["height"]) for box in boxes if box] == [(20, 20), (64, 64)]


@pytest.mark.parametrize("theme", ["light", "dark", "bare"])
def test_hostile_names_are_text(blank: Make, theme: str) -> None:
    names = (EVIL, TURNED, "x" * 10_000, "", "\ud800half")
    (told, pictures) = zip(*(one(number, picture(number), name) for number, name in enumerate(names)), strict=True)
    here = blank("main", theme)
    here.show(Gallery(frame(list(told)), pictures=dict(pictures)))
    here.page.wait_for_function(PAINTED)
    assert here.page.title() == "Widgets"
    expect(here.page.locator("main script, main img[src=x]")).to_have_count(0)
    assert here.page.locator(".xav-name").first.inner_text() == EVIL
    texts = here.page.locator(".xav-name").all_inner_texts()
    assert texts[1] == "\ufffdevil\ufffdname"
    assert len(texts[2]) == 120
    assert texts[3:] == ["user3@mantua.lit", "\ufffdhalf"]
    assert here.page.evaluate("() => document.querySelector('.xav-port').scrollWidth <= 900")


@pytest.mark.parametrize("data", [b"<svg xmlns='http://www.w3.org/2000/svg' onload='document.title=1'/>", b"GIF89a!"])
def test_what_cannot_be_drawn_gets_a_letter(blank: Make, data: bytes) -> None:
    told, kept = one(0, data, "Zoë")
    here = blank()
    here.show(Gallery(frame([told]), pictures=dict([kept])))
    here.page.wait_for_function(PAINTED)
    expect(here.page.locator(".xav-face img")).to_have_count(0)
    assert here.page.locator(".xav-letter").inner_text() == "Z"
    assert here.page.title() == "Widgets"


@pytest.mark.parametrize("theme", ["light", "dark", "bare"])
def test_accessibility(blank: Make, theme: str) -> None:
    here, gallery = shown(blank, 60, theme=theme, group="domain")
    gallery.selected = ["user1@mantua.lit"]
    gallery.problem = "Something failed."
    here.page.get_by_text("Something failed.").wait_for()
    assert faults(here.page) == []


def test_failures_are_shown_inside(blank: Make) -> None:
    table, pictures = crowd(5)

    class Broken(dict[str, bytes]):
        def get(self, key: str, default: Any = None) -> Any:
            raise OSError("the disk is gone")

    here = blank()
    gallery = Gallery(table, pictures=Broken(pictures))
    here.show(gallery)
    here.page.get_by_role("alert").get_by_text("OSError: the disk is gone").wait_for()
    here.page.get_by_role("button", name="Dismiss").click()
    expect(here.page.get_by_role("alert")).to_be_hidden()


def test_a_lost_kernel_leaves_the_pictures(blank: Make) -> None:
    here, _ = shown(blank, 20)
    here.page.evaluate("() => Object.values(notebook.models)[0].emit('comm_live_update')")
    here.page.get_by_text("The kernel has gone or was restarted").wait_for()
    expect(here.page.locator(".xav-face img")).to_have_count(18)


def test_lost_pictures_are_asked_for_again(blank: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[str] = []
    receive = Gallery._receive

    def forgetful(self: Gallery, kind: str, *rest: Any) -> None:
        if lost:
            receive(self, kind, *rest)
        else:
            lost.append(kind)

    monkeypatch.setattr(Gallery, "_receive", forgetful)
    shown(blank, 20)
    assert lost == ["pictures"]
