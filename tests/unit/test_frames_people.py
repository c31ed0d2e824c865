"""One row per subject, a verdict each, and the counts made of them."""

from __future__ import annotations

import pandas as pd
import pytest

from xavatar.errors import ConfigError
from xavatar.frames import DTYPES, Verdict, frame
from xavatar.frames.people import PEOPLE, SHOWN
from xavatar.model import Descriptor, ImageFacts, Kind, Outcome, Reading, Source, Status, Subject

A, B = "a" * 40, "b" * 40
OK = Status.OK
Said = tuple[Source, Status, tuple[Reading, ...]]


def facts(sha1: str, *, broken: bool = False) -> ImageFacts:
    look = None if broken else "0" * 16
    return ImageFacts(sha1, 9, "png", "image/png", 64, 64, 1, dhash=look, error="corrupt" if broken else None)


def pep(sha1: str, *, id: str | None = None, broken: bool = False) -> Said:
    return Source.PEP, OK, (Reading(Descriptor(id=id or sha1), facts(sha1, broken=broken), OK),)


def vcard(sha1: str, *, broken: bool = False) -> Said:
    return Source.VCARD, OK, (Reading(Descriptor(), facts(sha1, broken=broken), OK),)


def presence(id: str) -> Said:
    return Source.PRESENCE, OK, (Reading(Descriptor(id=id)),)


def image(status: Status, id: str = A) -> Said:
    """PEP metadata whose image could not be had."""
    return Source.PEP, OK, (Reading(Descriptor(id=id), None, status),)


def said(source: Source, status: Status) -> Said:
    return source, status, ()


URL_ONLY: Said = (Source.PEP, OK, (Reading(Descriptor(id=A, url="https://x.lit/a")),))
ZERO_BYTES: Said = (Source.VCARD, OK, (Reading(Descriptor(), ImageFacts("x", 0), OK),))
NO_PEP, NO_CARD = said(Source.PEP, Status.NOT_FOUND), said(Source.VCARD, Status.NOT_FOUND)
DOWN = [said(Source.PEP, Status.UNAVAILABLE), said(Source.VCARD, Status.UNAVAILABLE)]
OFF, CARD_REFUSED = said(Source.PEP, Status.DISABLED), said(Source.VCARD, Status.FORBIDDEN)
EMPTY_CARD = said(Source.VCARD, Status.EMPTY)

CASES: list[tuple[str, list[Said], Verdict]] = [
    ("all the same", [pep(A), vcard(A), presence(A)], Verdict.AGREES),
    ("pep and presence, vcard unknown", [pep(A), NO_CARD, presence(A)], Verdict.AGREES),
    ("not fetched, declared alike", [image(Status.SKIPPED), presence(A)], Verdict.AGREES),
    ("pep and vcard differ", [pep(A), vcard(B)], Verdict.DIVERGES),
    ("stale presence", [pep(A), vcard(A), presence(B)], Verdict.DIVERGES),
    ("announced twice, the vcard is empty", [pep(A), EMPTY_CARD, presence(A)], Verdict.DIVERGES),
    ("a url beside a photo", [URL_ONLY, vcard(B)], Verdict.UNCOMPARED),
    ("pep only", [pep(A), NO_CARD], Verdict.ONLY_PEP),
    ("pep only, the vcard is empty", [pep(A), EMPTY_CARD], Verdict.ONLY_PEP),
    ("pep only, by url", [URL_ONLY, NO_CARD], Verdict.ONLY_PEP),
    ("vcard only", [NO_PEP, vcard(A)], Verdict.ONLY_VCARD),
    ("vcard only, pep refused", [said(Source.PEP, Status.FORBIDDEN), vcard(A)], Verdict.ONLY_VCARD),
    ("vcard only, junk in presence", [NO_PEP, vcard(A), presence("current")], Verdict.BROKEN),
    ("vcard only, another in presence", [NO_PEP, vcard(A), presence(B)], Verdict.BROKEN),
    ("vcard only, told by presence", [NO_PEP, vcard(A), presence(A)], Verdict.AGREES),
    ("an id that is no hash, and so says presence", [pep(A, id="u-1"), vcard(A), presence("u-1")], Verdict.BROKEN),
    ("an id that is no hash, and a vCard", [pep(A, id="u-1"), vcard(A), presence(A)], Verdict.AGREES),
    ("a hash without a picture", [NO_PEP, EMPTY_CARD, presence(A)], Verdict.ANNOUNCED),
    ("a hash, the picture refused", [said(Source.PEP, Status.FORBIDDEN), EMPTY_CARD, presence(A)], Verdict.HIDDEN),
    ("does not decode", [pep(A, broken=True)], Verdict.BROKEN),
    ("does not decode anywhere", [pep(A, broken=True), vcard(A, broken=True)], Verdict.BROKEN),
    ("not what the id promised", [pep(A, id=B)], Verdict.BROKEN),
    ("metadata without data", [image(Status.EMPTY), NO_CARD], Verdict.BROKEN),
    ("malformed", [said(Source.PEP, Status.MALFORMED), NO_CARD], Verdict.BROKEN),
    ("broken in pep, whole in the vcard", [pep(A, broken=True), vcard(B)], Verdict.DIVERGES),
    ("missing in pep, whole in the vcard", [image(Status.NOT_FOUND), vcard(A)], Verdict.AGREES),
    ("the image refused", [image(Status.FORBIDDEN), NO_CARD], Verdict.HIDDEN),
    ("the image timed out", [image(Status.TIMEOUT), NO_CARD], Verdict.UNREACHABLE),
    ("refused", [said(Source.PEP, Status.FORBIDDEN), NO_CARD], Verdict.HIDDEN),
    ("timeout", [said(Source.PEP, Status.TIMEOUT), NO_CARD], Verdict.UNREACHABLE),
    ("server down", DOWN, Verdict.UNREACHABLE),
    ("disabled", [OFF, EMPTY_CARD], Verdict.DISABLED),
    ("disabled, the rest refused", [OFF, CARD_REFUSED], Verdict.DISABLED),
    ("none", [NO_PEP, EMPTY_CARD, said(Source.PRESENCE, Status.EMPTY)], Verdict.NONE),
    ("none, and offline", [NO_PEP, NO_CARD, said(Source.PRESENCE, Status.UNAVAILABLE)], Verdict.NONE),
    ("none, pep unsupported", [said(Source.PEP, Status.UNSUPPORTED), NO_CARD], Verdict.NONE),
    ("a photo of zero bytes", [NO_PEP, ZERO_BYTES], Verdict.NONE),
    ("nothing asked", [said(Source.PEP, Status.SKIPPED), said(Source.VCARD, Status.SKIPPED)], Verdict.UNASKED),
    ("offline is all that is known", [said(Source.PRESENCE, Status.UNAVAILABLE)], Verdict.UNREACHABLE),
]  # fmt: skip


JULIET = Subject("juliet@capulet.lit")


def table_of(case: list[Said], subject: Subject = JULIET) -> pd.DataFrame:
    return frame(Outcome(subject, source, status, readings=readings) for source, status, readings in case)


@pytest.mark.parametrize(("case", "verdict"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_verdict(case: list[Said], verdict: Verdict) -> None:
    table = table_of(case)
    assert table.xavatar.people()["verdict"].tolist() == [verdict]
    shuffled = table.iloc[::-1]
    assert shuffled.xavatar.people()["verdict"].tolist() == [verdict]


def test_every_verdict_is_reached() -> None:
    assert {verdict for _, _, verdict in CASES} == set(Verdict)


def test_dtypes() -> None:
    for table in (table_of([pep(A)]), frame([])):
        people = table.xavatar.people()
        assert {name: str(dtype) for name, dtype in people.dtypes.items()} == PEOPLE
    assert all(DTYPES[name] == dtype for name, dtype in PEOPLE.items() if name in DTYPES)


def test_one_row_with_the_best_picture() -> None:
    romeo = Subject("romeo@montague.lit", name="Romeo", groups=("Verona",))
    table = pd.concat([table_of([pep(A, broken=True), vcard(B)], romeo), table_of([NO_PEP])])
    people = table.xavatar.people()
    assert people["jid"].tolist() == ["romeo@montague.lit", "juliet@capulet.lit"]
    first = people.iloc[0]
    assert (first["name"], first["groups"], first["kind"]) == ("Romeo", "Verona", "contact")
    assert (first["sha1"], first["mime_real"], first["width_real"]) == (B, "image/png", 64)
    assert (first["pep"], first["vcard"], pd.isna(first["presence"])) == ("ok", "ok", True)
    assert people.iloc[1][["sha1", "nbytes_real"]].isna().all()


def test_pep_comes_first_when_all_are_whole() -> None:
    assert table_of([vcard(B), pep(A)]).xavatar.people()["sha1"].tolist() == [A]


def test_the_resource_that_tells_most() -> None:
    offline, ready = said(Source.PRESENCE, Status.UNAVAILABLE), presence(A)
    assert table_of([offline, ready, offline]).xavatar.people()["presence"].tolist() == ["ok"]


def roster() -> pd.DataFrame:
    groups = {"a@one.lit": ("Work", "Chess"), "b@one.lit": ("Work",), "c@two.lit": (), "Room@rooms.lit/x@y/z": ()}
    kinds = {"Room@rooms.lit/x@y/z": Kind.OCCUPANT}
    says = {
        "a@one.lit": [pep(A), vcard(A), presence(A)],
        "b@one.lit": [pep(A), EMPTY_CARD],
        "c@two.lit": [NO_PEP, said(Source.VCARD, Status.TIMEOUT)],
        "Room@rooms.lit/x@y/z": [vcard(B)],
    }
    return pd.concat(
        [table_of(says[jid], Subject(jid, kinds.get(jid, Kind.CONTACT), groups=groups[jid])) for jid in says]
    )


def test_coverage_by_source() -> None:
    coverage = roster().xavatar.coverage()
    assert coverage.index.tolist() == ["pep", "vcard", "presence", "any"]
    assert coverage.loc["pep"].to_dict() == {
        "subjects": 3, "avatar": 2, "share": pytest.approx(2 / 3), "empty": 0, "not_found": 1, "timeout": 0,
    }  # fmt: skip
    assert coverage.loc["vcard", ["subjects", "avatar", "empty", "timeout"]].tolist() == [4, 2, 1, 1]
    assert coverage.loc["any", ["subjects", "avatar", "share"]].tolist() == [4, 3, 0.75]


def test_coverage_by_group() -> None:
    coverage = roster().xavatar.coverage(by="groups")
    assert coverage.to_dict("index") == {
        "(none)": {"subjects": 2, "avatar": 1, "share": 0.5, "pep": 0, "vcard": 1, "presence": 0},
        "Work": {"subjects": 2, "avatar": 2, "share": 1.0, "pep": 2, "vcard": 1, "presence": 1},
        "Chess": {"subjects": 1, "avatar": 1, "share": 1.0, "pep": 1, "vcard": 1, "presence": 1},
    }


@pytest.mark.parametrize(
    ("by", "subjects"),
    [("domain", {"one.lit": 2, "rooms.lit": 1, "two.lit": 1}), ("kind", {"contact": 3, "occupant": 1})],
)
def test_coverage_by_domain_and_kind(by: str, subjects: dict[str, int]) -> None:
    assert roster().xavatar.coverage(by=by)["subjects"].to_dict() == subjects


@pytest.mark.parametrize("by", [None, "groups", "domain", "kind"])
def test_coverage_of_nothing(by: str | None) -> None:
    coverage = frame([]).xavatar.coverage(by=by)
    assert coverage["subjects"].sum() == 0
    assert list(coverage.columns[:3]) == ["subjects", "avatar", "share"]


def test_coverage_by_something_else() -> None:
    with pytest.raises(ConfigError, match="groups, domain, kind"):
        roster().xavatar.coverage(by="group")


def test_whom_others_see() -> None:
    assert Verdict.BROKEN not in SHOWN
    assert Verdict.ANNOUNCED not in SHOWN
