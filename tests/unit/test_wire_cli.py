"""``xavatar trace`` against an embedded server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from tests.cli_support import invoke
from xavatar.cli.exits import Exit
from xavatar.sandbox import Fault, Sandbox, sandbox
from xavatar.wire.trace import Trace

pytestmark = pytest.mark.usefixtures("no_lull")


@pytest.fixture(scope="module")
def pair() -> Iterator[Sandbox]:
    with sandbox("pair") as box:
        yield box


def run(box: Sandbox, *args: str) -> Result:
    login = box.login
    way = [login.jid, "--host", login.host, "--port", str(login.port), "--ca-file", str(login.ca_file)]
    return invoke(["trace", *way, *args], env={"XAVATAR_PASSWORD": login.password})


def test_shown(pair: Sandbox) -> None:
    result = run(pair)
    assert result.exit_code == 0, result.output
    assert '<items node="urn:xmpp:avatar:metadata" max_items="1"/>' in result.output
    assert "get avatar metadata" in result.output
    assert pair.login.password not in result.output


def test_one_line_each(pair: Sandbox) -> None:
    result = run(pair, "--lines", "--of", "roster", "--direction", "out", "--kind", "iq", "--xep", "84")
    assert result.exit_code == 0, result.output
    *lines, total = result.output.splitlines()
    assert lines
    assert all("→  iq" in line and "XEP-0084" in line for line in lines)
    assert total.startswith(f"{len(lines)} stanzas")


def test_json_and_files(pair: Sandbox, tmp_path: Path) -> None:
    files = [tmp_path / f"t{suffix}" for suffix in (".jsonl", ".xml", ".html", ".svg", ".txt")]
    result = run(pair, "--json", "--of", "features", *(word for file in files for word in ("-o", str(file))))
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["number"] for row in rows] == [entry.number for entry in Trace.load(files[0])]
    assert all(file.stat().st_size > 100 for file in files)


@pytest.mark.parametrize("wrong", [["-o", "t.doc"], ["-o", "/nowhere/at/all/t.svg"]])
def test_a_slip_in_a_files_name_costs_no_login(pair: Sandbox, wrong: list[str]) -> None:
    result = run(pair, *wrong)
    assert result.exit_code == 2
    assert "t." in result.output


def test_of_a_person_and_a_room() -> None:
    with sandbox("verona") as box:
        person = run(box, "--lines", "--of", "romeo@montague.lit", "--no-images")
        assert person.exit_code == 0, person.output
        assert "get avatar metadata" in person.output
        room = run(box, "--lines", "--of", "balcony@rooms.capulet.lit", "--no-images", "--kind", "presence")
        assert room.exit_code == 0, room.output
        assert "balcony@rooms.capulet.lit/" in room.output
        assert " recorded" in room.output.splitlines()[-1]


def test_what_was_recorded_until_a_failure_is_shown() -> None:
    with sandbox("pair") as box:
        box.fault(box.login.jid, Fault("error", on="disco", condition="service-unavailable"))
        result = run(box, "--lines", "--of", "features")
    assert result.exit_code == Exit.CONNECTION, result.output
    assert "error: service-unavailable" in result.output


def test_the_command_is_registered() -> None:
    command = [sys.executable, "-W", "ignore", "-c", "from xavatar.cli import main; main()", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert " trace " in told.stdout
