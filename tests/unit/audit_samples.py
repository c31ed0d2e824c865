"""Outcomes made of model values, for the tests of audit, report and cli."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from xavatar.audit import Case, Limits, Surroundings
from xavatar.model import Descriptor, ImageFacts, Kind, Outcome, Reading, Snapshot, Source, Status, Subject

JULIET = Subject("juliet@capulet.lit", Kind.CONTACT, name="Juliet")
OCCUPANT = Subject("balcony@rooms.capulet.lit/moon", Kind.OCCUPANT, nick="moon")
ROOM = Subject("balcony@rooms.capulet.lit", Kind.ROOM)
SELF = Subject("nurse@capulet.lit", Kind.SELF)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def sha1(name: str) -> str:
    return hashlib.sha1(name.encode()).hexdigest()


GOOD, OTHER = sha1("good"), sha1("other")


def facts(sha: str = GOOD, **changes: object) -> ImageFacts:
    base = ImageFacts(
        sha, 4000, "png", "image/png", 64, 64, 1, has_exif=False, has_gps=False, dhash="0f0f0f0f0f0f0f0f", mode="RGB"
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def reading(
    declared: Descriptor | None = None,
    found: ImageFacts | None = None,
    status: Status = Status.OK,
    condition: str | None = None,
) -> Reading:
    """A PEP reading; sound when nothing is given."""
    if declared is None:
        declared = info()
        found = found or (facts() if status is Status.OK else None)
    return Reading(declared, found, status, condition)


def info(**changes: object) -> Descriptor:
    return replace(Descriptor(GOOD, GOOD, 0, "image/png", 4000, 64, 64), **changes)  # type: ignore[arg-type]


def photo(found: ImageFacts | None = None, **changes: object) -> Reading:
    """A vCard reading; sound when nothing is given."""
    declared = replace(Descriptor(mime="image/png"), **changes)  # type: ignore[arg-type]
    if found is None and declared.url is None:
        found = facts()
    return Reading(declared, found, Status.OK if found else Status.SKIPPED)


def pep(*readings: Reading, status: Status | None = None, who: Subject = JULIET, **rest: object) -> Outcome:
    found = readings or ((reading(),) if status in (None, Status.OK) else ())
    return Outcome(who, Source.PEP, status or Status.OK, readings=found, observed_at=NOON, **rest)  # type: ignore[arg-type]


def vcard(*readings: Reading, status: Status | None = None, who: Subject = JULIET, **rest: object) -> Outcome:
    found = readings or ((photo(),) if status in (None, Status.OK) else ())
    return Outcome(who, Source.VCARD, status or Status.OK, readings=found, observed_at=NOON, **rest)  # type: ignore[arg-type]


def presence(
    value: str | None = GOOD,
    status: Status = Status.OK,
    resource: str | None = "phone",
    who: Subject = JULIET,
    **rest: object,
) -> Outcome:
    found = (Reading(Descriptor(id=value)),) if status is Status.OK else ()
    return Outcome(who, Source.PRESENCE, status, resource=resource, readings=found, observed_at=NOON, **rest)  # type: ignore[arg-type]


def case(*outcomes: Outcome, around: Surroundings | None = None, limits: Limits | None = None) -> Case:
    """One subject's case; the subject is that of the first outcome."""
    by = {outcome.source: outcome for outcome in outcomes}
    return Case(
        outcomes[0].subject,
        by.get(Source.PEP),
        by.get(Source.VCARD),
        tuple(outcome for outcome in outcomes if outcome.source is Source.PRESENCE),
        limits or Limits(),
        around or Surroundings(),
    )


def snapshot(*outcomes: Outcome, complete: bool = True) -> Snapshot:
    return Snapshot("nurse@capulet.lit", "roster", outcomes, NOON, complete, "20261122T120000-1")
