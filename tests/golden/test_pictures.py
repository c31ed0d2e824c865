"""The scenarios' pictures are what their script draws."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import PIL

from xavatar.sandbox._data import data_dir


def test_the_script_draws_the_committed_pictures(tmp_path: Path) -> None:
    script = data_dir() / "draw.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, timeout=170)
    committed = {path.name: path.read_bytes() for path in (data_dir() / "pictures").iterdir()}
    drawn = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert drawn.keys() == committed.keys()
    if f'DRAWN_WITH = "{PIL.__version__}"' in script.read_text():
        assert [name for name in drawn if drawn[name] != committed[name]] == []
