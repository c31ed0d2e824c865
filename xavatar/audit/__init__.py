"""Judging a snapshot: rules, findings, headline numbers. Needs no connection."""

from __future__ import annotations

from .audit import Audit
from .case import Breach, Case, Surroundings
from .headline import Headline
from .limits import Limits
from .rules import RULES, Level, Registry, Rule, rule
from .writers import writer

__all__ = [
    "RULES",
    "Audit",
    "Breach",
    "Case",
    "Headline",
    "Level",
    "Limits",
    "Registry",
    "Rule",
    "Surroundings",
    "rule",
    "writer",
]
