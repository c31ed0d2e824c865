"""The values that travel through the house: frozen, plain, without behaviour.

A :class:`Subject` is asked three times, once per :class:`Source`; each answer is an
:class:`Outcome` with a :class:`Status`, never an exception. What the answer *declares*
is a :class:`Descriptor`, what the bytes *are* is :class:`ImageFacts`; the two stand side by
side and are never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a subject is to the account that looks."""

    SELF = "self"
    CONTACT = "contact"
    OCCUPANT = "occupant"
    ROOM = "room"


class Source(StrEnum):
    """Where an avatar is announced (XEP-0084, XEP-0054 with XEP-0486, XEP-0153)."""

    PEP = "pep"
    VCARD = "vcard"
    PRESENCE = "presence"

    @property
    def label(self) -> str:
        """As people write it: ``PEP``, ``vCard``, ``Presence``."""
        return {"pep": "PEP", "vcard": "vCard"}.get(self.value, "Presence")


class Status(StrEnum):
    """How one source answered for one subject."""

    OK = "ok"
    """An avatar is announced."""
    DISABLED = "disabled"
    """An empty ``<metadata/>``: switched off on purpose (XEP-0084, 3.5)."""
    EMPTY = "empty"
    """The place exists and holds no avatar: no item, a vCard without PHOTO, ``<photo/>``."""
    NOT_FOUND = "not_found"
    """No node, no vCard, no such account (P54-01, P60-01)."""
    FORBIDDEN = "forbidden"
    """Not for this account to see."""
    UNSUPPORTED = "unsupported"
    """The entity does not speak the protocol asked for."""
    UNAVAILABLE = "unavailable"
    """Not reachable now: remote server down, contact offline, hash not ready (P153-04)."""
    TIMEOUT = "timeout"
    MALFORMED = "malformed"
    """An answer that the XEP does not allow and that yields no descriptor."""
    SKIPPED = "skipped"
    """Not asked: switched off, interrupted, or a breaker was open."""
    ERROR = "error"
    """Any other stanza error; see the condition."""


class Severity(StrEnum):
    """How much a finding matters to a person."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody, or a room, whose avatar is asked for.

    Parameters
    ----------
    jid : str
        Bare JID; for an occupant the full ``room@service/nick``.
    kind : Kind
    nick : str, optional
        An occupant's nickname in the room.
    name : str, optional
        The roster's or the room's name.
    groups : tuple of str
        Roster groups, sorted.
    subscription : str, optional
        The roster's subscription: none, to, from, both.
    """

    jid: str
    kind: Kind = Kind.CONTACT
    nick: str | None = None
    name: str | None = None
    groups: tuple[str, ...] = ()
    subscription: str | None = None


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One announced avatar, as declared; nothing here is verified.

    Parameters
    ----------
    id : str, optional
        The declared hash as sent (use :func:`xavatar.avatar.normalize_id` to compare);
        for a vCard photo, which declares none, ``None``.
    item_id : str, optional
        ItemID of the PEP item the descriptor came in.
    info_index : int
        Position among the item's ``<info/>``, or among the vCard's PHOTOs, from 0.
    mime : str, optional
        Declared media type.
    nbytes, width, height : int, optional
        Declared size in bytes, and in pixels.
    url : str, optional
        Where the image lies when not in PEP (XEP-0084, 4.2.1); EXTVAL for a vCard.
    pointer : str, optional
        Namespace of the ``<pointer/>``'s child when the item carries one (4.2.2).
    """

    id: str | None = None
    item_id: str | None = None
    info_index: int = 0
    mime: str | None = None
    nbytes: int | None = None
    width: int | None = None
    height: int | None = None
    url: str | None = None
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the bytes of an image really are.

    Parameters
    ----------
    sha1 : str
        Lower-case hexadecimal SHA-1 of the bytes.
    nbytes : int
    format : str, optional
        ``png apng gif jpeg webp avif bmp tiff svg``; ``None`` when not recognised.
    mime : str, optional
        Media type of the content, by its bytes.
    width, height : int, optional
        Pixels.
    frames : int, optional
        Pictures in the file; more than 1 is an animation.
    duration_ms : float, optional
        Total length of an animation.
    mode : str, optional
        Pillow's colour mode, as ``RGBA``.
    has_alpha, has_exif, has_gps, has_icc, blank : bool, optional
    exif_tags : tuple of str
        Names of the EXIF tags present, no values.
    dhash, phash : str, optional
        64-bit perceptual hashes, 16 hexadecimal digits.
    colors : tuple of str
        Dominant colours, ``#rrggbb``, most frequent first.
    error : str, optional
        Why the image could not be decoded whole; the facts found before it remain.
    """

    sha1: str
    nbytes: int
    format: str | None = None
    mime: str | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    duration_ms: float | None = None
    mode: str | None = None
    has_alpha: bool | None = None
    has_exif: bool | None = None
    has_gps: bool | None = None
    has_icc: bool | None = None
    exif_tags: tuple[str, ...] = ()
    dhash: str | None = None
    phash: str | None = None
    colors: tuple[str, ...] = ()
    blank: bool | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A descriptor with what came of fetching its image.

    Parameters
    ----------
    descriptor : Descriptor
    facts : ImageFacts, optional
        ``None`` when the image was not fetched.
    image_status : Status
        ``ok``, or why there are no facts: ``skipped`` (not asked for, or only a url),
        ``empty`` (metadata without data, A-09), or the failure of the query.
    image_condition : str, optional
        The condition behind `image_status`, or our own word as ``over-limit``.
    """

    descriptor: Descriptor
    facts: ImageFacts | None = None
    image_status: Status = Status.SKIPPED
    image_condition: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one source said about one subject.

    Parameters
    ----------
    subject : Subject
    source : Source
    status : Status
    condition : str, optional
        The stanza error's condition, or our own word as ``breaker-open``.
    text : str, optional
        What the server said, or what to do, for a person.
    elapsed_ms : float, optional
        Time from asking to the answer, milliseconds; ``None`` when it came without asking.
    resource : str, optional
        Which resource a presence outcome is from.
    readings : tuple of Reading
        Empty unless `status` is ``ok``.
    problems : tuple of str
        Breaches seen while reading leniently: a rule id of DOMAIN 1 or 2, a space, words.
    observed_at : datetime
        When the answer was there, UTC.
    """

    subject: Subject
    source: Source
    status: Status
    condition: str | None = None
    text: str | None = None
    elapsed_ms: float | None = None
    resource: str | None = None
    readings: tuple[Reading, ...] = ()
    problems: tuple[str, ...] = ()
    observed_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a subject's avatar breaks.

    Parameters
    ----------
    rule : str
        Id of the rule, as ``P84-01`` or ``A-05``.
    severity : Severity
    jid : str
    source : Source, optional
        ``None`` when the finding is about the sources' disagreement.
    message : str
        What is wrong with this one, for a person.
    advice : str
        What to do about it.
    """

    rule: str
    severity: Severity
    jid: str
    source: Source | None
    message: str
    advice: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything one collection saw.

    Parameters
    ----------
    account : str
        Bare JID of the account that looked.
    scope : str
        ``roster``, ``me``, or the room's JID.
    outcomes : tuple of Outcome
    taken_at : datetime
        When the collection began, UTC.
    complete : bool
        False when it was interrupted or lost its server on the way.
    id : str
        Sorts by time, unique.
    """

    account: str
    scope: str
    outcomes: tuple[Outcome, ...]
    taken_at: datetime
    complete: bool = True
    id: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Which images a store has at one moment, all by the SHA-1 of their bytes.

    Parameters
    ----------
    held : frozenset of str
    blocked : frozenset of str
        Never to be fetched, kept or shown again; none of `held`.
    doubted : frozenset of str
        Those of `held` that lay in an item which was odd. Items with them are fetched again, to
        see whether they still are: the bytes, which are here, do not tell.
    """

    held: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    doubted: frozenset[str] = frozenset()
