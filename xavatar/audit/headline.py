"""The numbers above the fold: who can be seen, who cannot, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from xavatar.frames.people import SHOWN, Verdict
from xavatar.model import Finding, Severity

from .case import Case

_DIVERGING = frozenset({"A-12", "A-22", "P153-05", "P153-17", "P486-05"})


@dataclass(frozen=True, slots=True)
class Headline:
    """The audit in numbers; all count subjects, except `pictures` and `findings`.

    Parameters
    ----------
    subjects : int
    verdicts : tuple of (Verdict, int)
        Every verdict, in the order of :class:`xavatar.frames.people.Verdict`.
    errors, warnings, notes : int
        Subjects whose heaviest finding is of that severity.
    clean : int
        Subjects without any finding.
    leaking : int
        Subjects whose picture tells a position (A-32).
    diverging : int
        Subjects whose sources do not mean the same picture.
    pictures : int
        Distinct pictures fetched, by SHA-1.
    findings : int
    """

    subjects: int
    verdicts: tuple[tuple[Verdict, int], ...]
    errors: int
    warnings: int
    notes: int
    clean: int
    leaking: int
    diverging: int
    pictures: int
    findings: int

    def count(self, *verdicts: Verdict) -> int:
        """Return how many subjects have one of these verdicts."""
        return sum(number for verdict, number in self.verdicts if verdict in verdicts)

    @property
    def shown(self) -> int:
        """Subjects with a picture that others can see."""
        return self.count(*SHOWN)

    @property
    def coverage(self) -> float:
        """Share of subjects with a picture that others can see, 0 to 1; 0 for nobody."""
        return self.shown / self.subjects if self.subjects else 0.0


def headline(cases: Sequence[Case], people: pd.DataFrame, findings: Iterable[Finding]) -> Headline:
    """Count.

    Parameters
    ----------
    cases : sequence of Case
    people : pandas.DataFrame
        One row per subject, with its verdict.
    findings : iterable of Finding
        The heaviest first.
    """
    listed = list(findings)
    heaviest: dict[str, Severity] = {}
    for finding in listed:
        heaviest.setdefault(finding.jid, finding.severity)
    by_severity = Counter(heaviest.values())
    verdicts = Counter(people["verdict"])
    facts = [[reading.facts for _, reading in case.announced() if reading.facts] for case in cases]
    return Headline(
        subjects=len(cases),
        verdicts=tuple((verdict, verdicts[verdict.value]) for verdict in Verdict),
        errors=by_severity[Severity.ERROR],
        warnings=by_severity[Severity.WARNING],
        notes=by_severity[Severity.INFO],
        clean=len(cases) - len(heaviest),
        leaking=sum(any(each.has_gps for each in own) for own in facts),
        diverging=len({finding.jid for finding in listed if finding.rule in _DIVERGING}),
        pictures=len({each.sha1 for own in facts for each in own if each.nbytes}),
        findings=len(listed),
    )
