"""The commands, run against an embedded server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import Result

import xavatar
from tests.cli_support import invoke
from tests.support import patience
from tests.unit.scenario_view import prompt
from xavatar.audit import RULES
from xavatar.cli.app import app
from xavatar.sandbox import Sandbox, sandbox
from xavatar.sandbox.load import load

pytestmark = pytest.mark.usefixtures("no_lull")

SILENT = """
title = "Silence"
domain = "verona.lit"
[user]
jid = "valentine@verona.lit"
password = "pw"
[[contact]]
jid = "proteus@verona.lit"
[[contact]]
jid = "mute@verona.lit"
[[contact.fault]]
kind = "silence"
"""
CLOSED = SILENT.replace('kind = "silence"', 'kind = "error"\non = "metadata"\ncondition = "forbidden"\ntype = "auth"')
SOON = ("--timeout", str(patience(1.2)))  # one of Verona is silent
COMMANDS = (
    "audit", "roster", "room", "me", "diagnose", "publish", "unpublish", "wipe", "diff", "snapshots", "show", "export",
    "rules", "sandbox", "trace", "lab", "doctor",
)  # fmt: skip


def run(*args: str, **env: str) -> Result:
    return invoke(args, env=env)


@pytest.fixture(scope="module")
def pair() -> Iterator[Sandbox]:
    with sandbox("pair") as box:
        yield box


def way(box: Sandbox) -> list[str]:
    login = box.login
    return [login.jid, "--host", login.host, "--port", str(login.port), "--ca-file", str(login.ca_file)]


@contextmanager
def program(*args: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command line as a program of its own."""
    command = [sys.executable, "-W", "ignore", "-c", "from xavatar.cli import main; main()", *args]
    env = os.environ | {"XAVATAR_PASSWORD": "pw"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def verona() -> Result:
    return run("audit", "--sandbox", "verona", *SOON, "--json", "--no-progress")


def test_an_audit_tells_findings_and_fails(verona: Result) -> None:
    assert verona.exit_code == 1
    told = json.loads(verona.stdout)
    assert told["headline"]["subjects"] > 50
    assert {"A-32", "A-22", "P84-03"} <= {finding["rule"] for finding in told["findings"]}


def test_an_audit_writes_what_it_is_asked_for(tmp_path: Path, pair: Sandbox) -> None:
    files = [
        tmp_path / name for name in ("report.html", "findings.csv", "frame.parquet", "audit.json", "a.md", "a.xml")
    ]
    result = run("audit", *way(pair), *(f"--out={file}" for file in files), XAVATAR_PASSWORD="pw-valentine")
    assert result.exit_code == 0, result.output
    assert all(str(file) in result.stdout for file in files)
    assert "2 subjects, 0% with a picture to see" in result.stdout
    assert "No finding." in result.stdout
    assert set(pd.read_parquet(files[2])["jid"]) == {"proteus@verona.lit", "valentine@verona.lit"}
    assert "<h1>Avatar audit</h1>" in files[0].read_text()


def test_the_people_of_a_roster(pair: Sandbox) -> None:
    result = run("roster", *way(pair), XAVATAR_PASSWORD="pw-valentine")
    assert result.exit_code == 0
    assert "proteus@verona.lit" in result.stdout
    assert "no avatar" in result.stdout


def test_oneself_and_ones_server(pair: Sandbox) -> None:
    result = run("me", *way(pair), "--json", XAVATAR_PASSWORD="pw-valentine")
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["features"]["pep"] is True
    assert {row["kind"] for row in told["table"]} == {"self"}
    shown = run("me", *way(pair), XAVATAR_PASSWORD="pw-valentine").stdout
    assert "yes PEP (XEP-0163)" in shown


@pytest.mark.parametrize(
    "args",
    [
        ["roster"],
        ["audit", "--sandbox", "pair", "--off", "P84-99"],
        ["audit", "--sandbox", "pair", "--severity", "A-17"],
        ["audit", "--sandbox", "pair", "--severity", "A-17=fatal"],
        ["audit", "--sandbox", "pair", "--out", "report.docx"],
        ["audit", "--sandbox", "pair", "--out", "/no/such/place/report.html"],
        ["audit", "--sandbox", "pair", "--fail-on", "sometimes"],
        ["audit", "--sandbox", "no-such-scenario"],
        ["roster", "--sandbox", "pair", "--port", "5222"],
        ["roster", "not a jid@@", "--host", "127.0.0.1"],
        ["rules", "P84-99"],
        ["sandbox", "no-such-scenario"],
    ],
)
def test_what_cannot_be_used_is_told_before_anything_is_asked(args: list[str]) -> None:
    result = run(*args, XAVATAR_PASSWORD="x")
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_no_connection_and_no_login(pair: Sandbox) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    refused = run("roster", "a@localhost", "--host", "127.0.0.1", "--port", str(port), XAVATAR_PASSWORD="hunter2")
    assert refused.exit_code == 3
    assert refused.stderr.count("\n") == 1
    denied = run("roster", *way(pair), XAVATAR_PASSWORD="hunter2")
    assert denied.exit_code == 3
    assert "hunter2" not in refused.output + denied.output


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("error", 0), ("warning", 0), ("info", 1)])
def test_what_makes_an_audit_fail(tmp_path: Path, fail_on: str, code: int) -> None:
    scenario = tmp_path / "closed.toml"
    scenario.write_text(CLOSED)
    result = run("audit", "--sandbox", str(scenario), "--fail-on", fail_on, "--no-progress")
    assert result.exit_code == code, result.output


def test_severities_of_ones_own(tmp_path: Path) -> None:
    scenario = tmp_path / "closed.toml"
    scenario.write_text(CLOSED)
    graver = run("audit", "--sandbox", str(scenario), "--severity", "P163-01=error", "--no-progress")
    assert graver.exit_code == 1
    without = run("audit", "--sandbox", str(scenario), "--off", "P163-01", "--fail-on", "info", "--no-progress")
    assert without.exit_code == 0


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_an_interrupt_keeps_what_was_collected(tmp_path: Path) -> None:
    scenario, frame = tmp_path / "silent.toml", tmp_path / "frame.csv"
    scenario.write_text(SILENT)
    with sandbox(scenario) as box, program("audit", *way(box), "--timeout", "50", "--out", str(frame)) as process:
        deadline = time.monotonic() + 30
        while not {"metadata": 3, "vcard": 3}.items() <= dict(box.stats().by_kind).items():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)  # for the answers that are under way
        process.send_signal(signal.SIGINT)
        shown, errors = process.communicate(timeout=20)
    assert process.returncode == 4, errors
    assert "Incomplete" in shown
    assert "incomplete" in errors
    assert "Traceback" not in errors
    table = pd.read_csv(frame).set_index(["jid", "source"])
    assert table.loc[("proteus@verona.lit", "pep"), "status"] == "not_found"
    assert table.loc[("mute@verona.lit", "pep"), "condition"] == "interrupted"


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("ending", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_sandbox_takes_other_clients_until_it_is_stopped(ending: signal.Signals) -> None:
    with program("sandbox", "pair", "--json") as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        login = ["--host", told["host"], "--port", str(told["port"]), "--ca-file", told["ca_file"]]
        seen = run("roster", told["user"], *login, "--json", XAVATAR_PASSWORD=told["accounts"][told["user"]])
        assert seen.exit_code == 0, seen.output
        process.send_signal(ending)
        _, errors = process.communicate(timeout=15)
    assert (process.returncode, errors) == (0, "")
    with pytest.raises(ConnectionRefusedError), socket.create_connection((told["host"], told["port"]), timeout=2):
        pass


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = [sys.executable, "-W", "ignore", "-c", "from xavatar.cli import main; main()", "rules", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "[\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.slow
def test_two_audits_kept_and_compared(tmp_path: Path) -> None:
    kept = ["--store", str(tmp_path / "avatars.sqlite")]
    with sandbox(prompt(load("verona"))) as box:
        args = ["audit", *way(box), *kept, *SOON, "--no-progress", "--fail-on", "never"]
        password = {"XAVATAR_PASSWORD": box.login.password}
        assert run(*args, **password).exit_code == 0
        fetched = box.stats().by_kind["data"]
        box.set_vcard("romeo@montague.lit", "<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>")
        assert run(*args, **password).exit_code == 0
        # Only what could not be verified, or never came, is asked for again.
        assert box.stats().by_kind["data"] - fetched < fetched / 2
    listed = json.loads(run("snapshots", *kept, "--json").stdout)
    assert len(listed) == 2
    changes = [each for each in json.loads(run("diff", *kept, "--json").stdout) if each["change"] != "finding still"]
    assert {(each["jid"], each["change"]) for each in changes} >= {("romeo@montague.lit", "picture removed")}
    assert {each["jid"] for each in changes} == {"romeo@montague.lit"}
    named = run("diff", listed[1]["id"], listed[0]["id"], *kept)
    assert "picture added" in named.stdout
    assert run("diff", *kept).exit_code == 0
    assert run("diff", *kept, "--fail-on", "info").exit_code == 1
    assert run("diff", listed[0]["id"], listed[0]["id"], *kept, "--fail-on", "info").exit_code == 0


@pytest.mark.parametrize("command", ["diff", "snapshots"])
def test_a_store_that_is_not_there_is_named(command: str, tmp_path: Path) -> None:
    result = run(command, "--store", str(tmp_path / "none.sqlite"))
    assert result.exit_code == 2
    assert "none.sqlite" in result.stderr
    assert not (tmp_path / "none.sqlite").exists()


def test_a_diagnosis_is_told(tmp_path: Path, pair: Sandbox) -> None:
    files = [tmp_path / name for name in ("d.html", "d.json", "d.txt")]
    args = [*way(pair), *(f"--out={file}" for file in files)]
    result = run("diagnose", "proteus@verona.lit", *args, "--stanzas", XAVATAR_PASSWORD="pw-valentine")
    assert result.exit_code == 0, result.output
    assert "There is no avatar to see: neither PEP nor the vCard has one." in result.stdout
    assert '<iq type="get" to="proteus@verona.lit">' in result.stdout
    assert all(str(file) in result.stdout for file in files)
    assert json.loads(files[1].read_text())["jid"] == "proteus@verona.lit"
    assert files[0].read_text().startswith("<!doctype html>")
    assert files[2].read_text().startswith("proteus@verona.lit: There is no avatar")


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["romeo@montague.lit"], "Whom to log in as?"),
        (["capulet.lit", "--sandbox", "pair"], "names no account"),
        (["romeo@montague.lit", "--sandbox", "pair", "--out", "d.csv"], "its suffix must be one of"),
    ],
)
def test_a_diagnosis_that_cannot_be(args: list[str], told: str) -> None:
    result = run("diagnose", *args)
    assert result.exit_code == 2
    assert told in result.stderr


def test_rules_are_listed_and_explained() -> None:
    listed = json.loads(run("rules", "--json").stdout)
    assert [rule["rule"] for rule in listed] == list(RULES)
    table = run("rules").stdout
    assert all(rule in table for rule in RULES)
    one = run("rules", "A-09", "P84-03").stdout
    assert one.count("Metadata without data") == 1
    assert RULES["A-09"].advice in " ".join(one.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_the_exit_codes_and_no_password(command: str) -> None:
    shown = " ".join(run(command, "--help", COLUMNS="200").stdout.split())
    assert "4 incomplete" in shown
    assert "--password" not in shown


def test_every_command_is_known() -> None:
    names = {info.name or (info.callback.__name__ if info.callback else "") for info in app.registered_commands}
    assert names == set(COMMANDS)
    assert xavatar.__version__ in run("--version").stdout


@pytest.mark.slow
def test_scenarios_are_listed() -> None:
    shown = run("sandbox", "--list").stdout
    assert "verona" in shown
    assert "pair" in shown
