"""`xavatar lab`: the lessons, copied to work in."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.cli_support import invoke
from xavatar.errors import ConfigError
from xavatar.lessons.folder import State, copy_lessons, lessons_dir

FIRST = "00_first_steps.ipynb"


def run(*args: object) -> Result:
    return invoke(["lab", *map(str, args)])


def states(folder: Path) -> dict[str, State]:
    return {each.name: each.state for each in copy_lessons(folder)}


def test_all_lessons_are_copied_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "lessons"
    result = run("--no-open", "--dir", folder)
    assert result.exit_code == 0, result.output
    assert str(folder) in result.stdout
    lessons = {path.name: path.read_bytes() for path in lessons_dir().glob("*.ipynb")}
    assert len(lessons) > 4
    assert {path.name: path.read_bytes() for path in folder.glob("*.ipynb")} == lessons
    assert list(folder.glob("*.py")) + list(folder.glob("*.md")) == []


def test_what_was_changed_is_kept_and_said(tmp_path: Path) -> None:
    copy_lessons(tmp_path)
    (tmp_path / FIRST).write_text("my notes")
    result = run("--no-open", "--dir", tmp_path)
    told = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "kept as you changed it" in told[FIRST]
    assert "there already" in told["01_audit_a_roster.ipynb"]
    assert (tmp_path / FIRST).read_text() == "my notes"


def test_an_older_edition_is_replaced_unless_it_was_changed(tmp_path: Path) -> None:
    older = dict.fromkeys((FIRST, "01_audit_a_roster.ipynb"), b"older edition")
    source, folder = tmp_path / "package", tmp_path / "mine"
    source.mkdir()
    for name, content in older.items():
        (source / name).write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("xavatar.lessons.folder.lessons_dir", lambda: source)
        assert set(states(folder).values()) == {State.NEW}
    (folder / FIRST).write_bytes(b"older edition, and notes")
    found = states(folder)
    assert found[FIRST] is State.KEPT
    assert found["01_audit_a_roster.ipynb"] is State.RENEWED
    assert (folder / FIRST).read_bytes() == b"older edition, and notes"
    assert states(folder)[FIRST] is State.KEPT


def test_a_removed_lesson_comes_anew(tmp_path: Path) -> None:
    copy_lessons(tmp_path)
    (tmp_path / FIRST).unlink()
    assert states(tmp_path)[FIRST] is State.NEW


@pytest.mark.parametrize("record", ["no json", "[]", json.dumps({FIRST: 1})])
def test_without_a_readable_record_everything_else_counts_as_changed(tmp_path: Path, record: str) -> None:
    (tmp_path / FIRST).write_text("whose is this?")
    (tmp_path / ".xavatar-lessons.json").write_text(record)
    assert states(tmp_path)[FIRST] is State.KEPT


def test_the_lessons_are_not_copied_onto_themselves_nor_onto_a_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="where the lessons come from"):
        copy_lessons(lessons_dir())
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be copied"):
        copy_lessons(tmp_path / "file" / "below")


def test_without_jupyterlab_the_command_that_brings_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec

    def without(name: str, *args: Any) -> Any:
        return None if name == "jupyterlab" else find(name, *args)

    monkeypatch.setattr(importlib.util, "find_spec", without)
    result = run("--dir", tmp_path / "lessons")
    assert result.exit_code == 2
    assert 'pip install "xavatar[lab]"' in result.stderr
    assert not (tmp_path / "lessons").exists()
    assert run("--no-open", "--dir", tmp_path / "lessons").exit_code == 0
