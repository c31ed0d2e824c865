"""Pillow's core does what its public methods do, and they stand in for it."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from random import Random
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.unit.hostile import picture, saved
from xavatar.imaging import inspect, pillow_core


@pytest.fixture
def untried() -> Iterator[None]:
    """Forget what the core was found to do, before and after."""
    pillow_core.works.cache_clear()
    yield
    pillow_core.works.cache_clear()


def rows(image: Image.Image) -> bytes:
    """Return an image's pixels as they lie in a PNG: one chunk, since it is small."""
    out = io.BytesIO()
    image.save(out, "PNG")
    data = out.getvalue()
    at = data.index(b"IDAT")
    return data[at + 4 : at + 4 + int.from_bytes(data[at - 4 : at], "big")]


@st.composite
def streams(draw: st.DrawFn) -> tuple[str, tuple[int, int], bytes]:
    """Pixels of a picture, sometimes fewer than said, sometimes damaged."""
    mode = draw(st.sampled_from(["L", "RGB", "RGBA"]))
    size = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    noise = Random(draw(st.integers(0, 9))).randbytes(len(mode) * size[0] * size[1])
    stream = bytearray(rows(Image.frombytes(mode, size, noise)))
    for _ in range(draw(st.sampled_from([0, 0, 1, 3]))):
        stream[draw(st.integers(0, len(stream) - 1))] = draw(st.integers(0, 255))
    more = draw(st.sampled_from([0, 0, 0, 1]))
    return mode, (size[0], size[1] + more), bytes(stream[: len(stream) - draw(st.sampled_from([0, 0, 0, 1, 4, 9]))])


@given(streams())
def test_pixels_are_inflated_as_by_the_public_method(case: tuple[str, tuple[int, int], bytes]) -> None:
    assert pillow_core.works()
    assert pillow_core.inflated(*case) == pillow_core._inflated_in_public(*case)


@pytest.mark.parametrize("factor", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("side", [32, 1, 7])
def test_pixels_are_reduced_as_by_the_public_method(side: int, factor: int) -> None:
    image = picture((side * factor, side * factor)).convert("RGB")
    assert pillow_core.reduced(image, factor) == image.reduce(factor).tobytes("raw", "RGBX")


def mixed(mode: str, size: tuple[int, int], stream: bytes) -> Image.Image | None:
    """Do nearly what is expected: two columns change places, which no reduction by two can see."""
    image = pillow_core._inflated_in_public(mode, size, stream)
    if image is not None:
        image.paste(image.crop((0, 0, 2, size[1])).transpose(Image.Transpose.FLIP_LEFT_RIGHT), (0, 0))
    return image


def hopeful(mode: str, size: tuple[int, int], stream: bytes) -> Image.Image:
    """Do nearly what is expected: damaged pixels are as good as others."""
    return pillow_core._inflated_in_public(mode, size, stream) or Image.new(mode, size)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(patch.object(pillow_core, "_imaging", SimpleNamespace()), id="names that are gone"),
        pytest.param(patch.object(pillow_core, "_imaging", SimpleNamespace(new=lambda: None)), id="other arguments"),
        pytest.param(patch.object(pillow_core, "_reduced", lambda *_: b"\0" * 16), id="other pixels"),
        pytest.param(patch.object(pillow_core, "_inflated", lambda *_: None), id="no pixels"),
        pytest.param(patch.object(pillow_core, "_inflated", mixed), id="mixed pixels"),
        pytest.param(patch.object(pillow_core, "_inflated", hopeful), id="pixels of nothing"),
    ],
)
def test_a_core_that_does_something_else_is_not_used(change: object, untried: None) -> None:
    data = saved(picture((64, 64)).convert("RGB"), "PNG")
    usual = inspect(data)
    assert usual.error is None
    pillow_core.works.cache_clear()
    with change:  # type: ignore[attr-defined]
        assert not pillow_core.works()
        assert inspect(data) == usual


def test_damaged_pixels_leave_nothing_behind() -> None:
    """An inflater that is not through with its stream holds 40 kB."""
    damaged = zlib.compress(Random(0).randbytes(3000))[:-1500]
    before = _resident()
    for _ in range(5000):
        assert pillow_core.inflated("RGB", (32, 32), damaged) is None
    assert _resident() - before < 50 << 20


def _resident() -> int:
    """Return the bytes that this process holds, where the system tells."""
    try:
        with open("/proc/self/statm", encoding="ascii") as told:
            return int(told.read().split()[1]) * 4096
    except OSError:
        return 0
