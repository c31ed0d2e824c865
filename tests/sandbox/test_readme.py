"""What the README shows must run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support import patience
from xavatar.session import access

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_code_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One block after the other, as in a notebook."""
    monkeypatch.chdir(tmp_path)
    # One of Verona is silent.
    monkeypatch.setattr(access, "_EMBEDDED", replace(access._EMBEDDED, timeout=patience(0.7)))
    names: dict[str, Any] = {}
    for code in BLOCKS:
        exec(compile(code, str(README), "exec"), names)
    assert len(names["df"]) > 30
    assert len(names["trace"]) > 10
    assert (tmp_path / "audit.html").stat().st_size > 10_000


def test_there_is_code_in_the_readme() -> None:
    assert BLOCKS
