"""The report for people: one HTML file that needs nothing else.

No script, no network (its own policy forbids both), light and dark, printable. Everything
that came from the wire passes through Jinja's escaping and through :func:`clean`; pictures
are our own small copies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from xavatar.audit import Audit, Rule, writer
from xavatar.audit.display import subtitle
from xavatar.audit.text import clean, size
from xavatar.model import Finding, Severity

from .faces import wall
from .figures import STATUS_TONES, VERDICT_TONES, figures
from .method import unseen
from .rows import Contact, contacts
from .words import SOURCES, VERDICTS

_PER_RULE = 100


@dataclass(frozen=True, slots=True)
class Group:
    """One rule with the subjects that break it.

    Parameters
    ----------
    rule : Rule
    severity : Severity
        The heaviest among its findings.
    subjects : int
    shown : list of Finding
    more : int
        Findings that are not shown here.
    """

    rule: Rule
    severity: Severity
    subjects: int
    shown: list[Finding]
    more: int


def groups(audit: Audit, *, most: int = _PER_RULE) -> list[Group]:
    """Return the findings by rule, the heaviest rules first, then those that most people break."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in audit.results:
        by_rule.setdefault(finding.rule, []).append(finding)
    found = [
        Group(
            audit.rule(key), listed[0].severity, len({f.jid for f in listed}), listed[:most], max(len(listed) - most, 0)
        )
        for key, listed in by_rule.items()
    ]
    rank = list(Severity)
    return sorted(found, key=lambda group: (rank.index(group.severity), -group.subjects, group.rule.id))


def render(audit: Audit) -> str:
    """Return the report as HTML text."""
    people = contacts(audit)
    return _environment().get_template("audit.html").render(
        audit=audit,
        line=audit.headline,
        subtitle=subtitle(audit),
        groups=groups(audit),
        figures=figures(audit),
        wall=wall(people),
        people=people,
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
    environment.filters |= {"clean": clean, "size": size, "tones": _tones}
    environment.globals |= {
        "sources": SOURCES, "status_tones": STATUS_TONES, "verdict_tones": VERDICT_TONES, "verdicts": VERDICTS,
    }  # fmt: skip
    return environment


def _tones(people: Iterable[Contact]) -> set[str]:
    return {VERDICT_TONES[person.verdict] for person in people}
