"""The short way to a plain PNG: what Pillow's plugin would have found, or nothing."""

from __future__ import annotations

import io
import struct
import zlib
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.unit.hostile import picture, saved
from xavatar.imaging import Fault, Limits, inspect
from xavatar.imaging.decode import decode
from xavatar.imaging.limits import Refused
from xavatar.imaging.plain_png import plain_png

MANY = Limits(max_pixels=1 << 20)
PHOTO = saved(picture((40, 30)), "PNG")


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def built(*chunks: bytes, header: tuple[int, ...] = (2, 2, 8, 2, 0, 0, 0)) -> bytes:
    """Return a PNG of these chunks between its header and its end."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", *header)) + b"".join(chunks) + chunk(b"IEND")


ROWS = zlib.compress(b"\0" + b"\1\2\3" * 2 + b"\0" + b"\4\5\6" * 2)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_pixels_are_those_that_were_saved(mode: str) -> None:
    image = picture((40, 30)).convert(mode)
    found = plain_png(saved(image, "PNG"), MANY)
    assert found is not None
    assert (found.mode, found.size, found.tobytes()) == (mode, image.size, image.tobytes())


def test_pixels_in_several_chunks() -> None:
    found = plain_png(built(chunk(b"IDAT", ROWS[:3]), chunk(b"IDAT"), chunk(b"IDAT", ROWS[3:])), MANY)
    assert found is not None
    assert found.tobytes() == b"\1\2\3" * 2 + b"\4\5\6" * 2


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(PHOTO[:20] + PHOTO[-12:], id="hardly anything"),
        pytest.param(PHOTO[:-1], id="no end"),
        pytest.param(PHOTO + b"\0", id="more behind the end"),
        pytest.param(PHOTO[:-20] + PHOTO[-12:], id="a chunk that runs into the end"),
        pytest.param(PHOTO[:16] + b"\0\0\0\1" + PHOTO[20:], id="a header's wrong checksum"),
        pytest.param(built(chunk(b"IDAT", ROWS[:9])), id="too few pixels"),
        pytest.param(built(chunk(b"IDAT", b"\0" + ROWS)), id="no zlib"),
        pytest.param(built(chunk(b"tEXt", b"Software\0a"), chunk(b"IDAT", ROWS)), id="text"),
        pytest.param(built(chunk(b"IDAT", ROWS), chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0")), id="EXIF at the end"),
        pytest.param(built(chunk(b"tRNS", b"\0\1\0\2\0\3"), chunk(b"IDAT", ROWS)), id="a transparent colour"),
        pytest.param(built(chunk(b"IDAT", ROWS), header=(2, 2, 8, 2, 0, 0, 1)), id="interlaced"),
        pytest.param(built(chunk(b"IDAT", ROWS), header=(2, 2, 8, 2, 1, 0, 0)), id="another compression"),
        pytest.param(built(chunk(b"IDAT", ROWS), header=(2, 2, 16, 2, 0, 0, 0)), id="16 bits"),
        pytest.param(built(chunk(b"IDAT", ROWS), header=(2, 2, 8, 3, 0, 0, 0)), id="a palette"),
        pytest.param(built(chunk(b"IDAT", ROWS), header=(0, 2, 8, 2, 0, 0, 0)), id="no width"),
        pytest.param(built(chunk(b"IDAT", ROWS), header=(1024, 1025, 8, 2, 0, 0, 0)), id="too many pixels"),
    ],
)
def test_what_is_not_plain_is_left_to_the_plugin(data: bytes) -> None:
    assert plain_png(data, MANY) is None


def test_a_plain_bomb_is_refused_before_it_is_decoded() -> None:
    data = saved(Image.new("L", (3000, 3000)), "PNG")
    with patch("xavatar.imaging.plain_png.inflated", side_effect=AssertionError("decoded")):
        assert Fault.of(inspect(data, Limits(max_pixels=3000)).error) is Fault.PIXELS


def test_a_plain_file_that_is_too_large_is_refused() -> None:
    limits = Limits(max_bytes=len(PHOTO) - 1)
    assert Fault.of(inspect(PHOTO, limits).error) is Fault.BYTES
    with pytest.raises(Refused):
        decode(PHOTO, limits, 1)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_facts_are_those_of_the_plugin(mode: str) -> None:
    data = saved(picture((40, 30)).convert(mode), "PNG")
    facts = inspect(data)
    assert (facts.mode, facts.has_alpha, facts.error) == (mode, mode == "RGBA", None)
    with patch("xavatar.imaging.facts.plain_png", return_value=None):
        assert inspect(data) == facts


def test_exif_behind_the_pixels_is_seen() -> None:
    facts = inspect(built(chunk(b"IDAT", ROWS), chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0\0\0\0\0")))
    assert facts.has_exif
    assert facts.error is None


@st.composite
def pngs(draw: st.DrawFn) -> bytes:
    """Any PNG that Pillow writes, sometimes damaged."""
    mode = draw(st.sampled_from(["L", "RGB", "RGBA", "L", "RGB", "RGBA", "LA", "P", "1", "I;16"]))
    size = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    noise = Random(draw(st.integers(0, 9))).randbytes(4 * size[0] * size[1])
    image = Image.frombytes("RGBA", size, noise).convert("L" if mode == "I;16" else mode)
    text = PngInfo()
    if draw(st.sampled_from([False, False, True])):
        text.add_text("Comment", "anything", zip=draw(st.booleans()))
    out = io.BytesIO()
    image.convert(mode).save(out, "PNG", compress_level=draw(st.integers(0, 9)), pnginfo=text)
    data = bytearray(out.getvalue())
    for _ in range(draw(st.sampled_from([0, 0, 1, 3]))):
        data[draw(st.integers(8, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: len(data) - draw(st.sampled_from([0, 0, 0, 0, 0, 1, 12, 30]))])


@given(pngs())
def test_facts_are_the_same_both_ways(data: bytes) -> None:
    facts = inspect(data)
    with patch("xavatar.imaging.facts.plain_png", return_value=None):
        assert inspect(data) == facts
