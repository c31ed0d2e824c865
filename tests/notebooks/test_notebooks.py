"""The lessons run from top to bottom, say what their Markdown says, and give nothing away."""

from __future__ import annotations

import importlib
import json
import os
import re
from pathlib import Path
from typing import Any

import jupyter_client
import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebooks.plugins import ipc_kernels
from tests.notebooks.plugins.ipc_kernels import IPCKernelManager
from xavatar.sandbox.load import load, names

FOLDER = Path(__file__).parents[2] / "notebooks"
LESSONS = sorted(FOLDER.glob("*.ipynb"))
FENCE = re.compile(r"^```python\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
VIEW = "application/vnd.jupyter.widget-view+json"
HEADER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


def answers(lesson: Path) -> Any:
    """Return the lesson's SOLUTIONS and MISTAKES."""
    return importlib.import_module(f"tests.notebooks.answers.lesson_{lesson.stem[:2]}")


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def lesson(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def kinds(cell: Any) -> list[str]:
    """Return what a cell shows that lasts without its kernel, by media type; text as `stdout`."""
    shown = []
    for output in cell.outputs:
        data = {*output.get("data", {})}
        if output.get("name") != "stderr" and (VIEW not in data or "text/html" in data):
            shown += sorted(data - {VIEW}) or [output.name]
    return shown


def words(notebook: Any) -> str:
    """Return all that is shown but for the pictures, whose base64 may hold any letters."""
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    data = [{k: v for k, v in output.get("data", {}).items() if not k.startswith("image/")} for output in outputs]
    return json.dumps([*data, *(output.get("text") for output in outputs)])


def test_there_are_lessons() -> None:
    assert {"00_first_steps", "01_audit_a_roster", "02_rooms_and_occupants"} <= {path.stem for path in LESSONS}
    assert {path.stem for path in LESSONS} == {path.stem for path in FOLDER.glob("*.md")}


@pytest.mark.timeout(300)
def test_runs_from_top_to_bottom(lesson: Path) -> None:
    saved, notebook = read(lesson), read(lesson)
    given = answers(lesson)
    extra = [*given.SOLUTIONS, *(source for source, _ in given.MISTAKES)]
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in extra]
    folder = {"metadata": {"path": str(lesson.parent)}}
    options = {"timeout": 180, "kernel_name": "python3", "coalesce_streams": True, "resources": folder}
    NotebookClient(notebook, kernel_manager_class=IPCKernelManager, **options).execute()
    cells = code(notebook)
    lessons, asked = cells[: len(cells) - len(extra)], cells[len(cells) - len(extra) :]
    assert [kinds(cell) for cell in lessons] == [kinds(cell) for cell in code(saved)], "run notebooks/refresh.py"
    said = [printed(cell) for cell in asked]
    right = len(given.SOLUTIONS)
    assert all(told.endswith(": right.\n") for told in said[:right]), said
    for told, (_, hint) in zip(said[right:], given.MISTAKES, strict=True):
        assert "not yet" in told
        assert hint in told


def test_every_exercise_has_a_solution_here(lesson: Path) -> None:
    asked = set(re.findall(r'check\("(\d\d\.\d)"', lesson.read_text().replace("\\", "")))
    solved = set(re.findall(r'check\("(\d\d\.\d)"', "".join(answers(lesson).SOLUTIONS)))
    assert asked == solved


def test_is_paired_with_its_markdown(lesson: Path) -> None:
    notebook = read(lesson)
    source = HEADER.sub("", lesson.with_suffix(".md").read_text())
    assert FENCE.findall(source) == [cell.source for cell in code(notebook)], "run notebooks/refresh.py"
    told = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert FENCE.sub("", source).split() == told.split(), "run notebooks/refresh.py"


def test_is_a_lesson(lesson: Path) -> None:
    text = lesson.with_suffix(".md").read_text()
    for part in (
        "**Aim.**",
        "**You need**",
        "> **Predict.**",
        "## Exercises",
        "## Summary",
        "https://xmpp.org/extensions/",
    ):
        assert part in text, part
    assert re.search(r"\bAbout [a-z-]+ minutes\b", text)


def test_saved_outputs_give_nothing_away(lesson: Path) -> None:
    text = lesson.read_text()
    assert len(text.encode()) < 1_000_000
    assert any(cell.outputs for cell in code(read(lesson)))
    passwords = {account.password for name in names() for account in load(name).accounts if account.password}
    assert passwords
    shown = words(read(lesson))
    for secret in (*passwords, str(Path.home()) + os.sep, str(FOLDER.parent)):
        assert secret not in shown, secret
    assert not re.search(r"(?<![\w.:/<])/(home|root|tmp|usr|var|work|opt|Users)/", shown)
    assert "Traceback" not in shown
    assert not [output for cell in code(read(lesson)) for output in cell.outputs if output.get("name") == "stderr"]


def test_nbmake_s_kernels_take_no_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """nbclient's way to its manager is no interface: another version may go past ours, and over TCP."""
    monkeypatch.setattr(jupyter_client, "AsyncKernelManager", jupyter_client.AsyncKernelManager)
    ipc_kernels.pytest_configure()
    assert NotebookClient(nbformat.v4.new_notebook()).kernel_manager_class is IPCKernelManager
