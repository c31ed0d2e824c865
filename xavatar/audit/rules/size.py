"""Too many bytes, too many pixels, or not a picture at all."""

from __future__ import annotations

from collections.abc import Iterator

from xavatar.audit.case import Breach, Case
from xavatar.audit.limits import base64_length
from xavatar.audit.text import clean, size
from xavatar.imaging import Fault
from xavatar.model import ImageFacts, Severity, Source, Status

from .registry import Level, rule

_SMALLER = "Publish a smaller picture: 192 x 192 pixels and 20 KiB are plenty."


@rule(
    "A-17",
    "Picture too large for the field",
    why="Large pictures are skipped by phones, refused by servers, and the largest drop whole connections.",
    advice=_SMALLER,
)
def too_large(case: Case) -> Iterator[Breach]:
    """Compare the size with what phones, servers and stanzas take."""
    for source, reading in case.announced():
        nbytes = reading.facts.nbytes if reading.facts else reading.descriptor.nbytes
        if reading.descriptor.url is not None and reading.facts is None:
            continue
        if reading.image_condition == "over-limit":
            reason = "not fetched" if reading.facts is None else "not kept"
            yield Breach(
                f"{size(nbytes or 0)}: {reason}, more than this session takes.", source, severity=Severity.ERROR
            )
        elif nbytes and (met := _ladder(nbytes, case)):
            yield Breach(f"{size(nbytes)}: {met[1]}.", source, severity=met[0])


def _ladder(nbytes: int, case: Case) -> tuple[Severity, str] | None:
    limits, encoded = case.limits, base64_length(nbytes)
    if encoded >= limits.stanza_bytes:
        return Severity.ERROR, "does not fit into one stanza of a client; servers close the connection"
    if encoded > limits.payload_base64:
        return Severity.ERROR, f"{encoded} characters of base64, more than ejabberd takes as a payload"
    if nbytes > limits.modern_bytes:
        return Severity.WARNING, f"more than the {size(limits.modern_bytes)} that modernxmpp recommends"
    if encoded > limits.mobile_base64:
        return Severity.INFO, f"{encoded} characters of base64; Conversations keeps below {limits.mobile_base64}"
    return None


@rule(
    "P153-13",
    "Larger than a vCard picture should be",
    xep="XEP-0153",
    section="4.6",
    level=Level.SHOULD,
    severity=Severity.INFO,
    why="The limits are from 2006; modern clients take more, but rooms and old clients fetch this one for everybody.",
    advice="Keep the vCard's picture square, 32 to 96 pixels a side, below 8 KB; put the large one into PEP.",
)
def vcard_limits(case: Case) -> Iterator[Breach]:
    """Compare the vCard's picture with the limits of 2006."""
    for reading in case.readings(Source.VCARD):
        if reading.facts and (reasons := list(_vcard_reasons(reading.facts, case))):
            told = ", ".join(reasons)
            yield Breach(f"{told[:1].upper()}{told[1:]}.", Source.VCARD)


def _vcard_reasons(facts: ImageFacts, case: Case) -> Iterator[str]:
    limits = case.limits
    if facts.nbytes >= limits.small_bytes:
        yield f"{size(facts.nbytes)} instead of less than {size(limits.small_bytes)}"
    if facts.width and facts.height:
        if not all(limits.min_side <= side <= limits.max_side for side in (facts.width, facts.height)):
            yield f"{facts.width} x {facts.height} pixels instead of {limits.min_side} to {limits.max_side} a side"
        if facts.width != facts.height:
            yield "not square"


@rule(
    "A-18",
    "Picture does not decode, or is a bomb",
    level=Level.INFO,
    severity=Severity.ERROR,
    why="Clients show nothing, or run out of memory: a few kilobytes can unfold to gigabytes of pixels.",
    advice="Set a sound picture. If you did not make this one, do not open it with tools that do not limit pixels.",
)
def undecodable(case: Case) -> Iterator[Breach]:
    """Decode the picture, after a look at its number of pixels."""
    for source, reading in case.announced():
        facts = reading.facts
        if facts is None or facts.nbytes == 0:
            continue
        fault = (facts.error or "").partition(":")[0]
        pixels = (facts.width or 0) * (facts.height or 0)
        dense = pixels > case.limits.bomb_pixels and pixels // facts.nbytes > case.limits.bomb_ratio
        if pixels > case.limits.max_pixels or dense:
            yield Breach(f"{facts.width} x {facts.height} pixels in {size(facts.nbytes)}.", source)
        elif fault == Fault.TRAILING:
            told = "The picture is whole, but other data follows it in the file."
            yield Breach(told, source, severity=Severity.WARNING)
        # A vector picture is told by A-33; it was recognised and not drawn, which is no damage.
        elif fault and fault != Fault.SVG:
            yield Breach(f"The bytes do not decode ({clean(facts.error or '', 120)}).", source)


@rule(
    "A-19",
    "Broken base64",
    xep="XEP-0084",
    section="4.1",
    level=Level.MUST,
    severity=Severity.ERROR,
    why="Strict clients fail on it, some crash.",
    advice="Set the picture again with another client; report this to the authors of the one that wrote it.",
    also=("P153-15",),
)
def broken_base64(case: Case) -> Iterator[Breach]:
    """Look for pictures that could not be read at all."""
    for source, reading in case.announced():
        # Without an id nothing could be asked for; that is P84-07.
        if reading.image_status is Status.MALFORMED and reading.image_condition != "no-id":
            yield Breach(f"The picture cannot be read: {clean(reading.image_condition or 'malformed', 80)}.", source)


@rule(
    "P153-14",
    "vCard picture in a rare format",
    xep="XEP-0153",
    section="4.6.4",
    level=Level.SHOULD,
    severity=Severity.INFO,
    why="Clients must show PNG, should show GIF and JPEG; everything else is luck.",
    advice="Publish the vCard's picture as PNG or JPEG.",
    also=("P486-07",),
)
def rare_format(case: Case) -> Iterator[Breach]:
    """Sniff the bytes of the vCard's picture."""
    common = {"png", "apng", "gif", "jpeg"}
    for reading in case.readings(Source.VCARD):
        if reading.facts and reading.facts.format and reading.facts.format not in common:
            yield Breach(f"The vCard holds {reading.facts.format.upper()}.", Source.VCARD)
