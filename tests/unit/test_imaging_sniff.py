"""Formats by their bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.hostile import chunk, corpus, png
from xavatar.imaging import mime_of, sniff


@pytest.mark.parametrize("sample", corpus(), ids=lambda sample: sample.name)
def test_corpus(sample: object) -> None:
    assert sniff(sample.data) == sample.format  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "text",
    [
        "<svg/>",
        "<svg>",
        "\ufeff<svg xmlns='http://www.w3.org/2000/svg'/>",
        "  \n\t<?xml version='1.0'?>\n<svg >",
        "<!-- a --><!-- <html> --><svg\n/>",
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd"><svg/>',
        "<!doctype svg [ <!ENTITY a '>'> ]><svg/>",
        "<?xml-stylesheet href='a'?><s:svg xmlns:s='http://www.w3.org/2000/svg'/>",
    ],
)
def test_svg(text: str) -> None:
    assert sniff(text.encode()) == "svg"


@pytest.mark.parametrize(
    "text",
    [
        "<html><svg/></html>",
        "<!DOCTYPE html><svg/>",
        "<svgx/>",
        "svg",
        "<!-- <svg/>",
        "<?xml <svg/>",
        "<!DOCTYPE svg [ <svg/>",
        "<a>svg</a>",
        "x<svg/>",
    ],
)
def test_no_svg(text: str) -> None:
    assert sniff(text.encode()) is None


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_svg_in_other_encodings(codec: str) -> None:
    assert sniff("<?xml version='1.0'?><svg/>".encode(codec)) == "svg"


def test_animation_control_must_come_before_the_pixels() -> None:
    control = chunk(b"acTL", b"\0\0\0\1\0\0\0\0")
    assert sniff(png(1, 1, control)) == "apng"
    assert sniff(png(1, 1) + control) == "png"
    assert sniff(png(1, 1, chunk(b"tEXt", b"a\0acTL"))) == "png"


def test_bmp_needs_more_than_two_letters() -> None:
    assert sniff(b"BM" + b"\0" * 12 + b"\x28\0\0\0" + b"\0" * 40) == "bmp"
    assert sniff(b"BM" + b"\0" * 60) is None


@pytest.mark.parametrize(
    ("format", "mime"), [("png", "image/png"), ("apng", "image/png"), ("svg", "image/svg+xml"), (None, None)]
)
def test_media_types(format: str | None, mime: str | None) -> None:
    assert mime_of(format) == mime


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    assert sniff(data) is None or mime_of(sniff(data))
