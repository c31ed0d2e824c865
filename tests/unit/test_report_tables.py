"""The audit for programs: CSV, Parquet, JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
import pytest

import xavatar.report
from tests.unit.audit_samples import pep, presence, snapshot, vcard
from xavatar.audit import Audit
from xavatar.errors import MissingExtra
from xavatar.model import Kind, Status, Subject

FORMULA = Subject("=cmd|'/c calc'!A0@x.lit", Kind.CONTACT, name="+1")
AUDIT = Audit.of(snapshot(pep(), vcard(), presence("current"), pep(status=Status.TIMEOUT, who=FORMULA)))


@pytest.mark.parametrize(
    ("name", "table"), [("findings", "findings"), ("My-Summary", "summary"), ("people", "people"), ("frame", "table")]
)
def test_the_name_chooses_the_table(tmp_path: Path, name: str, table: str) -> None:
    expected = getattr(AUDIT, table)
    assert list(pd.read_csv(AUDIT.report(tmp_path / f"{name}.csv")).columns) == list(expected.columns)
    back = pd.read_parquet(AUDIT.report(tmp_path / f"{name}.parquet"))
    pd.testing.assert_frame_equal(back, expected)


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    cells = pd.read_csv(AUDIT.report(tmp_path / "frame.csv"), dtype="string")
    assert cells["jid"].iloc[-1] == f"'{FORMULA.jid}"
    assert cells["name"].iloc[-1] == "'+1"
    assert cells["jid"].iloc[0] == "juliet@capulet.lit"


def test_json_holds_everything(tmp_path: Path) -> None:
    told = json.loads(AUDIT.report(tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert told["snapshot"]["complete"] is True
    assert told["headline"]["subjects"] == 2
    assert told["headline"]["coverage"] == 0.5
    assert [finding["rule"] for finding in told["findings"]] == list(AUDIT.findings["rule"])
    assert len(told["table"]) == 4
    assert told["table"][0]["observed_at"].startswith("2026-11-22T12:00:00")


def test_parquet_without_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"xavatar\[parquet\]"):
        AUDIT.report(tmp_path / "frame.parquet")


def test_importing_the_package_brings_the_writers() -> None:
    from xavatar.audit.writers import suffixes

    assert {".html", ".htm", ".csv", ".parquet", ".json"} <= set(suffixes())
    parts = {"snapshot", "headline", "summary", "findings", "duplicates", "people", "table"}
    assert xavatar.report.as_dict(AUDIT).keys() == parts
    since = Audit.of(AUDIT.snapshot, previous=AUDIT.snapshot)
    assert xavatar.report.as_dict(since).keys() == {*parts, "changes"}
