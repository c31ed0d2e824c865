"""Hashes, colours and blankness."""

from __future__ import annotations

import io
import random
import statistics

import imagehash
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from tests.support import THOROUGH
from tests.unit.hostile import picture, saved
from xavatar.imaging import distance, inspect, inspect_many


def painting(seed: int, size: int = 64) -> Image.Image:
    """Return something like a portrait: soft shapes of many shades."""
    dice = random.Random(seed)
    image = Image.new("RGB", (size, size), tuple(dice.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        x, y, radius = dice.randrange(size), dice.randrange(size), dice.randrange(size // 10, size // 2)
        box = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(box, fill=tuple(dice.randrange(256) for _ in range(3)))
    return image.filter(ImageFilter.GaussianBlur(size / 20))


@pytest.mark.slow
@pytest.mark.parametrize("size", [16, 48, 64, 192, 500])
def test_hashes_are_those_of_imagehash_but_for_a_few_bits(size: int) -> None:
    paintings = [painting(seed, size) for seed in range(40 if THOROUGH or size < 500 else 12)]
    ours = [inspect(saved(each, "PNG")) for each in paintings]
    dhashes = [str(imagehash.dhash(each)) for each in paintings]
    phashes = [str(imagehash.phash(each)) for each in paintings]
    by_d = [distance(facts.dhash or "", other) for facts, other in zip(ours, dhashes, strict=True)]
    by_p = [distance(facts.phash or "", other) for facts, other in zip(ours, phashes, strict=True)]
    assert statistics.mean(by_p) < 1
    assert max(by_p) <= 4
    assert statistics.mean(by_d) < 4
    assert max(by_d) <= 10


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "GIF", "AVIF", "BMP"])
@pytest.mark.parametrize("side", [48, 96, 300])
def test_one_picture_in_many_files_hashes_alike(format: str, side: int) -> None:
    original = painting(7, 200)
    one, other = inspect(saved(original, "PNG")), inspect(saved(original.resize((side, side)), format))
    assert distance(one.phash or "", other.phash or "") <= 6
    assert distance(one.dhash or "", other.dhash or "") <= 8


def test_different_pictures_hash_apart() -> None:
    hashes = [inspect(saved(painting(seed), "PNG")).phash or "" for seed in range(30)]
    apart = [distance(one, other) for index, one in enumerate(hashes) for other in hashes[:index]]
    assert min(apart) > 10
    assert 25 < statistics.mean(apart) < 39


def test_flat_pictures_hash_alike_whatever_their_color() -> None:
    flat = [
        inspect(saved(Image.new("RGB", (s, s), c), "PNG")) for s, c in [(1, "red"), (64, "white"), (300, "#123456")]
    ]
    assert {(facts.dhash, facts.phash) for facts in flat} == {("0" * 16, "8000000000000000")}


def test_hidden_colors_do_not_count() -> None:
    """What lies behind full transparency is seen by no one."""
    seen = Image.new("RGBA", (64, 64), (255, 255, 255, 0))
    seen.paste((200, 0, 0, 255), (0, 0, 32, 64))
    hidden = seen.copy()
    hidden.paste((0, 90, 250, 0), (40, 0, 64, 30))
    one, other = inspect(saved(seen, "PNG")), inspect(saved(hidden, "PNG"))
    assert (one.dhash, one.phash, one.colors) == (other.dhash, other.phash, other.colors)
    assert one.colors == ("#c80000",)


def test_colors_come_most_frequent_first() -> None:
    image = Image.new("RGB", (100, 100), "#1040a0")
    image.paste("#ffcc00", (0, 0, 100, 30))
    image.paste("#30b040", (0, 90, 100, 100))
    assert inspect(saved(image, "PNG")).colors[:2] == ("#1040a0", "#ffcc00")


@pytest.mark.parametrize(("page", "dots"), [(250, 2), (3, 251)])
def test_dots_at_the_other_end_of_the_scale_are_seen(page: int, dots: int) -> None:
    image = Image.new("RGB", (32, 32), (page,) * 3)
    image.paste((dots,) * 3, (0, 0, 4, 4))
    assert inspect(saved(image, "PNG")).blank is False


@st.composite
def few_colors(draw: st.DrawFn) -> Image.Image:
    """Draw a picture of 32 x 32, which is its own sample, of some colours far and near, in very different amounts."""
    channel = st.integers(0, 255)
    palette = draw(st.lists(st.tuples(channel, channel, channel, st.sampled_from([255, 255, 128, 127, 0])), min_size=1))
    if draw(st.booleans()):
        near = palette[0]
        palette = [(*[near[at] ^ color[at] & 7 for at in range(3)], color[3]) for color in palette]
    dice = random.Random(draw(st.integers(0, 99)))
    pixels = bytes(value for _ in range(1024) for value in palette[min(int(dice.expovariate(0.5)), len(palette) - 1)])
    return Image.frombytes("RGBA", (32, 32), pixels).convert(draw(st.sampled_from(["RGBA", "RGB"])))


def told_one_by_one(image: Image.Image) -> tuple[tuple[str, ...], bool]:
    """Return the dominant colours, and whether the picture is blank, as they are defined, pixel by pixel."""
    raw = image.convert("RGBA").tobytes()
    buckets: dict[tuple[int, int, int], list[tuple[int, int, int]]] = {}
    for red, green, blue, alpha in (raw[at : at + 4] for at in range(0, len(raw), 4)):
        if alpha >= 128:
            buckets.setdefault((red >> 5, green >> 5, blue >> 5), []).append((red, green, blue))
    total = sum(map(len, buckets.values()))
    ordered = sorted(buckets.items(), key=lambda each: (-len(each[1]), each[0]))
    frequent = [colors for at, (_, colors) in enumerate(ordered) if at == 0 or len(colors) >= 0.05 * total]
    means = [[round(statistics.fmean(channel)) for channel in zip(*colors, strict=True)] for colors in frequent[:5]]
    near = sum(
        all(abs(value - mean) <= 12 for value, mean in zip(color, means[0], strict=True))
        for colors in buckets.values()
        for color in colors
    )
    blank = not total or (total == 1024 and near >= 0.995 * total)
    return tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in means), blank


@given(st.lists(few_colors(), min_size=1, max_size=5))
def test_colors_and_blankness_by_definition(images: list[Image.Image]) -> None:
    files = [saved(image, "PNG") for image in images]
    assert [(facts.colors, facts.blank) for facts in inspect_many(files)] == [told_one_by_one(each) for each in images]


def test_gray_pictures_have_gray_colors() -> None:
    assert inspect(saved(Image.new("L", (9, 9), 0x77), "PNG")).colors == ("#777777",)


@pytest.mark.parametrize(
    ("image", "blank"),
    [
        (Image.new("RGB", (64, 64), "gray"), True),
        (Image.new("RGBA", (64, 64), (1, 2, 3, 0)), True),
        (Image.new("L", (1, 1)), True),
        (Image.effect_noise((64, 64), 4).convert("RGB"), True),
        (picture(), False),
        (Image.linear_gradient("L"), False),
    ],
    ids=["flat", "invisible", "one pixel", "slight noise", "picture", "gradient"],
)
def test_blank(image: Image.Image, blank: bool) -> None:
    assert inspect(saved(image, "PNG")).blank is blank


@pytest.mark.parametrize("channel", range(3))
@pytest.mark.parametrize(("others", "away", "blank"), [(6, 12, True), (6, 13, False), (5, 99, True), (6, 99, False)])
def test_blank_is_half_a_per_cent_of_other_colors_at_most(channel: int, others: int, away: int, blank: bool) -> None:
    ground = [100, 110, 120]
    image = Image.new("RGB", (32, 32), tuple(ground))
    ground[channel] += away
    for x in range(others):
        image.putpixel((x, 7), tuple(ground))
    assert inspect(saved(image, "PNG")).blank is blank


def test_a_shape_on_transparent_ground_is_not_blank() -> None:
    image = Image.new("RGBA", (64, 64))
    ImageDraw.Draw(image).ellipse((8, 8, 56, 56), fill="black")
    facts = inspect(saved(image, "PNG"))
    assert (facts.blank, facts.colors) == (False, ("#000000",))


def test_distance() -> None:
    assert distance("0" * 16, "f" * 16) == 64
    assert distance("8000000000000001", "8000000000000000") == 1


def test_sixteen_bits_are_scaled_not_cut() -> None:
    """Pillow would turn every sample above 255 white."""
    samples = bytes(value for x in range(64) for value in (x * 4, 0)) * 64
    image = Image.frombytes("I;16B", (64, 64), samples)
    out = io.BytesIO()
    image.save(out, "PNG")
    facts = inspect(out.getvalue())
    assert facts.mode == "I;16"
    assert facts.blank is False
    assert len(facts.colors) == 5


def test_a_picture_looks_the_same_in_any_company() -> None:
    """Many are looked at in one go; none of them may tell."""
    modes = ("RGB", "L", "RGBA", "LA", "P")
    files = [saved(painting(seed, 20 + 7 * seed).convert(modes[seed % 5]), "PNG") for seed in range(25)]
    assert inspect_many(files) == [inspect(data) for data in files]
    assert inspect_many([]) == []
