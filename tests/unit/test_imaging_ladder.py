"""Variants held against limits; palettes where nobody sees them; pictures from anywhere."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.hostile import exif, picture, saved
from xavatar.errors import ConfigError, Corrupt, TooLarge, UnsupportedFormat
from xavatar.imaging import Limits, ladder, open_source, stanza_limit
from xavatar.imaging.colors import difference, lean, with_palette


def photo(size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Return many soft colours, and grain, which no palette holds."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / max(size)
    light = np.stack([128 + 100 * np.sin(4 * x + 3 * y + hue) for hue in range(3)], -1)
    grain = np.random.default_rng(7).normal(0, 6, light.shape)
    return Image.fromarray((light + grain).clip(0, 255).astype(np.uint8))


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_the_largest_that_fits_is_taken() -> None:
    tall = ladder(photo(), max_bytes=72 << 10)
    small = ladder(photo(), max_bytes=7050)
    assert tall.chosen.width == 192
    assert small.chosen.width < 192
    assert small.chosen.nbytes <= 7050
    larger = [rung for rung in small.rungs if rung.width > small.chosen.width]
    assert larger
    assert all(rung.nbytes > 7050 for rung in larger)
    assert "the largest that fits into 7,050 bytes" in small.why


def test_every_rung_is_the_file_it_says() -> None:
    for rung in ladder(photo()).rungs:
        image = opened(rung.data)
        assert (image.format, image.size) == ("PNG", (rung.width, rung.height))
        assert (image.mode == "P") is (rung.colors is not None)
        assert rung.base64_length >= 4 * rung.nbytes / 3
        assert image.info == {} or set(image.info) <= {"transparency"}


def test_which_limits_a_rung_keeps() -> None:
    made = ladder(np.random.default_rng(3).integers(0, 256, (300, 300, 3), np.uint8), max_bytes=1 << 20)
    for rung in made.rungs:
        kept = made.keeps(rung)
        assert ("XEP-0153" in kept) is (rung.nbytes < 8192)
        assert ("Conversations" in kept) is (rung.base64_length <= 9400)
        assert ("modernxmpp" in kept) is (rung.nbytes <= 72 << 10)
    assert made.keeps(made.rungs[0]) == ("stanza",)


def test_a_stanzas_limit_is_in_base64() -> None:
    assert stanza_limit(262_144).nbytes * 4 / 3 < 262_144
    assert stanza_limit(100).nbytes == 0


def test_a_drawings_palette_is_exact() -> None:
    drawing = picture((400, 400)).resize((192, 192), Image.Resampling.NEAREST)
    made = ladder(drawing).chosen
    assert made.colors is not None
    assert (made.difference.mean, made.difference.worst) == (0, 0)
    assert np.array_equal(np.asarray(opened(made.data).convert("RGB")), np.asarray(drawing))


def test_transparency_survives_a_palette() -> None:
    drawing = Image.new("RGBA", (96, 96))
    drawing.paste((200, 30, 30, 255), (10, 10, 60, 60))
    drawing.paste((30, 200, 30, 100), (60, 60, 90, 90))
    made = ladder(drawing).chosen
    assert made.colors == 3
    assert np.array_equal(np.asarray(opened(made.data).convert("RGBA")), np.asarray(drawing))


def test_a_photos_colours_stay_where_there_is_room() -> None:
    best, reduced = ladder(photo(), max_bytes=1 << 20).rungs[:2]
    assert (best.colors, best.difference.unseen) == (None, True)
    assert not reduced.difference.unseen


def test_differences_are_those_of_cie_1976() -> None:
    """Black to white is 100 by definition; red and green of sRGB are 170.6 apart."""
    black, white = Image.new("RGB", (4, 4)), Image.new("RGB", (4, 4), "white")
    assert difference(black, white).mean == pytest.approx(100, abs=0.05)
    red, green = Image.new("RGB", (4, 4), "#ff0000"), Image.new("RGB", (4, 4), "#00ff00")
    assert difference(red, green).mean == pytest.approx(170.6, abs=0.3)
    assert difference(red, red).unseen


def test_a_difference_that_only_black_shows() -> None:
    one, other = Image.new("RGBA", (4, 4), (255, 255, 255, 0)), Image.new("RGBA", (4, 4), (255, 255, 255, 128))
    assert difference(one, other).mean > 40


def test_channels_that_say_nothing_go() -> None:
    assert lean(Image.new("RGBA", (4, 4), (1, 2, 3, 255))).mode == "RGB"
    assert lean(Image.new("RGBA", (4, 4), (7, 7, 7, 255))).mode == "L"
    assert lean(Image.new("RGBA", (4, 4), (7, 7, 7, 254))).mode == "RGBA"


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_a_palette_of_at_most_256(mode: str) -> None:
    noise = Image.effect_noise((64, 64), 90).convert(mode)
    assert len(with_palette(noise).getcolors() or ()) <= 256


def test_it_shows_itself() -> None:
    made = ladder(photo(), max_bytes=9000)
    assert repr(made).count("→") == 1
    assert "→" in repr(made)
    html = made._repr_html_()
    assert html.count("<tr") == len(made.rungs) + 1
    assert html.count('font-weight:bold"') == 1
    assert "<script" not in html


def test_what_fits_nowhere() -> None:
    with pytest.raises(TooLarge, match="allow more"):
        ladder(photo(), max_bytes=50)


def test_pictures_from_anywhere(tmp_path: Path) -> None:
    image = picture((90, 60))
    path = tmp_path / "face.png"
    path.write_bytes(saved(image, "PNG"))
    array = np.asarray(image)
    sources = [path, str(path), path.read_bytes(), bytearray(path.read_bytes()), image, array, array / 255.0,
               array.astype(np.uint16) * 257, array.astype(np.int64)]  # fmt: skip
    for source in sources:
        found = open_source(source)
        assert (found.mode, found.size, found.info) == ("RGB", (90, 60), {})
        assert np.abs(np.asarray(found).astype(int) - array).max() == 0


def test_arrays_of_other_shapes() -> None:
    flat = np.linspace(0, 1, 12).reshape(3, 4)
    assert open_source(flat).size == open_source(flat[..., np.newaxis]).size == (4, 3)
    assert open_source(flat > 0.5).getpixel((0, 0)) == (0, 0, 0)
    assert open_source(np.zeros((3, 4, 4), np.uint8)).mode == "RGBA"


@pytest.mark.parametrize(
    "array",
    [np.zeros((3, 4, 2)), np.zeros(5), np.zeros((0, 3)), np.full((2, 2), 300), np.full((2, 2), -1.0),
     np.full((2, 2), np.nan)],
)  # fmt: skip
def test_arrays_that_are_no_pictures(array: np.ndarray) -> None:
    with pytest.raises(ConfigError, match=r"no picture"):
        open_source(array)


def test_a_pillow_image_is_turned_and_left_alone() -> None:
    stored = opened(saved(picture((100, 50)), "JPEG", exif=exif(6, gps=True)))
    found = open_source(stored)
    assert (found.size, found.info) == ((50, 100), {})
    assert stored.size == (100, 50)
    assert "exif" in stored.info


def test_sources_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        open_source(tmp_path / "nothing.png")
    with pytest.raises(ConfigError, match="dict is no picture"):
        open_source({})  # type: ignore[arg-type]
    (tmp_path / "page.png").write_bytes(b"<html>")
    with pytest.raises(UnsupportedFormat):
        open_source(tmp_path / "page.png")
    with pytest.raises(TooLarge):
        open_source(picture((200, 200)), limits=Limits(max_pixels=100))
    with pytest.raises(TooLarge):
        open_source(np.zeros((200, 200)), limits=Limits(max_pixels=100))
    (tmp_path / "half.jpg").write_bytes(saved(picture(), "JPEG")[:300])
    with pytest.raises(Corrupt):
        open_source(tmp_path / "half.jpg")
