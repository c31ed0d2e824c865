"""How exercises are checked; the judges themselves are tried in tests/notebooks, with every lesson's answers."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from xavatar.errors import ConfigError
from xavatar.lessons import check, photograph
from xavatar.lessons import checking as module
from xavatar.lessons.checking import exercise, same

PACKAGE = Path(module.__file__).parent


@pytest.fixture
def doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exercise: the double of a number."""
    module._find_judges()
    monkeypatch.setattr(module, "_judges", {})

    @exercise("99.1")
    def _double(answer: int, number: int) -> str | None:
        return None if answer + 0 == 2 * number else "twice as much."


@pytest.mark.usefixtures("doubled")
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (..., "your turn. Replace the dots."),
        (8, "right."),
        (7, "not yet: twice as much."),
        ("8", "not yet: a str is not what was asked for; read the question's last words."),
        (None, "not yet: a NoneType is not what was asked for; read the question's last words."),
    ],
)
def test_an_answer_gets_a_word(answer: object, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    check("99.1", answer, number=4)
    assert capsys.readouterr().out == f"Exercise 99.1: {told}\n"


def test_an_exercise_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"no exercise 77\.1; there are 00\.1"):
        check("77.1", ...)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (["b", "a", "a"], None),
        (["a"], "these are right, and 1 more belong to them. Look."),
        (["a", "b", "c"], "1 of these do not belong there. Look."),
        ("ab", "1 of these do not belong there. Look."),
        ([], "these are right, and 2 more belong to them. Look."),
    ],
)
def test_collections_compare_whatever_their_order(answer: list[str] | str, hint: str | None) -> None:
    assert same(answer, ["a", "b"], "Look.") == hint


def test_every_judge_is_registered_once() -> None:
    names = [
        name for path in PACKAGE.glob("*.py") for name in re.findall(r'^@exercise\("(.+?)"\)', path.read_text(), re.M)
    ]
    assert len(names) > 20
    assert sorted(names) == sorted(set(names))


def test_the_photograph_lies_on_its_side_and_tells_too_much() -> None:
    image = Image.open(io.BytesIO(photograph()))
    exif = image.getexif()
    assert image.height > image.width
    assert exif[ExifTags.Base.Orientation] == 6
    assert ExifTags.GPS.GPSLatitude in exif.get_ifd(ExifTags.IFD.GPSInfo)
