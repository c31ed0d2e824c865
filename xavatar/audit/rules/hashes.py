"""Ids and hashes: whether what is promised is what arrives."""

from __future__ import annotations

from collections.abc import Iterator

from xavatar.audit.case import Breach, Case, is_sha1, normal
from xavatar.audit.text import quoted
from xavatar.frames.agreement import EMPTY_SHA1
from xavatar.model import Severity, Source, Status

from .registry import Level, rule

_REPUBLISH = "Set the picture again with a client that computes the SHA-1 of the bytes."


def _mismatches(case: Case) -> Iterator[tuple[bool, str, str]]:
    """Yield (is PNG, declared, real) for each PEP picture whose well-formed id is not its hash."""
    for reading in case.readings(Source.PEP):
        declared = normal(reading.descriptor.id)
        if reading.facts and is_sha1(declared) and declared != reading.facts.sha1 and reading.facts.nbytes:
            yield reading.facts.format in ("png", "apng"), declared, reading.facts.sha1


@rule(
    "P84-01",
    "Data item is not under its own hash",
    xep="XEP-0084",
    section="3.1",
    level=Level.MUST,
    severity=Severity.ERROR,
    why="Clients check the hash before they show a picture and drop one that fails, so nobody sees it.",
    advice=_REPUBLISH,
)
def data_hash(case: Case) -> Iterator[Breach]:
    """Hash the PNG and compare with the id it was fetched by."""
    for is_png, declared, real in _mismatches(case):
        if is_png:
            yield Breach(f"The data item {declared[:12]}… holds bytes of SHA-1 {real[:12]}….", Source.PEP)


@rule(
    "P84-08",
    "Declared hash is not that of the picture",
    xep="XEP-0084",
    section="4.2.1",
    level=Level.MUST,
    severity=Severity.ERROR,
    why="The id of each format must be the hash of that format's bytes; clients that verify show nothing.",
    advice=_REPUBLISH,
)
def info_hash(case: Case) -> Iterator[Breach]:
    """Hash the bytes of other formats and compare with the info's id."""
    for is_png, declared, real in _mismatches(case):
        if not is_png:
            yield Breach(f"Declared {declared[:12]}…, the bytes hash to {real[:12]}….", Source.PEP)


@rule(
    "P84-02",
    "Metadata item is not under the picture's hash",
    xep="XEP-0084",
    section="3.2",
    level=Level.MUST,
    severity=Severity.WARNING,
    why="Servers that convert (XEP-0398) copy this ItemID into presence, where it then stands for no picture.",
    advice="Publish the metadata under the SHA-1 of its PNG.",
)
def metadata_item_id(case: Case) -> Iterator[Breach]:
    """Compare the metadata item's id with the ids and hashes of its pictures."""
    readings = case.readings(Source.PEP)
    for item_id in dict.fromkeys(reading.descriptor.item_id for reading in readings):
        promised = {normal(r.descriptor.id) for r in readings if r.descriptor.item_id == item_id and r.descriptor.id}
        real = {r.facts.sha1 for r in readings if r.descriptor.item_id == item_id and r.facts}
        if item_id is not None and promised and normal(item_id) not in promised | real:
            yield Breach(f"The metadata item is {quoted(item_id)}; none of its pictures is called that.", Source.PEP)


@rule(
    "A-02",
    "Avatar id is not a hash",
    xep="XEP-0084",
    section="3.1",
    level=Level.MUST,
    severity=Severity.ERROR,
    why="A UUID or a word cannot be verified and breaks every cache that is keyed by hash.",
    advice="Set the picture again with a client that uses its SHA-1 as the id; report this to the client's authors.",
)
def id_not_sha1(case: Case) -> Iterator[Breach]:
    """Look for 40 hexadecimal digits in each info's id."""
    for reading in case.readings(Source.PEP):
        if reading.descriptor.id and not is_sha1(reading.descriptor.id):
            yield Breach(f"The id is {quoted(reading.descriptor.id)}, not 40 hexadecimal digits.", Source.PEP)


@rule(
    "P153-01",
    "Presence advertises something that is not a hash",
    xep="XEP-0153",
    section="3.1",
    level=Level.MUST,
    severity=Severity.ERROR,
    why="Clients look for a picture of that name, find none, and some ask again with every presence.",
    advice="Set the picture again; if it comes back, the server copies the ItemID of the metadata node.",
    also=("A-01",),
)
def presence_not_sha1(case: Case) -> Iterator[Breach]:
    """Look for 40 hexadecimal digits in each resource's photo element."""
    if case.status(Source.PEP) is Status.DISABLED:
        return
    yield from _not_hashes(case)


@rule(
    "A-03",
    "Switched off, but presence still names something",
    xep="XEP-0153",
    section="3.1",
    level=Level.MUST,
    severity=Severity.WARNING,
    why="The server copied the empty item's generated id into presence: others wait for a picture that never comes.",
    advice="Purge the metadata node; presence then says that there is no picture.",
)
def disabled_leaves_id(case: Case) -> Iterator[Breach]:
    """Look for words other than hashes in presence while PEP is switched off."""
    if case.status(Source.PEP) is Status.DISABLED:
        yield from _not_hashes(case)


def _not_hashes(case: Case) -> Iterator[Breach]:
    values = [reading.descriptor.id for reading in case.readings(Source.PRESENCE)]
    for value in dict.fromkeys(value for value in values if value and not is_sha1(value)):
        yield Breach(f"Presence advertises {quoted(value)}.", Source.PRESENCE)


@rule(
    "A-04",
    "Hash in capitals or with spaces",
    xep="XEP-0153",
    section="3.1",
    severity=Severity.INFO,
    why="Some clients compare letter by letter and never match it, so the picture stays invisible to them.",
    advice="Publish hashes in lower case without spaces.",
)
def hash_spelling(case: Case) -> Iterator[Breach]:
    """Look for capitals and spaces around well-formed hashes."""
    for source in (Source.PEP, Source.PRESENCE):
        ids = dict.fromkeys(reading.descriptor.id for reading in case.readings(source))
        for value in ids:
            if value and is_sha1(value) and value != normal(value):
                yield Breach(f"The hash is written {quoted(value)}.", source)


@rule(
    "A-20",
    "The picture is empty",
    xep="XEP-0153",
    section="4.1.3",
    level=Level.MUST,
    severity=Severity.ERROR,
    why="da39a3ee… is the hash of no bytes at all: a client published nothing and called it a picture.",
    advice="Remove the avatar properly, or set one.",
)
def empty_image(case: Case) -> Iterator[Breach]:
    """Look for the hash of no bytes, and for pictures of none."""
    for source in Source:
        for reading in case.readings(source):
            if normal(reading.descriptor.id) == EMPTY_SHA1 or (reading.facts and reading.facts.nbytes == 0):
                yield Breach("The announced picture has no bytes.", source)
                break
