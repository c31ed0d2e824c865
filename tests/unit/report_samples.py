"""A roster of many kinds, with the cast's pictures behind it, for reports and figures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.unit.audit_samples import NOON, presence
from xavatar.frames import images
from xavatar.imaging import inspect
from xavatar.model import Descriptor, ImageFacts, Kind, Outcome, Reading, Snapshot, Source, Status, Subject

PICTURES = Path(__file__).parents[2] / "data" / "pictures"


class Memory:
    """Images by SHA-1."""

    def __init__(self) -> None:
        self.images: dict[str, bytes] = {}

    def get(self, sha1: str) -> bytes | None:
        return self.images.get(sha1)


@contextmanager
def open_images() -> Iterator[Memory]:
    memory = Memory()
    images.register(memory)
    try:
        yield memory
    finally:
        images.unregister(memory)


def roster(memory: Memory, people: int = 60) -> Snapshot:
    """Return a snapshot of so many contacts; every seventh or so is odd in one of many ways."""
    files = sorted(PICTURES.glob("*.*"))
    known: dict[str, ImageFacts] = {}
    for file in files:
        data = file.read_bytes()
        memory.images[hashlib.sha1(data).hexdigest()] = data
        known[file.name] = inspect(data)
    facts = list(known.values())
    outcomes: list[Outcome] = []
    for number in range(people):
        picture = facts[number % len(facts)]
        name = files[number % len(files)].stem.replace("-", " ").title()
        who = Subject(f"{files[number % len(files)].stem}{number or ''}@verona.lit", Kind.CONTACT, name=name)
        outcomes += _of(who, picture, number)
    return Snapshot("juliet@verona.lit", "roster", tuple(outcomes), NOON, True, "20261122T120000-1")


def _of(who: Subject, facts: ImageFacts, number: int) -> Iterator[Outcome]:
    declared = Descriptor(facts.sha1, facts.sha1, 0, facts.mime, facts.nbytes, facts.width, facts.height)
    pep = Outcome(who, Source.PEP, Status.OK, elapsed_ms=12.5, observed_at=NOON)
    card = Outcome(who, Source.VCARD, Status.OK, elapsed_ms=20.0, observed_at=NOON)
    sound = Reading(declared, facts, Status.OK)
    photo = Reading(Descriptor(mime=facts.mime), facts, Status.OK)
    kind = number % 14
    if kind == 1:
        yield replace(pep, status=Status.FORBIDDEN, condition="not-authorized")
        yield replace(card, status=Status.NOT_FOUND, condition="item-not-found")
    elif kind == 3:
        yield replace(pep, readings=(replace(sound, descriptor=replace(declared, id="current", nbytes=77)),))
        yield replace(card, readings=(photo,))
        yield presence("current", who=who)
    elif kind == 5:
        yield replace(pep, status=Status.NOT_FOUND, condition="item-not-found")
        yield replace(card, status=Status.EMPTY)
        yield presence(status=Status.EMPTY, who=who)
    elif kind == 7:
        url = replace(declared, info_index=1, url="http://192.168.3.9/face.png")
        yield replace(pep, readings=(sound, Reading(url)), problems=("P84-16 pointer without an info before it",))
        yield replace(card, status=Status.TIMEOUT)
    elif kind == 9:
        yield replace(pep, status=Status.DISABLED)
        yield replace(card, readings=(photo,))
        yield presence(facts.sha1, who=who)
        yield presence(status=Status.UNSUPPORTED, who=who, resource="<bot> & \u202ekrow")
    elif kind == 11:
        yield replace(pep, readings=(Reading(declared, None, Status.EMPTY),))
        yield replace(card, status=Status.NOT_FOUND)
        yield presence(facts.sha1, who=who)
    else:
        yield replace(pep, readings=(sound,))
        yield replace(card, readings=(photo,))
        yield presence(facts.sha1, who=who)
