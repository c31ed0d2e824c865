"""What hashes take for one picture is looked at again, where the bytes are at hand."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.unit.report_samples import Memory, open_images
from xavatar.audit import duplicate_groups, duplicates
from xavatar.audit.pixels import look, over_each_other
from xavatar.errors import ConfigError
from xavatar.imaging import inspect
from xavatar.model import Descriptor, ImageFacts, Outcome, Reading, Source, Status, Subject


@pytest.fixture
def memory() -> Iterator[Memory]:
    with open_images() as shelf:
        yield shelf


def face(hat: str, size: int = 96, format: str = "PNG", mode: str = "RGB") -> bytes:
    picture = Image.new(mode, (96, 96), "#c6b59e")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((24, 20, 72, 84), "#7a4a2b")
    draw.rectangle((24, 12, 72, 34), hat)
    out = io.BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(out, format)
    return out.getvalue()


def shown(memory: Memory, *pictures: bytes) -> list[Outcome]:
    """One subject for each; the hashes of all are the first one's, one bit apart."""
    first = inspect(pictures[0])
    found = []
    for number, data in enumerate(pictures):
        sha1 = hashlib.sha1(data).hexdigest()
        memory.images[sha1] = data
        dhash = f"{int(first.dhash or '0', 16) ^ (1 << number):016x}"
        facts = ImageFacts(sha1, len(data), "png", dhash=dhash, phash=first.phash)
        reading = Reading(Descriptor(), facts, Status.OK)
        found.append(Outcome(Subject(f"{number}@x"), Source.PEP, Status.OK, readings=(reading,)))
    return found


def test_another_hat_is_another_picture(memory: Memory) -> None:
    told = shown(memory, face("#d8b04a"), face("#2f2a33"))
    assert duplicates(told).empty
    assert duplicate_groups(duplicates(told, apart=255))["subjects"].tolist() == [2], "by their hashes they are one"


def test_copies_are_still_copies(memory: Memory) -> None:
    hat = "#d8b04a"
    copies = [face(hat), face(hat, 64), face(hat, 192), face(hat, format="WEBP"), face(hat, format="JPEG")]
    assert duplicate_groups(duplicates(shown(memory, *copies)))["subjects"].tolist() == [5]


def test_without_the_bytes_the_hashes_decide(memory: Memory) -> None:
    told = shown(memory, face("#d8b04a"), face("#2f2a33"))
    memory.images.popitem()
    assert duplicate_groups(duplicates(told))["subjects"].tolist() == [2]


def test_what_does_not_decode_is_not_compared() -> None:
    assert look(b"no picture") is None
    images = {"a": face("#d8b04a"), "b": b"no picture"}
    apart = over_each_other(["a", "b"], np.array([0]), np.array([1]), images.get)
    assert apart.tolist() == [0]


def test_what_shines_through_is_grey() -> None:
    clear = io.BytesIO()
    Image.new("RGBA", (32, 32), (255, 0, 0, 0)).save(clear, "PNG")
    seen = look(clear.getvalue())
    assert seen is not None
    assert np.abs(seen - 128).max() <= 1


def test_no_bound_is_negative() -> None:
    with pytest.raises(ConfigError, match="apart=-1"):
        duplicates([], apart=-1)
