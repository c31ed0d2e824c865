"""What a rule is, and the one registry they all stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

import pandas as pd

from xavatar.audit.case import Breach, Case
from xavatar.errors import ConfigError
from xavatar.model import Severity


class Level(StrEnum):
    """How strongly the XEP puts it; what it means to people is the severity."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    INFO = "info"


Check = Callable[[Case], Iterable[Breach]]
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Rule:
    """Something an avatar should keep to.

    Parameters
    ----------
    id : str
        As ``P84-01`` (a XEP's rule) or ``A-05`` (an anomaly seen in the field).
    title : str
        The breach, in a few words.
    xep, section : str
        Where it is written, as ``XEP-0084`` and ``3.1``; empty for plain experience.
    level : Level
    severity : Severity
        Of a finding, unless the audit or the breach says otherwise.
    why : str
        Why it matters to a person.
    advice : str
        What to do about it.
    also : tuple of str
        Further ids that mean the same breach; the registry knows the rule by them too.
    check : callable, optional
        Yields the breaches of one case. ``None``: it can only be seen on the raw XML, so
        it comes from `Outcome.problems`.
    """

    id: str
    title: str
    xep: str
    section: str
    level: Level
    severity: Severity
    why: str
    advice: str
    also: tuple[str, ...] = ()
    check: Check | None = None

    @property
    def how(self) -> str:
        """How a breach is found, in a sentence."""
        return (self.check.__doc__ or "").strip() if self.check else "Seen while reading the XML."

    @property
    def reference(self) -> str:
        """``XEP-0084, 3.1``; ``field experience`` for what no XEP says."""
        return ", ".join(part for part in (self.xep, self.section) if part) or "field experience"


class Registry(Mapping[str, Rule]):
    """Rules by id, in the order they were added; a rule's `also` ids find it too."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules: dict[str, Rule] = {}
        self._names: dict[str, str] = {}
        for each in rules:
            self.add(each)

    def __getitem__(self, key: str) -> Rule:
        return self._rules[self._names[key]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, key: object) -> bool:
        return key in self._names

    def add(self, new: Rule) -> None:
        """Add a rule; its ids must be new.

        Raises
        ------
        ConfigError
            An id is taken, or its severity or level is none.
        """
        new = replace(new, severity=_member(Severity, new.severity, new.id), level=_member(Level, new.level, new.id))
        for name in (new.id, *new.also):
            if name in self._names:
                raise ConfigError(f"Rule id {name} is taken by {self[name].title!r}; choose another.")
        self._rules[new.id] = new
        self._names |= dict.fromkeys((new.id, *new.also), new.id)

    def remove(self, key: str) -> None:
        """Take a rule out, with all its ids."""
        gone = self._rules.pop(self._names[key])
        for name in (gone.id, *gone.also):
            del self._names[name]

    def copy(self) -> Registry:
        """Return a registry of one's own, to add to without touching the shared one."""
        return Registry(self._rules.values())

    def frame(self) -> pd.DataFrame:
        """Return the rules as a table, one row each."""
        rows = [
            (each.id, each.title, each.severity.value, each.level.value, each.reference, "; ".join(each.also),
             each.why, each.advice)
            for each in self.values()
        ]  # fmt: skip
        names = ["rule", "title", "severity", "level", "xep", "also", "why", "advice"]
        return pd.DataFrame(rows, columns=names).astype("string")


def _member(kind: type[E], value: str, rule: str) -> E:
    try:
        return kind(value)
    except ValueError:
        names = ", ".join(each.value for each in kind)
        raise ConfigError(f"Rule {rule}: {value!r} is no {kind.__name__.lower()}; choose one of {names}.") from None


RULES = Registry()
"""The rules that come with xavatar; an audit uses these unless it is given others."""


def rule(
    id: str,
    title: str,
    *,
    why: str,
    advice: str,
    xep: str = "",
    section: str = "",
    level: Level | str = Level.INFO,
    severity: Severity | str = Severity.WARNING,
    also: tuple[str, ...] = (),
    registry: Registry = RULES,
) -> Callable[[Check], Check]:
    """Make a function a rule: it takes a :class:`Case` and yields :class:`Breach` values.

    Parameters
    ----------
    id, title, why, advice, xep, section, also
        As of :class:`Rule`.
    level : Level or str
    severity : Severity or str
        ``error``, ``warning`` or ``info``.
    registry : Registry
        The shared one, or one's own.

    Raises
    ------
    ConfigError
        An id is taken, or a severity or level is none.

    Examples
    --------
    >>> from xavatar.audit import RULES, Audit, Breach, rule
    >>> mine = RULES.copy()
    >>> @rule("X-01", "Not square", why="Most clients cut it.", advice="Cut it yourself.", registry=mine)
    ... def square(case):
    ...     for source, reading in case.announced():
    ...         if reading.facts and reading.facts.width != reading.facts.height:
    ...             yield Breach(f"{reading.facts.width} x {reading.facts.height} pixels.", source)
    >>> len(Audit.of(audit.snapshot, rules=mine).findings.query("rule == 'X-01'")) > 0
    True
    """

    def register(check: Check) -> Check:
        grave, strict = _member(Severity, severity, id), _member(Level, level, id)
        registry.add(Rule(id, title, xep, section, strict, grave, why, advice, also, check))
        return check

    return register


def seen_on_the_wire(
    id: str,
    title: str,
    *,
    why: str,
    advice: str,
    xep: str,
    section: str,
    level: Level = Level.MUST,
    severity: Severity = Severity.WARNING,
    also: tuple[str, ...] = (),
) -> None:
    """Add a rule whose breaches only the reader of the raw XML can see (`Outcome.problems`)."""
    RULES.add(Rule(id, title, xep, section, level, severity, why, advice, also))
