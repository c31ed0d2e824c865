"""Run the lessons and save them with what they show: ``python notebooks/refresh.py [NAME ...]``.

The Markdown files are what people edit; the notebooks are made of them. Needs jupytext and nbclient.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
VIEW = "application/vnd.jupyter.widget-view+json"


def refresh(source: Path) -> Path:
    """Execute one lesson, and write the notebook beside it."""
    notebook = jupytext.read(source)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    NotebookClient(notebook, timeout=60, coalesce_streams=True, resources={"metadata": {"path": str(HERE)}}).execute()
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{source.stem[:2]}-{number:02}"  # the same at every run, for the sake of differences
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            cell["outputs"] = [still for output in cell["outputs"] if (still := _still(output))]
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    target = source.with_suffix(".ipynb")
    nbformat.write(notebook, target)
    return target


def _still(output: Any) -> Any:
    """Return what of an output means something without its kernel: of a widget its still picture, if it has one."""
    if output.output_type == "stream":
        return output if output.name == "stdout" else None
    was_widget = output.get("data", {}).pop(VIEW, None)
    return output if was_widget is None or "text/html" in output.data else None


if __name__ == "__main__":
    chosen = [HERE / f"{name}.md" for name in sys.argv[1:]] or sorted(HERE.glob("[0-9]*.md"))
    for each in chosen:
        made = refresh(each)
        sys.stdout.write(f"{made.name}: {made.stat().st_size / 1024:.0f} KiB\n")
