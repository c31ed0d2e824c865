"""What lessons and documentation link to in the XEPs is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"https://xmpp\.org/extensions/xep-(\d{4})\.html#([\w-]+)")
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "notebooks").glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    if "_build" not in page.parts and LINK.search(page.read_text(encoding="utf-8"))
]


def sections() -> dict[str, set[str]]:
    lines = Path(__file__).with_name("xep_sections.txt").read_text(encoding="utf-8").splitlines()[1:]
    return {line.split()[0]: set(line.split()[1:]) for line in lines}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_sections_of_xeps_lead_somewhere(page: Path) -> None:
    known = sections()
    linked = LINK.findall(page.read_text(encoding="utf-8"))
    assert not [number for number, _ in linked if number not in known], "add its anchors to xep_sections.txt"
    assert not [f"XEP-{number}#{anchor}" for number, anchor in linked if anchor not in known[number]]


def test_every_lesson_links_to_sections() -> None:
    assert set((ROOT / "notebooks").glob("[0-9]*.md")) <= set(PAGES)
