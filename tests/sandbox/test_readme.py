"""What the README shows must run."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from xavatar.session import access

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", BLOCKS, ids=[f"block{number}" for number in range(len(BLOCKS))])
def test_the_code_of_the_readme_runs(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(access, "_EMBEDDED", replace(access._EMBEDDED, timeout=0.7))  # one of Verona is silent
    names: dict[str, object] = {}
    exec(compile(code, str(README), "exec"), names)
    assert len(names["df"]) > 30                                        # type: ignore[arg-type]
    assert (tmp_path / "audit.html").stat().st_size > 10_000


def test_there_is_code_in_the_readme() -> None:
    assert BLOCKS
