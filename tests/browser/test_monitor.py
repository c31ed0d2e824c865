"""The monitor: its page with the real class behind it, then a second session that publishes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import expect

import xavatar as xa
from tests.browser.axe import faults
from tests.browser.blank import Blank
from tests.browser.people import EVIL, TURNED, picture
from tests.contract.conftest import login
from tests.servers import Cast, Prosody, RunningServer
from tests.support import requires
from xavatar.collect.changes import NONE, Change, Changes, Face, What
from xavatar.model import Source
from xavatar.widgets import Monitor

Make = Callable[..., Blank]
AT = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
FACES = """(many) => [...document.querySelectorAll(".xav-moment img")]
  .filter((one) => one.src && one.complete).length === many"""


class Stage:
    """Changes made up as they are wanted."""

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}
        self.changes = Changes(300, self.pictures.get)

    def face(self, seed: int, side: int = 96) -> Face:
        data = picture(seed, side)
        sha1 = hashlib.sha1(data).hexdigest()
        self.pictures[sha1] = data
        return Face(sha1, sha1, "image/png", len(data), side, side)

    def happen(self, before: Face | None = NONE, after: Face = NONE, **more: Any) -> None:
        what = What.PUBLISHED if after.id else What.DISABLED
        wanted = {"jid": "romeo@montague.lit", "name": "Romeo", "what": what, "source": Source.PEP, "at": AT}
        self.changes.add(Change(**{**wanted, "before": before, "after": after, **more}))  # type: ignore[arg-type]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def change(here: Blank, at: int, view: str = "#view1") -> Any:
    return here.page.locator(f"{view} .xav-change").nth(at)


@pytest.mark.parametrize("threads", ["main", "subshell"])
def test_before_and_after(blank: Make, stage: Stage, threads: str) -> None:
    here = blank(threads)
    here.show(Monitor(stage.changes))
    here.page.get_by_text("Nothing has changed yet").wait_for()
    stage.happen(stage.face(1), stage.face(2, 20))
    here.page.get_by_role("img", name="avatar of Romeo before").wait_for()
    after = here.page.get_by_role("img", name="avatar of Romeo after")
    here.page.wait_for_function(FACES, arg=2)
    box = after.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (20, 20)  # never scaled up (P84-21)
    stage.happen(None, NONE, jid="hamlet@elsinore.lit", name="Hamlet")
    change(here, 1).wait_for()
    words = change(here, 0).inner_text()
    for word in ("Hamlet", "hamlet@elsinore.lit", "not known", "none", "switched off", "PEP"):
        assert word in words
    here.page.get_by_text("2 changes · up to 300 are kept").wait_for()
    expect(here.page.get_by_text("Nothing has changed yet")).to_be_hidden()


@pytest.mark.parametrize("threads", ["main", "subshell"])
def test_pause_resume_and_clear_by_keyboard(blank: Make, stage: Stage, threads: str) -> None:
    here = blank(threads)
    monitor = Monitor(stage.changes)
    here.show(monitor)
    stage.happen()
    change(here, 0).wait_for()
    keys = here.page.keyboard
    keys.press("Tab")
    keys.press("Enter")
    here.until(lambda: monitor.paused, "paused in Python")
    ring = here.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid"
    for _ in range(3):
        stage.happen(jid="hamlet@elsinore.lit")
    here.page.get_by_text("paused, 3 new meanwhile").wait_for()
    expect(here.page.locator(".xav-change")).to_have_count(1)
    keys.press("Space")
    change(here, 3).wait_for()
    keys.press("Tab")
    keys.press("Enter")
    here.page.get_by_text("Nothing has changed yet").wait_for()
    expect(here.page.locator(".xav-change")).to_have_count(0)
    assert len(monitor.frame) == 0
    stage.happen()
    change(here, 0).wait_for()
    assert len(monitor.frame) == 1


def test_hundreds_in_order_in_every_view(blank: Make, stage: Stage) -> None:
    here = blank()
    monitor = Monitor(stage.changes)
    for number in range(400):
        stage.happen(stage.face(number % 3), stage.face(number % 3 + 1), jid=f"user{number}@x.lit", name="")
    here.show(monitor)
    here.show(monitor)
    here.page.get_by_text("400 changes · the last 300 are kept").first.wait_for()
    for view in ("#view1", "#view2"):
        change(here, 49, view).wait_for()
        jids = here.page.locator(f"{view} .xav-name").all_inner_texts()
        assert jids == [f"user{number}@x.lit" for number in range(399, 349, -1)]
    here.page.locator("#view1").get_by_role("button", name="Show 50 more").click()
    change(here, 99).wait_for()
    stage.happen(jid="newest@x.lit", name="")
    here.page.wait_for_function("() => document.querySelector('#view2 .xav-name').textContent === 'newest@x.lit'")
    expect(here.page.locator("#view1 .xav-change")).to_have_count(100)
    monitor.close()
    here.page.wait_for_function("() => document.querySelector('.xav') === null")
    here.page.wait_for_function("() => notebook.unrevoked() === 0")


def test_who_reads_is_not_pushed_along(blank: Make, stage: Stage) -> None:
    here = blank()
    monitor = Monitor(stage.changes, height=200)
    for number in range(20):
        stage.happen(jid=f"user{number}@x.lit", name="")
    here.show(monitor)
    change(here, 19).wait_for()
    here.page.evaluate("() => { document.querySelector('.xav-log').scrollTop = 300; }")
    place = "() => Math.round(document.querySelectorAll('.xav-change')[%d].getBoundingClientRect().top)"
    before = here.page.evaluate(place % 5)
    stage.happen(jid="newest@x.lit", name="")
    change(here, 20).wait_for()
    assert here.page.evaluate(place % 6) == before


@pytest.mark.parametrize("theme", ["light", "dark", "bare"])
def test_hostile_words_are_text(blank: Make, stage: Stage, theme: str) -> None:
    here = blank("main", theme)
    here.show(Monitor(stage.changes))
    stage.happen(stage.face(1), Face("x" * 5000), name=EVIL, note=EVIL, resource=TURNED)
    stage.happen(None, stage.face(2), name="x" * 10_000)
    stage.happen(None, NONE, name=TURNED, jid="j" * 10_000)
    change(here, 2).wait_for()
    assert here.page.title() == "Widgets"
    expect(here.page.locator("main script, main img[src=x]")).to_have_count(0)
    assert here.page.locator(".xav-name").all_inner_texts()[2] == EVIL
    assert here.page.locator(".xav-name").all_inner_texts()[0] == "\ufffdevil\ufffdname"
    assert here.page.evaluate("() => document.querySelector('.xav-log').scrollWidth <= 900")
    assert faults(here.page) == []


def test_a_lost_kernel_leaves_what_was_seen(blank: Make, stage: Stage) -> None:
    here = blank()
    here.show(Monitor(stage.changes))
    stage.happen(stage.face(1), stage.face(2))
    here.page.wait_for_function(FACES, arg=2)
    here.page.evaluate("() => Object.values(notebook.models)[0].emit('comm_live_update')")
    here.page.get_by_text("The kernel has gone or was restarted").wait_for()
    expect(here.page.locator(".xav-moment img")).to_have_count(2)


def test_failures_are_shown_inside(blank: Make, stage: Stage) -> None:
    def broken(_: str) -> bytes | None:
        raise OSError("the disk is gone")

    here = blank()
    stage.happen(stage.face(1), stage.face(2))
    stage.changes.picture = broken
    here.show(Monitor(stage.changes))
    here.page.get_by_role("alert").get_by_text("OSError: the disk is gone").wait_for()


@pytest.fixture
def people() -> Iterator[tuple[xa.Session, xa.Session]]:
    """One who watches, and a contact who publishes."""
    with xa.connect(sandbox="pair") as watcher:
        box = watcher.sandbox
        assert box is not None
        other = next(jid for jid in box.logins if not watcher.jid.startswith(jid))
        with xa.connect(other, sandbox=box) as owner:
            yield watcher, owner


@pytest.mark.parametrize("theme", ["light", "dark", "bare"])
def test_a_second_session_publishes(blank: Make, people: tuple[xa.Session, xa.Session], theme: str) -> None:
    watcher, owner = people
    here = blank("subshell", theme)
    owner.publish(picture(1))
    monitor = watcher.monitor(progress=False)
    here.show(monitor)
    owner.publish(picture(2))
    here.page.locator(".xav-change", has_text="published").first.wait_for()
    here.page.wait_for_function(FACES, arg=2)
    owner.unpublish()
    here.page.locator(".xav-change", has_text="switched off").first.wait_for()
    table = monitor.frame
    assert table["what"].tolist()[:2] == ["published", "disabled"]
    assert table["sha1_before"].tolist()[1] == table["sha1"].tolist()[0]
    assert faults(here.page) == []
    watcher.close()
    here.page.get_by_text("Watching has ended.").wait_for()
    expect(here.page.get_by_role("button", name="Pause")).to_be_disabled()


@pytest.fixture
def prosody_plain(cast: Cast) -> Iterator[RunningServer]:
    """Prosody, started in a thread of its own: in this one Playwright's loop counts as running."""
    requires(*Prosody.needs)
    with ThreadPoolExecutor(1) as pool:
        server = pool.submit(Prosody.start, cast, conversion=False).result()
    yield server
    server.stop()


def test_on_prosody(blank: Make, prosody_plain: RunningServer) -> None:
    """A real server's events; a walk-on publishes, whom juliet has in her roster."""
    here = blank("subshell")
    publisher = prosody_plain.jid("walkon9")
    with (
        xa.connect(**login(prosody_plain, "juliet")) as watcher,
        xa.connect(**login(prosody_plain, "walkon9")) as owner,
    ):
        monitor = watcher.monitor(progress=False)
        here.show(monitor)
        try:
            for seed in (101, 102):
                wanted = owner.publish(picture(seed)).plan.avatar
                assert wanted is not None
                sha1 = hashlib.sha1(wanted.image_bytes).hexdigest()
                here.until(lambda sha1=sha1: sha1 in set(monitor.frame["sha1"]), f"picture {seed} in the monitor")
        finally:
            owner.wipe()
        here.page.locator(".xav-change", has_text=publisher).filter(has_text="published").nth(1).wait_for()
        table = monitor.frame
        published = table[(table["jid"] == publisher) & (table["what"] == "published")]
        assert published["sha1_before"].tolist()[-1] == published["sha1"].tolist()[-2]
        here.until(lambda: monitor.changes[-1].after == NONE, "that it is gone")
