"""Who writes which file: a registry, so that `Audit.report` needs to know no format.

:mod:`xavatar.report` adds its writers when it is imported, which the first report does; anybody
can add more.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from xavatar.errors import ConfigError

if TYPE_CHECKING:
    from .audit import Audit

Writer = Callable[["Audit", Path], None]

# By name: the report lies above the audit and knows it, not the other way round.
_OURS = "xavatar.report"
_WRITERS: dict[str, Writer] = {}


def writer(*suffixes: str) -> Callable[[Writer], Writer]:
    """Register a function as the one that writes files with these suffixes (``".html"``)."""

    def register(function: Writer) -> Writer:
        _WRITERS.update(dict.fromkeys(suffixes, function))
        return function

    return register


def suffixes() -> tuple[str, ...]:
    """Return the suffixes that can be written."""
    import_module(_OURS)
    return tuple(_WRITERS)


def find(path: Path) -> Writer:
    """Return the writer for `path`.

    Raises
    ------
    ConfigError
        Its suffix has none, or its directory does not exist.
    """
    if path.suffix.lower() not in suffixes():
        raise ConfigError(f"No report is written as {path.name!r}: its suffix must be one of {', '.join(_WRITERS)}.")
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"Cannot write {path}: the directory {path.parent} does not exist.")
    return _WRITERS[path.suffix.lower()]
