"""One subject's outcomes together: what a rule sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from xavatar.frames import agreement
from xavatar.frames.agreement import EMPTY_SHA1
from xavatar.imaging import distance
from xavatar.model import ImageFacts, Kind, Outcome, Reading, Severity, Source, Status, Subject

from .limits import Limits

PERMANENT = frozenset({Status.EMPTY, Status.NOT_FOUND})
"""Answers that say for sure: there is nothing here (for this account, P60-02)."""
_HEARD = frozenset({Status.OK, Status.EMPTY, Status.UNSUPPORTED})
NOT_READY = "not-ready"
"""Condition of a presence with an empty update element (P153-04)."""
UNREACHED = frozenset({Status.UNAVAILABLE, Status.TIMEOUT})


def normal(text: str | None) -> str:
    """Return a declared hash as it is compared (A-04); ``""`` for none."""
    return agreement.normalized(text or "")


def is_sha1(text: str | None) -> bool:
    """Tell whether `text` is 40 hexadecimal digits, spaces around and case aside (P153-01)."""
    return agreement.is_sha1(text or "")


_SPELLINGS = {
    "image/jpg": "image/jpeg",  # never registered, but everywhere
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/apng": "image/png",  # an APNG is a PNG to whoever declares it
}


def same_type(declared: str | None, real: str | None) -> bool:
    """Tell whether a declared media type fits the bytes'; an unknown one contradicts nothing."""
    one, other = normal(declared), normal(real)
    return not one or not other or _SPELLINGS.get(one, one) == _SPELLINGS.get(other, other)


def difference(one: ImageFacts, other: ImageFacts, limits: Limits) -> str | None:
    """Return why two pictures look different, ``None`` when they do not; a suspicion, no proof."""
    if one.dhash and other.dhash and (bits := distance(one.dhash, other.dhash)) > limits.dhash_distance:
        return f"{bits} of 64 bits of their perceptual hash"
    if one.width and one.height and other.width and other.height:
        ratio = (one.width / one.height) / (other.width / other.height)
        if abs(ratio - 1) > limits.aspect_tolerance:
            return f"{one.width} x {one.height} against {other.width} x {other.height} pixels"
    return None


@dataclass(frozen=True, slots=True)
class Face:
    """A contact as others may call themselves.

    Parameters
    ----------
    jid : str
    names : frozenset of str
        Its name in the roster and its user name, case folded.
    hashes : frozenset of str
    """

    jid: str
    names: frozenset[str]
    hashes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rest of the snapshot says, as far as a rule about one subject needs it.

    Parameters
    ----------
    refusing : mapping-like frozenset of (str, int)
        Domains and rooms that refused everybody's avatar, with how many were refused.
    own : frozenset of str
        Hashes of the looking account's own pictures.
    known : frozenset of (str, str)
        Hash and bare JID of the roster's pictures; empty unless `Limits.join_occupants`.
    faces : tuple of Face
        What the roster's contacts are called, and look like.
    gateways : frozenset of (str, int, int)
        Domains of gateways, their contacts, and how many of those have a picture.
    older : frozenset of (str, int)
        First contact, and number of contacts, of each domain that says ``item-not-found``
        of a vCard that is not there.
    """

    refusing: frozenset[tuple[str, int]] = frozenset()
    own: frozenset[str] = frozenset()
    known: frozenset[tuple[str, str]] = frozenset()
    faces: tuple[Face, ...] = ()
    gateways: frozenset[tuple[str, int, int]] = frozenset()
    older: frozenset[tuple[str, int]] = frozenset()

    def refused_by(self, place: str) -> int:
        """Return how many `place` refused when it refused all; 0 when it did not."""
        return next((number for name, number in self.refusing if name == place), 0)


@dataclass(frozen=True, slots=True)
class Breach:
    """What a rule yields; the audit makes a :class:`~xavatar.model.Finding` of it.

    Parameters
    ----------
    message : str
        What is wrong with this one, for a person.
    source : Source, optional
        Where; ``None`` when it is about several sources together.
    severity : Severity, optional
        Only when this breach is lighter or heavier than its rule.
    advice : str, optional
        Only when it differs from the rule's.
    """

    message: str
    source: Source | None = None
    severity: Severity | None = None
    advice: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One subject, what its three sources said, and the limits to judge by.

    Parameters
    ----------
    subject : Subject
    pep, vcard : Outcome, optional
        ``None`` when that source was not asked at all.
    presences : tuple of Outcome
        One per resource.
    limits : Limits
    around : Surroundings
    earlier : Case, optional
        The same subject in the snapshot before, when the audit knows it.
    """

    subject: Subject
    pep: Outcome | None = None
    vcard: Outcome | None = None
    presences: tuple[Outcome, ...] = ()
    limits: Limits = field(default_factory=Limits)
    around: Surroundings = field(default_factory=Surroundings)
    earlier: Case | None = None

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """All outcomes: PEP, vCard, then presences."""
        if self.pep is not None and self.vcard is not None:
            return (self.pep, self.vcard, *self.presences)
        return tuple(outcome for outcome in (self.pep, self.vcard) if outcome is not None) + self.presences

    @property
    def place(self) -> str:
        """The domain of a contact, the room of an occupant or of itself: who can refuse all at once."""
        if self.subject.kind is Kind.ROOM:
            return self.subject.jid
        bare, _, _ = self.subject.jid.partition("/")
        return bare if bare != self.subject.jid else bare.rpartition("@")[2]

    def readings(self, source: Source) -> tuple[Reading, ...]:
        """Return what `source` announced; for presence, of all resources."""
        if source is Source.PRESENCE:
            return tuple(reading for outcome in self.presences for reading in outcome.readings)
        outcome = self.pep if source is Source.PEP else self.vcard
        return () if outcome is None else outcome.readings

    def status(self, source: Source) -> Status | None:
        """Return how PEP or the vCard answered; ``None`` when not asked."""
        outcome = self.pep if source is Source.PEP else self.vcard
        return None if outcome is None else outcome.status

    def announced(self) -> Iterator[tuple[Source, Reading]]:
        """Yield every announced picture of PEP and vCard, fetched or not."""
        for source in (Source.PEP, Source.VCARD):
            for reading in self.readings(source):
                yield source, reading

    def hashes(self, source: Source) -> frozenset[str]:
        """Return the SHA-1 of `source`'s pictures: of the bytes where they are known, else as declared."""
        found = set()
        for reading in self.readings(source):
            if reading.facts is not None:
                found.add(reading.facts.sha1)
            # A picture elsewhere has a hash of its own, of another format (XEP-0084, 4.2.1); one that is gone has none.
            elif reading.descriptor.url or reading.image_status in PERMANENT:
                continue
            elif is_sha1(reading.descriptor.id):
                found.add(normal(reading.descriptor.id))
        return frozenset(found - {EMPTY_SHA1})

    @property
    def heard(self) -> tuple[Outcome, ...]:
        """The presences that really came: not those of people who are offline or unsubscribed."""
        return tuple(
            outcome for outcome in self.presences if outcome.status in _HEARD or outcome.condition == NOT_READY
        )

    @property
    def advertised(self) -> frozenset[str]:
        """The hashes that presences advertise, well-formed ones only."""
        return frozenset(
            normal(reading.descriptor.id)
            for reading in self.readings(Source.PRESENCE)
            if is_sha1(reading.descriptor.id) and normal(reading.descriptor.id) != EMPTY_SHA1
        )
