"""The browser's half: ES modules and style sheets that lie beside this file, as they are written.

A widget's module must be one text, for front ends load it from a blob, where a relative import
has no meaning. So a module is preceded by those it imports, without the lines by which they refer
to each other; nothing is translated and no tool is needed. All share one scope.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).with_name("static")
_IMPORT: Final = re.compile(r'^import [^;]* from "\./([\w-]+)\.js";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async )?(?:function|class|const)\b)", re.MULTILINE)


def script(name: str) -> str:
    """Return the module ``static/NAME.js``, preceded by all that it imports."""
    parts: dict[str, str] = {}
    _gather(name, parts)
    return "\n".join(parts.values())


def _gather(name: str, parts: dict[str, str]) -> None:
    text = _read(f"{name}.js")
    for needed in _IMPORT.findall(text):
        if needed not in parts:
            _gather(needed, parts)
    parts[name] = _EXPORT.sub("", _IMPORT.sub("", text))


def style(*names: str) -> str:
    """Return one style sheet made of these and the one all widgets share."""
    return "\n".join(_read(f"{name}.css") for name in ("common", *names))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
