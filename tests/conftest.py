"""Marks by folder, one worker per kind of shared resource, and the real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
KINDS = {"unit", "contract", "sandbox", "real", "notebooks", "browser", "golden"}

# Under pytest-xdist a session fixture is made once per worker. What shares one expensive resource goes to one worker.
GROUPS = {"contract": "servers", "real": "servers", "notebooks": "kernels", "browser": "browser"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test after its folder."""
    for item in items:
        if not item.path.is_relative_to(HERE):
            continue
        kind = item.path.relative_to(HERE).parts[0]
        if kind in KINDS:
            item.add_marker(kind)
        if kind in GROUPS:
            item.add_marker(pytest.mark.xdist_group(GROUPS[kind]))
