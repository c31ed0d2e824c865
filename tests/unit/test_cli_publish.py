"""Changing an avatar from the shell, on an embedded server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import Result

from tests.cli_support import invoke
from tests.unit.hostile import picture, saved
from xavatar.sandbox import Sandbox, sandbox


@pytest.fixture(scope="module")
def pair() -> Iterator[Sandbox]:
    with sandbox("pair") as box:
        yield box


@pytest.fixture
def face(tmp_path: Path) -> str:
    path = tmp_path / "face.jpg"
    path.write_bytes(saved(picture((500, 400)), "JPEG"))
    return str(path)


def run(box: Sandbox, command: str, *args: str) -> Result:
    login = box.login
    way = [login.jid, "--host", login.host, "--port", str(login.port), "--ca-file", str(login.ca_file)]
    given = [args[0], *way, *args[1:]] if command == "publish" else [*way, *args]
    return invoke([command, *given], env={"XAVATAR_PASSWORD": login.password})


def test_publish_unpublish_wipe(pair: Sandbox, face: str) -> None:
    done = run(pair, "publish", face, "--access-model", "open", "--size", "96")
    assert done.exit_code == 0, done.output
    assert "96 x 96" in done.output
    assert "P398-08" in done.output
    off = run(pair, "unpublish", "--json")
    assert off.exit_code == 0
    told = json.loads(off.output)
    assert (told["act"], told["done"]) == ("unpublish", True)
    assert len(told["replaces"]) == 1
    assert {step["progress"] for step in told["steps"]} == {"done"}
    assert run(pair, "wipe").exit_code == 0


def test_a_picture_fits_into_what_the_server_takes(tmp_path: Path) -> None:
    """XEP-0478."""
    path = tmp_path / "noise.png"
    Image.effect_noise((192, 192), 90).convert("RGB").save(path)
    with sandbox("pair", max_stanza=20_000) as strict:
        done = run(strict, "publish", str(path))
        assert done.exit_code == 0, done.output


def test_a_dry_run_does_nothing(pair: Sandbox, face: str) -> None:
    shown = run(pair, "publish", face, "--dry-run", "--stanzas")
    assert shown.exit_code == 0
    assert '<publish node="urn:xmpp:avatar:data">' in shown.output
    assert "characters)" in shown.output
    assert "✓" not in shown.output
    again = json.loads(run(pair, "publish", face, "--dry-run", "--json").output)
    assert again["replaces"] == []
    assert again["done"] is False


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("nothing.png",), 2, "cannot be read"),
        ((__file__,), 2, "Take a PNG"),
        (("https://127.0.0.1/face.png",), 2, "not a public address"),
        (("FACE", "--access-model", "everybody"), 2, "access_model is one of"),
        (("FACE", "--max-bytes", "9"), 2, "allow more"),
    ],
)
def test_what_cannot_be_published(pair: Sandbox, face: str, args: tuple[str, ...], code: int, words: str) -> None:
    failed = run(pair, "publish", *(face if each == "FACE" else each for each in args))
    assert failed.exit_code == code, failed.output
    assert words in failed.stderr
    assert "Traceback" not in failed.stderr
