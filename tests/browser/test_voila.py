"""A widget in Voila, where nobody runs cells."""

from __future__ import annotations

from pathlib import Path

import nbformat
from playwright.sync_api import Page

from tests.browser.lab import serving
from tests.notebooks.plugins.ipc_kernels import OPTION
from tests.servers.base import free_ports

CELL = """
import ipywidgets
import xavatar as xa

s = xa.connect(sandbox="verona")
gallery, told = s.gallery(progress=False), ipywidgets.Label()
gallery.observe(lambda change: setattr(told, "value", f"chosen: {', '.join(change['new'])}"), "selected")
display(gallery, told)
"""


def test_the_gallery(page: Page, tmp_path: Path) -> None:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)], metadata={"kernelspec": kernel})
    nbformat.write(written, tmp_path / "faces.ipynb")
    # What it wants from elsewhere is not there on a machine without network, and must not be missed.
    page.route("**", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort())
    page.set_default_timeout(60_000)
    (port,) = free_ports(1)
    command = ["voila", str(tmp_path / "faces.ipynb"), OPTION, "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
    with serving(command, tmp_path, f"http://127.0.0.1:{port}/voila/static/none"):
        page.goto(f"http://127.0.0.1:{port}/", wait_until="domcontentloaded")
        page.locator(".xav-tile img").first.wait_for()
        page.get_by_role("searchbox").fill("romeo")
        page.get_by_role("listbox").get_by_role("option", name="Romeo").click()
        page.get_by_text("chosen: romeo@montague.lit").wait_for()
