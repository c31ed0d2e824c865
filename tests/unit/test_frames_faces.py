"""The table with faces: escaped, small, telling how much it shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.people import EVIL, TURNED, one, picture
from xavatar.frames import FaceTable, frame, images


class Memory(dict[str, bytes]):
    """The smallest source of images."""


@pytest.fixture
def memory() -> Iterator[Memory]:
    source = Memory()
    images.register(source)
    yield source
    images.unregister(source)


def table(memory: Memory, many: int, name: str | None = None) -> FaceTable:
    outcomes = []
    for number in range(many):
        outcome, (sha1, data) = one(number, picture(number, 300), name)
        memory[sha1] = data
        outcomes.append(outcome)
    shown: FaceTable = frame(outcomes).xavatar.table()
    return shown


def test_a_line_for_everybody(memory: Memory) -> None:
    html = table(memory, 3)._repr_html_()
    assert html.count("<tr>") == 4
    assert html.count('src="data:image/webp;base64,') == 3
    assert "PNG, 300 × 300" in html
    assert "showing 3 of 3" in html


def test_names_are_escaped(memory: Memory) -> None:
    html = table(memory, 1, EVIL)._repr_html_()
    assert "<script" not in html
    assert "&lt;img src=x onerror=" in html
    assert "x" * 201 not in table(memory, 1, "x" * 10_000)._repr_html_()
    assert table(memory, 1, TURNED)._repr_html_().count("unicode-bidi:isolate") == 2


def test_it_keeps_to_its_budget(memory: Memory) -> None:
    whole = table(memory, 40)
    small = FaceTable(whole._table, budget=20_000)._repr_html_()
    assert len(small) < 22_000
    shown = small.count("<tr>") - 1
    assert 5 < shown < 40
    assert f"showing {shown} of 40" in small
    assert "showing 2 of 40" in FaceTable(whole._table, limit=2)._repr_html_()


def test_displays(memory: Memory) -> None:
    shown = table(memory, 2)
    assert set(shown._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert set(shown._repr_mimebundle_(exclude={"text/html"})) == {"text/plain"}
    assert repr(shown) == "<FaceTable of 2>"
    assert "showing 0 of 0" in table(memory, 0)._repr_html_()
