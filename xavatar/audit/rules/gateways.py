"""What other software between the owner and the reader makes of an avatar."""

from __future__ import annotations

from collections.abc import Iterator

from xavatar.audit.case import Breach, Case, normal
from xavatar.audit.text import clean, count
from xavatar.model import Kind, Severity, Source, Status

from .registry import Level, rule

_PEOPLE = frozenset({Kind.SELF, Kind.CONTACT})


@rule(
    "A-34",
    "Behind a gateway",
    severity=Severity.INFO,
    why="The picture is the gateway's copy of one in another network: small, late, or none at all.",
    advice="Nothing the contact can do here; look into the gateway's settings when many there have no picture.",
)
def gateway(case: Case) -> Iterator[Breach]:
    """Look for domains named after another network, and tell how their contacts fare together."""
    for domain, people, pictured in case.around.gateways:
        if case.subject.kind is Kind.CONTACT and case.place == domain:
            yield Breach(f"{clean(domain, 80)}: {pictured} of {count(people, 'contact')} there with a picture.")


@rule(
    "A-11",
    "Nodes emptied",
    xep="XEP-0398",
    section="3.2",
    severity=Severity.INFO,
    why="A picture was there and is gone; some servers purge it when a vCard is saved without its PHOTO.",
    advice="Ask whether that was meant; publish again if not, and edit vCards with a client that keeps the PHOTO.",
)
def emptied(case: Case) -> Iterator[Breach]:
    """Look for a metadata node without items beside a vCard without a photo."""
    if (case.status(Source.PEP), case.status(Source.VCARD)) == (Status.EMPTY, Status.EMPTY):
        yield Breach("The metadata node is there without an item, the vCard without a photo.")


@rule(
    "P398-03",
    "Converted from the vCard, without a size",
    xep="XEP-0398",
    section="3.2",
    level=Level.INFO,
    severity=Severity.INFO,
    why="The server made the metadata of a vCard's photo and left out what it did not know.",
    advice="Publish in PEP instead: the server then writes the vCard, and nothing is lost.",
)
def converted(case: Case) -> Iterator[Breach]:
    """Look for a single info without width and height whose picture is the vCard's."""
    readings = case.readings(Source.PEP)
    if len(readings) != 1 or case.subject.kind not in _PEOPLE:
        return
    info = readings[0].descriptor
    same = case.hashes(Source.PEP) & case.hashes(Source.VCARD)
    # A server that converts computes the id; one that is no hash came from a client.
    if normal(info.id) in same and info.width is None and info.height is None and info.url is None:
        yield Breach("One info without width and height, of the vCard's picture.", Source.PEP)


@rule(
    "P54-01",
    "Server tells an absent vCard in the old way",
    xep="XEP-0054",
    section="3.3",
    level=Level.MUST,
    severity=Severity.INFO,
    why="It answers item-not-found where service-unavailable is due; clients that know only one take it for a failure.",
    advice="Report this to those who run the server; readers have to take both answers alike.",
)
def older_answer(case: Case) -> Iterator[Breach]:
    """Tell it once for each domain."""
    for jid, people in case.around.older:
        if jid == case.subject.jid:
            yield Breach(f"{clean(case.place, 80)} says item-not-found of {count(people, 'contact')}.", Source.VCARD)
