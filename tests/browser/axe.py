"""What axe-core thinks of a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = {"serious", "critical"}


def faults(page: Page, selector: str | None = None) -> list[str]:
    """Return the serious faults of a page, or of a part of it, with the elements that have them."""
    found = Axe().run(page, context=selector)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}\n    "
        + "\n    ".join(f"{node['target']} {node['failureSummary']}" for node in violation["nodes"][:5])
        for violation in found.response["violations"]
        if violation["impact"] in GRAVE
    ]
