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


def refresh(source: Path) -> Path:
    """Execute one lesson, and write the notebook beside it."""
    notebook = jupytext.read(source)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(HERE)}}).execute()
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{source.stem[:2]}-{number:02}"  # the same at every run, for the sake of differences
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
            cell["outputs"] = [output for output in cell["outputs"] if _lasts(output)]
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"name": "python"}
    target = source.with_suffix(".ipynb")
    nbformat.write(notebook, target)
    return target


def _lasts(output: Any) -> bool:
    """Tell whether an output means something without its kernel; progress bars do not."""
    if output.output_type == "stream":
        return bool(output.name == "stdout")
    return "application/vnd.jupyter.widget-view+json" not in output.get("data", {})


if __name__ == "__main__":
    chosen = [HERE / f"{name}.md" for name in sys.argv[1:]] or sorted(HERE.glob("[0-9]*.md"))
    for each in chosen:
        made = refresh(each)
        sys.stdout.write(f"{made.name}: {made.stat().st_size / 1024:.0f} KiB\n")
