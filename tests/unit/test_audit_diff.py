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
    presence,
    reading,
    snapshot,
    vcard,
)
from xavatar.audit import Audit, Change, Diff
from xavatar.errors import ConfigError
from xavatar.model import Kind, Outcome, Source, Status, Subject

EVIL = Subject("<script>@x.lit", Kind.CONTACT)


def between(before: list[Outcome], after: list[Outcome], *, complete: bool = True) -> Diff:
    return Audit.of(snapshot(*after, complete=complete)).diff(Audit.of(snapshot(*before)))


def told(found: Diff) -> set[tuple[Change, Source | None, str | None]]:
    return {(each.change, each.source, each.field) for each in found.news}


def test_nothing_changed() -> None:
    same = between([pep(), vcard(), presence()], [pep(), vcard(), presence()])
    assert same.differences == ()
    assert "nothing changed" in repr(same)
    assert "Nothing changed" in same._repr_html_()
    assert same.table.empty


@pytest.mark.parametrize(
    "status", [Status.TIMEOUT, Status.UNAVAILABLE, Status.FORBIDDEN, Status.SKIPPED, Status.ERROR, Status.MALFORMED]
)
def test_a_missing_answer_is_no_removal_and_no_repair(status: Status) -> None:
    broken = pep(reading(info(nbytes=1), facts()))
    news = {Change.ACCESS_LOST, Change.FACTS_CHANGED} | ({Change.FINDING_NEW} if status is Status.MALFORMED else set())
    assert {change for change, _, _ in told(between([broken], [pep(status=status)]))} <= news
    back = {change for change, _, _ in told(between([pep(status=status)], [broken]))}
    assert Change.PICTURE_ADDED not in back


def test_what_broke_and_what_was_fixed() -> None:
    sound, lying = pep(), pep(reading(info(nbytes=1), facts()))
    declared = (Change.FACTS_CHANGED, Source.PEP, "nbytes")
    assert told(between([sound], [lying])) == {declared, (Change.FINDING_NEW, Source.PEP, "P84-09")}
    fixed = between([lying], [sound])
    assert told(fixed) == {declared, (Change.FINDING_FIXED, Source.PEP, "P84-09")}
    assert fixed.table.loc[1, ["change", "jid", "field", "severity"]].tolist() == [
        "finding fixed", JULIET.jid, "P84-09", "info",
    ]  # fmt: skip
    still = between([lying], [lying])
    assert still.counts == {Change.FINDING_STILL: 1}
    assert not still


def test_an_offline_contact_is_not_repaired() -> None:
    offline = presence(status=Status.UNAVAILABLE, condition="offline")
    assert told(between([vcard(), presence(OTHER)], [vcard(), offline])) == set()
    assert told(between([pep(), presence("current")], [pep(), offline])) == set()
    assert told(between([vcard(), presence(OTHER)], [vcard(), presence()])) == {
        (Change.PICTURE_CHANGED, Source.PRESENCE, "picture"),
        (Change.FINDING_FIXED, None, "P153-17"),
    }


def test_an_item_that_was_not_read_again_is_not_repaired() -> None:
    noted = pep(problems=("P84-05 white space", "P84-15 info 0 is not empty"))
    assert told(between([noted], [pep()])) == {(Change.FINDING_FIXED, Source.PEP, "P84-15")}
    other = pep(reading(info(id=OTHER, item_id=OTHER), facts(OTHER)))
    assert (Change.FINDING_FIXED, Source.PEP, "P84-05") in told(between([noted], [other]))


def test_both_pictures_at_once_are_one_broken_rule() -> None:
    found = between([pep(), vcard()], [pep(status=Status.EMPTY), vcard(status=Status.EMPTY)])
    assert {each.field for each in found.differences if each.change is Change.FINDING_NEW} == {"A-11"}


def test_a_server_that_is_down_is_access_lost() -> None:
    down = [pep(status=Status.TIMEOUT), vcard(status=Status.TIMEOUT)]
    found = between([pep(), vcard()], down)
    assert {finding.rule for finding in Audit.of(snapshot(*down)).results} == {"A-26"}
    assert found.counts == {Change.ACCESS_LOST: 1}
    assert found.worst is None


def test_a_snapshot_is_judged_the_same_way() -> None:
    lying = snapshot(pep(reading(info(nbytes=1), facts())))
    assert (Change.FINDING_FIXED, Source.PEP, "P84-09") in told(Audit.of(snapshot(pep())).diff(lying))
    assert told(Audit.of(snapshot(pep()), off=["P84-09"]).diff(lying)) == {(Change.FACTS_CHANGED, Source.PEP, "nbytes")}


def test_only_the_same_view_compares() -> None:
    one = snapshot(pep())
    for other in (replace(one, scope="me"), replace(one, account="romeo@montague.lit")):
        with pytest.raises(ConfigError, match="cannot be compared"):
            Audit.of(one).diff(other)


def test_displays_escape() -> None:
    shown = between([pep(status=Status.NOT_FOUND, who=EVIL)], [pep(who=EVIL)])
    assert "<script" not in shown._repr_html_()
    assert GOOD[:12] in repr(shown)
    assert shown.counts[Change.PICTURE_ADDED] == 1
