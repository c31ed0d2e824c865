"""The lessons with the one line changed that they name: on an account of one's own, on a real server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebooks.plugins.ipc_kernels import IPCKernelManager
from tests.servers import RunningServer

FOLDER = Path(__file__).parents[2] / "notebooks"


class Lesson(NamedTuple):
    """Who takes it, the line, what stands for it, and which of its sections say that they need the sandbox."""

    name: str
    user: str = "juliet"
    line: str = "s = xa.connect({account})"
    sandbox_only: tuple[str, ...] = ()
    before: str = r"^s(?:, \w+)? = xa\.connect\(.*$"


LESSONS = (
    Lesson("00_first_steps", sandbox_only=("Change the world, and look again",)),
    Lesson("01_audit_a_roster", sandbox_only=("A month later",)),
    Lesson(
        "02_rooms_and_occupants",
        line='s, balcony = xa.connect({account}), "{room}"',
        sandbox_only=("Rooms that are different",),
    ),
    Lesson("03_publish_an_avatar", "walkon13"),
    Lesson("04_xep_0084_on_the_wire", "walkon14", sandbox_only=("Metadata without data",)),
    Lesson(
        "05_the_hash_in_presence",
        sandbox_only=("Four states", "A hash is 40 hexadecimal digits", "Two clients, one vCard"),
    ),
    Lesson("06_two_worlds"),
    Lesson("07_break_it", line="mine = xa.connect({account})", before=r'^mine = xa\.connect\(sandbox="verona"\)$'),
    Lesson(
        "08_your_own_program",
        "walkon15",
        line="account = dict(jid={account})",
        sandbox_only=("Reading", "Watching"),
        before=r"^account = .*$",
    ),
    Lesson(
        "09_a_fleet",
        line="xa.connect({account}, store=university)",
        before=r"xa\.connect\(sandbox=box, store=university\)",
    ),
)


def without(notebook: Any, sections: tuple[str, ...]) -> list[Any]:
    """Return the cells that do not belong to these sections."""
    kept, here = [], ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (headings := re.findall(r"^## (.+)$", cell.source, re.MULTILINE)):
            here = headings[-1]
        if here not in sections:
            kept.append(cell)
    return kept


@pytest.mark.timeout(180)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_with_the_one_line_changed(real_server: RunningServer, lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.read(FOLDER / f"{lesson.name}.ipynb", as_version=4)
    said = re.findall(r"[^.]*\bneeds? the\s+sandbox", "".join(cell.source for cell in notebook.cells))
    for section in lesson.sandbox_only:
        assert section in " ".join(" ".join(said).split()), "the lesson must say so"
    notebook.cells = without(notebook, lesson.sandbox_only)
    place = f'host="{real_server.host}", port={real_server.port}, ca_file="{real_server.ca_file}"'
    account = f'"{real_server.jid(lesson.user)}", {place}'
    line = lesson.line.format(account=account, room=real_server.room("balcony"))
    changed = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source, count = re.subn(lesson.before, lambda _: line, cell.source, flags=re.MULTILINE)
            changed += count
    assert changed == 1
    monkeypatch.setenv("XAVATAR_PASSWORD", real_server.accounts[lesson.user])
    NotebookClient(notebook, timeout=120, kernel_name="python3", kernel_manager_class=IPCKernelManager).execute()
