"""The rules, in one registry: ``RULES``.

Add your own with the :func:`rule` decorator; `xavatar rules` lists them all.
"""

from __future__ import annotations

from . import access, agreement, gateways, hashes, metadata, presence, privacy, rooms, size, urls, vcard, wire  # noqa: F401
from .registry import RULES, Check, Level, Registry, Rule, rule

__all__ = ["RULES", "Check", "Level", "Registry", "Rule", "rule"]
