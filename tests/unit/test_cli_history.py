"""What a store keeps, from the shell: judged anew, reported, exported, without any network."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

from tests.cli_support import invoke
from tests.unit.audit_samples import OTHER, facts, info, pep, reading, snapshot, vcard
from xavatar.audit import Audit, Limits
from xavatar.cli.look import limits_of
from xavatar.errors import ConfigError
from xavatar.model import Status
from xavatar.store import Store

LYING = pep(reading(info(nbytes=1), facts()))


@pytest.fixture
def store(tmp_path: Path) -> tuple[str, list[str]]:
    """The path of a store with three snapshots, and their ids."""
    path = tmp_path / "kept.sqlite"
    first = snapshot(pep(), vcard())
    moved = pep(reading(info(id=OTHER, item_id=OTHER, nbytes=1), facts(OTHER)))
    with Store(path) as kept:
        ids = []
        for day, outcomes in enumerate(([pep(), vcard()], [moved, vcard()], [moved, vcard(status=Status.TIMEOUT)])):
            taken = replace(first, outcomes=tuple(outcomes), taken_at=first.taken_at + timedelta(days=day), id="")
            ids.append(kept.save(taken, Audit.of(taken).results))
    return str(path), ids


def run(*args: str) -> Result:
    return invoke(args, env={"COLUMNS": "200"})


def test_the_newest_is_judged_and_compared(store: tuple[str, list[str]]) -> None:
    path, _ = store
    shown = run("show", "--store", path)
    assert shown.exit_code == 0, shown.output
    assert "P84-09" in shown.stdout
    assert "1 access lost" in shown.stdout


def test_an_older_one_is_reported(store: tuple[str, list[str]], tmp_path: Path) -> None:
    path, ids = store
    shown = run(
        "show", ids[1], "--store", path, "--out", str(tmp_path / "then.html"), "--out", str(tmp_path / "then.md")
    )
    assert shown.exit_code == 0, shown.output
    assert 'id="changes"' in (tmp_path / "then.html").read_text(encoding="utf-8")
    assert "picture changed" in (tmp_path / "then.md").read_text(encoding="utf-8")
    first = json.loads(run("show", ids[0], "--store", path, "--json").stdout)
    assert "changes" not in first
    assert first["snapshot"]["id"] == ids[0]


def test_a_diff_of_two_by_their_ids(store: tuple[str, list[str]]) -> None:
    path, ids = store
    told = json.loads(run("diff", ids[0], ids[1], "--store", path, "--json").stdout)
    assert [(each["change"], each["source"], each["field"]) for each in told] == [
        ("picture changed", "pep", "picture"),
        ("finding new", None, "A-22"),
        ("finding new", "pep", "P84-09"),
    ]
    assert run("diff", ids[0], ids[1], "--store", path, "--fail-on", "warning").exit_code == 1
    assert run("diff", ids[1], ids[2], "--store", path, "--fail-on", "info").exit_code == 0, "access lost is no finding"


def test_snapshots_are_exported(store: tuple[str, list[str]], tmp_path: Path) -> None:
    path, ids = store
    assert run("export", str(tmp_path / "lake"), *ids[:2], "--store", path).exit_code == 0
    partitions = sorted((tmp_path / "lake" / "descriptors").iterdir())
    assert [each.name for each in partitions] == [f"snapshot={key}" for key in ids[:2]]
    assert run("export", str(tmp_path / "lake"), "--store", path).exit_code == 0
    assert len(list((tmp_path / "lake" / "findings").rglob("*.parquet"))) == 3
    assert pd.read_parquet(tmp_path / "lake" / "snapshots.parquet")["id"].tolist() == ids


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["show", "nothing"], "nothing"),
        (["show", "--out", "a.doc"], "a.doc"),
        (["export", "lake", "nothing"], "nothing"),
    ],
)
def test_what_is_not_there_is_named(store: tuple[str, list[str]], args: list[str], words: str) -> None:
    told = run(*args, "--store", store[0])
    assert told.exit_code == 2
    assert words in told.stderr


def test_thresholds_from_the_shell() -> None:
    assert limits_of(["modern_bytes=100000", "aspect_tolerance=0.2"]) == Limits(
        modern_bytes=100_000, aspect_tolerance=0.2
    )
    for wrong, words in (("size=1", "no limit 'size'"), ("many=few", "'few' is no number"), ("many=0", "positive")):
        with pytest.raises(ConfigError, match=words):
            limits_of([wrong])
    told = run("audit", "--sandbox", "pair", "--limit", "size=1")
    assert told.exit_code == 2
    assert "small_bytes" in told.stderr
