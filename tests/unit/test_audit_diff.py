"""What changed between two snapshots, and what only could not be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.audit_samples import (
    GOOD,
    JULIET,
    OTHER,
    facts,
    info,
    pep,
    photo,
    presence,
    reading,
    snapshot,
    vcard,
)
from xavatar.audit import Audit, Change, Diff
from xavatar.errors import ConfigError
from xavatar.model import Kind, Outcome, Source, Status, Subject

EVIL = Subject("<script>@x.lit", Kind.CONTACT)
OTHER_PEP = pep(reading(info(id=OTHER, item_id=OTHER), facts(OTHER)))
OTHER_VCARD = vcard(photo(facts(OTHER)))


def between(before: list[Outcome], after: list[Outcome], *, complete: bool = True) -> Diff:
    return Audit.of(snapshot(*after, complete=complete)).diff(Audit.of(snapshot(*before)))


def told(found: Diff) -> set[tuple[Change, Source | None, str | None]]:
    return {(each.change, each.source, each.rule) for each in found.differences}


def test_nothing_changed() -> None:
    same = between([pep(), vcard(), presence()], [pep(), vcard(), presence()])
    assert same.differences == ()
    assert "nothing changed" in repr(same)
    assert "Nothing changed" in same._repr_html_()
    assert same.table.empty


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (pep(status=Status.NOT_FOUND), pep(), {(Change.PICTURE_NEW, Source.PEP, None)}),
        (pep(), OTHER_PEP, {(Change.PICTURE_CHANGED, Source.PEP, None)}),
        (vcard(), OTHER_VCARD, {(Change.PICTURE_CHANGED, Source.VCARD, None)}),
        (pep(), pep(status=Status.DISABLED), {(Change.PICTURE_REMOVED, Source.PEP, None)}),
        (pep(), pep(status=Status.NOT_FOUND), {(Change.PICTURE_REMOVED, Source.PEP, None)}),
    ],
)
def test_pictures_come_change_and_go(before: Outcome, after: Outcome, expected: set[object]) -> None:
    assert told(between([before], [after])) == expected


@pytest.mark.parametrize(
    "status", [Status.TIMEOUT, Status.UNAVAILABLE, Status.FORBIDDEN, Status.SKIPPED, Status.ERROR, Status.MALFORMED]
)
def test_a_missing_answer_is_no_removal_and_no_repair(status: Status) -> None:
    broken = pep(reading(info(nbytes=1), facts()))
    gone = {change for change, _, rule in told(between([broken], [pep(status=status)])) if rule != "A-26"}
    assert gone <= {Change.BROKE}
    back = {change for change, _, _ in told(between([pep(status=status)], [broken]))}
    assert Change.PICTURE_NEW not in back
    assert Change.BROKE not in back


def test_what_broke_and_what_was_fixed() -> None:
    sound, lying = pep(), pep(reading(info(nbytes=1), facts()))
    assert told(between([sound], [lying])) == {(Change.BROKE, Source.PEP, "P84-09")}
    fixed = between([lying], [sound])
    assert told(fixed) == {(Change.FIXED, Source.PEP, "P84-09")}
    assert fixed.table.loc[0, ["change", "jid", "rule", "severity"]].tolist() == ["fixed", JULIET.jid, "P84-09", "info"]


def test_an_offline_contact_is_not_repaired() -> None:
    offline = presence(status=Status.UNAVAILABLE, condition="offline")
    assert told(between([vcard(), presence(OTHER)], [vcard(), offline])) == set()
    assert told(between([pep(), presence("current")], [pep(), offline])) == set()
    assert told(between([vcard(), presence(OTHER)], [vcard(), presence()])) == {(Change.FIXED, None, "P153-17")}


def test_an_item_that_was_not_read_again_is_not_repaired() -> None:
    noted = pep(problems=("P84-05 white space", "P84-15 info 0 is not empty"))
    assert told(between([noted], [pep()])) == {(Change.FIXED, Source.PEP, "P84-15")}
    assert (Change.FIXED, Source.PEP, "P84-05") in told(between([noted], [OTHER_PEP]))


def test_both_pictures_at_once_point_to_the_vcard() -> None:
    found = between([pep(), vcard()], [pep(status=Status.EMPTY), vcard(status=Status.EMPTY)])
    removed = [each for each in found.differences if each.change is Change.PICTURE_REMOVED]
    assert len(removed) == 2
    assert all("vCard was edited" in each.message for each in removed)
    assert {each.rule for each in found.differences if each.change is Change.BROKE} == {"A-11"}


def test_who_joined_and_who_left() -> None:
    assert told(between([pep()], [pep(), pep(who=EVIL)])) == {(Change.JOINED, None, None)}
    assert told(between([pep(), pep(who=EVIL)], [pep()])) == {(Change.LEFT, None, None)}
    assert told(between([pep(), pep(who=EVIL)], [pep()], complete=False)) == set()


def test_a_snapshot_is_judged_the_same_way() -> None:
    lying = snapshot(pep(reading(info(nbytes=1), facts())))
    assert told(Audit.of(snapshot(pep())).diff(lying)) == {(Change.FIXED, Source.PEP, "P84-09")}
    assert told(Audit.of(snapshot(pep()), off=["P84-09"]).diff(lying)) == set()


def test_only_the_same_view_compares() -> None:
    one = snapshot(pep())
    for other in (replace(one, scope="me"), replace(one, account="romeo@montague.lit")):
        with pytest.raises(ConfigError, match="do not compare"):
            Audit.of(one).diff(other)


def test_displays_escape() -> None:
    shown = between([pep(status=Status.NOT_FOUND, who=EVIL)], [pep(who=EVIL)])
    assert "<script" not in shown._repr_html_()
    assert GOOD[:12] in repr(shown)
    assert shown.counts[Change.PICTURE_NEW] == 1
