"""What pyproject.toml promises and constraints.txt pins."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSIONS = ("3.11", "3.12", "3.13")


def declared() -> list[Requirement]:
    """Return every requirement: of the package, its extras and the development groups."""
    project = PROJECT["project"]
    extras, groups = project["optional-dependencies"], PROJECT["dependency-groups"]
    lists = [project["dependencies"], *extras.values(), *groups.values()]
    found = [Requirement(entry) for each in lists for entry in each if isinstance(entry, str)]
    return [requirement for requirement in found if requirement.name != project["name"]]


def pins(python: str) -> dict[str, str]:
    """Return the pinned versions that hold for this CPython."""
    environment = default_environment() | {"python_version": python, "python_full_version": f"{python}.1"}
    found = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        pin = Requirement(line)
        if pin.marker is None or pin.marker.evaluate(environment):
            (specifier,) = pin.specifier
            assert specifier.operator == "=="
            assert canonicalize_name(pin.name) not in found
            found[canonicalize_name(pin.name)] = specifier.version
    return found


@pytest.mark.parametrize("python", VERSIONS)
def test_everything_declared_is_pinned_as_declared(python: str) -> None:
    pinned = pins(python)
    environment = default_environment() | {"python_version": python, "python_full_version": f"{python}.1"}
    wanted = [each for each in declared() if each.marker is None or each.marker.evaluate(environment)]
    wrong = [
        str(requirement)
        for requirement in wanted
        if (version := pinned.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(version)
    ]
    assert len(wanted) > 30
    assert not wrong, f"run make lock: {wrong}"


def test_from_3_13_on_aioxmpp_comes_without_its_metadata() -> None:
    """Its metadata asks for lxml 4, which cannot be built there."""
    assert "aioxmpp" in pins("3.12")
    assert "aioxmpp" not in pins("3.13")
    assert pins("3.12")["lxml"].startswith("4.")
    assert int(pins("3.13")["lxml"].partition(".")[0]) >= 6


def test_constraints_hold_names_and_versions_only() -> None:
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert not re.search(r"https?:|--|@|file:", text)


def test_the_version_is_told_once() -> None:
    import xavatar

    assert xavatar.__version__ == PROJECT["project"]["version"]


def test_every_claimed_cpython_is_a_classifier() -> None:
    prefix = "Programming Language :: Python :: "
    claimed = [entry.removeprefix(prefix) for entry in PROJECT["project"]["classifiers"] if entry.startswith(prefix)]
    assert tuple(claimed) == VERSIONS
