"""The gallery: its page with the real class behind it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.axe import faults
from tests.browser.blank import Blank
from tests.browser.people import crowd
from xavatar.widgets import Gallery

Make = Callable[..., Blank]
PAINTED = """() => {
  const all = [...document.querySelectorAll(".xav-tile")];
  return all.length && all.every((tile) => tile.painted);
}"""


@pytest.mark.parametrize("threads", ["main", "subshell"])
def test_search_and_select(blank: Make, threads: str) -> None:
    table, pictures = crowd(400)
    here = blank(threads)
    gallery = Gallery(table, pictures=pictures)
    here.show(gallery)
    here.page.wait_for_function(PAINTED)
    here.page.get_by_role("searchbox").fill("mercutio 00")
    here.page.get_by_text("13 of 400 avatars").wait_for()
    here.page.get_by_role("listbox").get_by_role("option").first.click()
    here.until(lambda: gallery.selected == ["user2@verona.lit"], "the selection in Python")
    assert gallery.selection_frame()["name"].tolist() == ["Mercutio 0002"]
    assert faults(here.page) == []
