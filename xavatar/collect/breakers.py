"""Not asking a wall again and again (A-25, A-26)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from xavatar.model import Kind, Source, Status, Subject

_ALWAYS: Final = frozenset({Status.UNAVAILABLE, Status.TIMEOUT})
_REFUSALS: Final = frozenset({Status.FORBIDDEN, Status.UNSUPPORTED, Status.ERROR})
_TRUSTING: Final = frozenset({"both", "to"})


@dataclass(slots=True)
class _Count:
    failures: int = 0
    condition: str | None = None


class Breakers:
    """Counts refusals in a row per domain, or per room, and source.

    Parameters
    ----------
    threshold : int
        Refusals in a row after which no more is asked.
    own_domain : str
        Of the account: its own server is asked to the end.

    Notes
    -----
    That a domain is down is a fact about the domain. A refusal is one only when it comes for
    contacts who let the account see their presence, since all others may be refused rightly
    (P163-01), or from a room, where one setting refuses everybody.
    """

    def __init__(self, threshold: int, own_domain: str) -> None:
        self._threshold = threshold
        self._own = own_domain
        self._counts: defaultdict[tuple[str, Source], _Count] = defaultdict(_Count)

    def blocked(self, subject: Subject, source: Source) -> str | None:
        """Return the words why this one is not asked, or None."""
        place = _place(subject)
        if place == self._own:
            return None
        count = self._counts.get((place, source))
        if count is None or count.failures < self._threshold:
            return None
        return f"not asked: {count.failures} times in a row {place} answered {count.condition or 'nothing'}"

    def note(self, subject: Subject, source: Source, status: Status, condition: str | None) -> None:
        """Count an answer."""
        place = _place(subject)
        if status in _ALWAYS or (status in _REFUSALS and _tells_of_place(subject)):
            count = self._counts[place, source]
            count.failures += 1
            count.condition = condition
        elif status is not Status.SKIPPED:
            self._counts.pop((place, source), None)


def _place(subject: Subject) -> str:
    if subject.kind is Kind.OCCUPANT:
        return subject.jid.partition("/")[0]
    return subject.jid.rpartition("@")[2]


def _tells_of_place(subject: Subject) -> bool:
    return subject.kind is Kind.OCCUPANT or subject.subscription in _TRUSTING
