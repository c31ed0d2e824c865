"""The publisher on servers: from a file in the page to what another session gets, and nothing left at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import expect

import xavatar as xa
from tests.browser.axe import faults
from tests.browser.blank import Blank
from tests.browser.publishing import choose, made, photo, press
from tests.contract.conftest import login
from tests.servers import Cast, Prosody, RunningServer
from tests.support import requires
from xavatar.avatar.read import fetch_data

__all__ = ["photo"]  # a fixture

Make = Callable[..., Blank]


def seen_by(session: xa.Session, jid: str, id_: str) -> bytes:
    """Return the image of somebody's data node, as another session gets it."""
    return session._portal.call(fetch_data(session._twin._online().wire, jid, id_, timeout=30)).data


def through_the_page(blank: Make, mine: xa.Session, other: xa.Session, photo: Path) -> None:
    widget = mine.publisher()
    here = blank("subshell")
    here.show(widget)
    choose(here.page, photo)
    avatar = made(here, widget)
    here.page.get_by_role("application").press("+")
    here.page.get_by_role("combobox", name="Who may see it").select_option("open")
    here.page.get_by_label("a large one too").check()
    here.page.get_by_text("To upload: ").wait_for()
    press(here, "Review the plan")
    here.page.get_by_role("region", name="Plan").get_by_text("as image/webp").wait_for()
    assert widget.avatar.png_id != avatar.png_id
    press(here, "Publish")
    here.page.get_by_text("Done: every step").wait_for()
    jid = mine.jid.partition("/")[0]
    id_ = widget.avatar.png_id
    assert seen_by(other, jid, id_) == widget.avatar.image_bytes
    here.page.get_by_text(f"SHA-1 {id_}").first.wait_for()
    here.page.get_by_text("1 source at an address").wait_for()
    press(here, "Wipe…")
    press(here, "Wipe")
    here.page.get_by_text("No avatar is announced (").wait_for()
    with pytest.raises(xa.errors.QueryError):
        seen_by(other, jid, id_)
    assert widget.problem == ""


def test_on_the_sandbox(blank: Make, photo: Path) -> None:
    with (
        xa.sandbox("pair") as box,
        xa.connect("valentine@verona.lit", sandbox=box) as mine,
        xa.connect("proteus@verona.lit", sandbox=box) as other,
    ):
        through_the_page(blank, mine, other, photo)


@pytest.fixture(scope="module")
def prosody(cast: Cast) -> Iterator[RunningServer]:
    """Prosody, started in a thread of its own: in this one Playwright's loop counts as running."""
    requires(*Prosody.needs)
    with ThreadPoolExecutor(1) as pool:
        server = pool.submit(Prosody.start, cast).result()
    yield server
    server.stop()


def test_on_prosody(blank: Make, photo: Path, prosody: RunningServer) -> None:
    with xa.connect(**login(prosody, "walkon9"), timeout=20) as mine, xa.connect(**login(prosody), timeout=20) as other:
        try:
            through_the_page(blank, mine, other, photo)
        finally:
            mine.wipe(vcard=True)


def test_a_room(blank: Make, photo: Path) -> None:
    """A room has one picture for everybody: no access model, no vCard of one's own, nothing to switch off."""
    room = "balcony@rooms.capulet.lit"
    with xa.connect(sandbox="verona") as session:
        widget = session.publisher(room=room)
        here = blank("subshell")
        here.show(widget)
        before = widget._current.image
        choose(here.page, photo)
        avatar = made(here, widget)
        expect(here.page.get_by_role("heading", name="Publish the avatar of a room")).to_be_visible()
        for hidden in ("Who may see it", "the vCard's photo too", "a large one too"):
            assert here.page.get_by_text(hidden).is_hidden()
        expect(here.page.get_by_role("button", name="Switch off")).to_have_count(0)
        press(here, "Review the plan")
        press(here, "Publish")
        here.page.get_by_text("Done: every step").wait_for()
        seen = session.room(room, progress=False).query("kind == 'room'")
        assert set(seen["id"].dropna()) | set(seen["sha1"].dropna()) == {avatar.png_id}
        press(here, "Undo")
        press(here, "Publish")
        here.until(lambda: widget._current.image == before, "the former picture")
        tomb = session.publisher(photo, room="tomb@rooms.capulet.lit")
        view = here.page.locator(here.show(tomb))
        view.get_by_role("button", name="Review the plan").click()
        view.get_by_text("Only owners change a room's avatar").wait_for()
        expect(view.get_by_role("button", name="Publish", exact=True)).to_be_disabled()
        assert faults(here.page) == []
        assert (widget.problem, tomb.problem) == ("", "")
