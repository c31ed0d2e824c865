"""Every Python example of the documentation and the README runs, page by page, from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Examples that need an account stand in a {code-block}; AvatarService's page tells of programs of one's own.
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if not {"_build", "_generated"} & set(page.parts)
    and page.stem != "avatar-service"
    and FENCE.search(page.read_text())
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text()
    space: dict[str, object] = {"__name__": "__main__"}
    for found in FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        exec(compile("\n" * line + found[1], str(page), "exec"), space)
