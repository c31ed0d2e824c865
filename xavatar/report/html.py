"""The report for people: one HTML file that needs nothing else.

No script, no network (its own policy forbids both), light and dark, printable. Everything
that came from the wire passes through Jinja's escaping and through :func:`clean`; pictures
are our own small copies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from xavatar.audit import Audit, Change, Difference, Rule, writer
from xavatar.audit.display import subtitle
from xavatar.audit.text import clean, size
from xavatar.model import Finding, Severity, Source
from xavatar.store.diff import words

from .faces import wall
from .figures import VERDICT_TONES, figures
from .method import unseen
from .rows import contacts
from .shared import LABELS, TONES, shared
from .words import SHORT, VERDICTS

_PER_RULE = 100
_PER_CHANGE = 100


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence, and all it is true of."""

    message: str
    source: Source | None
    jids: list[str]


@dataclass(frozen=True, slots=True)
class Group:
    """One rule with the subjects that break it.

    Parameters
    ----------
    rule : Rule
    severity : Severity
        The heaviest among its findings.
    subjects : int
    told : list of Told
    more : int
        Findings that are not shown here.
    """

    rule: Rule
    severity: Severity
    subjects: int
    told: list[Told]
    more: int


def groups(audit: Audit, *, most: int = _PER_RULE) -> list[Group]:
    """Return the findings by rule, the heaviest rules first, then those that most people break."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in audit.results:
        by_rule.setdefault(finding.rule, []).append(finding)
    found = [
        Group(
            audit.rule(key), listed[0].severity, len({f.jid for f in listed}), _told(listed[:most]), len(listed[most:])
        )
        for key, listed in by_rule.items()
    ]
    rank = list(Severity)
    return sorted(found, key=lambda group: (rank.index(group.severity), -group.subjects, group.rule.id))


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new since the previous snapshot, by kind.

    Parameters
    ----------
    since : datetime
    kinds : sequence of (Change, int, list of Difference)
        With how many subjects it happened to, and the first of them.
    """

    since: datetime
    kinds: Sequence[tuple[Change, int, list[Difference]]]


def changes(audit: Audit, *, most: int = _PER_CHANGE) -> Changes | None:
    """Return the changes since the snapshot that the audit was given as the previous one."""
    found = audit.changes
    if found is None:
        return None
    kinds = [
        (change, number, [each for each in found.differences if each.change is change][:most])
        for change, number in found.counts.items() if change is not Change.FINDING_STILL
    ]  # fmt: skip
    return Changes(found.before.taken_at, kinds)


def _told(findings: Iterable[Finding]) -> list[Told]:
    same: dict[tuple[str, Source | None], list[str]] = {}
    for finding in findings:
        same.setdefault((finding.message, finding.source), []).append(finding.jid)
    return [Told(message, source, jids) for (message, source), jids in same.items()]


def render(audit: Audit) -> str:
    """Return the report as HTML text.

    Examples
    --------
    >>> "<html" in xa.report.render(audit)
    True
    """
    people = contacts(audit)
    return _environment().get_template("audit.html").render(
        audit=audit,
        line=audit.headline,
        subtitle=subtitle(audit),
        groups=groups(audit),
        figures=figures(audit),
        wall=wall(people),
        people=people,
        shared=shared(audit, people),
        changes=changes(audit),
        anchors={person.jid: person.number for person in people},
        unseen=unseen(audit),
        limits=audit.limits,
        version=version("xavatar"),
    )  # fmt: skip


@writer(".html", ".htm")
def write_html(audit: Audit, path: Path) -> None:
    """Write the report to a file (UTF-8)."""
    path.write_text(render(audit), encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("xavatar.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clean": clean, "size": size, "words": words}
    environment.globals |= {
        "sources": {source: source.label for source in Source},
        "verdicts": VERDICTS,
        "short": VERDICTS | SHORT,
        "verdict_tones": VERDICT_TONES,
        "labels": LABELS,
        "label_tones": TONES,
    }
    return environment
