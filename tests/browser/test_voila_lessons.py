"""Lessons in Voila, for those who only want to look: every cell has run, and its output is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import serving
from tests.notebooks.plugins.ipc_kernels import OPTION
from tests.servers.base import free_ports
from xavatar.lessons.folder import copy_lessons

PICTURES = "[...document.images].filter(each => each.complete && each.naturalWidth > 1).length"


@pytest.mark.parametrize(
    ("lesson", "shown", "pictures"),
    [
        ("00_first_steps", "lady.montague@montague.lit", 1),
        ("03_publish_an_avatar", "Everybody who may look sees the avatar.", 15),
    ],
)
def test_a_lesson(page: Page, tmp_path: Path, lesson: str, shown: str, pictures: int) -> None:
    copy_lessons(tmp_path)
    # What it wants from elsewhere is not there on a machine without network, and must not be missed.
    page.route("**", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort())
    page.set_default_timeout(90_000)
    (port,) = free_ports(1)
    page_file = str(tmp_path / f"{lesson}.ipynb")
    command = ["voila", page_file, OPTION, "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
    with serving(command, tmp_path, f"http://127.0.0.1:{port}/voila/static/none"):
        page.goto(f"http://127.0.0.1:{port}/", wait_until="domcontentloaded")
        page.get_by_role("heading", name="Summary").wait_for()
        page.get_by_text(shown).first.wait_for()
        page.wait_for_function(f"{PICTURES} >= {pictures}")
        expect(page.get_by_text("Traceback")).to_have_count(0)
        expect(page.get_by_text("Exercise 0").first).to_contain_text("your turn")
