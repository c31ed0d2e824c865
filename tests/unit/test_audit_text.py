"""Words from the wire, made harmless."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xavatar.audit.text import clean, count, quoted, size


@given(st.text() | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"])))
@example("plain")
@example("no\u00a0break and \u2003wide")
@example("\u202eevil\n\x9b31m")
def test_nothing_invisible_is_left_and_everything_else_stays(text: str) -> None:
    shown = clean(text)
    assert len(shown) == len(text)
    for before, after in zip(text, shown, strict=True):
        hidden = unicodedata.category(before) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
        assert after == (" " if before in "\t\n\r" else "\ufffd" if hidden else before)


@given(st.text(), st.integers(1, 20))
def test_it_is_cut(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= limit
    assert clean(text, limit).endswith("…") or clean(text, limit) == clean(text)


def test_quoted() -> None:
    assert quoted("a\nb") == "“a b”"
    assert quoted("x" * 100, 5) == "“xxxx…”"


@pytest.mark.parametrize(
    ("nbytes", "words"), [(0, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1 KiB"), (3 << 19, "1.5 MiB")]
)
def test_sizes(nbytes: int, words: str) -> None:
    assert size(nbytes) == words


def test_counts() -> None:
    assert [count(1, "reply", "replies"), count(2000, "reply", "replies"), count(0, "word")] == [
        "1 reply", "2,000 replies", "0 words",
    ]  # fmt: skip
