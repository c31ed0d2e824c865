"""Facts about any bytes at all: right, bounded, never an exception."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from tests.support import examples, patience
from tests.unit.hostile import Sample, corpus, exif, picture, saved
from xavatar.imaging import Fault, Limits, inspect, thumbnail
from xavatar.model import ImageFacts
from xavatar.settings import Settings

SAMPLES = corpus()
WHOLE = [sample for sample in SAMPLES if sample.fault is None and len(sample.data) < 20_000]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_corpus(sample: Sample) -> None:
    facts = inspect(sample.data)
    assert facts.format == sample.format
    assert Fault.of(facts.error) == sample.fault
    assert facts.sha1 == hashlib.sha1(sample.data).hexdigest()
    assert facts.nbytes == len(sample.data)
    if sample.size:
        assert (facts.width, facts.height) == sample.size
    if sample.frames is not None:
        assert facts.frames == sample.frames
    if sample.fault is None:
        assert None not in (facts.dhash, facts.phash, facts.blank, facts.has_alpha, facts.has_exif)


@pytest.mark.slow
def test_corpus_fits_in_memory_and_time() -> None:
    """The largest legal picture needs 25 MB a copy; bombs of gigabytes must not show at all."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.unit.hostile"], capture_output=True, text=True, check=True
    )
    most = json.loads(ran.stdout)
    assert most["grown_mib"] < 250
    assert most["seconds"] < patience(5), most["slowest"]
    assert ran.stderr == ""


def test_all_there_is_to_know() -> None:
    image = picture((200, 100))
    data = saved(image, "JPEG", exif=exif(6, gps=True, camera="Cam"), icc_profile=b"profile" * 20)
    facts = inspect(data)
    assert facts == ImageFacts(
        sha1=hashlib.sha1(data).hexdigest(),
        nbytes=len(data),
        format="jpeg",
        mime="image/jpeg",
        width=200,
        height=100,
        frames=1,
        duration_ms=None,
        mode="RGB",
        has_alpha=False,
        has_exif=True,
        has_gps=True,
        has_icc=True,
        exif_tags=("Model", "Orientation", "GPSInfo", "GPSLatitudeRef", "GPSLatitude", "GPSLongitude"),
        dhash=facts.dhash,
        phash=facts.phash,
        colors=facts.colors,
        blank=False,
        error=None,
    )


@pytest.mark.parametrize(
    ("name", "frames", "duration"),
    [
        ("animated gif", 3, 150),
        ("animated webp", 3, 150),
        ("apng", 3, 150),
        ("animated avif", 3, 150),
        ("png", 1, None),
        ("gif", 1, None),
    ],
)
def test_animations(name: str, frames: int, duration: float | None) -> None:
    facts = inspect(by_name(name).data)
    assert (facts.frames, facts.duration_ms) == (frames, duration)


def test_gif_durations_are_those_pillow_sees() -> None:
    movie = [picture(shift=shift) for shift in range(4)]
    data = saved(movie[0], "GIF", save_all=True, append_images=movie[1:], duration=[10, 200, 30, 400])
    assert inspect(data).duration_ms == 640


@pytest.mark.parametrize(
    ("name", "alpha"),
    [
        ("png", False),
        ("jpeg", False),
        ("gray with alpha", True),
        ("transparent palette", True),
        ("transparent color", True),
        ("16 bit gray", False),
    ],
)
def test_alpha(name: str, alpha: bool) -> None:
    assert inspect(by_name(name).data).has_alpha is alpha


@pytest.mark.parametrize(
    ("name", "tags", "gps"),
    [
        ("gps", {"Orientation", "GPSLatitude", "GPSLongitude"}, True),
        ("png exif", {"Orientation", "Model"}, False),
        ("webp exif", {"GPSLatitude"}, True),
        ("looping exif", {"ExifOffset", "GPSInfo"}, False),
        ("broken exif", set(), False),
    ],
)
def test_exif(name: str, tags: set[str], gps: bool) -> None:
    facts = inspect(by_name(name).data)
    assert facts.has_exif is True
    assert tags <= set(facts.exif_tags)
    assert facts.has_gps is gps


def test_no_exif() -> None:
    facts = inspect(by_name("png").data)
    assert (facts.has_exif, facts.has_gps, facts.exif_tags) == (False, False, ())


def test_position_in_xmp() -> None:
    packet = b"<x:xmpmeta><rdf:Description exif:GPSLatitude='45,26N'/></x:xmpmeta>"
    assert inspect(saved(picture(), "JPEG", xmp=packet)).has_gps is True


@pytest.mark.parametrize(
    ("limits", "fault"),
    [
        (Limits(max_bytes=100), Fault.BYTES),
        (Limits(max_pixels=63 * 64), Fault.PIXELS),
        (Limits(max_frames=2), Fault.FRAMES),
        (Limits(seconds=-1), Fault.TIME),
    ],
)
@pytest.mark.parametrize("name", ["animated gif", "animated webp", "apng", "animated avif"])
def test_limits(name: str, limits: Limits, fault: Fault) -> None:
    facts = inspect(by_name(name).data, limits)
    assert Fault.of(facts.error) == fault
    assert facts.format == by_name(name).format
    assert facts.dhash is None


def test_limits_follow_the_settings() -> None:
    limits = Limits.of(Settings(max_image_bytes=7, max_pixels=8))
    assert (limits.max_bytes, limits.max_pixels) == (7, 8)


def test_facts_found_before_a_refusal_remain() -> None:
    facts = inspect(by_name("png bomb").data)
    assert (facts.width, facts.height, facts.mime) == (12000, 12000, "image/png")


def test_multi_picture_jpeg_is_no_polyglot() -> None:
    """Phones append previews behind the end and say so in an MPF segment (CIPA DC-007)."""
    data = saved(picture(), "MPO", save_all=True, append_images=[picture(shift=5)])
    facts = inspect(data)
    assert (facts.format, facts.frames, facts.error) == ("jpeg", 1, None)


def test_truncation_is_seen_when_pillow_is_told_to_overlook_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another library in the kernel may have set Pillow's global."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    assert Fault.of(inspect(by_name("half a jpeg").data).error) is Fault.TRUNCATED
    assert Fault.of(inspect(by_name("half a png").data).error) is Fault.TRUNCATED


def test_pillows_globals_are_left_alone() -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    for sample in SAMPLES:
        inspect(sample.data)
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


@pytest.mark.slow
def test_threads_agree() -> None:
    files = [sample.data for sample in SAMPLES if len(sample.data) < 100_000] * 4
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(inspect, files)) == [inspect(data) for data in files]


def never_raises(data: bytes) -> None:
    facts = inspect(data)
    assert facts.sha1 == hashlib.sha1(data).hexdigest()
    assert facts.nbytes == len(data)
    assert facts.error is None or Fault.of(facts.error)
    shown = thumbnail(data)
    # `dhash` is the promise that a picture can be shown, and the reverse.
    assert (shown is not None) == (facts.dhash is not None)


HEADS = [
    b"",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"\xff\xd8\xff",
    b"RIFF\0\1\0\0WEBPVP8X",
    b"\0\0\0\x1cftypavif",
    b"BM",
    b"II*\0",
    b"<svg",
]


@given(st.sampled_from(HEADS), st.binary(max_size=400))
@settings(max_examples=examples(400), deadline=10_000)
def test_any_bytes(head: bytes, rest: bytes) -> None:
    never_raises(head + rest)


@given(st.data())
@settings(
    max_examples=examples(400),
    deadline=10_000,
    suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow],
)
def test_damaged_pictures(data: st.DataObject) -> None:
    broken = bytearray(data.draw(st.sampled_from(WHOLE)).data)
    # Hypothesis likes the ends of a range, and a broken signature ends everything.
    random = data.draw(st.randoms(use_true_random=True))
    for _ in range(data.draw(st.integers(1, 6))):
        at = random.randrange(max(len(broken), 1))
        broken[at : at + random.randrange(9)] = data.draw(st.binary(max_size=8))
    never_raises(bytes(broken[: random.randrange(len(broken) + 1)] if random.random() < 0.3 else broken))


def by_name(name: str) -> Sample:
    return next(sample for sample in SAMPLES if sample.name == name)
