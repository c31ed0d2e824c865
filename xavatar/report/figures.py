"""Which figures a report shows, and the numbers in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from xavatar.audit import Audit, Case, Limits
from xavatar.audit.text import clean, count, size
from xavatar.frames.coverage import By, coverage
from xavatar.frames.people import SHOWN, Verdict
from xavatar.model import ImageFacts, Source, Status

from .plots import Bar, bars, stacked
from .words import VERDICTS

VERDICT_TONES = {
    **dict.fromkeys(SHOWN, "good"),
    Verdict.DIVERGES: "warn",
    Verdict.ANNOUNCED: "warn",
    Verdict.BROKEN: "bad",
    Verdict.HIDDEN: "mild",
    Verdict.UNREACHABLE: "warn",
    Verdict.DISABLED: "dim",
    Verdict.NONE: "dim",
    Verdict.UNASKED: "plain",
}
# What a source answered, folded to what a reader can tell apart by colour.
_ANSWERS = (
    ("picture", "good", {Status.OK}),
    ("none", "dim", {Status.EMPTY, Status.NOT_FOUND, Status.DISABLED, Status.UNSUPPORTED}),
    ("closed", "mild", {Status.FORBIDDEN}),
    ("no answer, offline", "warn", {Status.TIMEOUT, Status.UNAVAILABLE}),
    ("unusable", "bad", {Status.MALFORMED, Status.ERROR}),
    ("not asked", "plain", {Status.SKIPPED}),
)
_SIDES = (32, 64, 96, 192, 256, 512)


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with what a reader should know about it.

    Parameters
    ----------
    title, note : str
    drawing : Markup
    legend : sequence of (str, str)
        Tone and word.
    """

    title: str
    note: str
    drawing: Markup
    legend: Sequence[tuple[str, str]] = ()


def figures(audit: Audit) -> list[Figure]:
    """Return the figures of a report; none for an audit of nobody."""
    if not audit.cases:
        return []
    shown = [_verdicts(audit), _answers(audit.cases), _agreement(audit.cases)]
    shown += [figure for by in _PARTS if (figure := _coverage(audit, by)) is not None]
    pictures = _pictures(audit.cases)
    if pictures:
        shown += [_formats(pictures), _sizes(pictures, audit.limits), _sides(pictures)]
    return shown


def _pictures(cases: Iterable[Case]) -> list[ImageFacts]:
    """Return each distinct picture once."""
    found = (reading.facts for case in cases for _, reading in case.announced())
    return list({facts.sha1: facts for facts in found if facts and facts.nbytes}.values())


def _verdicts(audit: Audit) -> Figure:
    line = audit.headline
    items = [Bar(VERDICTS[verdict], number, VERDICT_TONES[verdict]) for verdict, number in line.verdicts if number]
    note = f"{count(line.shown, 'subject')} of {line.subjects:,} show a picture that others can see."
    return Figure("Who can be seen", note, bars("Who can be seen", items, total=line.subjects))


def _answers(cases: Sequence[Case]) -> Figure:
    told = {
        source: Counter(o.status for case in cases for o in case.outcomes if o.source is source) for source in Source
    }
    rows = [
        (
            source.label,
            [
                Bar(word, number, tone)
                for word, tone, those in _ANSWERS
                if (number := sum(told[source][s] for s in those))
            ],
        )
        for source in Source
    ]
    present = {part.label for _, parts in rows for part in parts}
    legend = [(tone, word) for word, tone, _ in _ANSWERS if word in present]
    note = "Answers per source; a contact has one presence per connected client."
    return Figure("What each source said", note, stacked("What each source said", rows), legend)


def _agreement(cases: Sequence[Case]) -> Figure:
    """Compare the sources two by two, as far as both told which picture they mean."""
    rows = []
    for one, other in _PAIRS:
        pairs = [(_told(case, one), _told(case, other)) for case in cases]
        told = [(a, b) for a, b in pairs if a is not None and b is not None and (a or b)]
        numbers = {
            "the same picture": sum(bool(a & b) for a, b in told),
            "different pictures": sum(bool(a and b and not a & b) for a, b in told),
            f"{one.label} only": sum(not b for _, b in told),
            f"{other.label} only": sum(not a for a, _ in told),
        }
        tones = ("good", "bad", "mild", "dim")
        bars_ = [Bar(word, number, tone) for (word, number), tone in zip(numbers.items(), tones, strict=True) if number]
        rows.append((f"{one.label} and {other.label}", bars_))
    legend = [("good", "same picture"), ("bad", "different pictures"), ("mild", "first only"), ("dim", "second only")]
    note = "Of those who show a picture in one of the two, and whose other one answered."
    return Figure("Agreement", note, stacked("Agreement", rows), legend)


_PAIRS = ((Source.PEP, Source.VCARD), (Source.PEP, Source.PRESENCE), (Source.VCARD, Source.PRESENCE))
_ANSWERED = frozenset({Status.OK, Status.DISABLED, Status.EMPTY, Status.NOT_FOUND})


def _told(case: Case, source: Source) -> frozenset[str] | None:
    if source is Source.PRESENCE:
        return case.advertised if case.heard else None
    return case.hashes(source) if case.status(source) in _ANSWERED else None


_PARTS: dict[By, tuple[str, str]] = {
    "domain": ("Coverage by domain", "domain"),
    "groups": ("Coverage by group", "roster group"),
}
_MOST = 12


def _coverage(audit: Audit, by: By) -> Figure | None:
    """Tell how many of each group or domain show a picture; ``None`` where there is only one."""
    table = coverage(audit.table, by)
    if len(table) < 2:
        return None
    title, noun = _PARTS[by]
    rows = [
        (clean(str(name), 26), [Bar("picture", int(row["avatar"]), "good"),
                                Bar("none to see", int(row["subjects"] - row["avatar"]), "dim")])
        for name, row in table.head(_MOST).iterrows()
    ]  # fmt: skip
    left = len(table) - _MOST
    rest = f" {count(left, 'smaller one')} left out." if left > 0 else ""
    note = f"Who shows a picture, per {noun}; those of most people first.{rest}"
    return Figure(title, note, stacked(title, rows, share=True), [("good", "picture"), ("dim", "none to see")])


def _formats(pictures: Sequence[ImageFacts]) -> Figure:
    counted = Counter((facts.format or "unknown").upper() for facts in pictures)
    good = {"PNG": "good", "JPEG": "plain", "GIF": "plain", "UNKNOWN": "bad", "SVG": "warn"}
    items = [Bar(name, number, good.get(name, "mild")) for name, number in counted.most_common()]
    note = f"{count(len(pictures), 'distinct picture')}, by their bytes; PNG is what every client must show."
    return Figure("Formats", note, bars("Formats", items, total=len(pictures)))


def _sizes(pictures: Sequence[ImageFacts], limits: Limits) -> Figure:
    steps = [
        (limits.mobile_base64 * 3 // 4, "Conversations", "good"),
        (limits.small_bytes, "XEP-0153", "good"),
        (limits.modern_bytes, "modernxmpp", "plain"),
        (limits.payload_base64 * 3 // 4, "ejabberd", "warn"),
        (limits.stanza_bytes * 3 // 4, "one stanza", "bad"),
    ]
    items, below = [], -1
    for most, name, tone in sorted(steps):
        items.append(Bar(f"to {size(most)} ({name})", sum(below < p.nbytes <= most for p in pictures), tone))
        below = most
    items.append(Bar(f"over {size(below)}", sum(p.nbytes > below for p in pictures), "bad"))
    note = "Distinct pictures between the limits of the field: above each, that software refuses or skips them."
    return Figure("Sizes", note, bars("Sizes", items, total=len(pictures)))


def _sides(pictures: Sequence[ImageFacts]) -> Figure:
    sides = [max(facts.width or 0, facts.height or 0) for facts in pictures]
    items, below = [], 0
    for most in _SIDES:
        items.append(Bar(f"to {most} pixels", sum(below < side <= most for side in sides), "plain"))
        below = most
    items.append(Bar(f"over {below} pixels", sum(side > below for side in sides), "warn"))
    if unknown := sides.count(0):
        items.append(Bar("unknown", unknown, "bad"))
    note = "The longer side of each distinct picture; 192 pixels suit today's screens."
    return Figure("Pixels", note, bars("Pixels", items, total=len(pictures)))
