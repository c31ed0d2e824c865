"""The examples of docstrings run, module by module, and say what they print."""

from __future__ import annotations

import asyncio
import doctest
import importlib
from collections.abc import Iterator
from pathlib import Path

import aioxmpp
import numpy as np
import pytest

import xavatar as xa
from tests.avatar_support import png

PACKAGE = Path(xa.__file__).parent
MODULES = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]
# What the text around an example has imported, or made, already.
NAMES = {
    "aioxmpp": aioxmpp,
    "asyncio": asyncio,
    "np": np,
    "png": png("teal", (1, 1)),
    "xa": xa,
    "HttpAvatarDescriptor": xa.avatar.HttpAvatarDescriptor,
    "PubsubAvatarDescriptor": xa.avatar.PubsubAvatarDescriptor,
}


@pytest.fixture(scope="module")
def made() -> Iterator[dict[str, object]]:
    """Make what docs/api/index.md says that examples begin with."""
    with xa.connect(sandbox="verona", timeout=1) as s:
        yield {"s": s, "df": s.roster(), "audit": s.audit()}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str, made: dict[str, object], tmp_path: Path) -> None:
    names = NAMES | made | {"folder": tmp_path}
    found = doctest.testmod(importlib.import_module(name), extraglobs=names, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0
