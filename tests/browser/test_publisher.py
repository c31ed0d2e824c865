"""The publisher: its page with the real class behind it, and behind that a server that is a few attributes."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

import xavatar as xa
from tests.browser.axe import faults
from tests.browser.blank import Blank
from tests.browser.memory import Memory, memory, there
from tests.browser.people import EVIL, TURNED, picture
from tests.browser.publishing import choose, made, photo, press, publisher
from xavatar.widgets import Publisher, assets

__all__ = ["photo"]  # a fixture

Make = Callable[..., Blank]
STATIC = Path(assets.__file__).with_name("static")


@pytest.fixture
def server() -> Iterator[Memory]:
    with memory(there(picture(2, 64))) as made:
        yield made


def drawn(here: Blank, *rows: str) -> None:
    """Wait until these rows of the preview are there and painted: what has no size is not visible."""
    for row in rows:
        canvases = here.page.locator(f".xav-preview canvas[aria-label^='{row}, ']")
        expect(canvases).to_have_count(12)  # three sizes, square and round, on light and dark
        for canvas in canvases.all():
            expect(canvas).to_be_visible()


def loaded(blank: Make, server: Memory, photo: Path, **options: Any) -> tuple[Blank, Publisher]:
    here, widget = blank(**options), publisher(server)
    here.show(widget)
    choose(here.page, photo)
    made(here, widget)
    return here, widget


@pytest.mark.parametrize("threads", ["main", "subshell"])
def test_from_a_file_to_published_and_back(blank: Make, server: Memory, photo: Path, threads: str) -> None:
    before = server.now.image
    here, widget = loaded(blank, server, photo, threads=threads)
    here.page.get_by_role("combobox", name="Who may see it").select_option("open")
    expect(here.page.get_by_text("Everybody who knows the address sees it")).to_be_visible()
    here.page.get_by_role("combobox", name="Pixels").select_option("96")
    avatar = made(here, widget, 96)
    press(here, "Review the plan")
    plan = here.page.get_by_role("region", name="Plan")
    expect(plan.get_by_role("heading", name="Publish this avatar")).to_be_focused()
    plan.get_by_text("Stanza", exact=True).nth(1).click()
    expect(plan.locator(".xav-xml").nth(1)).to_contain_text(f'id="{avatar.png_id}"', use_inner_text=True)
    press(here, "Publish")
    plan.get_by_text("Done: every step, and what is there was read back.").wait_for()
    expect(plan.get_by_role("img", name="done")).to_have_count(3)
    assert (server.now.image, server.now.access_model) == (avatar.image_bytes, "open")
    here.page.get_by_text(f"SHA-1 {avatar.png_id}").first.wait_for()
    assert widget.publication.done
    press(here, "Undo")
    press(here, "Publish")
    here.page.get_by_text("Access model presence").wait_for()
    assert server.now.image == before


def test_an_account_without_an_avatar(blank: Make, photo: Path) -> None:
    with memory() as server:
        here, _ = loaded(blank, server, photo)
        here.page.get_by_role("img", name="new, round, 96 pixels, on dark").wait_for()
        expect(here.page.get_by_text("No avatar is announced (not found).")).to_be_visible()
        expect(here.page.get_by_role("img", name="now,")).to_have_count(0)


def test_an_upright_square_is_cut_by_keyboard(blank: Make, server: Memory, photo: Path) -> None:
    """What is cut is what was seen: the pixels of the avatar are those of the place."""
    here, widget = loaded(blank, server, photo)
    assert widget.crop == [0, 80, 480, 560]
    stage = here.page.get_by_role("application", name="Cut out a square")
    stage.focus()
    for times in range(1, 9):
        stage.press("+")
        if times in (2, 7):  # a pause, after which a cut counts, does not round what comes later
            here.until(lambda: widget.crop[2] - widget.crop[0] == round(480 / 1.1**times), "a pause")  # noqa: B023
    for _ in range(12):
        stage.press("Shift+ArrowDown")
    for _ in range(12):
        stage.press("Shift+ArrowLeft")
    here.until(lambda: widget.crop[0] == 0 and widget.crop[3] == 640, "the lower left corner")
    left, upper, right, lower = widget.crop
    assert right - left == lower - upper == round(480 / 1.1**8)
    expect(here.page.get_by_text(f"{right} × {right} pixels at 0, {upper} of 480 × 640")).to_be_visible()
    red, green, blue = corner(made(here, widget).image_bytes, 1.0, 0.0)
    assert (red, green, blue) == pytest.approx((right * 255 / 479, upper * 255 / 639, 90), abs=6)
    shown = here.page.get_by_role("img", name="new, square, 96 pixels, on light")
    pixel = shown.evaluate("(each) => [...each.getContext('2d').getImageData(each.width - 2, 1, 1, 1).data]")
    assert pixel[:3] == pytest.approx([red, green, blue], abs=10)
    stage.press("0")
    here.until(lambda: widget.crop == [0, 80, 480, 560], "the middle")
    slider = here.page.get_by_role("slider", name="Zoom")
    slider.focus()
    slider.press("ArrowRight")
    here.until(lambda: widget.crop[2] - widget.crop[0] == round(480 / 2**0.05), "one step of the slider")


def corner(image: bytes | None, x: float, y: float) -> tuple[int, ...]:
    with Image.open(io.BytesIO(image or b"")) as picture:
        at = (round(x * (picture.width - 1)), round(y * (picture.height - 1)))
        return picture.convert("RGB").getpixel(at)  # type: ignore[return-value]


def test_drag_and_wheel(blank: Make, server: Memory, photo: Path) -> None:
    here, widget = loaded(blank, server, photo)
    stage = here.page.get_by_role("application", name="Cut out a square")
    box = stage.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    here.page.mouse.move(x, y)
    here.page.mouse.wheel(0, -200)
    assert widget.crop == [0, 80, 480, 560]  # scrolling past it does nothing
    here.page.mouse.down()
    here.page.mouse.move(x, y - 30, steps=3)
    here.page.mouse.up()
    lower = pytest.approx(80 + 30 * 480 / 252, abs=2)
    here.until(lambda: widget.crop[1] == lower, "moved down by a drag upwards, all the way")
    here.page.mouse.wheel(0, -200)
    here.until(lambda: widget.crop[2] - widget.crop[0] < 480, "zoomed by the wheel, having the focus")


def test_pinch(blank: Make, server: Memory, photo: Path) -> None:
    here, widget = loaded(blank, server, photo)
    here.page.get_by_role("application", name="Cut out a square").evaluate("""(stage) => {
      stage.setPointerCapture = () => {};
      const box = stage.getBoundingClientRect();
      const at = (kind, pointerId, x) => stage.dispatchEvent(
        new PointerEvent(kind, { pointerId, clientX: box.x + x, clientY: box.y + 150 }));
      at("pointerdown", 1, 100);
      at("pointerdown", 2, 200);
      at("pointermove", 2, 250);
      at("pointermove", 1, 50);
      at("pointerup", 1, 50);
      at("pointerup", 2, 250);
    }""")
    here.until(lambda: widget.crop[2] - widget.crop[0] == 240, "twice as near")
    left, upper, *_ = widget.crop
    assert (left, upper) == pytest.approx((120, 200), abs=20)


def test_small_pictures_are_not_scaled_up(blank: Make, server: Memory, tmp_path: Path) -> None:
    """P84-21, of the picture that is there as of the new one."""
    path = tmp_path / "small.png"
    path.write_bytes(picture(3, 40))
    here, widget = loaded(blank, server, path)
    drawn(here, "now", "new")
    assert widget.avatar.size == (40, 40)
    widths = "(all) => all.map((one) => one.clientWidth)"
    assert here.page.locator("[aria-label^='new, round'][aria-label$='on dark']").evaluate_all(widths) == [32, 40, 40]
    assert here.page.locator("[aria-label^='now, round'][aria-label$='on dark']").evaluate_all(widths) == [32, 48, 64]
    expect(here.page.get_by_role("slider", name="Zoom")).to_be_enabled()


def test_drop_and_paste(blank: Make, server: Memory) -> None:
    here, widget = blank(), publisher(server)
    view = here.show(widget)
    for number, (event, field) in enumerate([("drop", "dataTransfer"), ("paste", "clipboardData")], 3):
        bring = """([view, event, field, bytes]) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], `by ${event}.png`, { type: "image/png" }));
          const kind = event === "drop" ? DragEvent : ClipboardEvent;
          const what = { bubbles: true, cancelable: true, [field]: data };
          document.querySelector(`${view} .xav-body`).dispatchEvent(new kind(event, what));
        }"""
        data = picture(number, 80)
        here.page.evaluate(bring, [view, event, field, list(data)])
        here.until(lambda: widget._source.get("name") == ("by drop.png", "from the clipboard")[number - 3], event)  # noqa: B023
        with Image.open(io.BytesIO(data)) as sent, Image.open(io.BytesIO(made(here, widget).image_bytes)) as found:
            assert sent.convert("RGB").tobytes() == found.convert("RGB").tobytes()


def test_camera(blank: Make, server: Memory) -> None:
    here, widget = blank(), publisher(server)
    # Cameras are for pages of https and localhost; this one is shown as if it were.
    here.page.evaluate("""() => {
      const draw = document.createElement("canvas");
      [draw.width, draw.height] = [160, 120];
      const move = () => draw.getContext("2d").fillRect(0, 0, 160, 120) ?? requestAnimationFrame(move);
      move();
      window.tracks = [];
      const getUserMedia = async () => {
        const stream = draw.captureStream(10);
        tracks.push(...stream.getTracks());
        return stream;
      };
      Object.defineProperty(navigator, "mediaDevices", { value: { getUserMedia }, configurable: true });
    }""")
    here.show(widget)
    press(here, "Camera")
    press(here, "Cancel")
    here.page.wait_for_function("() => tracks.length === 1 && tracks[0].readyState === 'ended'")
    press(here, "Camera")
    here.page.wait_for_function("() => document.querySelector('video').videoWidth")
    press(here, "Take the picture")
    here.until(lambda: widget._source.get("name") == "from the camera", "a picture from the camera")
    assert made(here, widget).size == (120, 120)
    press(here, "Camera")
    here.page.wait_for_function("() => tracks.at(-1).readyState === 'live'")
    widget.close()
    here.page.wait_for_function("() => tracks.every((one) => one.readyState === 'ended')")


def test_no_camera(blank: Make, server: Memory) -> None:
    here = blank()
    for code, words in [
        ("undefined", "that takes https, or localhost"),
        (
            "{ getUserMedia: async () => { throw new DOMException('x', 'NotAllowedError'); } }",
            "Allow it in the address",
        ),
        ("{ getUserMedia: async () => { throw new DOMException('x', 'NotFoundError'); } }", "There is no camera"),
        ("{ getUserMedia: async () => { throw new DOMException('worn out', 'AbortError'); } }", "worn out"),
    ]:
        here.page.evaluate(
            f"() => Object.defineProperty(navigator, 'mediaDevices', {{ value: {code}, configurable: true }})"
        )
        view = here.show(publisher(server))
        here.page.locator(view).get_by_role("button", name="Camera").click()
        here.page.locator(view).get_by_role("alert").get_by_text(words).wait_for()


def test_addresses_are_fetched_by_python_or_not_at_all(blank: Make, server: Memory) -> None:
    here, widget = blank(), publisher(server)
    here.show(widget)
    field = here.page.get_by_role("textbox", name="Address of a picture")
    field.fill("https://127.0.0.1/face.png")
    field.press("Enter")
    here.page.get_by_role("alert").get_by_text("127.0.0.1 is at 127.0.0.1, which is not a public address").wait_for()
    field.fill("/etc/hostname")
    press(here, "Fetch")
    here.page.get_by_role("alert").get_by_text("An address begins with https://").wait_for()
    assert widget._source == {}


def test_two_views(blank: Make, server: Memory, photo: Path) -> None:
    here, widget = loaded(blank, server, photo)
    here.show(widget)
    for stage in here.page.get_by_role("application").all():
        before = widget.crop
        stage.press("+")
        here.until(lambda: widget.crop != before, "a cut")  # noqa: B023
    left, upper, right, _ = widget.crop
    words = f"{right - left} × {right - left} pixels at {left}, {upper} of 480 × 640"
    expect(here.page.get_by_text(words)).to_have_count(2)
    here.page.get_by_role("combobox", name="Pixels").nth(1).select_option("64")
    made(here, widget, 64)
    here.page.get_by_role("button", name="Review the plan").first.click()
    here.page.get_by_role("heading", name="Publish this avatar").nth(1).wait_for()
    expect(here.page.get_by_role("combobox", name="Pixels").first).to_have_value("64")
    here.page.get_by_role("button", name="Cancel").last.click()
    here.page.wait_for_function("() => !document.querySelector('.xav-proposal:not([hidden])')")


def test_keyboard_only(blank: Make, server: Memory, photo: Path) -> None:
    here, widget = blank(), publisher(server)
    # At once, not when Enter is pressed: a chooser that opens before it is listened for is a real one.
    here.page.on("filechooser", lambda chooser: chooser.set_files(photo))
    here.show(widget)
    here.page.get_by_text("SHA-1").first.wait_for()

    def to(name: str, key: str = "Tab") -> None:
        for _ in range(40):
            here.page.keyboard.press(key)
            if name in (here.page.evaluate("() => document.activeElement.textContent") or ""):
                assert here.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
        raise AssertionError(f"no way to {name}")

    to("Choose a file")
    here.page.keyboard.press("Enter")
    made(here, widget)
    to("Review the plan")
    here.page.keyboard.press("Enter")
    here.page.get_by_role("heading", name="Publish this avatar").wait_for()
    to("Cancel")
    here.page.keyboard.press("Enter")
    here.page.wait_for_function("() => document.activeElement.textContent === 'Review the plan'")
    here.page.keyboard.press("Enter")
    here.page.get_by_role("heading", name="Publish this avatar").wait_for()
    to("Publish")
    here.page.keyboard.press("Space")
    here.page.get_by_text("Done: every step").wait_for()
    assert server.now.image == widget.avatar.image_bytes


def test_wiping_is_asked_twice(blank: Make, server: Memory) -> None:
    here, widget = blank(), publisher(server)
    here.show(widget)
    press(here, "Wipe…")
    here.page.get_by_role("heading", name="Remove the avatar and its images from the server").wait_for()
    press(here, "Cancel")
    here.page.wait_for_function("() => document.activeElement.textContent === 'Wipe…'")
    assert server.now.image is not None
    press(here, "Switch off…")
    press(here, "Switch off")
    here.page.get_by_text("No avatar is announced (disabled).").wait_for()
    assert server.asked[-2] == ("plan_removal", (False, False))
    press(here, "Undo")
    press(here, "Publish")
    here.page.get_by_text("image/png · 64 × 64").wait_for()
    press(here, "Wipe…")
    press(here, "Wipe")
    here.page.get_by_text("No avatar is announced (").wait_for()
    assert server.asked[-2] == ("plan_removal", (True, False))


def test_a_failure_and_a_stop(blank: Make, server: Memory, photo: Path) -> None:
    here, _ = loaded(blank, server, photo)
    server.fails = "announce"
    press(here, "Review the plan")
    press(here, "Publish")
    here.page.get_by_role("alert").get_by_text("Announce it: no").wait_for()
    here.page.get_by_text("Not everything was done.").wait_for()
    expect(here.page.get_by_role("img", name="failed")).to_have_count(1)
    server.fails, server.held = "", "verify"
    press(here, "Review the plan")
    press(here, "Publish")
    here.page.get_by_role("img", name="under way").wait_for()
    expect(here.page.get_by_role("button", name="Wipe…")).to_be_disabled()
    expect(here.page.get_by_role("button", name="Choose a file…")).to_be_disabled()
    press(here, "Stop")
    here.page.get_by_text("Stopped. What was done by then stays").wait_for()
    expect(here.page.get_by_role("button", name="Undo")).to_be_enabled()
    server.refused = "The server offers no PEP: nothing can be published there."
    press(here, "Review the plan")
    here.page.get_by_text("The server offers no PEP").wait_for()
    expect(here.page.get_by_role("button", name="Publish", exact=True)).to_be_disabled()


def test_the_plan_is_of_what_the_page_shows(blank: Make, server: Memory, photo: Path) -> None:
    """Though a busy kernel has not been told of it: front ends send one change at a time, and clicks at once."""
    here, widget = loaded(blank, server, photo)
    whole = widget.crop
    here.page.evaluate("(id) => { notebook.models[id].busy = true; }", widget.model_id)
    here.page.get_by_role("application").press("+")
    here.page.get_by_role("combobox", name="Who may see it").select_option("open")
    here.page.get_by_label("the vCard's photo too").check()
    press(here, "Review the plan")
    here.page.get_by_role("heading", name="Publish this avatar").wait_for()
    assert server.asked[-1] == ("plan", ("open", True))
    assert widget.crop != whole
    plan = widget.plan
    told = "async (id) => { const model = notebook.models[id]; model.busy = false; await model.flush(); }"
    here.page.evaluate(told, widget.model_id)
    assert widget.plan is plan
    press(here, "Publish")
    here.page.get_by_text("Done: every step").wait_for()
    assert server.now.image == widget.avatar.image_bytes


def test_hostile_text_is_text(blank: Make, server: Memory, tmp_path: Path) -> None:
    server.now = there(picture(2, 64), EVIL + TURNED, id=TURNED + "x" * 10_000, mime=EVIL)
    server.refused = EVIL
    path = tmp_path / "<img src=x onerror=document.title=3>.png"
    path.write_bytes(picture(3))
    here, _ = loaded(blank, server, path)
    press(here, "Review the plan")
    here.page.get_by_text(EVIL).first.wait_for()
    expect(here.page.get_by_text(path.name)).to_be_visible()
    assert here.page.title() == "Widgets"
    expect(here.page.locator("main :is(script, img)")).to_have_count(0)
    assert here.page.locator(".xav").evaluate("(each) => each.scrollWidth <= each.clientWidth")


def test_closing_frees(blank: Make, server: Memory, photo: Path) -> None:
    here, widget = loaded(blank, server, photo)
    drawn(here, "now", "new")
    widget.close()
    here.page.wait_for_function("() => document.querySelector('.xav') === null")
    here.page.wait_for_function("() => notebook.unrevoked() === 0")
    here.page.wait_for_function("() => Object.keys(notebook.models).length === 0")


@pytest.mark.parametrize("theme", ["light", "dark", "bare"])
def test_accessibility(blank: Make, server: Memory, photo: Path, theme: str) -> None:
    here, widget = blank(theme=theme), publisher(server)
    here.show(widget)
    drawn(here, "now")
    assert faults(here.page) == []
    choose(here.page, photo)
    made(here, widget)
    here.page.get_by_text("Sizes, and whose limits they keep").click()
    server.refused = "It cannot be done."
    press(here, "Review the plan")
    here.page.get_by_text("Stanza", exact=True).nth(1).click()
    assert faults(here.page) == []
    server.refused, server.fails = "", "announce"
    press(here, "Wipe…")
    here.page.get_by_role("button", name="Wipe", exact=True).wait_for()
    assert faults(here.page) == []
    press(here, "Review the plan")
    press(here, "Publish")
    here.page.get_by_text("Not everything was done.").wait_for()
    assert faults(here.page) == []


def test_other_widgets_leave_its_looks_alone(blank: Make, server: Memory, photo: Path) -> None:
    """All style sheets of a notebook meet in one page."""
    here, _ = loaded(blank, server, photo)
    press(here, "Review the plan")
    here.page.get_by_text("Stanza", exact=True).first.click()
    drawn(here, "now", "new")
    here.page.mouse.move(0, 0)
    looks = """() => [...document.querySelectorAll(".xav-publisher, .xav-publisher *")].map((each) => {
      const [style, box] = [getComputedStyle(each), each.getBoundingClientRect()];
      const told = [style.font, style.color, style.background, style.border, style.position, box.x, box.y, box.width];
      return [each.className, ...told, box.height].join(" ");
    })"""
    before = here.page.evaluate(looks)
    sheets = [each for each in STATIC.glob("*.css") if each.stem not in ("common", "publisher")]
    assert len(sheets) > 1
    for sheet in sheets:
        here.page.add_style_tag(content=sheet.read_text(encoding="utf-8"))
    after = here.page.evaluate(looks)
    assert [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]] == []
    own = (STATIC / "publisher.css").read_text(encoding="utf-8")
    rules = [line for line in own.splitlines() if line and not line.startswith((" ", "}"))]
    assert [line for line in rules if not line.startswith((".xav-publisher", "@container"))] == []


def test_narrow(blank: Make, server: Memory, photo: Path) -> None:
    here, widget = loaded(blank, server, photo)
    here.show(widget, width=330)
    narrow = here.page.locator("#view2 .xav")
    narrow.get_by_role("application").wait_for()
    assert narrow.evaluate("(each) => each.scrollWidth <= each.clientWidth")


def test_a_closed_session(blank: Make) -> None:
    here = blank()
    with xa.connect(sandbox="pair") as session:
        widget = session.publisher()
        here.show(widget)
    press(here, "Refresh")
    here.page.get_by_role("alert").get_by_text("closed").wait_for()
    assert json.loads(json.dumps(widget._now)) == widget._now
