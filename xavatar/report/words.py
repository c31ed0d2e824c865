"""Our values in a reader's words."""

from __future__ import annotations

from typing import Final

from xavatar.frames.people import Verdict
from xavatar.model import Status

CONDITIONS: Final = {
    "offline": "offline",
    "not-subscribed": "not subscribed",
    "not-ready": "not ready",
    "no-update": "no element",
    "no-photo": "no picture",
    "presence-off": "not asked",
    "not-in-rooms": "not in rooms",
    "breaker-open": "given up",
    "interrupted": "interrupted",
    "session-lost": "connection lost",
}
"""Our own conditions, which say more than the status they come with."""

STATUSES: Final = {
    Status.OK: "ok",
    Status.DISABLED: "switched off",
    Status.EMPTY: "empty",
    Status.NOT_FOUND: "not found",
    Status.FORBIDDEN: "forbidden",
    Status.UNSUPPORTED: "unsupported",
    Status.UNAVAILABLE: "unavailable",
    Status.TIMEOUT: "no answer",
    Status.MALFORMED: "malformed",
    Status.SKIPPED: "not asked",
    Status.ERROR: "error",
}

VERDICTS: Final = {
    Verdict.AGREES: "shown, sources agree",
    Verdict.DIVERGES: "shown, sources differ",
    Verdict.UNCOMPARED: "shown, not comparable",
    Verdict.ONLY_PEP: "shown, only in PEP",
    Verdict.ONLY_VCARD: "shown, only in vCard",
    Verdict.ANNOUNCED: "announced, not found",
    Verdict.BROKEN: "broken",
    Verdict.HIDDEN: "closed to this account",
    Verdict.UNREACHABLE: "no answer",
    Verdict.DISABLED: "switched off",
    Verdict.NONE: "no avatar",
    Verdict.UNASKED: "not asked",
}

SHORT: Final = {
    Verdict.AGREES: "sources agree",
    Verdict.DIVERGES: "sources differ",
    Verdict.UNCOMPARED: "uncompared",
    Verdict.ONLY_PEP: "only in PEP",
    Verdict.ONLY_VCARD: "only in vCard",
    Verdict.ANNOUNCED: "not found",
    Verdict.HIDDEN: "closed",
}
"""Verdicts for narrow places; those not named here are short already."""
