"""The pictures of rooms themselves (XEP-0486)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from xavatar.audit.case import Breach, Case, difference
from xavatar.audit.text import clean
from xavatar.model import Kind, Severity, Source, Status

from .registry import Level, rule

_NO_VCARDS = frozenset({"service-unavailable", "feature-not-implemented"})


@rule(
    "P486-01",
    "Room takes no picture",
    xep="XEP-0486",
    section="3.1",
    level=Level.INFO,
    severity=Severity.INFO,
    why="The room service has no vCards for rooms, so nobody can give this one a face.",
    advice="Nothing to do in the room; its service would have to be updated or configured (vcard-temp).",
    also=("P486-03",),
)
def no_vcards(case: Case) -> Iterator[Breach]:
    """Look for rooms whose service does not answer for vCards."""
    vcard = case.vcard if case.subject.kind is Kind.ROOM else None
    if vcard and (vcard.status is Status.UNSUPPORTED or vcard.condition in _NO_VCARDS):
        yield Breach(f"The room's vCard: {vcard.condition or vcard.status}.", Source.VCARD)


@rule(
    "P486-05",
    "Room announces another picture than it has",
    xep="XEP-0486",
    section="3.3",
    level=Level.MUST,
    why="Clients that trust the announced hash fetch again and again, or keep the old picture.",
    advice="Set the room's picture again; if it stays, the room service does not refresh its hash.",
)
def room_hash(case: Case) -> Iterator[Breach]:
    """Compare the hash in the room's information with its vCard's picture."""
    real, said = case.hashes(Source.VCARD), case.advertised
    if case.subject.kind is Kind.ROOM and real and said and not real & said:
        yield Breach(f"Announced {sorted(said)[0][:12]}…, the vCard holds {sorted(real)[0][:12]}….")


@rule(
    "P486-08",
    "Several photos in the vCard",
    xep="XEP-0486",
    section="5.1",
    level=Level.INFO,
    severity=Severity.INFO,
    why="Allowed for rooms, as formats of one picture; most clients read the first only.",
    advice="Nothing, if all show the same; else keep one.",
)
def several_photos(case: Case) -> Iterator[Breach]:
    """Count the photos, and compare what they show."""
    photos = case.readings(Source.VCARD)
    if len(photos) > 1:
        facts = [reading.facts for reading in photos if reading.facts]
        reasons = [reason for one, other in combinations(facts, 2) if (reason := difference(one, other, case.limits))]
        if reasons:
            told = f"{len(photos)} photos that look different: {reasons[0]}."
            yield Breach(told, Source.VCARD, severity=Severity.WARNING)
        else:
            yield Breach(f"{len(photos)} photos.", Source.VCARD)


@rule(
    "P486-09",
    "Room announces its picture by presence",
    xep="XEP-0486",
    section="5.2",
    level=Level.INFO,
    severity=Severity.INFO,
    why="A discouraged older way, which servers still use; clients expect the hash in the room's disco information.",
    advice="Nothing, as long as both say the same.",
)
def announced_by_presence(case: Case) -> Iterator[Breach]:
    """Look for a hash in a presence of the room itself."""
    if case.subject.kind is Kind.ROOM and any(each.readings and each.resource is None for each in case.presences):
        yield Breach("The room's own presence carries a hash.", Source.PRESENCE)


@rule(
    "A-27",
    "Called like a contact, with another face",
    level=Level.INFO,
    severity=Severity.INFO,
    why="Nicknames are free to take: clients that keep faces by nickname show the contact's picture for this one.",
    advice="Do not take the name for the person; a client should key faces by occupant id (XEP-0421).",
)
def borrowed_name(case: Case) -> Iterator[Breach]:
    """Compare an occupant's nickname with the names of contacts, and then the pictures."""
    if case.subject.kind is not Kind.OCCUPANT or not case.subject.nick:
        return
    shown = case.hashes(Source.VCARD) | case.advertised
    for face in case.around.faces:
        if case.subject.nick.casefold() in face.names and shown and not shown & face.hashes:
            yield Breach(f"Called like your contact {clean(face.jid, 80)}, whose picture is another one.")
