"""The publisher without a browser: what it takes, makes, plans, does, refuses, and keeps to go back to."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
import traitlets
from PIL import Image

from tests.browser.memory import JULIET, Memory, memory, there
from tests.browser.people import EVIL, TURNED, picture
from xavatar.avatar import UrlRefused
from xavatar.errors import ConfigError, TooLarge, UnsupportedFormat
from xavatar.model import Status
from xavatar.widgets import Publisher, work
from xavatar.widgets.original import OWN, Original, Parts
from xavatar.widgets.proposal import restored, standing

PHOTO = picture(1, 300, 200)
BEFORE = picture(2, 64)


def until(true: Callable[[], Any]) -> None:
    """Wait until something is true that another thread brings about."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.fixture
def server() -> Iterator[Memory]:
    with memory(there(BEFORE)) as made:
        yield made


@pytest.fixture
def shown(server: Memory) -> Iterator[Publisher]:
    made = Publisher(server, PHOTO)
    yield made
    made.close()


def say(widget: Publisher, kind: str, **content: Any) -> None:
    """Send what a page would send."""
    widget._handle_custom_msg({"type": kind, **content}, content.pop("buffers", []))


def planned(widget: Publisher, ask: Callable[[], object]) -> int:
    """Ask for a plan; return its number."""
    before = widget._plans
    ask()
    until(lambda: widget._plans > before and widget._phase == "planned")
    return int(widget._plan["number"])


def carried_out(widget: Publisher, ask: Callable[[], object], end: str = "done") -> None:
    say(widget, "confirm", number=planned(widget, ask))
    until(lambda: widget._phase == end)


def test_a_picture_is_cut_and_made(shown: Publisher, server: Memory) -> None:
    until(lambda: shown._made)
    assert shown.crop == [50, 0, 250, 200]
    assert (shown._source["width"], shown._source["height"]) == (300, 200)
    assert shown.avatar.size == (192, 192)
    assert shown._made["crop"] == shown.crop
    assert [rung["pixels"] for rung in shown._made["rungs"] if rung["chosen"]] == ["192 × 192"]
    shown.crop, shown.size = [0, 0, 90, 80], 64
    until(lambda: shown._made.get("width") == 64)
    assert shown.crop == [5, 0, 85, 80]
    assert server.asked[-1] == ("prepare", {"crop": (5, 0, 85, 80), "size": 64, "large": None})
    shown.crop = [-50, -50, 1000, 1000]
    assert shown.crop == [100, 0, 300, 200]
    with pytest.raises(ConfigError, match="left, upper, right and lower"):
        shown.crop = [1, 2, 3]


def test_what_is_no_picture_is_refused(server: Memory) -> None:
    with pytest.raises(TypeError, match="acess_model"):
        Publisher(server, acess_model="open")
    with pytest.raises(traitlets.TraitError):
        Publisher(server, access_model="everybody")
    with pytest.raises(UnsupportedFormat):
        Publisher(server, b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(ConfigError, match="Load one first"):
        Publisher(server).review()


def test_published_and_back_again(shown: Publisher, server: Memory) -> None:
    """The bytes that were there come back as they were; then, the account having had none, it has none again."""
    shown.access_model, shown.vcard = "open", True
    carried_out(shown, shown.review)
    assert server.asked[-2] == ("plan", ("open", True))
    assert shown.publication.done
    assert [state for state, *_ in shown._steps] == ["done"] * 3
    published = server.now.image
    until(lambda: shown._now["access"] == "open")
    assert shown._undo == "Back to the previous avatar"
    carried_out(shown, shown.undo)
    assert (server.now.image, server.now.access_model) == (BEFORE, "presence")
    carried_out(shown, shown.undo)
    assert server.now.image == published
    carried_out(shown, lambda: shown.remove(wipe=True))
    assert server.asked[-2] == ("plan_removal", (True, True))
    until(lambda: not shown._now["there"])
    carried_out(shown, shown.review)
    assert shown._undo == "Back to no avatar"
    carried_out(shown, shown.undo)
    assert server.now.status is Status.DISABLED


def test_an_earlier_answer_does_not_hide_a_later_one(
    shown: Publisher, server: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was there when the plan was made is shown by one thread, what is there after it by another."""
    until(lambda: shown._made and shown._now)
    held: list[Callable[[], object]] = []
    monkeypatch.setattr(work, "submit", lambda function: held.append(function) or Future())
    shown.access_model = "open"
    carried_out(shown, shown.review)
    until(lambda: len(held) == 2)
    for function in reversed(held):
        function()
    assert shown._now["access"] == "open"


def test_a_plan_is_asked_for_while_the_avatar_is_made(server: Memory) -> None:
    made = Publisher(server, PHOTO)
    assert made._source["name"] == ""
    for side in (100, 80):
        made.size = side
        made.review()
    until(lambda: made._plan)
    assert made.plan.avatar.size == (80, 80)
    made.close()


def test_only_what_is_shown_can_be_confirmed(shown: Publisher, server: Memory) -> None:
    first = planned(shown, shown.review)
    say(shown, "confirm", number=first - 1)
    say(shown, "confirm")
    assert shown._phase == "planned"
    for change in ({"access_model": "open"}, {"size": 96}, {"vcard": True}, {"crop": [0, 0, 50, 50]}):
        number = planned(shown, shown.review)
        shown.set_state(change)
        assert (shown.plan, shown._plan, shown._phase) == (None, {}, "")
        say(shown, "confirm", number=number)
    planned(shown, shown.review)
    say(shown, "cancel")
    assert shown._plan == {}
    assert "carry_out" not in dict(server.asked)


def test_a_plan_that_cannot_succeed_says_so(shown: Publisher, server: Memory) -> None:
    server.refused = "The server offers no PEP."
    planned(shown, shown.review)
    assert shown._plan["possible"] is False
    assert shown._plan["cautions"][0] == ["P163-02", "error", "The server offers no PEP."]
    stanza = "".join(text for _, text in shown._plan["steps"][0]["stanza"])
    assert "3,000 bytes" in stanza or "4,000" in stanza
    assert "AAAAAAAAAAAA" * 20 not in stanza


def test_a_step_that_fails(shown: Publisher, server: Memory) -> None:
    server.fails = "announce"
    carried_out(shown, shown.review, "failed")
    assert [state for state, *_ in shown._steps] == ["done", "failed", "planned"]
    until(lambda: shown.problem)
    assert shown.problem == f"{JULIET}: Announce it: no"
    assert shown._undo
    server.fails = ""
    carried_out(shown, shown.undo)
    assert server.now.image == BEFORE


def test_stopped(shown: Publisher, server: Memory) -> None:
    server.held = "announce"
    say(shown, "confirm", number=planned(shown, shown.review))
    until(lambda: shown._steps[1][0] == "under way")
    shown.size = 64
    assert "being carried out" in shown.problem
    with pytest.raises(ConfigError, match="being carried out"):
        shown.load(PHOTO)
    say(shown, "stop")
    until(lambda: shown._phase == "stopped")
    assert shown._undo


def test_a_server_that_does_not_answer(server: Memory) -> None:
    server.mute = True
    made = Publisher(server)
    until(lambda: made.problem)
    assert "out of order" in made.problem
    assert made.busy == ""
    server.mute = False
    say(made, "refresh")
    until(lambda: made._now)
    assert made.problem == ""
    made.close()


def test_a_file_in_parts() -> None:
    parts, data = Parts(), bytes(range(256)) * 20
    pieces = [data[at : at + 1000] for at in range(0, len(data), 1000)]
    order = [4, 0, 2, 1, 5, 3]
    taken = [parts.add({"file": "a", "part": at, "of": 6}, [memoryview(pieces[at])]) for at in order]
    assert taken[:-1] == [None] * 5
    assert taken[-1] == data
    for key in "abc":  # of three at once the first is given up
        parts.add({"file": key, "part": 0, "of": 2}, [memoryview(key.encode())])
    last = [parts.add({"file": key, "part": 1, "of": 2}, [memoryview(b"x")]) for key in "cba"]
    assert last == [b"cx", b"bx", None]
    piece = memoryview(bytes(OWN.max_bytes // 2 + 1))
    parts.add({"file": "c", "part": 0, "of": 3}, [piece])
    with pytest.raises(TooLarge, match="64 MiB"):
        parts.add({"file": "c", "part": 1, "of": 3}, [piece])


@pytest.mark.parametrize(
    "content",
    [
        {}, {"part": 0}, {"file": [], "part": 0, "of": 1}, {"file": "a", "part": "0", "of": 1},
        {"file": "a", "part": 1, "of": 1}, {"file": "a", "part": -1, "of": 3}, {"file": "a", "part": 0, "of": 1},
        {"file": "a", "part": True, "of": 2},
    ],
)  # fmt: skip
def test_nonsense_is_no_part(content: dict[str, Any]) -> None:
    assert Parts().add(content, []) is None
    assert Parts().add({"file": "a", **content, "of": "1"}, [memoryview(b"x")]) is None


def test_a_page_brings_a_file(server: Memory) -> None:
    made = Publisher(server)
    made._handle_custom_msg({"type": "load", "file": "k", "part": 0, "of": 1, "name": "me.png"}, [memoryview(PHOTO)])
    until(lambda: made._made)
    assert made._source["name"] == "me.png"
    made._handle_custom_msg({"type": "load", "file": "l", "part": 0, "of": 1}, [memoryview(b"no picture")])
    until(lambda: made.problem)
    assert "cannot be used" in made.problem
    assert made._source["name"] == "me.png"
    made.close()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/etc/passwd", "begins with https://"), ("file:///etc/passwd", "begins with https://"),
        ("http://capulet.lit/a.png", "begins with https://"), ("https://127.0.0.1/a.png", "not a public address"),
        ("https://localhost:8443/a.png", "at port 8443"),
    ],
)  # fmt: skip
def test_addresses_from_a_page(server: Memory, address: str, words: str) -> None:
    """A page gets neither this machine's files nor what its network keeps to itself (A-16)."""
    made = Publisher(server)
    say(made, "fetch", address=address)
    until(lambda: made.problem)
    assert words in made.problem
    assert made._source == {}
    made.close()
    if address.startswith("https"):
        with pytest.raises(UrlRefused):
            Original.open(address)


def test_what_a_browser_may_set(shown: Publisher) -> None:
    until(lambda: shown._made)
    made = shown._made
    shown.set_state({"_made": {}, "_phase": "done", "_undo": "forged", "problem": "forged", "large": True})
    assert shown._made is made
    assert (shown._phase, shown._undo, shown.problem, shown.large) == ("", "", "", True)
    until(lambda: shown._made.get("uploads") == [])
    for content in ({"type": "confirm", "number": None}, {"type": "fetch", "address": 3}, {"type": "stop"}, {}, None):
        shown._handle_custom_msg(content, [])
    assert shown.problem == ""


def test_closed_it_holds_nothing(server: Memory) -> None:
    made = Publisher(server, PHOTO, current=there(BEFORE))
    live, _ = made._repr_mimebundle_()
    until(lambda: made._made)
    before = made._static_html()
    assert before.count("<img") == 2
    assert "data:image/png;base64," in before
    planned(made, made.review)
    made.close()
    assert set(live) == {"text/plain", "text/html", "application/vnd.jupyter.widget-view+json"}
    assert set(made._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert "Store the image" in made._static_html()
    assert (made._pictures, made._original, made._previous) == ({}, None, None)
    assert repr(made) == f"<Publisher of {JULIET} (closed)>"


def test_hostile_words_are_harmless() -> None:
    shown = standing(there(BEFORE, EVIL + TURNED, id=TURNED + "x" * 9000, mime=EVIL), 3)
    assert shown["picture"] == 3
    assert all(len(line) < 200 for line in shown["lines"])
    assert "\u202e" not in repr(shown)
    assert standing(there(b"no picture at all"), 3)["picture"] == -1


def test_what_is_kept_comes_back() -> None:
    link = {"url": "https://capulet.lit/j.webp", "mime": "image/webp", "nbytes": 9, "width": 5, "height": 5}
    before = there(BEFORE)
    linked = there(BEFORE, **link).descriptors
    both = restored(type(before)(Status.OK, (*before.descriptors, *linked), BEFORE))
    assert both.image_bytes == BEFORE
    assert both.links == ("https://capulet.lit/j.webp",)
    photo = io.BytesIO()
    Image.open(io.BytesIO(PHOTO)).convert("RGB").save(photo, "JPEG")
    anew = restored(there(photo.getvalue()))
    assert anew.size == (300, 200)
    assert (anew.image_bytes or b"").startswith(b"\x89PNG")


@pytest.mark.slow
def test_large_photos_are_kept_smaller(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    path.write_bytes(PHOTO)
    assert [Original.open(each).name for each in (path, str(path), PHOTO)] == ["face.png", "face.png", ""]
    original = Original.open(Image.new("RGB", (6000, 4000), "teal"))
    assert original.image.size == (4096, 2731)
    assert Image.open(io.BytesIO(original.proof)).size == (1024, 683)
    assert original.square((4000, 0, 9000, 5000)) == (1365, 0, 4096, 2731)
    with Image.open(io.BytesIO(original.proof)) as proof:
        assert proof.format == "PNG"
