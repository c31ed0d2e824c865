"""The audit in brief, as Markdown: for a ticket, a chat, a job's summary."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from xavatar.audit import Audit, duplicate_groups, writer
from xavatar.audit.display import numbers, subtitle
from xavatar.audit.text import clean, count
from xavatar.model import Severity
from xavatar.store.diff import words

from .method import unseen

_ROWS: Final = 50
_GROUPS: Final = 20
_SPECIAL: Final = frozenset("\\`*_{}[]()<>#+!|~&@")


@writer(".md", ".markdown")
def write_markdown(audit: Audit, path: Path) -> None:
    """Write the summary: numbers, broken rules, who breaks the graver ones, what could not be seen."""
    path.write_text(markdown(audit), encoding="utf-8")


def markdown(audit: Audit) -> str:
    """Return the summary as Markdown (GitHub's tables); nothing from the wire is markup in it.

    Examples
    --------
    >>> xa.report.markdown(audit).startswith("#")
    True
    """
    return "\n".join(_lines(audit)) + "\n"


def _lines(audit: Audit) -> Iterator[str]:
    yield "# Avatar audit"
    yield ""
    yield plain(subtitle(audit))
    if not audit.snapshot.complete:
        yield ""
        yield "**Incomplete:** the collection ended before everybody had answered."
    yield ""
    yield from (f"- **{value}** {label}" for value, label in numbers(audit))
    yield ""
    if audit.summary.empty:
        yield "No finding."
    else:
        yield from _rules(audit)
        yield from _findings(audit)
    yield from _changes(audit)
    yield from _shared(audit)
    if sentences := unseen(audit):
        yield ""
        yield "## What could not be seen"
        yield ""
        yield from (f"- {plain(sentence)}" for sentence in sentences)


def _rules(audit: Audit) -> Iterator[str]:
    yield "## Broken rules"
    yield ""
    yield "| Severity | Subjects | Rule | Finding | What to do |"
    yield "| --- | ---: | --- | --- | --- |"
    for row in audit.summary.itertuples():
        rule = str(row.rule)
        cells = (row.severity, row.subjects, plain(rule), plain(str(row.title)), plain(audit.rule(rule).advice))
        yield f"| {' | '.join(map(str, cells))} |"


def _findings(audit: Audit) -> Iterator[str]:
    grave = [finding for finding in audit.results if finding.severity is not Severity.INFO]
    if not grave:
        return
    yield ""
    yield "## Errors and warnings"
    yield ""
    yield "| Rule | Who | What |"
    yield "| --- | --- | --- |"
    for finding in grave[:_ROWS]:
        yield f"| {plain(finding.rule)} | {plain(finding.jid)} | {plain(finding.message)} |"
    if len(grave) > _ROWS:
        yield ""
        yield f"… and {count(len(grave) - _ROWS, 'more finding')}."


def _changes(audit: Audit) -> Iterator[str]:
    found = audit.changes
    if found is None:
        return
    yield ""
    yield f"## Changes since {found.before.taken_at:%Y-%m-%d %H:%M} UTC"
    yield ""
    if not found:
        yield "Nothing changed."
        return
    yield "| Change | Who | What |"
    yield "| --- | --- | --- |"
    for each in found.news[:_ROWS]:
        yield f"| {each.change} | {plain(each.jid)} | {plain(words(each))} |"
    if len(found.news) > _ROWS:
        yield ""
        yield f"… and {count(len(found.news) - _ROWS, 'more change')}."


def _shared(audit: Audit) -> Iterator[str]:
    groups = duplicate_groups(audit.duplicates)
    if groups.empty:
        return
    yield ""
    yield "## Shared pictures"
    yield ""
    yield "| Kind | Subjects | Pictures | Who |"
    yield "| --- | ---: | ---: | --- |"
    for row in groups.head(_GROUPS).itertuples():
        yield f"| {row.label} | {row.subjects} | {row.pictures} | {plain(clean(str(row.jids), 300))} |"
    if len(groups) > _GROUPS:
        yield ""
        yield f"… and {count(len(groups) - _GROUPS, 'more group')}."


def plain(text: str) -> str:
    """Return text that Markdown shows as it is: on one line, no markup, no link, no mention."""
    # A reference for the colon and the dot keeps addresses from becoming links by themselves.
    named = {":": "&#58;", ".": "&#46;"} if "//" in text or "www." in text.lower() else {}
    shown = (named.get(char) or (f"&#{ord(char)};" if char in _SPECIAL else char) for char in clean(text))
    return "".join(shown)
