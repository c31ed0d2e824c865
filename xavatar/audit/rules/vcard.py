"""The vCard's PHOTO as an element (XEP-0153, 4.5; XEP-0486)."""

from __future__ import annotations

from collections.abc import Iterator

from xavatar.audit.case import Breach, Case
from xavatar.audit.text import quoted
from xavatar.model import Kind, Severity, Source

from .registry import Level, rule

_TYPES = frozenset({"image/png", "image/gif", "image/jpeg"})


@rule(
    "P153-12",
    "PHOTO is not as it should be",
    xep="XEP-0153",
    section="4.5",
    level=Level.SHOULD,
    severity=Severity.INFO,
    why="Receivers should ignore a picture of another or no type; servers that convert lose the type for good.",
    advice="Write PHOTO with TYPE and BINVAL, without EXTVAL.",
)
def photo_element(case: Case) -> Iterator[Breach]:
    """Look at TYPE and EXTVAL of the photo."""
    for reading in case.readings(Source.VCARD):
        declared = reading.descriptor
        if declared.url is not None and reading.facts is not None:
            yield Breach("EXTVAL stands beside BINVAL.", Source.VCARD)
        if declared.mime and declared.mime.strip().lower() not in _TYPES and case.subject.kind is not Kind.ROOM:
            yield Breach(f"TYPE is {quoted(declared.mime)}.", Source.VCARD)


@rule(
    "A-08",
    "PHOTO without TYPE",
    xep="XEP-0153",
    section="4.5",
    level=Level.SHOULD,
    why="A server that converts makes metadata without a type of it, and strict clients refuse that whole (P84-07).",
    advice="Write TYPE beside BINVAL, as image/png.",
)
def type_missing(case: Case) -> Iterator[Breach]:
    """Look for a photo's TYPE."""
    for reading in case.readings(Source.VCARD):
        if reading.descriptor.mime is None and reading.descriptor.url is None:
            yield Breach("The picture has no TYPE.", Source.VCARD)


@rule(
    "A-21",
    "vCard only links to its picture",
    xep="XEP-0153",
    section="4.5",
    level=Level.SHOULD,
    why="Hardly any client follows EXTVAL; those that do tell a web server who looked, and when.",
    advice="Put the bytes into BINVAL. A server that converts does this when PEP offers a format without url.",
    also=("P398-02",),
)
def extval_only(case: Case) -> Iterator[Breach]:
    """Look for vCards with an address and without bytes."""
    readings = case.readings(Source.VCARD)
    if readings and all(reading.descriptor.url and reading.facts is None for reading in readings):
        yield Breach(f"The vCard says {quoted(readings[0].descriptor.url or '')} and holds no bytes.", Source.VCARD)
