"""What the metadata declares against what the bytes are (XEP-0084, 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from xavatar.audit.case import PERMANENT, Breach, Case, difference, same_type
from xavatar.audit.text import quoted
from xavatar.model import Descriptor, Severity, Source, Status

from .registry import Level, rule

_UNSIGNED_SHORT = 65535  # XEP-0084, 11.2; 255 before version 1.1.2
_NUMBERS = ("P84-09", "P84-10")
_PNG = frozenset({"png", "apng"})


@rule(
    "P84-03",
    "Metadata without data",
    xep="XEP-0084",
    section="3.1",
    level=Level.MUST,
    severity=Severity.ERROR,
    why="A picture is announced that cannot be had: others see a blank, some clients ask again and again.",
    advice="Publish the picture again: data first, then metadata.",
    also=("A-09",),
)
def data_missing(case: Case) -> Iterator[Breach]:
    """Look for announced pictures whose data item is not there."""
    # An item with unreadable data is there; it has a rule of its own.
    unreadable = any(problem.startswith("A-19 ") for problem in (case.pep.problems if case.pep else ()))
    for reading in case.readings(Source.PEP):
        if reading.descriptor.url is None and reading.image_status in PERMANENT and not unreadable:
            yield Breach(f"No data item {quoted(reading.descriptor.id or '')} behind the metadata.", Source.PEP)


@rule(
    "P84-07",
    "Metadata lacks an attribute",
    xep="XEP-0084",
    section="4.2.1",
    level=Level.MUST,
    severity=Severity.ERROR,
    why="Strict clients refuse the whole metadata; the picture does not exist for them.",
    advice="Publish bytes, id and type for each format, and width and height where known.",
)
def attributes_missing(case: Case) -> Iterator[Breach]:
    """Look for attributes the table of 4.2.1 requires or recommends."""
    # A number that is none was sent, though unread: P84-09 or P84-10, not missing.
    unread = " ".join(problem for problem in (case.pep.problems if case.pep else ()) if problem[:6] in _NUMBERS)
    for reading in case.readings(Source.PEP):
        fields = {name: value for name, value in _attributes(reading.descriptor).items() if f" {name}=" not in unread}
        if needed := [name for name in ("id", "type", "bytes") if name in fields and fields[name] is None]:
            yield Breach(f"Required and missing: {', '.join(needed)}.", Source.PEP)
        elif wished := [name for name in ("width", "height") if name in fields and fields[name] is None]:
            yield Breach(f"Recommended and missing: {', '.join(wished)}.", Source.PEP, severity=Severity.INFO)


def _attributes(declared: Descriptor) -> dict[str, str | int | None]:
    return {"id": declared.id, "type": declared.mime, "bytes": declared.nbytes, "width": declared.width,
            "height": declared.height}  # fmt: skip


@rule(
    "P84-04",
    "Data node holds another format than PNG",
    xep="XEP-0084",
    section="4.1",
    level=Level.MUST,
    severity=Severity.INFO,
    why="The XEP wants PNG there. Most clients show JPEG and WebP as well; old ones show nothing.",
    advice="Publish a PNG too, if old clients matter to you.",
    also=("A-05",),
)
def data_not_png(case: Case) -> Iterator[Breach]:
    """Sniff the bytes of the data item."""
    for reading in case.readings(Source.PEP):
        if reading.facts and reading.facts.format and reading.facts.format not in _PNG and not reading.descriptor.url:
            yield Breach(f"The data item holds {reading.facts.format.upper()}.", Source.PEP)


@rule(
    "P84-12",
    "No PNG among the formats",
    xep="XEP-0084",
    section="4.2.1",
    level=Level.MUST,
    severity=Severity.INFO,
    why="PNG is the one format every client must show; without it some have nothing they can.",
    advice="Offer the picture as image/png beside its other formats.",
)
def no_png(case: Case) -> Iterator[Breach]:
    """Look for image/png among the declared types."""
    types = [reading.descriptor.mime for reading in case.readings(Source.PEP)]
    if types and not any((mime or "").strip().lower() == "image/png" for mime in types):
        offered = ", ".join(dict.fromkeys(quoted(mime) if mime else "no type" for mime in types))
        yield Breach(f"Declared formats: {offered}.", Source.PEP)


@rule(
    "P84-11",
    "Declared type is not an image type",
    xep="XEP-0084",
    section="4.2.1",
    level=Level.MUST,
    why="Clients choose by this type which format they can show, and skip one they cannot read.",
    advice="Declare the registered media type of the bytes, as image/png.",
)
def type_not_image(case: Case) -> Iterator[Breach]:
    """Look at the form of each declared type."""
    for reading in case.readings(Source.PEP):
        mime = reading.descriptor.mime
        top, slash, sub = (mime or "").strip().lower().partition("/")
        if mime is not None and (top not in ("image", "video") or not slash or not sub):
            yield Breach(f"The declared type is {quoted(mime)}.", Source.PEP)


@rule(
    "A-07",
    "Declared type is not that of the bytes",
    xep="XEP-0153",
    section="5",
    level=Level.MUST,
    why="Clients that trust the label decode the wrong format and show nothing.",
    advice="Set the picture again with a client that labels what it really sends.",
    also=("P153-16",),
)
def type_lies(case: Case) -> Iterator[Breach]:
    """Compare the declared type with the type of the bytes."""
    for source, reading in case.announced():
        declared, facts = reading.descriptor.mime, reading.facts
        if facts and not same_type(declared, facts.mime):
            yield Breach(f"Declared {quoted(declared or '')}, the bytes are {facts.mime}.", source)


@rule(
    "P84-09",
    "Declared number of bytes is wrong",
    xep="XEP-0084",
    section="4.2.1",
    level=Level.MUST,
    severity=Severity.INFO,
    why="Clients decide by this number whether to download at all.",
    advice="Declare the length of the picture itself, not of its base64.",
)
def bytes_wrong(case: Case) -> Iterator[Breach]:
    """Compare the declared number of bytes with the real one."""
    for reading in case.readings(Source.PEP):
        declared, facts = reading.descriptor.nbytes, reading.facts
        if declared is not None and facts and declared != facts.nbytes:
            yield Breach(f"Declared {declared} bytes, real {facts.nbytes}.", Source.PEP)


@rule(
    "P84-10",
    "Declared width or height is wrong",
    xep="XEP-0084",
    section="11.2",
    level=Level.MUST,
    severity=Severity.INFO,
    why="Layouts are made by these numbers: faces come out stretched, or the wrong variant is chosen.",
    advice="Declare the size of the picture as it decodes.",
    also=("A-06",),
)
def dimensions_wrong(case: Case) -> Iterator[Breach]:
    """Compare the declared width and height with the decoded picture's."""
    for reading in case.readings(Source.PEP):
        declared, facts = reading.descriptor, reading.facts
        pairs = [(declared.width, facts and facts.width), (declared.height, facts and facts.height)]
        if any(said is not None and real is not None and said != real for said, real in pairs):
            said, real = (f"{w or '?'} x {h or '?'}" for w, h in zip(*pairs, strict=True))
            yield Breach(f"Declared {said} pixels, real {real}.", Source.PEP)
        elif any(said is not None and not 0 <= said <= _UNSIGNED_SHORT for said, _ in pairs):
            yield Breach(f"Declared {declared.width} x {declared.height} pixels, out of range.", Source.PEP)


@rule(
    "P84-13",
    "Formats show different pictures",
    xep="XEP-0084",
    section="4.2.1",
    level=Level.MUST,
    why="What people see then depends on their client.",
    advice="Publish one picture in several formats, not several pictures.",
)
def different_pictures(case: Case) -> Iterator[Breach]:
    """Compare perceptual hash and aspect ratio of the formats, pair by pair."""
    known = [reading.facts for reading in case.readings(Source.PEP) if reading.facts and reading.facts.dhash]
    for one, other in combinations(known, 2):
        reason = difference(one, other, case.limits)
        if reason:
            # A perceptual hash suspects, it does not prove.
            yield Breach(f"{one.sha1[:12]}… and {other.sha1[:12]}… look different: {reason}.", Source.PEP)


@rule(
    "A-10",
    "Several items in the metadata node",
    xep="XEP-0084",
    section="3.2",
    why="Only the newest counts. Old ones confuse clients that merge them, and tell when pictures were changed.",
    advice="Purge the node and publish once; configure it for one item (pubsub#max_items = 1).",
)
def several_items(case: Case) -> Iterator[Breach]:
    """Count the items the answer came in."""
    if case.status(Source.PEP) is Status.OK:
        items = dict.fromkeys(reading.descriptor.item_id for reading in case.readings(Source.PEP))
        if len(items) > 1:
            yield Breach(f"The node answered with {len(items)} items.", Source.PEP)
