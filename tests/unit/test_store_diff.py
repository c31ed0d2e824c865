"""What changed between two snapshots, and what only could not be seen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pandas as pd
import pytest

from tests.unit.test_store_snapshots import NOON
from xavatar.errors import ConfigError, SnapshotNotFound
from xavatar.model import Descriptor, Finding, ImageFacts, Outcome, Reading, Severity, Snapshot, Source, Status, Subject
from xavatar.store import Change, Diff, Store
from xavatar.store.compare import diff

JULIET, ROMEO = Subject("juliet@capulet.lit", name="Juliet"), Subject("romeo@montague.lit")
OLD, NEW = "a" * 40, "b" * 40


def pep(
    sha1: str | None = OLD, status: Status = Status.OK, who: Subject = JULIET, source: Source = Source.PEP
) -> Outcome:
    facts = ImageFacts(sha1, 100, "png") if sha1 and source is not Source.PRESENCE else None
    reading = Reading(Descriptor(id=sha1, mime="image/png"), facts, Status.OK if facts else Status.SKIPPED)
    return Outcome(who, source, status, readings=(reading,) if status is Status.OK else (), observed_at=NOON)


def silent(status: Status, source: Source = Source.PEP) -> Outcome:
    return Outcome(JULIET, source, status, observed_at=NOON)


def given_up() -> Outcome:
    return replace(silent(Status.SKIPPED), condition="breaker-open", text="montague.lit was not reached")


def presence(sha1: str | None = OLD, status: Status = Status.OK, resource: str = "phone") -> Outcome:
    return replace(pep(sha1, status, source=Source.PRESENCE), resource=resource)


def snap(*outcomes: Outcome, complete: bool = True) -> Snapshot:
    return Snapshot("nurse@capulet.lit", "roster", outcomes, NOON, complete)


def between(before: tuple[Outcome, ...] | Outcome, after: tuple[Outcome, ...] | Outcome) -> list[tuple[object, ...]]:
    one, other = (each if isinstance(each, tuple) else (each,) for each in (before, after))
    return [tuple(each)[:6] for each in diff(snap(*one), snap(*other)).differences]


J = JULIET.jid


def test_nothing_changed() -> None:
    same = diff(snap(pep(), presence()), snap(pep(), presence()))
    assert same.differences == ()
    assert not same
    assert "nothing changed" in repr(same)
    assert list(same.table.columns) == ["change", "jid", "source", "field", "before", "after", "severity", "note"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (pep(OLD), pep(NEW), [(Change.PICTURE_CHANGED, J, "pep", "picture", OLD, NEW)]),
        (
            silent(Status.NOT_FOUND),
            pep(NEW),
            [(Change.PICTURE_ADDED, J, "pep", "picture", None, NEW)],
        ),
        (
            pep(OLD),
            silent(Status.DISABLED),
            [(Change.PICTURE_REMOVED, J, "pep", "picture", OLD, None)],
        ),
        (pep(), silent(Status.FORBIDDEN), [(Change.ACCESS_LOST, J, "pep", "status", "ok", "forbidden")]),
        (
            silent(Status.NOT_FOUND),
            silent(Status.FORBIDDEN),
            [(Change.ACCESS_LOST, J, "pep", "status", "not_found", "forbidden")],
        ),
        (silent(Status.FORBIDDEN), pep(), [(Change.ACCESS_GAINED, J, "pep", "status", "forbidden", "ok")]),
        (pep(), silent(Status.TIMEOUT), [(Change.ACCESS_LOST, J, "pep", "status", "ok", "timeout")]),
        (pep(), given_up(), [(Change.ACCESS_LOST, J, "pep", "status", "ok", "unavailable")]),
        (silent(Status.TIMEOUT), pep(), [(Change.ACCESS_GAINED, J, "pep", "status", "timeout", "ok")]),
        (silent(Status.TIMEOUT), silent(Status.UNAVAILABLE), []),
        (
            silent(Status.TIMEOUT),
            silent(Status.FORBIDDEN),
            [(Change.FACTS_CHANGED, J, "pep", "status", "timeout", "forbidden")],
        ),
        (
            silent(Status.NOT_FOUND),
            silent(Status.DISABLED),
            [(Change.FACTS_CHANGED, J, "pep", "status", "not_found", "disabled")],
        ),
        (pep(), silent(Status.MALFORMED), [(Change.FACTS_CHANGED, J, "pep", "status", "ok", "malformed")]),
        (pep(), silent(Status.SKIPPED), []),
        (silent(Status.SKIPPED), pep(), []),
        (presence(OLD), presence(NEW), [(Change.PICTURE_CHANGED, J, "presence", "picture", OLD, NEW)]),
        (presence(OLD), silent(Status.UNAVAILABLE, Source.PRESENCE), []),
        (presence(OLD), (presence(OLD, resource="desk"), presence(OLD)), []),
    ],
    ids=[
        "another", "published", "disabled", "closed", "closed without a picture", "opened", "no answer", "given up",
        "answers again", "as silent as before", "refused at last", "switched off", "unreadable",
        "not asked", "not asked before", "another hash", "offline", "one more resource",
    ],
)  # fmt: skip
def test_one_source(before: Outcome, after: Outcome | tuple[Outcome, ...], told: list[tuple[object, ...]]) -> None:
    assert between(before, after) == told


def test_subjects_come_and_go() -> None:
    both, one = (pep(), pep(who=ROMEO)), (pep(),)
    assert between(one, both) == [(Change.APPEARED, ROMEO.jid, None, None, None, None)]
    assert between(both, (pep(who=ROMEO),)) == [(Change.VANISHED, J, None, None, "Juliet", None)]


def test_an_interrupted_collection_says_nothing_about_those_it_did_not_see() -> None:
    whole, part = snap(pep(), pep(who=ROMEO)), snap(pep(), complete=False)
    assert diff(whole, part).differences == ()
    assert diff(part, whole).differences == ()


def test_changed_facts() -> None:
    def with_(**changes: object) -> Outcome:
        (reading,) = pep().readings
        return replace(pep(), readings=(replace(reading, descriptor=replace(reading.descriptor, **changes)),))  # type: ignore[arg-type]

    assert between(pep(), with_(mime="image/jpeg", nbytes=100)) == [
        (Change.FACTS_CHANGED, J, "pep", "mime", "image/png", "image/jpeg"),
        (Change.FACTS_CHANGED, J, "pep", "nbytes", None, "100"),
    ]
    grouped = replace(pep(), subject=replace(JULIET, name="J.", groups=("Friends", "Verona")))
    assert between(pep(), grouped) == [
        (Change.FACTS_CHANGED, J, None, "groups", None, "Friends; Verona"),
        (Change.FACTS_CHANGED, J, None, "name", "Juliet", "J."),
    ]


def test_a_picture_by_another_way_is_the_same_picture() -> None:
    """Not fetched this time, written in capitals, among several formats, or with a false id: still that picture."""
    (reading,) = pep().readings
    unfetched = replace(reading, facts=None, image_status=Status.SKIPPED)
    assert between(pep(), replace(pep(), readings=(unfetched,))) == []
    assert between(replace(pep(), readings=(unfetched,)), pep()) == []
    capitals = replace(unfetched, descriptor=replace(reading.descriptor, id=OLD.upper()))
    assert [row[:4] for row in between(pep(), replace(pep(), readings=(capitals,)))] == [
        (Change.FACTS_CHANGED, J, "pep", "id")
    ]
    uuid = replace(reading, descriptor=replace(reading.descriptor, id="current"))
    assert [row[0] for row in between(pep(), replace(pep(), readings=(uuid,)))] == [Change.FACTS_CHANGED]
    more = pep(NEW).readings[0]
    assert between(pep(), replace(pep(), readings=(reading, more))) == [
        (Change.PICTURE_CHANGED, J, "pep", "picture", OLD, NEW)
    ]


def test_the_image_s_own_access() -> None:
    (reading,) = pep().readings
    refused = replace(pep(), readings=(replace(reading, facts=None, image_status=Status.FORBIDDEN),))
    assert between(pep(), refused) == [(Change.ACCESS_LOST, J, "pep", "image_status", "ok", "forbidden")]
    assert between(refused, pep()) == [(Change.ACCESS_GAINED, J, "pep", "image_status", "forbidden", "ok")]


def finding(
    rule: str = "P84-01", who: Subject = JULIET, source: Source | None = Source.PEP, message: str = "m"
) -> Finding:
    return Finding(rule, Severity.ERROR, who.jid, source, message, "advice")


def judged(
    before: tuple[Snapshot, list[Finding]], after: tuple[Snapshot, list[Finding]]
) -> list[tuple[str, str | None]]:
    found = diff(before[0], after[0], before[1], after[1]).differences
    return [(each.change.value, each.field) for each in found if each.change.value.startswith("finding")]


def test_findings() -> None:
    now = snap(pep())
    assert judged((now, [finding("A-01"), finding("A-02")]), (now, [finding("A-02"), finding("A-03")])) == [
        ("finding new", "A-03"),
        ("finding fixed", "A-01"),
        ("finding still", "A-02"),
    ]


def test_how_a_picture_went_is_noted() -> None:
    off, gone = (diff(snap(pep()), snap(silent(each))) for each in (Status.DISABLED, Status.NOT_FOUND))
    assert [each.note for each in (*off.differences, *gone.differences)] == [
        "switched off",
        "node or vCard no longer there",
    ]
    card = pep(source=Source.VCARD)
    both = diff(snap(pep(), card), snap(silent(Status.EMPTY), silent(Status.EMPTY, Source.VCARD)))
    assert [each.change for each in both.differences] == [Change.PICTURE_REMOVED] * 2
    assert all("vCard was edited" in str(each.note) for each in both.differences)
    lost = diff(snap(pep()), snap(replace(silent(Status.TIMEOUT), text="montague.lit gave no answer")))
    assert lost.differences[0].note == "montague.lit gave no answer"


def test_the_worst_news() -> None:
    now, error, warning = snap(pep()), finding("A-01"), replace(finding("A-02"), severity=Severity.WARNING)
    assert diff(now, now, [error], [error, warning]).worst is Severity.WARNING
    assert diff(now, now, [error, warning], [error]).worst is None


@pytest.mark.parametrize("source", [Source.PEP, None])
def test_what_could_not_be_asked_again_is_neither_fixed_nor_new(source: Source | None) -> None:
    answered, timeout = snap(pep()), snap(silent(Status.TIMEOUT))
    assert judged((answered, [finding(source=source)]), (timeout, [])) == []
    assert judged((timeout, []), (answered, [finding(source=source)])) == []


def test_what_was_always_closed_hides_no_news_of_the_rest() -> None:
    closed = silent(Status.FORBIDDEN, Source.VCARD)
    before, after = snap(silent(Status.NOT_FOUND), closed), snap(pep(), closed)
    assert judged((before, []), (after, [finding(source=None)])) == [("finding new", "P84-01")]
    lost = snap(pep(), silent(Status.TIMEOUT, Source.VCARD))
    assert judged((lost, []), (snap(pep(), pep(source=Source.VCARD)), [finding(source=None)])) == []


@pytest.mark.parametrize("rule", ["A-25", "A-26", "P163-01"])
def test_an_unreachable_server_is_access_lost_and_no_finding(rule: str) -> None:
    answered, timeout = snap(pep()), snap(silent(Status.TIMEOUT))
    found = diff(answered, timeout, [], [finding(rule, source=None)])
    assert found.counts == {Change.ACCESS_LOST: 1}
    assert diff(timeout, answered, [finding(rule, source=None)], []).counts == {Change.ACCESS_GAINED: 1}


def test_findings_about_somebody_new_are_new() -> None:
    before, after = snap(pep()), snap(pep(), pep(who=ROMEO))
    assert judged((before, []), (after, [finding(who=ROMEO)])) == [("finding new", "P84-01")]
    assert judged((replace(before, complete=False), []), (after, [finding(who=ROMEO)])) == []
    assert judged((after, [finding(who=ROMEO)]), (before, [])) == [], "who is gone has fixed nothing"


def test_findings_about_presence_of_somebody_offline() -> None:
    online, offline = snap(presence()), snap(silent(Status.UNAVAILABLE, Source.PRESENCE))
    assert judged((online, [finding(source=Source.PRESENCE)]), (offline, [])) == []
    assert judged((online, [finding(source=Source.PRESENCE)]), (snap(presence(NEW)), [])) == [
        ("finding fixed", "P84-01")
    ]


def test_stored_snapshots_are_compared_with_their_findings() -> None:
    with Store.temporary() as store:
        one = store.save(snap(pep()), [finding()])
        other = store.save(replace(snap(pep(NEW)), taken_at=NOON + timedelta(days=1)), [])
        unjudged = store.save(replace(snap(pep(NEW)), taken_at=NOON + timedelta(days=2)))
        found = store.diff(one, other)
        assert found.counts == {Change.PICTURE_CHANGED: 1, Change.FINDING_FIXED: 1}
        assert store.diff(one, store.load(other)).differences == found.differences
        assert store.diff(other, unjudged).differences == ()
        assert store.diff(one, snap(pep(NEW))).counts == {Change.PICTURE_CHANGED: 1}
        with pytest.raises(SnapshotNotFound):
            store.diff(one, "x")


def test_different_things_are_not_compared() -> None:
    with pytest.raises(ConfigError, match=r"roster by nurse@capulet\.lit cannot be compared with one of me by nurse"):
        diff(snap(), replace(snap(), scope="me"))
    with pytest.raises(ConfigError, match="cannot be compared"):
        diff(snap(), replace(snap(), account="other@x"))


EVIL = '<script>alert("x")</script>\n\x1b[31m'


@pytest.fixture
def evil() -> Diff:
    who = Subject(EVIL, name=EVIL)
    return diff(
        replace(snap(pep(who=who)), scope=EVIL),
        replace(snap(pep(NEW, who=replace(who, name="x"))), scope=EVIL),
        [finding(EVIL, who, message=EVIL)],
        [],
    )


def test_html_is_escaped(evil: Diff) -> None:
    tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            tags.append(tag)

    Reader().feed(html := evil._repr_html_())
    assert len(evil.differences) == 3
    assert "script" not in tags
    assert tags.count("tr") == 4
    assert "&lt;script&gt;" in html


def test_text_keeps_to_its_lines(evil: Diff) -> None:
    assert len(repr(evil).splitlines()) == 4
    assert "\x1b" not in repr(evil)
    assert "1 picture changed" in repr(evil)


def test_long_diffs_are_cut_and_say_so() -> None:
    people = [Subject(f"{number}@x.lit") for number in range(80)]
    many = diff(snap(*(pep(who=who) for who in people)), snap(*(pep(NEW, who=who) for who in people)))
    assert len(repr(many).splitlines()) == 52
    assert "… and 30 more" in repr(many)
    assert "… and 30 more" in many._repr_html_()
    assert len(many.table) == 80
    assert isinstance(many.table, pd.DataFrame)
    assert set(many.table.dtypes.astype(str)) == {"string"}
    assert many.counts == {Change.PICTURE_CHANGED: 80}
