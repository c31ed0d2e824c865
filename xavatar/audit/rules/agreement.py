"""The core of the audit: PEP, vCard and presence should mean the same picture (A-22)."""

from __future__ import annotations

from collections.abc import Iterator

from xavatar.audit.case import PERMANENT, Breach, Case
from xavatar.model import Kind, Severity, Source, Status

from .registry import Level, rule

_SAME = "Set the picture again with a client that writes both; on servers with XEP-0398 one PEP publication is enough."

_RETELL = "Leave the room and enter it again: their client changed the picture and did not tell the room (XEP-0398, 4)."


def _newer(case: Case) -> str:
    """Tell which side changed last, by the snapshot before; without one, which side presence speaks for."""
    if case.earlier is not None:
        changed = [
            name
            for source, name in _SIDES.items()
            if (was := case.earlier.hashes(source)) and not was & case.hashes(source)
        ]
        if len(changed) == 1:
            return f"; {changed[0]} is newer, it changed since the snapshot before"
    spoken = [name for source, name in _SIDES.items() if case.advertised & case.hashes(source)]
    return f"; presence tells of {spoken[0]}'s" if len(spoken) == 1 else ""


_SIDES = {Source.PEP: "PEP", Source.VCARD: "the vCard"}


def _short(hashes: frozenset[str]) -> str:
    return ", ".join(f"{sha1[:12]}…" for sha1 in sorted(hashes))


@rule(
    "A-22",
    "PEP and the other sources differ",
    xep="XEP-0398",
    section="3",
    level=Level.MUST,
    why="Different people see different pictures: modern clients PEP's, rooms and older ones the vCard's.",
    advice=_SAME,
)
def divergence(case: Case) -> Iterator[Breach]:
    """Compare the hashes of PEP with the vCard's, else with presence."""
    pep, vcard = case.hashes(Source.PEP), case.hashes(Source.VCARD)
    if pep and vcard and not pep & vcard:
        yield Breach(f"PEP has {_short(pep)}, the vCard {_short(vcard)}{_newer(case)}.")
    elif pep and not vcard and case.advertised and not pep & case.advertised:
        yield Breach(f"PEP has {_short(pep)}, presence advertises {_short(case.advertised)}.")


@rule(
    "P153-17",
    "Presence advertises another picture than the vCard holds",
    xep="XEP-0153",
    section="3.1",
    level=Level.MUST,
    why="Clients fetch, compare, find another picture, and fetch again with the next presence.",
    advice="Log the client in again so that it reads the vCard; if it stays, the server's hash is stale.",
    also=("A-15", "A-37"),
)
def presence_against_vcard(case: Case) -> Iterator[Breach]:
    """Compare advertised hashes with the vCard's picture."""
    vcard, said = case.hashes(Source.VCARD), case.advertised
    # A room's announced hash has its own rule, P486-05.
    if vcard and said and not vcard & said and case.subject.kind is not Kind.ROOM:
        inside = case.subject.kind is Kind.OCCUPANT
        yield Breach(f"Presence {_short(said)}, vCard {_short(vcard)}.", advice=_RETELL if inside else None)


@rule(
    "A-12",
    "Switched off in one place only",
    xep="XEP-0084",
    section="3.5",
    why="The owner removed the picture, and part of the world still sees it.",
    advice="Remove it everywhere: empty metadata, purged nodes, and the vCard's PHOTO.",
)
def half_removed(case: Case) -> Iterator[Breach]:
    """Look for pictures left while PEP is switched off."""
    if case.status(Source.PEP) is not Status.DISABLED:
        return
    left = [name for name, hashes in (("vCard", case.hashes(Source.VCARD)), ("presence", case.advertised)) if hashes]
    if left:
        yield Breach(f"Switched off in PEP, still there in {' and '.join(left)}.")


@rule(
    "A-36",
    "Picture in the vCard only",
    severity=Severity.INFO,
    why="Clients that know PEP only show nothing, as with vCards provisioned from a directory.",
    advice="Set the picture with a modern client, or let the server convert (XEP-0398).",
    also=("P84-22",),
)
def vcard_only(case: Case) -> Iterator[Breach]:
    """Look for people with a vCard picture and nothing in PEP."""
    if case.status(Source.PEP) in PERMANENT and case.hashes(Source.VCARD) and case.subject.kind in _PEOPLE:
        yield Breach("There is a vCard picture and nothing in PEP.")


_PEOPLE = frozenset({Kind.SELF, Kind.CONTACT})


@rule(
    "P398-07",
    "Picture for contacts only",
    xep="XEP-0398",
    section="7",
    level=Level.INFO,
    severity=Severity.INFO,
    why="PEP has a picture and the vCard has none: in rooms, and to older clients, this person has no face.",
    advice="Nothing, if that is meant. Else open the access model of both avatar nodes.",
)
def contacts_only(case: Case) -> Iterator[Breach]:
    """Look for a PEP picture beside a vCard without one."""
    if case.hashes(Source.PEP) and case.status(Source.VCARD) in PERMANENT and not case.advertised:
        yield Breach("PEP has a picture, the vCard has none.")
