"""Pictures made ready to be published."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image

from tests.unit.hostile import corpus, exif, picture, saved
from xavatar.errors import ConfigError, Corrupt, ImageError, TooLarge, UnsupportedFormat
from xavatar.imaging import Limits, distance, inspect, variant


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("given", "options", "wanted"),
    [
        ((400, 300), {}, (192, 192)),
        ((400, 300), {"square": False}, (192, 144)),
        ((100, 60), {}, (60, 60)),
        pytest.param((4000, 3000), {"size": 96}, (96, 96), marks=pytest.mark.slow),
        ((400, 300), {"crop": (0, 0, 50, 40)}, (40, 40)),
        ((400, 300), {"crop": (100, 50, 150, 90), "square": False}, (50, 40)),
        ((1, 1), {}, (1, 1)),
    ],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_size(given: tuple[int, int], options: dict[str, object], wanted: tuple[int, int], format: str) -> None:
    made = variant(saved(picture(given), format), **options)  # type: ignore[arg-type]
    assert (made.width, made.height) == wanted == opened(made.data).size


def test_a_file_of_ours() -> None:
    given = saved(picture((300, 300)), "JPEG", exif=exif(1, gps=True, camera="SECRET"), comment=b"SECRET")
    made = variant(given)
    facts = inspect(made.data)
    assert (facts.mime, facts.has_exif, facts.has_gps, facts.error) == ("image/png", False, False, None)
    assert (made.mime, made.sha1) == (facts.mime, hashlib.sha1(made.data).hexdigest())
    assert b"SECRET" not in made.data
    assert distance(facts.phash or "", inspect(given).phash or "") <= 4


def test_the_crop_is_of_the_upright_picture() -> None:
    """Orientation 6: what is stored lies on its side."""
    upright = Image.new("RGB", (100, 200), "white")
    upright.paste("red", (0, 0, 100, 100))
    stored = saved(upright.transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif(6))
    made = opened(variant(stored, crop=(0, 0, 100, 100)).data).convert("RGB")
    assert made.getcolors() == [(100 * 100, (255, 0, 0))]


def test_the_middle_is_kept() -> None:
    wide = Image.new("RGB", (300, 100), "white")
    wide.paste("red", (100, 0, 200, 100))
    made = opened(variant(saved(wide, "PNG")).data).convert("RGB")
    assert made.getcolors() == [(100 * 100, (255, 0, 0))]


@pytest.mark.parametrize("limit", [72 << 10, 20_000, 9_000, 3_000])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_the_file_fits(limit: int, mode: str) -> None:
    noise = Image.effect_noise((400, 400), 100).convert(mode)
    if mode == "RGBA":
        noise.putalpha(Image.linear_gradient("L").resize((400, 400)))
    made = variant(saved(noise, "PNG"), max_bytes=limit)
    assert len(made.data) <= limit
    assert made.width >= 32


def test_colors_go_before_pixels() -> None:
    noise = Image.effect_noise((192, 192), 100).convert("RGB")
    assert variant(saved(noise, "PNG"), max_bytes=40_000).width == 192


def test_transparency_stays() -> None:
    image = Image.new("RGBA", (64, 64))
    image.paste((255, 0, 0, 255), (16, 16, 48, 48))
    made = opened(variant(saved(image, "PNG")).data)
    assert made.convert("RGBA").getpixel((0, 0)) == (0, 0, 0, 0)


def test_webp() -> None:
    made = variant(saved(picture((300, 300)), "PNG"), format="webp")
    assert (made.mime, inspect(made.data).format) == ("image/webp", "webp")


ERRORS: list[tuple[str, type[ImageError]]] = [
    ("nothing", UnsupportedFormat),
    ("html named png", UnsupportedFormat),
    ("svg with script", UnsupportedFormat),
    ("png bomb", TooLarge),
    ("gif of 10 000 frames", TooLarge),
    ("far too large a file", TooLarge),
    ("half a jpeg", Corrupt),
    ("png with a wrong checksum", Corrupt),
]


@pytest.mark.parametrize(("name", "error"), ERRORS)
def test_what_cannot_be_used(name: str, error: type[ImageError]) -> None:
    data = next(sample.data for sample in corpus() if sample.name == name)
    with pytest.raises(error, match=r"The picture .* \(.+\)\. (Take|Save)"):
        variant(data, limits=Limits())


def test_what_does_not_fit() -> None:
    noise = Image.effect_noise((192, 192), 100).convert("RGB")
    with pytest.raises(TooLarge, match="allow more"):
        variant(saved(noise, "PNG"), max_bytes=100)


@pytest.mark.parametrize("crop", [(-1, 0, 9, 9), (0, 0, 101, 9), (5, 5, 5, 9), (9, 0, 3, 9)])
def test_a_crop_outside(crop: tuple[int, int, int, int]) -> None:
    with pytest.raises(ConfigError, match="100 x 100"):
        variant(saved(picture((100, 100)), "PNG"), crop=crop)


def test_senseless_sizes() -> None:
    for options in ({"size": 0}, {"max_bytes": 0}):
        with pytest.raises(ConfigError):
            variant(saved(picture(), "PNG"), **options)  # type: ignore[arg-type]


def test_limits() -> None:
    with pytest.raises(TooLarge):
        variant(saved(picture((100, 100)), "PNG"), limits=Limits(max_pixels=9999))
