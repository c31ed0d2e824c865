"""The audit in brief: Markdown for people, JUnit XML for servers that show tests."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import fromstring, parse

import pytest

from tests.unit.audit_samples import JULIET, OTHER, facts, info, pep, presence, reading, snapshot, vcard
from xavatar.audit import Audit
from xavatar.model import Kind, Outcome, Status, Subject
from xavatar.report import junit, markdown
from xavatar.report.markdown import plain

ROMEO, MAB = Subject("romeo@montague.lit"), Subject("mab@fairies.lit")
EVIL = Subject("[x](javascript:alert(1))|<b>@evil.lit", Kind.CONTACT)
SILENT = [pep(status=Status.TIMEOUT, who=MAB), vcard(status=Status.TIMEOUT, who=MAB)]
AUDIT = Audit.of(
    snapshot(pep(), vcard(), presence("current"), *SILENT, pep(reading(info(), facts(OTHER)), who=ROMEO), pep(who=EVIL))
)


def test_markdown_tells_numbers_rules_and_people(tmp_path: Path) -> None:
    text = AUDIT.report(tmp_path / "audit.md").read_text(encoding="utf-8")
    assert text == markdown(AUDIT)
    assert text.startswith("# Avatar audit\n\nroster, seen by nurse&#64;capulet.lit, 2026-11-22 12:00 UTC\n")
    assert "- **4** subjects" in text
    assert "| error | 1 | P84-01 |" in text
    assert "romeo&#64;montague.lit" in text
    assert "## What could not be seen" in text


def test_a_clean_audit_is_short() -> None:
    assert "No finding." in markdown(Audit.of(snapshot(pep(), vcard(), presence())))


def test_many_findings_are_cut_and_counted() -> None:
    wrong = [pep(reading(info(), facts(OTHER)), who=Subject(f"u{n}@a.lit")) for n in range(70)]
    text = markdown(Audit.of(snapshot(*wrong)))
    assert text.count("@a.lit") == 0
    assert text.partition("## Shared pictures")[0].count("&#64;a.lit") == 50
    assert "… and 20 more findings." in text


@pytest.mark.parametrize("text", ["[x](y)", "<b>", "a|b", "@all", "#12", "`x`", "*x*", "https://a.lit/", "www.a.lit"])
def test_what_comes_from_the_wire_is_no_markup(text: str) -> None:
    shown = plain(text)
    assert not set("[]()<>|@`*") & set(shown)
    assert "//" not in shown or "&#58;//" in shown
    assert "www." not in shown


def test_a_table_keeps_its_columns() -> None:
    rows = [line for line in markdown(AUDIT).splitlines() if line.startswith("|")]
    assert {row.count(" | ") for row in rows} == {2, 3, 4}


def cases(audit: Audit) -> dict[str, set[str]]:
    (suite,) = junit(audit)
    return {test.get("name", ""): {child.tag for child in test} for test in suite}


def test_junit_has_a_case_for_each_subject(tmp_path: Path) -> None:
    root = parse(AUDIT.report(tmp_path / "audit.xml")).getroot()
    (suite,) = root
    assert suite.attrib.items() >= {"tests": "4", "failures": "2", "skipped": "1", "errors": "0"}.items()
    assert suite.get("timestamp") == "2026-11-22T12:00:00"
    told = cases(AUDIT)
    assert "failure" in told[ROMEO.jid]
    assert "skipped" in told[MAB.jid]
    failure = next(test for test in suite if test.get("name") == ROMEO.jid).find("failure")
    assert failure is not None
    assert failure.get("type") == "P84-01"
    assert "Set the picture again" in (failure.text or "")


def test_a_note_fails_nobody() -> None:
    told = cases(Audit.of(snapshot(pep(status=Status.FORBIDDEN))))
    assert told == {JULIET.jid: {"system-out"}}


def test_a_severity_of_ones_own_makes_it_fail() -> None:
    told = cases(Audit.of(snapshot(pep(status=Status.FORBIDDEN)), severities={"P163-01": "error"}))
    assert "failure" in told[JULIET.jid]


def test_what_xml_cannot_carry_is_replaced(tmp_path: Path) -> None:
    odd: Outcome = pep(status=Status.FORBIDDEN, condition="a\x00b\x1b]0;\ufffe\ud800", who=Subject("x\x01@a.lit"))
    written = Audit.of(snapshot(odd)).report(tmp_path / "odd.xml").read_bytes()
    assert fromstring(written).find("testsuite/testcase") is not None
