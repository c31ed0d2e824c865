"""The numbers above the fold: who can be seen, who cannot, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xavatar.model import Finding, Severity, Source, Status

from .case import PERMANENT, UNREACHED, Case


class Verdict(StrEnum):
    """What became of one subject's avatar, all sources together."""

    SHOWN = "shown"
    """A picture was fetched and decodes."""
    ANNOUNCED = "announced"
    """Announced, and not fetched by this session (switched off, or behind an address)."""
    BROKEN = "broken"
    """Announced, and no picture comes of it."""
    DISABLED = "disabled"
    """Switched off on purpose."""
    NONE = "none"
    """There is none."""
    HIDDEN = "hidden"
    """Not for this account to see."""
    UNREACHED = "unreached"
    """No answer, so no statement."""


def verdict(case: Case) -> Verdict:
    """Return what became of this subject's avatar."""
    announced = list(case.announced())
    if case.has_picture:
        return Verdict.SHOWN
    if announced:
        if any(reading.facts is None and reading.image_status is Status.SKIPPED for _, reading in announced):
            return Verdict.ANNOUNCED
        if all(reading.image_status is Status.FORBIDDEN for _, reading in announced):
            return Verdict.HIDDEN
        if all(reading.image_status in UNREACHED for _, reading in announced):
            return Verdict.UNREACHED
        return Verdict.BROKEN
    statuses = {outcome.status for outcome in (case.pep, case.vcard) if outcome is not None}
    if Status.MALFORMED in statuses:
        return Verdict.BROKEN
    if case.advertised:
        return Verdict.HIDDEN if statuses else Verdict.ANNOUNCED
    return _without(statuses)


def _without(statuses: set[Status]) -> Verdict:
    if Status.DISABLED in statuses:
        return Verdict.DISABLED
    if Status.FORBIDDEN in statuses:
        return Verdict.HIDDEN
    if statuses and statuses <= PERMANENT | {Status.UNSUPPORTED}:
        return Verdict.NONE
    return Verdict.UNREACHED if statuses - PERMANENT or not statuses else Verdict.NONE


@dataclass(frozen=True, slots=True)
class Headline:
    """The audit in numbers; each counts subjects, except `findings` and `pictures`.

    Parameters
    ----------
    subjects : int
    verdicts : tuple of (Verdict, int)
        Every verdict, in the order of :class:`Verdict`.
    errors, warnings, notes : int
        Subjects whose heaviest finding is of that severity.
    clean : int
        Subjects without any finding.
    leaking : int
        Subjects whose picture tells a position (A-32).
    diverging : int
        Subjects whose sources do not mean the same picture.
    pictures : int
        Distinct pictures, by SHA-1.
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

    def count(self, of: Verdict) -> int:
        """Return how many subjects have that verdict."""
        return dict(self.verdicts)[of]

    @property
    def coverage(self) -> float:
        """Share of subjects with a picture that can be seen, 0 to 1; 0 for nobody."""
        return self.count(Verdict.SHOWN) / self.subjects if self.subjects else 0.0


_DIVERGING = frozenset({"A-22", "P153-17", "A-12", "P153-05", "P486-05"})


def headline(cases: Sequence[Case], findings: Iterable[Finding]) -> Headline:
    """Count."""
    listed = list(findings)
    heaviest: dict[str, Severity] = {}
    for finding in listed:  # the heaviest come first
        heaviest.setdefault(finding.jid, finding.severity)
    by_severity = Counter(heaviest.values())
    verdicts = Counter(verdict(case) for case in cases)
    facts = [reading.facts for case in cases for _, reading in case.announced() if reading.facts]
    return Headline(
        subjects=len(cases),
        verdicts=tuple((each, verdicts[each]) for each in Verdict),
        errors=by_severity[Severity.ERROR],
        warnings=by_severity[Severity.WARNING],
        notes=by_severity[Severity.INFO],
        clean=sum(case.subject.jid not in heaviest for case in cases),
        leaking=sum(
            any(reading.facts is not None and bool(reading.facts.has_gps) for _, reading in case.announced())
            for case in cases
        ),
        diverging=len({finding.jid for finding in listed if finding.rule in _DIVERGING}),
        pictures=len({each.sha1 for each in facts if each.nbytes}),
        findings=len(listed),
    )


SOURCES = {Source.PEP: "PEP", Source.VCARD: "vCard", Source.PRESENCE: "presence"}
