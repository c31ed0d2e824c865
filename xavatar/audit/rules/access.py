"""What could not be seen from this account, and whether that is on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from xavatar.audit.case import PERMANENT, UNREACHED, Breach, Case
from xavatar.audit.text import clean
from xavatar.model import Kind, Severity, Source, Status

from .registry import Level, rule

_UNSEEN = PERMANENT | {Status.FORBIDDEN}


@rule(
    "A-13",
    "Hash advertised, picture not accessible",
    xep="XEP-0398",
    section="7",
    level=Level.SHOULD,
    why="Others are told of a picture and may not have it: they see a blank, and ask again.",
    advice="Open the access model of both avatar nodes, or leave it: the picture is private by choice.",
)
def advertised_but_closed(case: Case) -> Iterator[Breach]:
    """Look for an advertised hash whose picture this account cannot have."""
    for reading in case.readings(Source.PEP):
        if reading.image_status is Status.FORBIDDEN:
            yield Breach("The metadata can be read, the data item behind it not.", Source.PEP)
    if not case.advertised or case.status(Source.VCARD) not in _UNSEEN or case.hashes(Source.VCARD):
        return
    if case.around.refused_by(case.place):
        return
    if any(reading.facts for reading in case.readings(Source.PEP)):
        yield Breach("Presence advertises a hash; contacts can fetch the picture, people in rooms cannot.")
    elif not case.hashes(Source.PEP):
        yield Breach("Presence advertises a hash; this account finds the picture neither in PEP nor in the vCard.")


@rule(
    "P163-01",
    "Not for this account to see",
    xep="XEP-0163",
    section="4",
    level=Level.INFO,
    severity=Severity.INFO,
    why="PEP shows itself to contacts by default. Some servers answer the same for accounts that do not exist.",
    advice="Subscribe to this contact's presence, or ask them to open the access model of their avatar nodes.",
    also=("P60-02", "P60-01"),
)
def forbidden(case: Case) -> Iterator[Breach]:
    """Look for refusals, unless the whole domain or room refuses."""
    if case.around.refused_by(case.place):
        return
    closed = [o for o in case.outcomes if o.status is Status.FORBIDDEN and o.source is not Source.PRESENCE]
    for outcome in closed:
        name = "PEP" if outcome.source is Source.PEP else "The vCard"
        yield Breach(
            f"{name} is closed to this account ({clean(outcome.condition or 'forbidden', 60)}).", outcome.source
        )


@rule(
    "A-26",
    "Server refuses, or cannot be reached",
    level=Level.INFO,
    severity=Severity.INFO,
    why="No statement about the picture is possible: no answer is no evidence that there is none.",
    advice="Try again later; when a server refuses everybody, ask its operators.",
)
def unreachable(case: Case) -> Iterator[Breach]:
    """Look for missing answers, and for domains that refused everybody."""
    refused = case.around.refused_by(case.place)
    if refused and case.subject.kind not in (Kind.OCCUPANT, Kind.ROOM):
        yield Breach(f"{clean(case.place, 80)} refused the avatars of all {refused} contacts asked for.")
        return
    for outcome in case.outcomes:
        if outcome.condition == "breaker-open":
            told = clean(outcome.text or "others there were refused or not reached", 120).rstrip(".")
            yield Breach(f"{outcome.source.label}: not asked; {told}.", outcome.source)
        if outcome.status in UNREACHED and outcome.source is not Source.PRESENCE:
            yield Breach(f"{outcome.source.label}: {_words(outcome.status, outcome.condition)}.", outcome.source)
    for source, reading in case.announced():
        if reading.image_status in UNREACHED:
            yield Breach(f"Picture: {_words(reading.image_status, reading.image_condition)}.", source)


def _words(status: Status, condition: str | None) -> str:
    words = "no answer in time" if status is Status.TIMEOUT else "not reachable"
    return f"{words} ({clean(condition, 60)})" if condition else words


@rule(
    "A-25",
    "Room forbids questions to its occupants",
    level=Level.INFO,
    severity=Severity.INFO,
    why="Nobody in this room can see the pictures of others, whatever those publish.",
    advice="An owner can allow it: muc#roomconfig_allow_query_users, called allow_query_users by ejabberd.",
)
def room_refuses(case: Case) -> Iterator[Breach]:
    """Look for rooms that refused every occupant's vCard."""
    inside = case.subject.kind in (Kind.OCCUPANT, Kind.ROOM)
    if inside and (refused := case.around.refused_by(case.place)):
        yield Breach(f"{clean(case.place, 80)} refused the pictures of all {refused} occupants asked for.")
