"""Rooms beside a roster: one snapshot of all that was looked at."""

from __future__ import annotations

from dataclasses import replace

from xavatar.errors import QueryError
from xavatar.model import Kind, Outcome, Snapshot, Source, Status, Subject


def together(one: Snapshot, other: Snapshot) -> Snapshot:
    """Return two snapshots of one account as one, under the first one's id and time."""
    return replace(
        one,
        scope=f"{one.scope} and {other.scope}",
        outcomes=one.outcomes + other.outcomes,
        complete=one.complete and other.complete,
    )


def refused(room: str, error: QueryError, beside: Snapshot) -> Snapshot:
    """Return the snapshot of a room that could not be entered: one row, which says why."""
    outcome = Outcome(Subject(room, Kind.ROOM), Source.VCARD, error.status, error.condition, str(error))
    if outcome.status is Status.OK:
        outcome = replace(outcome, status=Status.ERROR)
    return replace(beside, scope=room, outcomes=(outcome,))
