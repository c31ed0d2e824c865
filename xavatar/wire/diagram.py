"""Who sent what to whom: a sequence diagram as SVG, for lessons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from .capture import Direction
from .entry import Entry
from .lessons import Lesson
from .pretty import harmless
from .theme import themed

_ROW: Final = 38
_TOP: Final = 84
_MARGIN: Final = 116
_GAP: Final = 250
_MOST: Final = 7
_OTHERS: Final = "others"
_WORDS: Final = 40
_SELF: Final = "this session"
_SERVER: Final = "own account, server"

_STYLE: Final = (
    themed("svg.xa-sequence")
    + """
svg.xa-sequence { font-family:system-ui,sans-serif; background:var(--bg) }
.xa-sequence text { fill:var(--fg); font-size:12px; paint-order:stroke; stroke:var(--bg); stroke-width:3px }
.xa-sequence .on { stroke:none }
.xa-sequence .dim { fill:var(--dim); font-size:11px }
.xa-sequence .bad { fill:var(--bad); font-size:11px; font-weight:600 }
.xa-sequence .rule { fill:var(--name); font-size:11px }
.xa-sequence .life { stroke:var(--life); stroke-dasharray:3 4 }
.xa-sequence .head { fill:var(--soft); stroke:var(--life) }
.xa-sequence .back { fill:var(--bg) }
.xa-sequence .out { stroke:var(--out); fill:none; stroke-width:1.6 }
.xa-sequence .in { stroke:var(--in); fill:none; stroke-width:1.6 }
.xa-sequence .answer { stroke-dasharray:6 3 }
.xa-sequence .tip-out { fill:var(--out) }
.xa-sequence .tip-in { fill:var(--in) }
"""
)


@dataclass(frozen=True, slots=True)
class Diagram:
    """A drawing; notebooks show it.

    Parameters
    ----------
    svg : str
    """

    svg: str

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.svg}</div>'


def draw(entries: Sequence[Entry], *, left_out: int = 0) -> Diagram:
    """Draw a lifeline for oneself, the own server and each other party, and an arrow for each stanza.

    Parameters
    ----------
    entries : sequence of Entry
    left_out : int
        How many more there were, for a note at the end.
    """
    own = _own(entries)
    columns = _columns([_party(entry, own) for entry in entries])
    width = 2 * _MARGIN + _GAP * (len(columns) - 1)
    height = _TOP + _ROW * (len(entries) + bool(left_out)) + 24
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    label = f'role="img" aria-label="Sequence of {len(entries)} stanzas"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="xa-sequence" {size} {label}>',
        f"<style>{_STYLE}</style>",
        f'<rect class="back" width="{width}" height="{height}"/>',
    ]
    places = {name: _MARGIN + _GAP * index for index, name in enumerate(columns)}
    parts += [_lifeline(name, x, height) for name, x in places.items()]
    for row, entry in enumerate(entries):
        party = _party(entry, own)
        x = places.get(party, places.get(_OTHERS, 0))
        parts.append(_arrow(entry, places[_SELF], x, _TOP + _ROW * row, party if party not in places else ""))
    if left_out:
        parts.append(f'<text class="dim" x="{_MARGIN}" y="{height - 20}">… and {left_out:,} more</text>')
    return Diagram("".join([*parts, "</svg>"]))


def _own(entries: Sequence[Entry]) -> frozenset[str]:
    """Return the own account and its server, as far as received stanzas name them."""
    accounts = {entry.to.partition("/")[0] for entry in entries if entry.direction is Direction.IN}
    return frozenset(("", *accounts, *(account.rpartition("@")[2] for account in accounts)))


def _columns(parties: Sequence[str]) -> list[str]:
    """Name the lifelines: oneself, the server, and the others in the order they appear."""
    found = [_SELF, *([_SERVER] if _SERVER in parties else []), *dict.fromkeys(p for p in parties if p != _SERVER)]
    return found if len(found) <= _MOST else [*found[: _MOST - 1], _OTHERS]


def _party(entry: Entry, own: frozenset[str]) -> str:
    """Name who is at the other end: a bare JID, or the own server, which answers for the account too."""
    bare = entry.peer.partition("/")[0]
    return _SERVER if bare in own else bare


def _lifeline(name: str, x: int, height: int) -> str:
    shown = name if len(name) <= 32 else f"{name[:31]}…"
    half = min(_GAP // 2 - 6, max(50, 4 * len(shown)))
    return (
        f'<line class="life" x1="{x}" x2="{x}" y1="46" y2="{height - 8}"/>'
        f'<rect class="head" x="{x - half}" y="16" width="{2 * half}" height="30" rx="5"/>'
        f'<text class="on" x="{x}" y="35" text-anchor="middle">{_shown(shown)}<title>{_shown(name)}</title></text>'
    )


def _arrow(entry: Entry, mine: int, theirs: int, y: int, named: str) -> str:
    kind = entry.direction.value
    start, end = (mine, theirs) if entry.direction is Direction.OUT else (theirs, mine)
    step = 1 if end > start else -1
    tip = f"{end},{y} {end - 9 * step},{y - 4} {end - 9 * step},{y + 4}"
    answer = " answer" if entry.request is not None else ""
    words = f"{entry.kind}: {entry.summary}" if entry.summary else entry.kind
    words = words if len(words) <= _WORDS else f"{words[: _WORDS - 1]}…"
    left = min(mine, theirs) + 12
    notes = [named] if named else []
    notes += [*entry.xeps[:1], f"{entry.size:,} B"]
    notes += [f"{entry.elapsed_ms:.1f} ms"] if entry.elapsed_ms is not None else []
    rules = _rules("bad", entry.breaks) + _rules("rule", entry.illustrates)
    return (
        f"<g><title>{_shown(f'{entry.number}: {entry.kind} {entry.summary}, {entry.size:,} B')}</title>"
        f'<line class="{kind}{answer}" x1="{start}" x2="{end - 7 * step}" y1="{y}" y2="{y}"/>'
        f'<polygon class="tip-{kind}" points="{tip}"/>'
        f'<text x="{left}" y="{y - 7}">{_shown(words)}</text>'
        f'<text class="dim" x="{left}" y="{y + 13}">{_shown(", ".join(notes))}{rules}</text></g>'
    )


def _rules(tone: str, lessons: tuple[Lesson, ...]) -> str:
    names = " ".join(dict.fromkeys(lesson.rule for lesson in lessons))
    return f'<tspan class="{tone}" dx="6">{names}</tspan>' if names else ""


def _shown(text: str) -> str:
    return escape(harmless(text))
