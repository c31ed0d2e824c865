"""Small figures as inline SVG, drawn here so that a report needs nothing from anywhere.

Colours are classes of the report's style sheet, so figures follow light and dark. Every
figure is one image to a screen reader, with its numbers as the description.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from markupsafe import Markup

T = TypeVar("T")

_WIDTH, _LABEL, _VALUE = 560, 190, 104
_ROW, _BAR = 26, 14
_ROOM = _WIDTH - _LABEL - _VALUE


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, or one part of a stacked one.

    Parameters
    ----------
    label : str
    value : int
    tone : str
        Suffix of a style class: good, mild, warn, bad, dim or plain.
    """

    label: str
    value: int
    tone: str = "plain"


def bars(title: str, items: Sequence[Bar], *, total: int | None = None) -> Markup:
    """Draw horizontal bars, one under the other.

    Parameters
    ----------
    title : str
    items : sequence of Bar
    total : int, optional
        What a full share is; with it each value gets its percentage.
    """
    largest = max((item.value for item in items), default=0)
    shapes = [
        Markup('{}<rect class="t-{}" x="{}" y="{}" width="{:.1f}" height="{}" rx="3"/>{}').format(
            _text(_LABEL - 10, middle, item.label, "end"),
            item.tone,
            _LABEL,
            middle - _BAR / 2,
            _length(item.value, largest),
            _BAR,
            _text(_LABEL + _length(item.value, largest) + 8, middle, _told(item.value, total), "start"),
        )
        for middle, item in _placed(items)
    ]
    described = ", ".join(f"{item.label}: {_told(item.value, total)}" for item in items)
    return _figure(title, described, len(items) * _ROW, shapes)


def stacked(title: str, rows: Sequence[tuple[str, Sequence[Bar]]], *, share: bool = False) -> Markup:
    """Draw one full-length bar per row, divided into its parts; the page holds the legend.

    Parameters
    ----------
    title : str
    rows : sequence of (str, sequence of Bar)
    share : bool
        Write the percentage of the first part beside the total.
    """
    shapes: list[Markup] = []
    for middle, (label, parts) in _placed(rows):
        total, x = sum(part.value for part in parts), float(_LABEL)
        shapes.append(_text(_LABEL - 10, middle, label, "end"))
        for part in parts:
            if not part.value:
                continue
            length = part.value / total * _ROOM if total else 0
            shapes.append(
                Markup(
                    '<rect class="t-{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{}</title></rect>'
                ).format(part.tone, x, middle - _BAR / 2, max(length - 1, 0.5), _BAR, f"{part.label}: {part.value:,}")
            )
            x += length
        first = f" ({parts[0].value / total:.0%})" if share and total else ""
        shapes.append(_text(_LABEL + _ROOM + 8, middle, f"{total:,}{first}", "start"))
    described = "; ".join(
        f"{label}: {', '.join(f'{part.label} {part.value:,}' for part in parts) or 'not asked'}"
        for label, parts in rows
    )
    return _figure(title, described, len(rows) * _ROW, shapes)


def _placed(items: Sequence[T]) -> list[tuple[float, T]]:
    return [(index * _ROW + _ROW / 2, item) for index, item in enumerate(items)]


def _length(value: int, largest: int) -> float:
    # A bar of a few among thousands stays visible.
    return max(value / largest * _ROOM, 2.0) if value and largest else 0.0


def _told(value: int, total: int | None) -> str:
    if not total:
        return f"{value:,}"
    return f"{value:,} ({value / total:.0%})"


def _text(x: float, y: float, words: str, anchor: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" dy=".35em" text-anchor="{}">{}</text>').format(x, y, anchor, words)


def _figure(title: str, described: str, height: int, shapes: Sequence[Markup]) -> Markup:
    return Markup('<svg role="img" viewBox="0 0 {} {}" aria-label="{}">{}</svg>').format(
        _WIDTH, max(height, 1), f"{title}. {described}", Markup("").join(shapes)
    )
