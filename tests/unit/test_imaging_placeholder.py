"""XEP-0392 and the letters on placeholders."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from xavatar.imaging import color, first_grapheme, placeholder
from xavatar.imaging.placeholder import hue


@pytest.mark.parametrize(
    ("key", "angle", "rgb"),
    [
        ("Romeo", 327.255249, (0.865, 0.000, 0.686)),
        ("juliet@capulet.lit", 209.410400, (0.000, 0.515, 0.573)),
        ("\U0001f63a", 331.199341, (0.872, 0.000, 0.659)),
        ("council", 359.994507, (0.918, 0.000, 0.394)),
        ("Board", 171.430664, (0.000, 0.527, 0.457)),
    ],
)
def test_vectors(key: str, angle: float, rgb: tuple[float, float, float]) -> None:
    """XEP-0392, 13.1."""
    assert hue(key) == pytest.approx(angle, abs=1e-6)
    channels = [int(color(key)[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    assert channels == pytest.approx(rgb, abs=0.003)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("juliet", "J"),
        ("  romeo", "R"),
        ("éa", "É"),
        ("e\u0301a", "E\u0301"),
        ("ßa", "ß"),
        ("ǆ", "Ǆ"),
        ("", ""),
        ("   ", ""),
        ("👩\u200d👧x", "👩\u200d👧"),
        ("👍🏽x", "👍🏽"),
        ("🇮🇹🇩🇪", "🇮🇹"),
        ("❤\ufe0fx", "❤\ufe0f"),
        ("नि", "नि"),
        ("李小龙", "李"),
    ],
)
def test_first_grapheme(text: str, first: str) -> None:
    assert first_grapheme(text) == first


def pixels(text: str, **options: object) -> set[tuple[int, int, int]]:
    image = Image.open(io.BytesIO(placeholder(text, **options)))  # type: ignore[arg-type]
    return {pixel for _, pixel in image.convert("RGB").getcolors(100_000) or []}  # type: ignore[misc]


def ground(key: str) -> tuple[int, ...]:
    return tuple(int(color(key)[i : i + 2], 16) for i in (1, 3, 5))


def test_a_letter_on_the_key_s_colour() -> None:
    seen = pixels("Juliet", key="juliet@capulet.lit")
    assert ground("juliet@capulet.lit") in seen
    assert (255, 255, 255) in seen


@pytest.mark.parametrize("text", ["", "\U000f1234", "李小龙", "\ud800", "\0"])
def test_no_letter_the_font_does_not_have(text: str) -> None:
    assert pixels(text, key="k") == {ground("k")}


def test_the_text_is_the_key_when_none_is_given() -> None:
    assert ground("Romeo") in pixels("Romeo")


@pytest.mark.parametrize("size", [1, 16, 64, 500])
def test_size(size: int) -> None:
    assert Image.open(io.BytesIO(placeholder("A", size=size))).size == (size, size)


def test_letters_are_in_the_middle() -> None:
    image = Image.open(io.BytesIO(placeholder("O", key="k", size=100))).convert("RGB")
    box = Image.eval(image.getchannel("R"), lambda value: 255 if value > 240 else 0).getbbox()
    assert box is not None
    assert abs((box[0] + box[2]) / 2 - 50) <= 2
    assert abs((box[1] + box[3]) / 2 - 50) <= 8
