"""The gallery in a real JupyterLab."""

from __future__ import annotations

from collections.abc import Callable

from tests.browser.lab import Notebook

Open = Callable[..., Notebook]
SETUP = """
import xavatar as xa
s = xa.connect(sandbox="verona")
df = s.roster(progress=False)
"""


def test_select_in_a_page_and_see_it_in_python(notebook: Open) -> None:
    here = notebook(SETUP, "g = df.xavatar.gallery()\ng", "print(g.selected)")
    here.run(0)
    here.run(1)
    here.page.get_by_role("searchbox", name="Search names and addresses").fill("romeo")
    here.page.get_by_role("listbox", name="Avatars").get_by_role("option", name="Romeo").click()
    here.page.locator(".xav-told", has_text="1 selected").wait_for()
    here.run(2)
    assert here.text(2) == "['romeo@montague.lit']\n"


def test_run_all_and_a_busy_kernel(notebook: Open) -> None:
    """Cells queued at once all run, and pictures come while a cell computes."""
    busy = "import time\nend = time.monotonic() + 4\nwhile time.monotonic() < end:\n    sum(range(1000))\nprint('done')"
    here = notebook(SETUP, "g = df.xavatar.gallery()\ng", busy, "print(len(df), flush=True)")
    here.run_all()
    here.page.locator(".xav-tile img").first.wait_for()
    assert here.text(2) == "done\n"
    assert int(here.text(3)) > 30
