"""The tables of docs/avatar-service.md are true: every test is there, every public name and every defect has one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import xavatar.avatar as avatar
from xavatar.avatar.descriptors import AbstractAvatarDescriptor

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "avatar-service.md").read_text()
TESTS = re.compile(r"`([a-z]+/test_\w+)::(test_\w+)`")


def functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / f"{file}.py").read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_named_is_there() -> None:  # D-49
    named = set(TESTS.findall(PAGE))
    assert len(named) > 60
    there = {file: functions(file) for file in {file for file, _ in named}}
    assert [f"{file}::{test}" for file, test in sorted(named) if test not in there[file]] == []


def test_every_defect_has_a_row_and_a_test() -> None:
    rows = dict(re.findall(r"^\| (D-\d\d) \|(.*)$", PAGE, re.MULTILINE))
    assert list(rows) == [f"D-{number:02}" for number in range(1, 50)]
    assert [name for name, row in rows.items() if not TESTS.search(row)] == []


def names_with_tests() -> str:
    """Return the tables that name tests, their first columns only."""
    section = PAGE[PAGE.index("## Every documented name") : PAGE.index("## Forty-nine")]
    rows = [line.split(" | ") for line in section.splitlines() if TESTS.search(line)]
    return "\n".join(row[0] for row in rows)


PUBLIC = [
    f"{kind.__name__}.{name}"
    for kind in (avatar.AvatarService, avatar.AvatarSet)
    for name in vars(kind)
    if not name.startswith("_") and not name.isupper()
]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_of_the_service_and_the_set_has_a_test(name: str) -> None:
    kind, attribute = name.split(".")
    assert re.search(rf"`({kind})?\.{attribute}`", names_with_tests()), name


@pytest.mark.parametrize(
    "name",
    [name for name in (*AbstractAvatarDescriptor.__dataclass_fields__, "normalized_id", "get_image_bytes")
     if name not in ("fetch", "item_id", "info_index", "pointer")],
)  # fmt: skip
def test_every_attribute_of_descriptors_has_a_test(name: str) -> None:
    assert f"`{name}`" in names_with_tests()


@pytest.mark.parametrize("name", ["choose", "fetch_url", "UrlPolicy", "normalize_id"])
def test_every_function_has_a_test(name: str) -> None:
    assert f"`{name}`" in names_with_tests()
