"""When do the sources agree? The cases one by one."""

from __future__ import annotations

import pytest

from xavatar.frames import frame
from xavatar.frames.agreement import EMPTY_SHA1, NO_PICTURE, SOME_PICTURE, agree, claim
from xavatar.model import Descriptor, ImageFacts, Outcome, Reading, Source, Status, Subject

JULIET = Subject("juliet@capulet.lit")
A, B, C = "a" * 40, "b" * 40, "c" * 40
Said = tuple[Source, Status, tuple[Reading, ...]]


def pep(*pictures: str, declared: str | None = None) -> Said:
    """PEP with these real hashes, or with one declared and not fetched."""
    if declared is not None:
        return Source.PEP, Status.OK, (Reading(Descriptor(id=declared)),)
    return Source.PEP, Status.OK, tuple(Reading(Descriptor(id=p), ImageFacts(p, 9), Status.OK) for p in pictures)


def url(id: str = C) -> Reading:
    return Reading(Descriptor(id=id, url="https://x.lit/a.png"))


def vcard(*pictures: str, nbytes: int = 9) -> Said:
    return Source.VCARD, Status.OK, tuple(Reading(Descriptor(), ImageFacts(p, nbytes), Status.OK) for p in pictures)


def broken_promise(declared: str, real: str) -> Said:
    return Source.PEP, Status.OK, (Reading(Descriptor(id=declared), ImageFacts(real, 9), Status.OK),)


def presence(announced: str) -> Said:
    return Source.PRESENCE, Status.OK, (Reading(Descriptor(id=announced)),)


def said(source: Source, status: Status) -> Said:
    return source, status, ()


NO_PEP = said(Source.PEP, Status.NOT_FOUND)
OFF = said(Source.PEP, Status.DISABLED)
EMPTY_CARD = said(Source.VCARD, Status.EMPTY)
EMPTY_PHOTO = said(Source.PRESENCE, Status.EMPTY)
NOT_READY = said(Source.PRESENCE, Status.UNAVAILABLE)

CASES: list[tuple[str, list[Said], bool | None]] = [
    ("all three the same", [pep(A), vcard(A), presence(A)], True),
    ("declared is enough when not fetched", [pep(declared=A), presence(A)], True),
    ("upper case and blanks do not matter", [pep(declared=f" {A.upper()} "), presence(A.upper())], True),
    ("the bytes decide, not the promise", [broken_promise(A, B), vcard(A)], False),
    ("pep and vcard differ", [pep(A), vcard(B)], False),
    ("one presence differs", [pep(A), vcard(A), presence(A), presence(B)], False),
    ("resources differ, nothing else known", [presence(A), presence(B)], False),
    ("resources agree, nothing else known", [presence(A), presence(A)], None),
    ("one source alone", [pep(A)], None),
    ("one source and silence", [pep(A), said(Source.VCARD, Status.NOT_FOUND)], None),
    ("one source and a refusal", [pep(A), said(Source.VCARD, Status.FORBIDDEN)], None),
    ("one source and a timeout", [said(Source.PEP, Status.TIMEOUT), vcard(A)], None),
    ("the others agree without pep", [NO_PEP, vcard(A), presence(A)], True),
    ("not ready says nothing", [pep(A), vcard(A), NOT_READY], True),
    ("no picture anywhere", [OFF, EMPTY_CARD, EMPTY_PHOTO], True),
    ("disabled against a picture", [OFF, vcard(A)], False),
    ("pep alone, beside an empty vcard", [pep(A), EMPTY_CARD], None),
    ("announced, but the vcard is empty", [pep(A), EMPTY_CARD, presence(A)], False),
    ("a picture against an empty photo", [pep(A), vcard(A), EMPTY_PHOTO], False),
    ("zero bytes are no picture", [OFF, vcard("", nbytes=0)], True),
    ("the hash of nothing is no picture", [EMPTY_CARD, presence(EMPTY_SHA1)], True),
    ("what is no hash claims nothing", [pep(A), vcard(A), presence("current")], True),
    ("a disabled avatar's item id in presence", [OFF, presence("c82ffc88-3277-4b56-91c1-4d2a0d6a4c1e")], None),
    ("several photos, one of them the one", [presence(B), vcard(A, B)], True),
    ("several photos, none of them the one", [presence(C), vcard(A, B)], False),
    ("several formats in pep", [pep(A, B), vcard(B), presence(B)], True),
    ("no picture common to all three", [pep(A, B), vcard(B, C), presence(A)], False),
    ("urls do not count beside the image", [(Source.PEP, Status.OK, (*pep(A)[2], url())), vcard(A)], True),
    ("a url alone cannot be compared", [(Source.PEP, Status.OK, (url(A),)), vcard(A)], None),
    ("a url alone is a picture all the same", [(Source.PEP, Status.OK, (url(),)), EMPTY_PHOTO], False),
    ("nothing asked", [], None),
]  # fmt: skip


def outcomes(case: list[Said]) -> list[Outcome]:
    return [Outcome(JULIET, source, status, readings=readings) for source, status, readings in case]


@pytest.mark.parametrize(("case", "wanted"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_case(case: list[Said], wanted: bool | None) -> None:
    told = outcomes(case)
    assert agree((outcome.source, claim(outcome)) for outcome in told) is wanted
    assert agree((outcome.source, claim(outcome)) for outcome in reversed(told)) is wanted
    column = frame(told)["agrees"]
    claiming = [claim(outcome) is not None for outcome in told for _ in outcome.readings or (None,)]
    assert column.notna().tolist() == [has_claim and wanted is not None for has_claim in claiming]
    assert set(column.dropna()) <= {wanted}


def test_claims() -> None:
    def claimed(what: Said) -> frozenset[str] | None:
        return claim(outcomes([what])[0])

    assert claimed(pep(A)) == {A}
    assert claimed(OFF) == NO_PICTURE
    assert claimed((Source.PEP, Status.OK, (url(),))) == SOME_PICTURE
    assert claimed((Source.VCARD, Status.OK, (Reading(Descriptor()),))) == SOME_PICTURE
    assert claimed(presence("current")) is None
    assert claimed(NO_PEP) is None


def test_subjects_are_judged_apart() -> None:
    other = Subject("romeo@montague.lit")
    mixed = [
        *outcomes([pep(A), vcard(A)]),
        *(Outcome(other, source, status, readings=readings) for source, status, readings in [pep(A), vcard(B)]),
    ]
    assert frame(mixed)["agrees"].tolist() == [True, True, False, False]
