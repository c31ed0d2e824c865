"""Thumbnails and contact sheets: ours, small, upright, without a trace of the file they came from."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.unit.hostile import corpus, exif, picture, saved
from xavatar.imaging import Limits, contact_sheet, inspect, sniff, thumbnail


def opened(data: bytes | None) -> Image.Image:
    assert data is not None
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("given", "size", "wanted"),
    [
        ((200, 100), 64, (64, 32)),
        ((100, 200), 64, (32, 64)),
        ((20, 10), 64, (20, 10)),
        ((64, 64), 64, (64, 64)),
        pytest.param((3000, 2000), 48, (48, 32), marks=pytest.mark.slow),
        ((16383, 1), 64, (64, 1)),  # the longest side of a WebP
    ],
)
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_size(given: tuple[int, int], size: int, wanted: tuple[int, int], format: str) -> None:
    assert opened(thumbnail(saved(picture(given), format), size)).size == wanted


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_orientation_is_honoured(orientation: int, format: str) -> None:
    """Whatever way a camera was held, red is at the upper left when shown."""
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = Image.new("RGB", (80, 40), "white")
    upright.paste("red", (0, 0, 40, 20))
    stored = upright.transpose(undo[orientation]) if orientation in undo else upright
    shown = opened(thumbnail(saved(stored, format, exif=exif(orientation)), 64)).convert("RGB")
    assert shown.size == (64, 32)
    red, green, _ = shown.getpixel((12, 6))  # type: ignore[misc]
    assert red > 200
    assert green < 80
    assert min(shown.getpixel((50, 26))) > 200  # type: ignore[arg-type,type-var]


@pytest.mark.parametrize("format", ["png", "webp"])
def test_nothing_of_the_file_is_kept(format: str) -> None:
    data = saved(picture(), "JPEG", exif=exif(1, gps=True, camera="SECRET"), comment=b"SECRET", icc_profile=b"SECRET")
    small = thumbnail(data, 64, format=format)  # type: ignore[arg-type]
    facts = inspect(small or b"")
    assert facts.format == format
    assert (facts.has_exif, facts.has_icc, facts.error) == (False, False, None)
    assert b"SECRET" not in (small or b"")


def test_transparency_stays() -> None:
    image = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 100, 200))
    small = opened(thumbnail(saved(image, "PNG"), 50))
    assert small.mode == "RGBA"
    assert small.getpixel((45, 25)) == (0, 0, 0, 0)
    assert small.getpixel((5, 25)) == (255, 0, 0, 255)


def test_first_picture_of_an_animation() -> None:
    movie = [Image.new("RGB", (32, 32), color) for color in ("red", "lime", "blue")]
    for format in ("GIF", "PNG", "WEBP"):
        data = saved(movie[0], format, save_all=True, append_images=movie[1:], lossless=True)
        small = opened(thumbnail(data))
        assert getattr(small, "n_frames", 1) == 1
        assert small.convert("RGB").getpixel((3, 3)) == (255, 0, 0)


@pytest.mark.parametrize("name", ["svg with script", "png bomb", "half a jpeg", "html named png", "nothing"])
def test_what_cannot_be_shown(name: str) -> None:
    assert thumbnail(next(sample.data for sample in corpus() if sample.name == name)) is None


def test_limits() -> None:
    assert thumbnail(saved(picture((100, 100)), "PNG"), limits=Limits(max_pixels=9999)) is None


def test_contact_sheet() -> None:
    images = [(f"n{i}", saved(Image.new("RGB", (64, 64), "red"), "PNG")) for i in range(5)] + [("Zoë", b"broken")]
    sheet = opened(contact_sheet(images, tile=32, columns=4))
    assert sheet.size == (4 * 34 + 2, 2 * 34 + 2)
    assert sheet.getpixel((2 + 16, 2 + 16)) == (255, 0, 0, 255)
    red, green, blue, alpha = sheet.getpixel((2 + 34 + 2, 2 + 34 + 2))  # type: ignore[misc]
    assert alpha == 255  # Zoë has a placeholder of her own colour
    assert (red, green, blue) != (255, 0, 0)
    assert sheet.getpixel((sheet.width - 3, sheet.height - 3)) == (0, 0, 0, 0)


@pytest.mark.parametrize("count", [0, 1, 2, 10])
def test_contact_sheet_of_any_number(count: int) -> None:
    data = saved(picture((10, 10)), "PNG")
    assert sniff(contact_sheet((str(i), data) for i in range(count))) == "png"
