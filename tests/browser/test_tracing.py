"""The trace viewer: its page with the real class behind it, then a session on the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

import xavatar as xa
from tests.browser.axe import faults
from tests.browser.blank import Blank
from tests.browser.people import EVIL, TURNED
from tests.unit.test_widgets_tracing import ANSWER, ASK, COUNT, HERE, IN, OUT, Stream
from xavatar.widgets import TraceViewer

Make = Callable[..., Blank]
QUOTED = EVIL.replace("<", "&lt;").replace('"', "&quot;")


@pytest.fixture
def stream() -> Stream:
    made = Stream(limit=64 << 20)
    for direction, stanza in ((OUT, ASK), (IN, ANSWER), (IN, HERE), (OUT, COUNT)):
        made.pass_(direction, stanza)
    return made


@pytest.fixture(scope="module")
def session() -> Iterator[xa.Session]:
    with xa.connect(sandbox="verona") as opened:
        yield opened


def shown(blank: Make, stream: Stream, threads: str = "main", theme: str = "light", **options: Any) -> Any:
    here = blank(threads, theme)
    viewer = TraceViewer(stream.trace, **options)
    here.show(viewer)
    here.page.locator(".xav-lines .xav-stanza").first.wait_for()
    return here, viewer


def line(here: Blank, number: int) -> Any:
    return here.page.get_by_role("listbox", name="Stanzas").get_by_role("option", name=f"{number}, ", exact=False)


@pytest.mark.parametrize("threads", ["main", "subshell"])
def test_lines_that_open(blank: Make, stream: Stream, threads: str) -> None:
    here, viewer = shown(blank, stream, threads)
    here.page.get_by_role("option", name="2, received, iq, from romeo@montague.lit, result vCard").click()
    detail = here.page.get_by_role("region", name="The open stanza")
    detail.get_by_text("BINVAL").first.wait_for()
    expect(detail).to_contain_text("bytes in base64")
    here.page.wait_for_function("() => document.querySelector('.xav-detail img')?.src.startsWith('blob:')")
    detail.get_by_role("button", name="Request no. 1").click()
    detail.get_by_text("the vCard may serve where there is no avatar in PEP").wait_for()
    here.until(lambda: viewer.selected == 1, "the selection in Python")
    viewer.selected = 3
    detail.get_by_text("hamlet@elsinore.lit/castle").first.wait_for()
    viewer.selected = 77
    detail.get_by_text("Stanza 77 is not kept any more.").wait_for()
    detail.get_by_role("button", name="Close").click()
    here.until(lambda: viewer.selected == 0, "closed in Python")
    expect(detail).to_be_hidden()


@pytest.mark.parametrize("threads", ["main", "subshell"])
def test_it_grows_pauses_and_filters(blank: Make, stream: Stream, threads: str) -> None:
    here, viewer = shown(blank, stream, threads)
    stream.pass_(IN, HERE)
    here.page.get_by_text("5 stanzas").wait_for()
    here.page.get_by_role("button", name="Pause").click()
    here.page.get_by_text("paused, 0 new meanwhile").wait_for()
    here.until(lambda: viewer.paused, "paused in Python")  # the page says so at once
    stream.pass_(IN, HERE)
    here.page.get_by_text("paused, 1 new meanwhile").wait_for()
    expect(here.page.locator(".xav-lines .xav-stanza")).to_have_count(5)
    here.page.get_by_role("button", name="Resume").click()
    here.page.get_by_text("6 stanzas").wait_for()
    here.page.get_by_label("Address contains").fill("romeo")
    here.page.get_by_text("2 of 6 stanzas").wait_for()
    assert [entry.number for entry in viewer.shown] == [1, 2]
    here.page.get_by_label("Direction").select_option("in")
    here.page.get_by_text("1 of 6 stanzas").wait_for()
    here.page.get_by_label("Address contains").fill("")
    here.page.get_by_label("Direction").select_option("")
    here.page.get_by_label("Kind").select_option("presence")
    here.page.get_by_text("3 of 6 stanzas").wait_for()
    here.page.get_by_label("Kind").select_option("")
    here.page.get_by_label("Specification").select_option("XEP-0054")
    here.page.get_by_text("2 of 6 stanzas").wait_for()
    here.page.get_by_label("Rule").select_option("P84-22")
    here.page.get_by_text("1 of 6 stanzas").wait_for()
    viewer.rule, viewer.xep, viewer.jid = "", "", "nobody"
    here.page.get_by_text("No stanza passes the filters.").wait_for()
    expect(here.page.get_by_label("Address contains")).to_have_value("nobody")


def test_thousands_keep_the_page_small(blank: Make, stream: Stream) -> None:
    for number in range(5000):
        stream.pass_(IN, f"<presence from='user{number}@x.lit/y'/>")
    here, viewer = shown(blank, stream)
    elements = "() => document.querySelectorAll('main *').length"
    here.page.get_by_text("user4999@x.lit").first.wait_for()  # the newest, at the end
    assert here.page.evaluate(elements) <= 700
    here.page.evaluate("() => { document.querySelector('.xav-lines').scrollTop = 2000 * 26; }")
    here.page.get_by_text("user1999@x.lit").first.wait_for()
    assert here.page.evaluate(elements) <= 700
    stream.pass_(IN, HERE)
    here.page.get_by_text("5,005 stanzas").wait_for()
    expect(here.page.get_by_text("user1999@x.lit").first).to_be_visible()  # who reads is not pushed along
    viewer.jid = "user123"
    here.page.get_by_text("11 of 5,005 stanzas").wait_for()
    here.page.get_by_text("user1239@x.lit").first.wait_for()
    expect(here.page.locator(".xav-lines .xav-stanza")).to_have_count(11)


def test_by_keyboard_only(blank: Make, stream: Stream) -> None:
    for number in range(300):
        stream.pass_(IN, f"<presence from='user{number}@x.lit/y'/>")
    here, viewer = shown(blank, stream)
    here.page.get_by_text("user299@x.lit").first.wait_for()
    keys = here.page.keyboard
    here.page.get_by_role("listbox").focus()

    def at(number: int) -> None:
        here.until(lambda: viewer.selected == number, f"stanza {number} selected, not {viewer.selected}")
        here.page.wait_for_function(
            """(number) => document.getElementById(document.querySelector(".xav-lines")
                 .getAttribute("aria-activedescendant"))?.ariaLabel.startsWith(`${number}, `)""",
            arg=number,
        )

    keys.press("ArrowUp")
    at(304)
    keys.press("ArrowUp")
    at(303)
    keys.press("Home")
    at(1)
    keys.press("ArrowDown")
    at(2)
    keys.press("PageDown")
    here.until(lambda: viewer.selected > 5, "a page on")
    keys.press("End")
    at(304)
    here.page.get_by_role("region", name="The open stanza").get_by_text("user299@x.lit").first.wait_for()
    outline = "() => getComputedStyle(document.querySelector('.xav-lines [aria-selected=true]')).outlineStyle"
    assert here.page.evaluate(outline) == "solid"
    keys.press("Escape")
    here.until(lambda: viewer.selected == 0, "closed")
    here.page.get_by_role("button", name="Sequence diagram").focus()
    keys.press("Enter")
    here.page.get_by_role("img", name="Sequence of 60 stanzas").wait_for()
    here.page.get_by_text("The last 60 of 303 stanzas").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark", "bare"])
def test_hostile_stanzas_are_text(blank: Make, stream: Stream, theme: str) -> None:
    stream.pass_(
        IN, f"<presence from='r@m.lit/{QUOTED}'><nick xmlns='n'>{QUOTED}{TURNED}{'n' * 10_000}</nick></presence>"
    )
    stream.pass_(OUT, f"<iq type='get' id='q' to='{'x' * 3000}@y.lit'><{'q' * 9000} xmlns='{QUOTED}'/></iq>")
    here, viewer = shown(blank, stream, theme=theme)
    here.page.get_by_role("button", name="Sequence diagram").click()
    here.page.locator(".xav-diagram svg").wait_for()
    for number in (5, 6):
        viewer.selected = number
        here.page.locator(".xav-detail h4", has_text=str(number)).wait_for()
        assert here.page.title() == "Widgets"
        expect(here.page.locator("main script, main img[src=x]")).to_have_count(0)
        assert here.page.evaluate("() => document.querySelector('.xav-tracing').scrollWidth <= 900")
        assert "\u202e" not in here.page.locator(".xav-tracing").inner_text()
        assert faults(here.page) == []
    viewer.selected = 5
    here.page.locator(".xav-detail h4", has_text="5").wait_for()
    assert EVIL.replace('"', "'") in here.page.locator(".xav-detail pre").inner_text().replace("&quot;", "'").replace(
        "&lt;", "<"
    ).replace("&gt;", ">").replace('"', "'")


def test_a_drawing_is_made_anew(blank: Make, stream: Stream) -> None:
    """Nothing gets into the page but lines, shapes and words, whatever were in a drawing."""
    here, viewer = shown(blank, stream)
    here.page.get_by_role("button", name="Sequence diagram").click()
    here.page.locator(".xav-diagram svg").wait_for()
    evil = (
        "<svg xmlns='http://www.w3.org/2000/svg' onload='document.title=1'><script>document.title=2</script>"
        "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>no</p></foreignObject><a href='javascript:0'/>"
        "<image href='http://example.org/x.png'/><text x='1' onclick='document.title=3'>word</text></svg>"
    )
    viewer._post("diagram", svg=evil, drawn=1, count=1)
    here.page.locator(".xav-diagram text", has_text="word").wait_for()
    names = "() => [...document.querySelectorAll('.xav-diagram svg, .xav-diagram svg *')].map((one) => one.localName)"
    assert here.page.evaluate(names) == ["svg", "text"]
    assert here.page.evaluate("() => document.querySelector('.xav-diagram text').getAttributeNames()") == ["x"]
    assert here.page.title() == "Widgets"
    viewer._post("diagram", svg="<html>", drawn=1, count=1)
    here.page.get_by_role("alert").get_by_text("no drawing came").wait_for()
    here.failures.clear()


def test_several_views_and_the_end(blank: Make, stream: Stream) -> None:
    here, viewer = shown(blank, stream)
    here.show(viewer)
    here.page.locator("#view2").get_by_role("option", name="2, received").click()
    here.page.locator("#view1 .xav-detail pre").wait_for()
    here.page.locator("#view2 .xav-detail pre").wait_for()
    here.page.locator("#view1").get_by_role("button", name="Pause").click()
    here.page.locator("#view2").get_by_role("button", name="Resume").wait_for()
    viewer.close()
    here.page.wait_for_function("() => document.querySelector('.xav') === null")
    here.page.wait_for_function("() => notebook.unrevoked() === 0")
    assert stream.recorder.listeners == []


def test_a_lost_kernel_leaves_what_was_seen(blank: Make, stream: Stream) -> None:
    here, _ = shown(blank, stream)
    here.page.evaluate("() => Object.values(notebook.models)[0].emit('comm_live_update')")
    here.page.get_by_text("The kernel has gone or was restarted").wait_for()
    expect(here.page.locator(".xav-lines .xav-stanza")).to_have_count(4)


def test_lost_lines_are_asked_for_again(blank: Make, stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[str] = []
    receive = TraceViewer._receive

    def forgetful(self: TraceViewer, kind: str, *rest: Any) -> None:
        if lost:
            receive(self, kind, *rest)
        else:
            lost.append(kind)

    monkeypatch.setattr(TraceViewer, "_receive", forgetful)
    shown(blank, stream)
    assert lost == ["rows"]


@pytest.mark.parametrize("theme", ["light", "dark", "bare"])
def test_a_session_live(blank: Make, session: xa.Session, theme: str) -> None:
    viewer = session.trace_viewer()
    here = blank("subshell", theme)
    here.show(viewer)
    session.diagnose("hamlet@elsinore.lit")
    here.page.get_by_label("Address contains").fill("hamlet")
    here.page.get_by_role("option", name="sent, iq, to hamlet@elsinore.lit, get avatar metadata").first.click()
    here.page.locator(".xav-detail", has_text="urn:xmpp:avatar:metadata").wait_for()
    here.page.get_by_role("button", name="Sequence diagram").click()
    here.page.locator(".xav-diagram svg", has_text="hamlet@elsinore.lit").wait_for()
    assert faults(here.page) == []
    passed = len(viewer.trace)
    viewer.close()
    session.features()
    session.diagnose("romeo@montague.lit")
    assert len(viewer.trace) == passed


@pytest.mark.parametrize("theme", ["light", "dark", "bare"])
def test_nothing_yet(blank: Make, theme: str) -> None:
    stream = Stream()
    here = blank("main", theme)
    here.show(TraceViewer(stream.trace))
    here.page.get_by_text("No stanza has passed yet").wait_for()
    assert faults(here.page) == []
    stream.pass_(IN, HERE)
    here.page.get_by_role("option", name="1, received, presence").wait_for()
    expect(here.page.get_by_text("No stanza has passed yet")).to_be_hidden()
