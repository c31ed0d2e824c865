"""Judging a snapshot: rules, findings, headline numbers. Needs no connection."""

from __future__ import annotations

from xavatar.store.diff import Change, Diff, Difference

from .audit import Audit
from .case import Breach, Case, Face, Surroundings
from .diagnosis import Diagnosis, Role, Sight, Step, View
from .duplicates import duplicate_groups, duplicates
from .headline import Headline
from .joining import PrivacyWarning
from .limits import Limits
from .live import diagnose_live
from .rules import RULES, Level, Registry, Rule, rule
from .writers import writer

__all__ = [
    "RULES",
    "Audit",
    "Breach",
    "Case",
    "Change",
    "Diagnosis",
    "Diff",
    "Difference",
    "Face",
    "Headline",
    "Level",
    "Limits",
    "PrivacyWarning",
    "Registry",
    "Role",
    "Rule",
    "Sight",
    "Step",
    "Surroundings",
    "View",
    "diagnose_live",
    "duplicate_groups",
    "duplicates",
    "rule",
    "writer",
]
