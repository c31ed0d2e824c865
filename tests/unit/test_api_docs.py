"""Every public name that users meet stands in the documentation's API pages, and has a docstring."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from types import ModuleType

import pytest

import xavatar

API = Path(__file__).parents[2] / "docs" / "api"
# What users import; collect, client, wire and runtime are parts that these are made of.
PACKAGES = ("audit", "avatar", "frames", "imaging", "lessons", "report", "sandbox", "scale", "store", "widgets")
# Names of types that are put together from others; signatures show what they stand for.
ALIASES = {"Asker", "Box", "Format", "Grouping", "ImageSource", "Look", "Order", "Shape"}
DIRECTIVE = re.compile(r"^\.\. auto(?:class|function|data):: (\S+)|^\.\. automodule:: (\S+)", re.MULTILINE)


def documented() -> tuple[set[str], set[str]]:
    """Return the last parts of all names that have an entry, and the modules that stand there whole."""
    found = [match for page in API.glob("*.md") for match in DIRECTIVE.findall(page.read_text())]
    return {name.rpartition(".")[2] for name, _ in found if name}, {module for _, module in found if module}


NAMES, WHOLE = documented()


def public(package: str) -> list[tuple[str, str]]:
    return [(package, name) for name in importlib.import_module(f"xavatar.{package}").__all__]


PUBLIC = [("", name) for name in xavatar.__all__] + [pair for each in PACKAGES for pair in public(each)]


@pytest.mark.parametrize(("package", "name"), PUBLIC)
def test_it_is_documented(package: str, name: str) -> None:
    thing = getattr(importlib.import_module(f"xavatar.{package}".rstrip(".")), name)
    if isinstance(thing, ModuleType) or name == "__version__" or (name in ALIASES and not isinstance(thing, type)):
        return
    assert name in NAMES or getattr(thing, "__module__", None) in WHOLE, f"{name} has no entry in docs/api"
    if inspect.isclass(thing) or inspect.isfunction(thing):
        assert inspect.getdoc(thing)
