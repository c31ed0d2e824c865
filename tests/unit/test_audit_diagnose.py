"""Why an avatar can or cannot be seen."""

from __future__ import annotations

import pytest

from tests.unit.audit_samples import (
    JULIET,
    OCCUPANT,
    OTHER,
    SELF,
    facts,
    info,
    pep,
    photo,
    presence,
    reading,
    snapshot,
    vcard,
)
from xavatar.audit import Audit, Diagnosis, Role, Sight, Step
from xavatar.errors import ConfigError
from xavatar.frames.people import SHOWN
from xavatar.model import Outcome, Status

NONE = Status.NOT_FOUND


def diagnosis(*outcomes: Outcome) -> Diagnosis:
    return Audit.of(snapshot(*outcomes)).diagnose(outcomes[0].subject.jid)


@pytest.mark.parametrize(
    ("outcomes", "sights", "verdict"),
    [
        ([pep(), vcard(), presence()], "yes yes", "Everybody"),
        ([pep(), vcard(status=NONE)], "yes no", "Some"),
        ([pep(), vcard(), presence(OTHER)], "yes no", "Some"),
        ([pep(status=NONE), vcard(status=NONE)], "no no", "There is no avatar"),
        ([pep(status=Status.DISABLED), vcard(status=Status.EMPTY)], "no no", "There is no avatar"),
        ([pep(status=Status.FORBIDDEN), vcard(status=NONE)], "unknown no", "Nobody is known"),
        ([pep(status=Status.TIMEOUT), vcard(status=Status.TIMEOUT)], "unknown unknown", "cannot tell"),
        ([pep(status=Status.MALFORMED)], "no", "There is a picture, and nobody is shown it: "),
        ([pep(reading(info(), facts(OTHER)))], "no", "There is a picture, and nobody is shown it: "),
        ([pep(reading(info(id="uuid"), facts()))], "no", "There is a picture, and nobody is shown it: "),
        ([pep(reading(status=Status.EMPTY))], "no", "There is a picture, and nobody is shown it: "),
        ([pep(reading(status=Status.FORBIDDEN))], "unknown", "cannot tell"),
        ([pep(reading(status=Status.SKIPPED))], "unknown", "cannot tell"),
        (
            [pep(reading(info(), facts(error="truncated", dhash=None)))],
            "no",
            "There is a picture, and nobody is shown it: ",
        ),
        ([pep(reading(info(), facts(error="trailing: 12 bytes")))], "yes", "Everybody"),
        ([vcard(photo(url="https://a.lit/b.png"))], "unknown", "cannot tell"),
        ([vcard(who=OCCUPANT)], "yes", "Everybody"),
        ([presence()], "", "cannot tell"),
        ([pep(status=NONE), vcard(), presence(status=Status.EMPTY)], "no no", "presence does not advertise it"),
        (
            [pep(reading(info(id="u"), facts())), vcard(), presence("u")],
            "no no",
            "nobody is shown it: its id is no hash",
        ),
        ([pep(), vcard(photo(facts(OTHER))), presence(OTHER)], "yes yes", "people see different pictures"),
    ],
)
def test_who_sees_what(outcomes: list[Outcome], sights: str, verdict: str) -> None:
    found = diagnosis(*outcomes)
    assert [view.sight.name.lower() for view in found.views] == sights.split()
    assert verdict in found.verdict


@pytest.mark.parametrize(
    "outcomes",
    [
        [pep(), vcard(), presence()],
        [pep(status=NONE), vcard()],
        [pep(status=NONE), vcard(), presence(OTHER)],
        [pep(reading(info(id="u"), facts())), vcard(), presence("u")],
        [pep(reading(info(id="u"), facts())), vcard(), presence()],
        [pep(), vcard(photo(facts(OTHER))), presence()],
        [pep(reading(status=Status.EMPTY)), vcard(status=NONE)],
        [pep(status=Status.DISABLED), vcard(), presence(status=Status.EMPTY)],
        [pep(status=Status.DISABLED), vcard(), presence()],
        [pep(status=NONE), vcard(), presence(status=Status.UNSUPPORTED)],
        [pep(status=NONE), vcard(), presence(status=Status.UNAVAILABLE, condition="offline")],
    ],
)
def test_the_frame_s_verdict_and_the_diagnosis_are_one(outcomes: list[Outcome]) -> None:
    audit = Audit.of(snapshot(*outcomes))
    shown = audit.people["verdict"].iloc[0] in SHOWN
    assert shown is any(view.sight is Sight.YES for view in audit.diagnose(JULIET.jid).views)


def test_one_good_format_is_enough() -> None:
    url = reading(info(url="https://a.lit/b.png"), status=Status.SKIPPED)
    (view,) = diagnosis(pep(url, reading())).views
    assert (view.sight, view.because) == (Sight.YES, "PNG, 64 x 64, 3.9 KiB")


def test_evidence_and_steps_come_from_what_was_seen() -> None:
    absent = vcard(status=NONE, condition="service-unavailable")
    found = diagnosis(pep(reading(status=Status.EMPTY)), absent, presence())
    assert found.evidence[1] == "vCard: not_found (service-unavailable)."
    assert [finding.rule for finding in found.findings] == ["P84-03", "A-13"]
    assert found.steps[0] == Step(Role.OWNER, "Publish the picture again: data first, then metadata.")
    shown = repr(found)
    assert "What to do:\n  1. The owner: Publish the picture again" in shown


def test_notes_are_steps_when_nothing_graver_explains() -> None:
    found = diagnosis(pep(status=Status.FORBIDDEN))
    assert len(found.steps) == 1
    assert found.steps[0].who is Role.READER
    assert "Subscribe" in found.steps[0].words


def test_a_stranger_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"romeo@montague\.lit is not in this snapshot"):
        Audit.of(snapshot(pep())).diagnose("romeo@montague.lit")


def test_the_display_escapes() -> None:
    evil = pep(status=Status.ERROR, condition="<script>alert(1)</script>", text="\x9b31m")
    shown = diagnosis(evil)
    assert "<script" not in shown._repr_html_()
    assert "\x9b" not in repr(shown) + shown._repr_html_()
    assert JULIET.jid in shown._repr_html_()


def test_of_oneself_a_stored_snapshot_tells_the_clients() -> None:
    found = diagnosis(pep(who=SELF), vcard(who=SELF), presence(who=SELF), presence(OTHER, who=SELF, resource="desk"))
    (told,) = found.facts
    assert told.startswith("2 clients of yours online, this session among them. phone: advertises ")
    assert diagnosis(pep(), vcard(), presence()).facts == ()
