"""The audit as a whole: tables, numbers, displays, thresholds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
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
from xavatar.audit import RULES, Audit, Breach, Limits, Registry, rule, writer
from xavatar.audit.audit import FINDINGS, SUMMARY
from xavatar.errors import ConfigError
from xavatar.frames.people import Verdict
from xavatar.model import Kind, Severity, Snapshot, Source, Status, Subject

ROMEO = Subject("romeo@montague.lit", Kind.CONTACT)
EVIL = Subject('"><script>alert(1)</script>@x.lit', Kind.CONTACT)
MIXED = snapshot(
    pep(), vcard(), presence(),
    pep(reading(info(), facts(has_gps=True, has_exif=True)), who=ROMEO), vcard(photo(facts(OTHER)), who=ROMEO),
    pep(status=Status.NOT_FOUND, who=EVIL),
)  # fmt: skip


def test_findings_are_tidy_and_the_heaviest_come_first() -> None:
    findings = Audit.of(MIXED).findings
    assert tuple(findings.columns) == FINDINGS
    assert findings.loc[0, ["rule", "severity", "jid", "source"]].tolist() == ["A-32", "error", ROMEO.jid, "pep"]
    assert findings["severity"].is_monotonic_increasing
    assert set(findings["jid"]) == {ROMEO.jid}
    assert findings.loc[findings["rule"] == "A-22", "source"].isna().all()


def test_the_table_is_the_frame_with_the_snapshot_id() -> None:
    table = Audit.of(MIXED).table
    assert len(table) == len(MIXED.outcomes)
    assert set(table["snapshot"]) == {MIXED.id}


def test_the_summary_counts_subjects_and_findings() -> None:
    three = [Subject(f"c{n}@x.lit") for n in range(3)]
    summary = Audit.of(snapshot(*(pep(reading(info(id="x", item_id="x"), facts()), who=who) for who in three))).summary
    assert tuple(summary.columns) == SUMMARY
    assert summary.loc[summary["rule"] == "A-02", ["subjects", "findings"]].values.tolist() == [[3, 3]]


def test_an_empty_snapshot_has_tables_with_the_same_columns() -> None:
    audit = Audit.of(snapshot())
    assert audit.findings.empty
    assert audit.summary.empty
    assert audit.findings.dtypes.to_dict() == Audit.of(MIXED).findings.dtypes.to_dict()
    assert audit.summary.dtypes.to_dict() == Audit.of(MIXED).summary.dtypes.to_dict()
    assert audit.worst is None
    assert audit.headline.coverage == 0
    assert "No finding" in repr(audit)
    assert "No finding" in audit._repr_html_()


def test_the_headline_counts_people() -> None:
    line = Audit.of(MIXED).headline
    assert (line.subjects, line.errors, line.clean, line.leaking, line.diverging) == (3, 1, 2, 1, 1)
    assert (line.shown, line.count(Verdict.DIVERGES, Verdict.NONE), line.pictures) == (2, 2, 2)
    assert line.coverage == pytest.approx(2 / 3)
    assert sum(number for _, number in line.verdicts) == line.subjects


def test_severities_limits_and_rules_can_be_chosen() -> None:
    big = snapshot(pep(reading(info(nbytes=9000), facts(nbytes=9000))))
    assert [f.rule for f in Audit.of(big).results] == ["A-17"]
    assert Audit.of(big, off=["A-17"]).results == ()
    assert Audit.of(big, limits=Limits(mobile_base64=20_000)).results == ()
    assert Audit.of(big, severities={"A-17": "error"}).worst is Severity.ERROR


def test_another_id_of_a_rule_chooses_it_too() -> None:
    gone = snapshot(pep(reading(status=Status.EMPTY), problems=("A-09 nothing there",)))
    assert Audit.of(gone, severities={"A-09": "info"}).worst is Severity.INFO
    assert Audit.of(gone, off=["A-09"]).results == ()


@pytest.mark.parametrize(
    "wrong", [{"off": ["P84-99"]}, {"severities": {"A-17": "fatal"}}, {"severities": {"X": "info"}}]
)
def test_unknown_rules_and_severities_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigError):
        Audit.of(MIXED, **wrong)


def test_limits_must_make_sense() -> None:
    with pytest.raises(ConfigError, match="modern_bytes"):
        Limits(modern_bytes=0)
    with pytest.raises(ConfigError, match="min_side"):
        Limits(min_side=200)


def test_a_rule_of_ones_own() -> None:
    mine = RULES.copy()

    @rule("X-01", "Not a capulet", why="Verona.", advice="Marry.", registry=mine)
    def not_a_capulet(subject):
        if not subject.subject.jid.endswith("@capulet.lit"):
            yield Breach("Another house.", Source.PEP)

    audit = Audit.of(MIXED, rules=mine)
    assert {f.jid for f in audit.results if f.rule == "X-01"} == {ROMEO.jid, EVIL.jid}
    assert audit.findings.set_index("rule").loc["X-01", "title"].unique().tolist() == ["Not a capulet"]
    assert "X-01" not in RULES


def test_the_registry_keeps_ids_unique_and_finds_them_all() -> None:
    rules = Registry([RULES["P84-03"]])
    assert rules["A-09"] is rules["P84-03"]
    assert list(rules) == ["P84-03"]
    assert "A-09" in rules
    with pytest.raises(ConfigError, match="P84-03"):
        rules.add(RULES["P84-03"])
    rules.remove("A-09")
    assert len(rules) == 0
    assert "P84-03" not in rules


def test_rules_have_words_for_people() -> None:
    for each in RULES.values():
        assert len(each.title) <= 70, each.id
        assert each.why.endswith("."), each.id
        assert each.advice.endswith("."), each.id
    table = RULES.frame()
    assert table["rule"].is_unique
    assert (table.dtypes == "string").all()


def test_the_displays_escape_what_came_from_the_wire() -> None:
    hostile = snapshot(pep(status=Status.OK, who=EVIL))
    shown = Audit.of(hostile, rules=RULES)._repr_html_()
    assert "<script" not in shown
    evil = snapshot(pep(problems=("<b>bold</b> x",)))
    assert "<b>bold</b>" not in Audit.of(evil)._repr_html_()


def test_the_text_display_names_numbers_and_rules() -> None:
    shown = repr(Audit.of(MIXED))
    assert "3 subjects, 67% with a picture to see" in shown
    assert "A-32" in shown
    assert "incomplete" in repr(Audit.of(snapshot(pep(), complete=False)))


def test_about_one_subject() -> None:
    audit = Audit.of(MIXED)
    assert audit.about(JULIET.jid) == ()
    assert {f.jid for f in audit.about(ROMEO.jid)} == {ROMEO.jid}


def test_a_writer_is_found_by_suffix(tmp_path: Path) -> None:
    @writer(".xyz")
    def write(audit: Audit, path: Path) -> None:
        path.write_text(str(audit.headline.subjects))

    assert Audit.of(MIXED).report(tmp_path / "a.XYZ").read_text() == "3"
    with pytest.raises(ConfigError, match="suffix"):
        Audit.of(MIXED).report(tmp_path / "a.docx")
    with pytest.raises(ConfigError, match="directory"):
        Audit.of(MIXED).report(tmp_path / "none" / "a.xyz")


def test_tables_can_be_sorted_by_severity() -> None:
    ordered = Audit.of(MIXED).findings.sort_values("severity", ascending=False)
    assert ordered["severity"].iloc[-1] == "error"
    assert isinstance(ordered["severity"].dtype, pd.CategoricalDtype)


def test_one_subject_seen_twice_is_one_case() -> None:
    assert len(Audit.of(snapshot(pep(), presence(), presence(resource="b"))).cases) == 1
    assert GOOD in Audit.of(snapshot(pep())).cases[0].hashes(Source.PEP)


def test_which_of_two_pictures_is_newer() -> None:
    apart = snapshot(pep(), vcard(photo(facts(OTHER))))

    def told(now: Snapshot, **rest: Snapshot) -> str:
        (finding,) = [each for each in Audit.of(now, **rest).results if each.rule == "A-22"]  # type: ignore[arg-type]
        return finding.message

    both = f"PEP has {GOOD[:12]}…, the vCard {OTHER[:12]}…"
    assert told(apart) == f"{both}."
    assert told(apart, previous=snapshot(pep(), vcard())) == (
        f"{both}; the vCard is newer, it changed since the snapshot before."
    )
    changed = pep(reading(info(id=OTHER, item_id=OTHER), facts(OTHER)))
    assert "; PEP is newer" in told(apart, previous=snapshot(changed, vcard(photo(facts(OTHER)))))
    spoken = snapshot(pep(), vcard(photo(facts(OTHER))), presence(OTHER))
    assert told(spoken) == f"{both}; presence tells of the vCard's."
    assert told(spoken, previous=apart) == told(spoken), "nothing changed since"
