"""Colours for light and dark surroundings."""

from __future__ import annotations

from typing import Final

_LIGHT: Final = (
    "--bg:#fff;--fg:#1f2328;--dim:#59636e;--line:#d1d9e0;--life:#8c959f;--soft:#f6f8fa;--tag:#0550ae;--name:#6639ba;"
    "--value:#116329;--elided:#953800;--out:#0969da;--in:#1a7f37;--bad:#b3261e;--badbg:#ffebe9;color-scheme:light"
)
_DARK: Final = (
    "--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#3d444d;--life:#6e7681;--soft:#151b23;--tag:#79c0ff;--name:#d2a8ff;"
    "--value:#7ee787;--elided:#ffa657;--out:#58a6ff;--in:#3fb950;--bad:#ff7b72;--badbg:#3c1618;color-scheme:dark"
)


def themed(selector: str) -> str:
    """Return CSS that gives a selector its colours: as the notebook's theme is, else as the system's."""
    return (
        f"{selector}{{{_LIGHT}}}\n"
        f"@media (prefers-color-scheme:dark){{{selector}{{{_DARK}}}}}\n"
        f'[data-jp-theme-light="true"] {selector}{{{_LIGHT}}}\n'
        f'[data-jp-theme-light="false"] {selector}{{{_DARK}}}\n'
    )
