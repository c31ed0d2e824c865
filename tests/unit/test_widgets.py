"""Widgets without a browser: their traits, what they take, refuse, show when closed, and send."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import pytest
import traitlets

from tests.browser.people import crowd, one, picture
from xavatar.errors import ConfigError, FrameError, SessionClosed
from xavatar.frames import frame
from xavatar.widgets import Gallery, Inspector, Widget
from xavatar.widgets.album import Album
from xavatar.widgets.assets import script


@pytest.fixture
def gallery() -> Iterator[Gallery]:
    table, pictures = crowd(30)
    made = Gallery(table, pictures=pictures)
    yield made
    made.close()


@pytest.mark.slow
def test_importing_xavatar_imports_no_widgets() -> None:
    check = (
        "import sys, xavatar.session, xavatar.frames; "
        "heavy = {'ipywidgets', 'anywidget', 'xavatar.widgets'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", check], check=True, timeout=30)


def test_unknown_keywords_are_refused(gallery: Gallery) -> None:
    table, _ = crowd(1)
    with pytest.raises(TypeError, match="titel"):
        table.xavatar.gallery(titel=3)
    with pytest.raises(TypeError, match="Widget takes no keyword buzy"):
        Widget(buzy="x")
    with pytest.raises(traitlets.TraitError):
        gallery.tile = 4000
    with pytest.raises(FrameError):
        Gallery(table.drop(columns="dhash"))


def test_selection(gallery: Gallery) -> None:
    gallery.selected = ["user3@mantua.lit", "user0@verona.lit", "user3@mantua.lit"]
    assert gallery.selected == ["user3@mantua.lit", "user0@verona.lit"]
    assert gallery.selection_frame()["jid"].tolist() == ["user0@verona.lit", "user3@mantua.lit"]
    with pytest.raises(ConfigError, match=r"nobody@x\.lit"):
        gallery.selected = ["nobody@x.lit"]
    assert len(gallery.selected) == 2
    assert repr(gallery) == "<Gallery of 30, 2 selected>"


def test_what_a_browser_may_set(gallery: Gallery) -> None:
    people = gallery._people
    gallery.set_state({"_chosen": [1, 1, -4, 99], "_focus": 2, "_people": {}, "problem": "forged", "sort": "name"})
    assert gallery.selected == ["user1@mantua.lit"]
    assert gallery.active == "user2@verona.lit"
    assert gallery.sort == "name"
    assert gallery._people is people
    assert gallery.problem == ""
    gallery.set_state({"_focus": 99})
    assert gallery.active is None


@pytest.mark.parametrize(
    "content",
    [
        None, [], {"type": 3}, {"type": "unknown"}, {"type": "pictures"}, {"type": "save", "number": "0"},
        {"type": "pictures", "numbers": [0], "side": 10**9},
        {"type": "pictures", "numbers": ["0", None, -1, 10**6, True], "side": 64},
    ],
)  # fmt: skip
def test_nonsense_from_a_browser_does_nothing(gallery: Gallery, content: Any) -> None:
    sent: list[Any] = []
    gallery.send = lambda *message: sent.append(message)
    gallery._handle_custom_msg(content, [])
    assert sent == []
    assert gallery.problem == ""


def test_a_closed_widget_shows_a_still(gallery: Gallery) -> None:
    live, _ = gallery._repr_mimebundle_()
    assert set(live) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert "showing 24 of 30" in live["text/html"]
    layout = gallery.layout
    gallery.close()
    gallery.close()
    assert layout.comm is None
    assert gallery.closed
    assert set(gallery._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_an_inspector_follows_the_gallery(gallery: Gallery) -> None:
    gallery.active = "user4@verona.lit"
    shown = gallery.inspector()
    assert shown.jid == "user4@verona.lit"
    gallery.set_state({"_focus": 7})
    assert shown.jid == "user7@mantua.lit"
    assert shown._sheet["label"] == "Benvolio 0007"
    shown.close()
    gallery.set_state({"_focus": 8})
    assert shown.jid == "user7@mantua.lit"


def test_from_a_frame() -> None:
    table, pictures = crowd(3)
    shown = table.xavatar.inspector("user1@mantua.lit", pictures=pictures)
    assert repr(shown) == "<Inspector of user1@mantua.lit>"
    assert shown._sheet["sources"][0]["lines"][0]["status"] == "ok"
    shown.close()
    with pytest.raises(ConfigError, match=r"nobody@x\.lit"):
        table.xavatar.inspector("nobody@x.lit")


def test_answers_that_come_late_and_on_other_threads() -> None:
    """The button stays usable, the error is told, nobody waits."""
    outcome, (sha1, data) = one(0, picture(0))
    asked: list[Future[Any]] = []

    def ask(jid: str) -> Future[Any]:
        asked.append(Future())
        return asked[-1]

    shown = Inspector(frame([outcome]), pictures={sha1: data}, ask=ask)
    shown._handle_custom_msg({"type": "refresh"}, [])
    assert shown.busy == "Asking the server…"
    thread = threading.Thread(target=asked[0].set_exception, args=[SessionClosed("The session is closed.")])
    thread.start()
    thread.join()
    assert shown.busy == ""
    assert shown.problem == "The session is closed."
    shown.refresh()
    assert shown.problem == ""
    asked[1].cancel()
    with contextlib.suppress(BaseException):
        asked[1].set_running_or_notify_cancel()
    assert (shown.busy, shown.problem) == ("", "")
    shown.close()


def test_an_album_gives_numbers_once_and_small_copies() -> None:
    pictures = {f"{number:040x}": picture(number, 200) for number in range(3)}
    album = Album(pictures.get)
    numbers = [album.number(sha1) for sha1 in [*pictures, *pictures, "f" * 40]]
    assert numbers == [0, 1, 2, 0, 1, 2, 3]
    ((table, data),) = album.batches(numbers[-3:], 64)
    assert [row[0] for row in table] == [1, 2, 3]
    assert table[-1][2:] == [0, ""]
    assert len(data) == sum(row[2] for row in table)
    assert data[table[1][1] :].startswith(b"\x89PNG")
    assert album.original(2) == pictures[f"{2:040x}"]


def test_a_module_is_one_text() -> None:
    text = script("gallery")
    assert "import " not in "\n".join(line for line in text.splitlines() if line.startswith("import"))
    assert text.count("export default") == 1
    assert text.index("class View") < text.index("class Album") < text.index("class People") < text.index("class Wall")
