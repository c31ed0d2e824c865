"""What a picture tells beyond the picture."""

from __future__ import annotations

from collections.abc import Iterator

from xavatar.audit.case import Breach, Case
from xavatar.audit.text import clean
from xavatar.model import Kind, Severity, Source

from .registry import Level, rule

_SHOWN_TAGS = 8


@rule(
    "A-32",
    "Picture carries EXIF data",
    why="A position in it can be somebody's home; a camera's serial number links pictures to a person.",
    advice="Set the picture again with a client that re-encodes it, or strip the data first.",
)
def exif(case: Case) -> Iterator[Breach]:
    """Look for EXIF and for a position in it."""
    seen = set()
    for source, reading in case.announced():
        facts = reading.facts
        if facts is None or facts.sha1 in seen or not (facts.has_exif or facts.has_gps):
            continue
        seen.add(facts.sha1)
        tags = ", ".join(clean(tag, 40) for tag in facts.exif_tags[:_SHOWN_TAGS])
        more = len(facts.exif_tags) - _SHOWN_TAGS
        listed = (f" Tags: {tags}" + (f" and {more} more." if more > 0 else ".")) if tags else ""
        if facts.has_gps:
            yield Breach(f"The picture says where it was taken.{listed}", source, severity=Severity.ERROR)
        else:
            yield Breach(f"The picture carries EXIF, without a position.{listed}", source)


@rule(
    "A-33",
    "Animated or vector picture",
    severity=Severity.INFO,
    why="Movement distracts, and many clients freeze it; SVG can hold scripts and links, most clients show nothing.",
    advice="Publish a still PNG beside it.",
)
def moving_or_vector(case: Case) -> Iterator[Breach]:
    """Look for several frames, and for SVG."""
    seen = set()
    for source, reading in case.announced():
        facts = reading.facts
        if facts is None or facts.sha1 in seen:
            continue
        seen.add(facts.sha1)
        if facts.format == "svg":
            yield Breach("The picture is SVG; it is not drawn here.", source, severity=Severity.WARNING)
        elif (facts.frames or 1) > 1:
            length = f" in {facts.duration_ms / 1000:.1f} s" if facts.duration_ms else ""
            yield Breach(f"{facts.frames} pictures{length}, {facts.format}.", source)


@rule(
    "A-24",
    "Recognisable in a room by the picture",
    xep="XEP-0398",
    section="8",
    level=Level.INFO,
    why="Same hash, same person: whoever has the account in the roster knows who is behind the nickname.",
    advice="Use another picture, or none, in rooms that hide addresses; or keep the avatar to contacts only.",
    also=("P398-08",),
)
def recognisable(case: Case) -> Iterator[Breach]:
    """Compare an occupant's hashes with those of one's own account, and on request of the roster."""
    if case.subject.kind is not Kind.OCCUPANT:
        return
    hashes = case.hashes(Source.PEP) | case.hashes(Source.VCARD) | case.advertised
    if hashes & case.around.own:
        yield Breach("This occupant shows your own account's picture.")
    for sha1, jid in sorted(case.around.known):
        if sha1 in hashes:
            yield Breach(f"This occupant shows the picture of {clean(jid, 80)}.")
