"""A trace as HTML: for a notebook, or as a page of its own; light and dark, no script."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Final

from .capture import Direction
from .entry import STANZAS, Entry
from .lessons import Lesson
from .pretty import as_html, harmless, unreadable
from .theme import themed

if TYPE_CHECKING:
    from .trace import Trace

_SHOWN: Final = 200
_OPEN: Final = 6
_STYLE: Final = (
    themed(".xa-trace")
    + """
.xa-trace { background:var(--bg); color:var(--fg); font:13px/1.45 system-ui,sans-serif; border:1px solid var(--line);
  border-radius:6px; max-width:72rem; overflow:hidden; container-type:inline-size }
.xa-trace > p { margin:0; padding:.5em .8em; color:var(--dim); background:var(--soft) }
.xa-trace > p b { color:var(--fg) }
.xa-trace details { border-top:1px solid var(--line) }
.xa-trace .xa-row { display:grid; gap:.6em; padding:.25em .8em; align-items:baseline;
  grid-template-columns:2.8em 7.6em 1.2em 5em minmax(8em,1fr) minmax(10em,2.2fr) 5em 5em;
  font-variant-numeric:tabular-nums }
.xa-trace .xa-names { border-top:1px solid var(--line) }
.xa-trace .xa-names > * { color:var(--dim); font-size:11px }
.xa-trace summary { cursor:pointer; list-style:none }
.xa-trace .xa-nonza > summary > * { color:var(--dim); font-size:12px }
@container (max-width:46rem) {
  .xa-trace .xa-row { grid-template-columns:2.4em 1.2em minmax(5em,1fr) minmax(7em,2fr) 4.6em }
  .xa-trace .xa-row > .xa-wide { display:none }
}
.xa-trace summary::-webkit-details-marker { display:none }
.xa-trace summary:hover, .xa-trace details[open] > summary { background:var(--soft) }
.xa-trace summary:focus-visible { outline:2px solid var(--out); outline-offset:-2px }
.xa-trace .xa-row > * { overflow-wrap:anywhere; text-align:left }
.xa-trace .xa-row > .xa-r { text-align:right; color:var(--dim) }
.xa-trace .xa-d { color:var(--dim) }
.xa-trace .xa-out { color:var(--out); font-weight:700 }
.xa-trace .xa-in { color:var(--in); font-weight:700 }
.xa-trace .xa-x { display:inline-block; border:1px solid var(--line); border-radius:9px; padding:0 .5em; font-size:11px;
  color:var(--dim); margin:0 .3em 0 0; white-space:nowrap }
.xa-trace .xa-rule { color:var(--name) }
.xa-trace .xa-bad { color:var(--bad); background:var(--badbg); border-color:var(--bad) }
.xa-trace pre { margin:0; padding:.6em .8em .8em 3.8em; overflow:auto; background:var(--bg); color:var(--fg);
  font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace; white-space:pre-wrap; overflow-wrap:anywhere;
  text-align:left }
.xa-trace pre .xa-line { display:block; --far:calc((var(--n) + 4) * 1ch); padding-left:var(--far);
  text-indent:calc(-1 * var(--far)) }
.xa-trace ul { margin:0; padding:.5em .8em .1em 3.8em; text-align:left; list-style:none }
.xa-trace li { margin:.15em 0 } .xa-trace li .xa-x { display:inline-block; margin:0 .5em 0 0; min-width:4.4em;
  text-align:center }
.xa-trace .xa-tag { color:var(--tag) } .xa-trace .xa-name { color:var(--name) }
.xa-trace .xa-value { color:var(--value) }
.xa-trace .xa-namespace { color:var(--dim) } .xa-trace .xa-elided { color:var(--elided); font-style:italic }
"""
)


_NAMES: Final = (
    '<div class="xa-row xa-names" aria-hidden="true"><span class="xa-r">no.</span> <span class="xa-wide">UTC</span> '
    '<span></span> <span class="xa-wide">kind</span> <span>with</span> <span>about</span> '
    '<span class="xa-r">size</span> <span class="xa-r xa-wide">round trip</span></div>'
)


def fragment(trace: Trace) -> str:
    """Return a trace for a notebook's cell: a line for each stanza, which opens to its XML."""
    entries = trace.entries
    shown = entries[-_SHOWN:]
    body = "".join(_entry(entry, opened=len(shown) <= _OPEN) for entry in shown)
    head = f"<p>{_head(trace, entries, len(shown))}</p>{_NAMES if shown else ''}"
    return f'<div class="xa-trace"><style>{_STYLE}</style>{head}{body}</div>'


def page(trace: Trace) -> str:
    """Return a trace as a page that needs nothing else."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>XMPP trace</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"></head><body>{fragment(trace)}</body></html>\n'
    )


def _head(trace: Trace, entries: tuple[Entry, ...], shown: int) -> str:
    size = sum(entry.size for entry in entries)
    parts = [f"<b>{len(entries):,} stanzas</b>, {size:,} bytes"]
    if trace.dropped:
        parts.append(f"{trace.dropped:,} earlier ones are dropped")
    if shown < len(entries):
        parts.append(f"the last {shown} are shown; <code>.frame</code> and <code>.save()</code> have all")
    return "; ".join(parts)


def _entry(entry: Entry, *, opened: bool) -> str:
    out = entry.direction is Direction.OUT
    cells = (
        ("xa-r", str(entry.number)),
        ("xa-d xa-wide", f"{entry.at:%H:%M:%S.%f}"[:12]),
        (f"xa-{entry.direction.value}", f'<span title="{"sent" if out else "received"}">{"→" if out else "←"}</span>'),
        ("xa-wide", _cell(entry.kind)),
        ("xa-with", _cell(entry.peer) or "<i>own account</i>"),
        ("xa-about", f"{_cell(entry.summary)}{''.join(_badges(entry))}"),
        ("xa-r", f"{entry.size:,} B"),
        ("xa-r xa-wide", f"{entry.elapsed_ms:.1f} ms" if entry.elapsed_ms is not None else ""),
    )
    line = " ".join(f'<span class="{name}">{content}</span>' for name, content in cells)
    text = as_html(entry.element) if entry.element is not None else escape(unreadable(entry.raw))
    lessons = "".join(_lessons(entry))
    kind = "" if entry.kind in STANZAS else ' class="xa-nonza"'
    return (
        f'<details{kind}{" open" if opened else ""}><summary class="xa-row">{line}</summary>'
        f"{f'<ul>{lessons}</ul>' if lessons else ''}<pre>{text}</pre></details>"
    )


def _cell(text: str) -> str:
    return escape(harmless(text))


def _badges(entry: Entry) -> Iterator[str]:
    """Yield the specification and the rules, each as a badge, with a space before it for readers without style."""
    if entry.xeps:
        yield f' <span class="xa-x">{entry.xeps[0]}</span>'
    yield from (f' <span class="xa-x xa-bad">{rule}</span>' for rule in _rules(entry.breaks))
    yield from (f' <span class="xa-x xa-rule">{rule}</span>' for rule in _rules(entry.illustrates))


def _rules(lessons: tuple[Lesson, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lesson.rule for lesson in lessons))


def _lessons(entry: Entry) -> Iterator[str]:
    if entry.request is not None:
        yield f"<li>Answers no. {entry.request.number}, {entry.elapsed_ms:.1f} ms later.</li>"

    def line(lesson: Lesson, tone: str, what: str) -> str:
        return f'<li><span class="xa-x {tone}">{lesson.rule}</span> {what}{escape(lesson.words)}</li>'

    yield from (line(lesson, "xa-bad", "broken: ") for lesson in entry.breaks)
    yield from (line(lesson, "xa-rule", "") for lesson in entry.illustrates)
