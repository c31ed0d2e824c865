"""The widgets in a real JupyterLab: its front end, its messages, its kernel."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from nbconvert import HTMLExporter
from PIL import Image
from playwright.sync_api import expect

from tests.browser.axe import faults
from tests.browser.lab import Notebook

Open = Callable[..., Notebook]
SETUP = """
import xavatar as xa
s = xa.connect(sandbox="verona")
df = s.roster(progress=False)
"""
SHOW = "g = df.xavatar.gallery()\ng"


def test_select_in_the_page_and_see_it_in_python(notebook: Open) -> None:
    here = notebook(SETUP, SHOW, "print(g.selected, len(g.selection_frame()['jid'].unique()))")
    here.run(0)
    here.run(1)
    here.page.get_by_role("searchbox", name="Search names and addresses").fill("romeo")
    here.page.get_by_role("listbox", name="Avatars").get_by_role("option", name="Romeo").click()
    here.page.locator(".xav-told", has_text="1 selected").wait_for()
    here.run(2)
    assert here.text(2) == "['romeo@montague.lit'] 1\n"
    assert faults(here.page, ".xav") == []


def test_cells_queued_at_once(notebook: Open) -> None:
    """As Run All does it: every cell gets its answer, and pictures come while one computes."""
    busy = "import time\nend = time.monotonic() + 3\nwhile time.monotonic() < end:\n    sum(range(1000))\nprint('done')"
    here = notebook(SETUP, SHOW, busy, "found = s.inspector('hamlet@elsinore.lit')\nfound", "print(len(df))")
    here.run_all()
    here.page.locator(".xav-gallery .xav-tile img").first.wait_for()
    here.page.locator(".xav-inspector .xav-ladder img").first.wait_for()
    assert here.text(2) == "done\n"
    assert int(here.text(4)) > 30


def test_asking_the_server_from_the_page(notebook: Open) -> None:
    """Clicks come on other threads than cells, and reach the session's loop all the same."""
    show = """
w, seen = s.inspector("romeo@montague.lit"), []
w.observe(lambda change: seen.append(change["new"]), "_sheet")
w
"""
    here = notebook("import xavatar as xa\ns = xa.connect(sandbox='verona')", show, theme="dark")
    here.run(0)
    here.run(1)
    refresh = here.page.get_by_role("button", name="Refresh", exact=True)
    for many in (1, 2, 3):
        refresh.click()
        here.until(f"len(seen) >= {many}")
    dark = "() => getComputedStyle(document.querySelector('.xav')).colorScheme"
    assert here.page.evaluate(dark) == "dark"
    assert here.page.locator(".xav-notice").is_hidden()
    assert faults(here.page, ".xav") == []


def test_what_a_saved_notebook_holds(notebook: Open) -> None:
    """Stills for those without a kernel, and no picture in the widgets' state."""
    here = notebook(SETUP, SHOW)
    here.run(0)
    here.run(1)
    here.page.locator(".xav-tile img").first.wait_for()
    saved = here.save()
    (output,) = saved["cells"][1]["outputs"]
    still = output["data"]["text/html"]
    assert "showing 24 of" in still
    assert len(still) < 100_000
    assert "<script" not in still
    assert "image/png;base64" not in json.dumps(saved["metadata"])
    page, _ = HTMLExporter().from_notebook_node(saved)
    assert 'alt="avatar of Nurse"' in page


def test_a_restarted_kernel_leaves_what_was_seen(notebook: Open) -> None:
    here = notebook(SETUP, SHOW)
    here.run(0)
    here.run(1)
    here.page.locator(".xav-tile img").first.wait_for()
    here.restart()
    here.page.get_by_text("The kernel has gone or was restarted").wait_for()
    expect(here.page.locator(".xav-tile img").first).to_be_visible()


def test_publishing_what_the_camera_sees(notebook: Open, tmp_path: Path) -> None:
    """From a camera in the page to what another session gets; no picture is in the saved widget state."""
    setup = """
import hashlib, time
import xavatar as xa
from xavatar.avatar.read import fetch_data

box = xa.sandbox("pair")
s = xa.connect("valentine@verona.lit", sandbox=box)
other = xa.connect("proteus@verona.lit", sandbox=box)
"""
    read = "other._portal.call(fetch_data(other._twin._online().wire, p._account, p.avatar.png_id, timeout=9)).data"
    here = notebook(setup, "p = s.publisher()\np", f"print(hashlib.sha1({read}).hexdigest() == p.avatar.png_id)")
    here.run(0)
    here.run(1)
    page = here.page
    page.get_by_role("button", name="Camera", exact=True).click()
    page.wait_for_function("() => document.querySelector('.xav video').videoWidth")
    page.get_by_role("button", name="Take the picture").click()
    here.until("p.avatar is not None")
    page.get_by_role("application", name="Cut out a square").press("+")
    page.get_by_role("combobox", name="Who may see it").select_option("open")
    page.get_by_role("button", name="Review the plan").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    page.get_by_text("Done: every step, and what is there was read back.").wait_for()
    here.run(2)
    assert here.text(2) == "True\n"
    assert faults(page, ".xav") == []
    saved = here.save()
    assert "Publisher" in saved["cells"][1]["outputs"][0]["data"]["text/html"]
    assert len(json.dumps(saved["metadata"])) < 200_000
    assert "image/png;base64" not in json.dumps(saved["metadata"])
    # More than a server takes in one message; the connection stays.
    large = tmp_path / "large.png"
    Image.frombytes("RGB", (2600, 1600), os.urandom(2600 * 1600 * 3)).save(large)
    assert large.stat().st_size > 10 << 20
    page.locator(".xav input[type=file]").set_input_files(large)
    here.until("p._source['name'] == 'large.png' and p.avatar is not None")
    assert here.ask("p.problem") == ""
