"""A snapshot judged: tables, findings, numbers."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from xavatar.errors import ConfigError
from xavatar.frames.build import frame
from xavatar.frames.people import people
from xavatar.model import Finding, Severity, Snapshot
from xavatar.store.compare import diff
from xavatar.store.diff import Diff

from . import display, joining, judge, writers
from .case import Case
from .diagnose import diagnose
from .diagnosis import Diagnosis
from .duplicates import groups
from .headline import Headline, headline
from .limits import Limits
from .rules import RULES, Registry, Rule

FINDINGS = ("rule", "severity", "jid", "source", "title", "message", "advice", "xep")
SUMMARY = ("rule", "severity", "title", "subjects", "findings", "xep")
_SEVERITIES = [severity.value for severity in Severity]


@dataclass(frozen=True, repr=False)
class Audit:
    """What the rules say about one snapshot; make one with :meth:`of`.

    Parameters
    ----------
    snapshot : Snapshot
    limits : Limits
    severities : mapping of str to Severity
        By rule id, instead of the rule's own.
    off : frozenset of str
        Ids of rules that are not asked.
    rules : Registry
    beside : Snapshot, optional
        Another view to compare occupants with.
    previous : Snapshot, optional
        An earlier one, which the report tells the changes since.

    Examples
    --------
    >>> audit.worst
    <Severity.ERROR: 'error'>
    >>> audit.findings.columns.tolist()
    ['rule', 'severity', 'jid', 'source', 'title', 'message', 'advice', 'xep']
    """

    snapshot: Snapshot
    limits: Limits = field(default_factory=Limits)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    rules: Registry = field(default_factory=lambda: RULES)
    beside: Snapshot | None = None
    previous: Snapshot | None = None

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        *,
        limits: Limits | None = None,
        severities: Mapping[str, Severity | str] | None = None,
        off: Collection[str] = (),
        rules: Registry = RULES,
        beside: Snapshot | None = None,
        previous: Snapshot | None = None,
    ) -> Audit:
        """Judge a snapshot; nothing is asked of any server.

        Parameters
        ----------
        snapshot : Snapshot
        limits : Limits, optional
            Thresholds.
        severities : mapping of str to Severity, optional
            By rule id, for all findings of that rule.
        off : collection of str
            Ids of rules not to ask.
        rules : Registry
        beside : Snapshot, optional
            Of ``me``, or the roster: a room's occupants are compared with oneself, and, with
            ``Limits(join_occupants=True)``, with the roster's contacts (A-24).
        previous : Snapshot, optional
            An earlier one of the same account and scope; `changes` and the report compare with it.

        Raises
        ------
        ConfigError
            A rule id or a severity that does not exist.

        Warns
        -----
        PrivacyWarning
            Occupants are joined with the roster, as the limits ask.

        Examples
        --------
        >>> from xavatar.audit import Audit
        >>> milder = Audit.of(audit.snapshot, severities={"A-18": "info"}, off={"P153-13"})
        >>> "P153-13" in set(milder.findings["rule"])
        False
        """
        if limits is not None and limits.join_occupants:
            joining.warn()
        chosen = {_known(key, rules).id: _severity(value) for key, value in (severities or {}).items()}
        silent = frozenset(_known(key, rules).id for key in off)
        return cls(snapshot, limits or Limits(), chosen, silent, rules, beside, previous)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """One per subject, in the snapshot's order."""
        beside, previous = (each.outcomes if each else () for each in (self.beside, self.previous))
        return judge.cases(self.snapshot.outcomes, self.limits, beside, previous)

    @cached_property
    def results(self) -> tuple[Finding, ...]:
        """All findings as values, the heaviest first."""
        return judge.judge(self.cases, self.rules, self.severities, self.off)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The snapshot as a frame, one row per descriptor (see :mod:`xavatar.frames.schema`)."""
        return frame(self.snapshot.outcomes, snapshot=self.snapshot.id or None)

    @cached_property
    def people(self) -> pd.DataFrame:
        """The table folded to one row per subject with a verdict (see :mod:`xavatar.frames.people`)."""
        return people(self.table)

    @cached_property
    def findings(self) -> pd.DataFrame:
        """The findings, one row each: rule, severity, jid, source, title, message, advice, xep."""
        rows = [
            (each.rule, each.severity.value, each.jid, each.source and each.source.value, rule.title,
             each.message, each.advice, rule.reference)
            for each in self.results for rule in (self.rule(each.rule),)
        ]  # fmt: skip
        return _severity_column(pd.DataFrame(rows, columns=list(FINDINGS)).astype("string"))

    @cached_property
    def summary(self) -> pd.DataFrame:
        """How many subjects break which rule: rule, severity, title, subjects, findings, xep."""
        grouped = self.findings.groupby(["severity", "rule", "title", "xep"], observed=True, sort=True)
        counted = grouped.agg(subjects=("jid", "nunique"), findings=("jid", "size")).reset_index()
        counted = counted.astype({"subjects": "Int64", "findings": "Int64"})
        return counted.sort_values(["severity", "subjects", "rule"], ascending=[True, False, True], ignore_index=True)[
            list(SUMMARY)
        ]

    @cached_property
    def headline(self) -> Headline:
        """The audit in numbers."""
        return headline(self.cases, self.people, self.results)

    @cached_property
    def duplicates(self) -> pd.DataFrame:
        """Pictures that several subjects show, the same or nearly (see :func:`xavatar.audit.duplicates`)."""
        return groups(self.snapshot.outcomes, join_occupants=self.limits.join_occupants)

    @cached_property
    def changes(self) -> Diff | None:
        """What changed since the snapshot `previous`; ``None`` without one."""
        return None if self.previous is None else self.diff(self.previous)

    @property
    def worst(self) -> Severity | None:
        """The heaviest severity found; ``None`` for a clean audit."""
        return self.results[0].severity if self.results else None

    def rule(self, key: str) -> Rule:
        """Return a rule that findings name, also one that only the reader knew.

        Examples
        --------
        >>> audit.rule("A-18").title
        'Picture does not decode, or is a bomb'
        """
        return self.rules[key] if key in self.rules else judge.unknown(key)

    def about(self, jid: str) -> tuple[Finding, ...]:
        """Return the findings about one subject.

        Examples
        --------
        >>> sorted({finding.rule for finding in audit.about("abraham@montague.lit")})
        ['A-02', 'P153-01', 'P84-07', 'P84-09']
        """
        return self._by_subject.get(jid, ())

    @cached_property
    def _by_subject(self) -> dict[str, tuple[Finding, ...]]:
        found: dict[str, list[Finding]] = {}
        for finding in self.results:
            found.setdefault(finding.jid, []).append(finding)
        return {jid: tuple(listed) for jid, listed in found.items()}

    def diff(self, previous: Audit | Snapshot) -> Diff:
        """Return what changed since an earlier audit or snapshot of the same scope.

        A snapshot is judged by this audit's rules and limits.

        Raises
        ------
        ConfigError
            They looked at different things, or through different accounts.

        Examples
        --------
        >>> bool(audit.diff(audit))
        False
        """
        if isinstance(previous, Snapshot):
            previous = replace(self, snapshot=previous, previous=None)
        return diff(previous.snapshot, self.snapshot, previous.results, self.results)

    def diagnose(self, jid: str) -> Diagnosis:
        """Return why one subject's avatar can or cannot be seen, by whom, and what to do.

        Raises
        ------
        ConfigError
            The snapshot does not have that subject.
        """
        for case in self.cases:
            if case.subject.jid == jid:
                return diagnose(case, self.about(jid))
        raise ConfigError(
            f"{jid} is not in this snapshot of {self.snapshot.scope}; the table's column `jid` lists who is."
        )

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the audit to a file; the suffix chooses the format.

        ``.html`` is the report for people. ``.csv`` and ``.parquet`` hold one table: the
        findings or the summary when the file's name says so (``findings.csv``), else the
        frame. ``.json`` holds everything, ``.md`` a summary, ``.xml`` JUnit's test cases.

        Raises
        ------
        ConfigError
            No writer for that suffix, or a directory that does not exist.

        Examples
        --------
        >>> audit.report(folder / "audit.html").name
        'audit.html'
        """
        target = Path(path)
        writers.find(target)(self, target)
        return target

    def __repr__(self) -> str:
        return display.text(self)

    def _repr_html_(self) -> str:
        return display.html(self)


def _known(key: str, rules: Registry) -> Rule:
    if key not in rules:
        raise ConfigError(f"There is no rule {key!r}; `xavatar rules` lists them.")
    return rules[key]


def _severity(value: Severity | str) -> Severity:
    try:
        return Severity(value)
    except ValueError:
        raise ConfigError(f"{value!r} is no severity; choose one of {', '.join(_SEVERITIES)}.") from None


def _severity_column(findings: pd.DataFrame) -> pd.DataFrame:
    # Ordered, so that sorting puts errors first and not in alphabetical order.
    return findings.assign(severity=pd.Categorical(findings["severity"], categories=_SEVERITIES, ordered=True))
