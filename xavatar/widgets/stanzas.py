"""Stanzas as the trace viewer's page gets them: harmless texts, the numbers beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice, takewhile
from typing import Any, Final

from xavatar.audit.text import clean
from xavatar.wire.capture import Direction
from xavatar.wire.entry import Entry
from xavatar.wire.lessons import Lesson
from xavatar.wire.pretty import tokens, unreadable

_ADDRESS: Final = 300
_WORDS: Final = 200
_PIECES: Final = 6000
_OFFERED: Final = 200


def row(entry: Entry) -> list[Any]:
    """Return a stanza's line as the page gets it: harmless texts, the numbers beside them."""
    return [
        entry.number,
        f"{entry.at:%H:%M:%S.%f}"[:12],
        entry.direction is Direction.OUT,
        clean(entry.kind, 40),
        clean(entry.peer, _ADDRESS),
        clean(entry.summary, _WORDS),
        entry.size,
        entry.elapsed_ms,
        entry.xeps[0] if entry.xeps else "",
        _rules(entry.breaks),
        _rules(entry.illustrates),
    ]


def stanza(entry: Entry) -> dict[str, Any]:
    """Return a stanza as the page shows it opened: pieces of text, each with its kind, and the rules it shows."""
    element = entry.element
    pieces = list(islice(tokens(element), _PIECES + 1)) if element is not None else [("", unreadable(entry.raw))]
    if len(pieces) > _PIECES:
        pieces[_PIECES:] = [("elided", "\n… the rest of it is in Python: trace[…]")]
    return {
        "at": entry.at.strftime("%Y-%m-%d %H:%M:%S.%f UTC"),
        "summary": clean(entry.summary, _WORDS),
        "peer": clean(entry.peer, _ADDRESS),
        "out": entry.direction is Direction.OUT,
        "kind": clean(entry.kind, 40),
        "size": entry.size,
        "elapsed": entry.elapsed_ms,
        "request": entry.request.number if entry.request is not None else 0,
        "xeps": list(entry.xeps),
        "notes": [*_notes("broken", entry.breaks), *_notes("shown", entry.illustrates)],
        "pieces": [[kind, text] for kind, text in pieces],
    }


def _notes(tone: str, lessons: Iterable[Lesson]) -> list[list[str]]:
    return [[tone, lesson.rule, clean(lesson.words, 600)] for lesson in lessons]


def _rules(lessons: Iterable[Lesson]) -> list[str]:
    return list(dict.fromkeys(lesson.rule for lesson in lessons))


class Choices:
    """What can be filtered by, and how many stanzas had it so far."""

    def __init__(self) -> None:
        self._counters: dict[str, Counter[str]] = {name: Counter() for name in ("jid", "kind", "xep", "rule")}
        self._last = 0

    def take(self, entries: Sequence[Entry]) -> None:
        """Count those that came since the last time."""
        fresh = takewhile(lambda entry: entry.number > self._last, reversed(entries))
        for entry in fresh:
            if bare := entry.peer.partition("/")[0]:
                self._counters["jid"][bare] += 1
            self._counters["kind"][entry.kind] += 1
            self._counters["xep"].update(entry.xeps)
            self._counters["rule"].update(_rules((*entry.breaks, *entry.illustrates)))
        self._last = entries[-1].number if entries else self._last

    def told(self) -> dict[str, list[list[Any]]]:
        """Return pairs of value and number, the most frequent first."""
        return {
            name: [[clean(value, _ADDRESS), many] for value, many in counter.most_common(_OFFERED)]
            for name, counter in self._counters.items()
        }
