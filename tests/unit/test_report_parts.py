"""The parts of a report that compare: changes since the last snapshot, shared pictures, agreement, coverage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

import xavatar.report
from tests.unit.audit_samples import GOOD, OTHER, facts, info, pep, photo, presence, reading, snapshot, vcard
from tests.unit.report_samples import open_images, roster
from tests.unit.test_report_html import Page
from xavatar.audit import Audit
from xavatar.model import Kind, Snapshot, Status, Subject
from xavatar.report.figures import figures
from xavatar.report.html import changes
from xavatar.report.rows import contacts
from xavatar.report.shared import shared

ROMEO = Subject("romeo@montague.lit", Kind.CONTACT, name="<b>Romeo", groups=("Friends",))
EARLIER = snapshot(pep(), vcard(), pep(who=ROMEO))
LATER = replace(
    snapshot(pep(reading(info(id=OTHER, item_id=OTHER), facts(OTHER))), vcard(status=Status.TIMEOUT)),
    taken_at=EARLIER.taken_at + timedelta(days=7),
)


def words(audit: Audit) -> str:
    return " ".join(" ".join(Page(xavatar.report.render(audit)).words).split())


def test_changes_since_the_previous_snapshot() -> None:
    audit = Audit.of(LATER, previous=EARLIER)
    told = changes(audit)
    assert told is not None
    kinds = [(str(kind), number) for kind, number, _ in told.kinds]
    assert kinds == [("vanished", 1), ("picture changed", 1), ("access lost", 1)]
    text = words(audit)
    assert "Changes since 2026-11-22 12:00 UTC" in text
    assert f"PEP: {GOOD[:12]}… → {OTHER[:12]}…" in text
    assert "vCard: status ok → timeout" in text
    assert '<a href="#changes">' in xavatar.report.render(audit)


def test_a_report_without_a_previous_snapshot_has_no_changes() -> None:
    assert Audit.of(LATER).changes is None
    assert "#changes" not in xavatar.report.render(Audit.of(LATER))
    assert "Nothing changed." in words(Audit.of(LATER, previous=LATER))


def test_many_changes_are_cut_and_counted() -> None:
    people = [Subject(f"{number}@x.lit", Kind.CONTACT) for number in range(130)]
    told = changes(Audit.of(snapshot(*(pep(who=who) for who in people)), previous=snapshot()))
    assert told is not None
    kinds = {str(kind): (number, len(listed)) for kind, number, listed in told.kinds}
    assert kinds["appeared"] == (130, 100)
    assert "And 30 more appeared." in words(Audit.of(snapshot(*(pep(who=who) for who in people)), previous=snapshot()))


@pytest.mark.slow
def test_shared_pictures_stand_with_their_people(tmp_path: Path) -> None:
    with open_images() as memory:
        audit = Audit.of(roster(memory, 700))
        section = shared(audit, contacts(audit))
        audit.report(tmp_path / "duplicates.csv")
        text = xavatar.report.render(audit)
    first = section.groups[0]
    assert (first.label, first.pictures, len(first.uris)) == ("default avatar", 3, 3)
    assert first.subjects == len(first.who) + first.more >= 5
    assert 'id="shared"' in text
    assert list(pd.read_csv(tmp_path / "duplicates.csv").columns) == list(audit.duplicates.columns)


def test_nobody_shares_a_picture() -> None:
    assert 'id="shared"' not in xavatar.report.render(Audit.of(snapshot(pep(), vcard())))


def told(snapped: Snapshot, title: str) -> str:
    (drawn,) = [figure.drawing for figure in figures(Audit.of(snapped)) if figure.title == title]
    return Page(drawn).all("svg")[0]["aria-label"] or ""


def test_agreement_is_told_source_by_source() -> None:
    other = Subject("paris@verona.lit", Kind.CONTACT)
    alone = Subject("livia@verona.lit", Kind.CONTACT)
    drawn = told(
        snapshot(
            *(pep(), vcard(), presence()),
            *(pep(who=other), vcard(photo(facts(OTHER)), who=other)),
            *(pep(who=alone), vcard(status=Status.EMPTY, who=alone)),
            *(pep(who=ROMEO), vcard(status=Status.TIMEOUT, who=ROMEO)),
        ),
        "Agreement",
    )
    assert "PEP and vCard: the same picture 1, different pictures 1, PEP only 1" in drawn
    assert "PEP and Presence: the same picture 1;" in drawn


def test_coverage_by_domain_and_group() -> None:
    both = snapshot(pep(), pep(status=Status.NOT_FOUND, who=ROMEO), vcard(status=Status.NOT_FOUND, who=ROMEO))
    assert "capulet.lit: picture 1, none to see 0" in told(both, "Coverage by domain")
    assert "montague.lit: picture 0, none to see 1" in told(both, "Coverage by domain")
    assert "Friends: picture 0, none to see 1" in told(both, "Coverage by group")
    assert not [each for each in figures(Audit.of(snapshot(pep()))) if each.title.startswith("Coverage")]


def test_each_contact_tells_who_sees_it_and_what_to_do() -> None:
    lying = Audit.of(snapshot(pep(reading(info(id=OTHER, item_id=OTHER), facts())), vcard(photo())))
    text = words(lying)
    assert "Who sees it, and what to do : Juliet" in text
    assert "Whoever uses a modern client (PEP): sees none , its id is another picture's hash" in text
    assert "The owner: Set the picture again" in text


def test_shared_pictures_keep_to_their_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_images() as memory:
        audit = Audit.of(roster(memory, 300))
        people = contacts(audit)
        whole = shared(audit, people)
        monkeypatch.setattr("xavatar.report.shared._BUDGET", 5_000)
        part = shared(audit, people)
    assert sum(len(uri) for group in whole.groups for uri in group.uris) > 20_000
    assert 0 < sum(len(uri) for group in part.groups for uri in group.uris) <= 5_000
    assert [group.who for group in part.groups] == [group.who for group in whole.groups]


def test_a_display_computes_no_more_than_it_shows() -> None:
    audit = Audit.of(LATER, previous=EARLIER)
    text = audit._repr_html_()
    assert ".changes</code> since the snapshot before" in text
    assert not {"duplicates", "changes"} & vars(audit).keys()
