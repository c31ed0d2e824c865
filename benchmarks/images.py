"""Inspect pictures, beside a bare decoding of the same files by Pillow; write IMAGES.md.

    python -m benchmarks.images [--rounds 50] [--out benchmarks/IMAGES.md]

Both ways take turns on each file in one process and thread; CPU time, medians. The pictures are made here: photo-like
ones of soft shapes and grain, and drawings of flat colours.
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha1
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from xavatar.imaging import inspect, inspect_many
from xavatar.imaging.decode import open_picture
from xavatar.imaging.layout import layout
from xavatar.imaging.limits import Limits
from xavatar.imaging.look import SIDE, looks, sample
from xavatar.imaging.plain_png import plain_png
from xavatar.imaging.reduce import draft, plain
from xavatar.imaging.sniff import sniff

SIDES = (64, 96, 192, 512)
BATCH = 16
HEAD = """\
# Images

Made by `make bench`; do not edit. `xavatar.imaging.inspect_many`, with {batch} pictures at once as in a session, \
beside `PIL.Image.open(...).load()` of the same file: one process, one thread, by turns, medians of {rounds} runs. \
Inspecting decodes too, and besides finds the SHA-1, the file's structure, metadata, two perceptual hashes, dominant \
colours and blankness.

{context}

| picture | side | bytes | bare decode µs | inspect µs | ratio | images/s and core |
|---|--:|--:|--:|--:|--:|--:|
"""
PARTS = """
## Where the time goes

Microseconds of the steps of one inspection, measured one by one. `reduce` brings the picture down to 32 x 32 samples \
in Pillow, weighted by alpha where there is any; `look` draws all the rest from these in numpy, for the whole batch. \
Both hardly depend on the picture, so that they show beside small ones which decode in no time, and not beside others. \
A PNG of nothing but a header, pixels and an end is decoded without being sniffed, walked through or opened.

| picture | side | sniff, SHA-1, layout | open | decode | reduce | look |
|---|--:|--:|--:|--:|--:|--:|
"""


@dataclass(frozen=True, slots=True)
class File:
    """A picture to look at."""

    name: str
    side: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds per run of both ways, and of the parts of ours."""

    file: File
    bare: float
    ours: float
    parts: tuple[float, ...]


def photo(side: int) -> Image.Image:
    """Return what compresses about as a portrait does."""
    random = np.random.default_rng(side)
    y, x = np.mgrid[0:side, 0:side] / side
    light = np.stack([128 + 90 * np.sin(3 * x + 2 * y + hue) + 25 * np.cos(9 * x * y + hue) for hue in range(3)], -1)
    rough = Image.fromarray(random.integers(90, 166, (max(side // 8, 1), max(side // 8, 1), 3), np.uint8))
    texture = np.asarray(rough.resize((side, side), Image.Resampling.BICUBIC), float) - 128
    return Image.fromarray((light + texture + random.normal(0, 2, light.shape)).clip(0, 255).astype(np.uint8))


def drawing(side: int) -> Image.Image:
    """Return flat shapes on a transparent ground."""
    image = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(image)
    draw.ellipse((side * 0.05, side * 0.05, side * 0.95, side * 0.95), fill=(30, 120, 200, 255))
    draw.rectangle((side * 0.3, side * 0.3, side * 0.7, side * 0.7), fill=(240, 240, 90, 255))
    return image


def files() -> Iterator[File]:
    """Yield avatars as clients publish them, and a large one."""
    for side in SIDES:
        yield File("photo, PNG", side, saved(photo(side), "PNG"))
        yield File("photo, PNG with alpha", side, saved(photo(side).convert("RGBA"), "PNG"))
        yield File("photo, PNG of a palette", side, saved(photo(side).quantize(256), "PNG"))
        yield File("drawing, PNG with alpha", side, saved(drawing(side), "PNG"))
        yield File("photo, JPEG", side, saved(photo(side), "JPEG", quality=90))
        yield File("photo, WebP", side, saved(photo(side), "WEBP", quality=80))


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def bare(data: bytes) -> None:
    """Decode and nothing else."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()


def measure(file: File, rounds: int) -> Timing:
    """Let both ways take turns, after a run of each that does not count."""
    assert inspect(file.data).error is None
    bare(file.data)
    batch = [file.data] * BATCH
    runs = [
        (_seconds(bare, file.data), _seconds(inspect_many, batch) / BATCH, *_parts(file.data)) for _ in range(rounds)
    ]
    decoded, inspected, *parts = (median(column) for column in zip(*runs, strict=True))
    return Timing(file, decoded, inspected, tuple(parts))


def _seconds(work: Callable[[Any], object], argument: Any) -> float:
    start = time.thread_time()
    work(argument)
    return time.thread_time() - start


def _parts(data: bytes) -> tuple[float, ...]:
    marks = [time.thread_time()]
    sha1(data).hexdigest()
    marks.append(time.thread_time())
    picture: Image.Image | None = plain_png(data, Limits())
    if picture is not None:
        marks += [marks[-1], time.thread_time()]
    else:
        format = sniff(data) or ""
        structure = layout(data, format)
        marks[-1] = time.thread_time()
        picture = open_picture(data, format, structure)
        marks.append(time.thread_time())
        draft(picture, 2 * SIDE)
        picture.load()
        marks.append(time.thread_time())
    samples = [sample(plain(picture, 2 * SIDE))]
    marks.append(time.thread_time())
    looks(samples * BATCH)
    marks.append(marks[-1] + (time.thread_time() - marks[-1]) / BATCH)
    return tuple(after - before for before, after in pairwise(marks))


def page(timings: list[Timing], rounds: int, others: float) -> str:
    """Return the tables."""
    rows = [
        f"| {each.file.name} | {each.file.side} | {len(each.file.data)} | {each.bare * 1e6:.0f} "
        f"| {each.ours * 1e6:.0f} | {each.ours / each.bare:.2f} | {1 / each.ours:.0f} |\n"
        for each in timings
    ]
    for what, among in (("all of them", SIDES), ("all up to 192", SIDES[:-1])):
        chosen = [each for each in timings if each.file.side in among]
        decoded, inspected = (sum(getattr(each, way) for each in chosen) for way in ("bare", "ours"))
        rows.append(
            f"| **{what}** | | | {decoded * 1e6 / len(chosen):.0f} | {inspected * 1e6 / len(chosen):.0f} "
            f"| **{inspected / decoded:.2f}** | {len(chosen) / inspected:.0f} |\n"
        )
    parts = [
        f"| {each.file.name} | {each.file.side} | {' | '.join(f'{part * 1e6:.0f}' for part in each.parts)} |\n"
        for each in timings
    ]
    return HEAD.format(rounds=rounds, batch=BATCH, context=_context(others)) + "".join(rows) + PARTS + "".join(parts)


def _context(others: float) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("pillow", "numpy"))
    machine = f"{os.cpu_count()} cores, load average {others:.1f} before the first run"
    return f"{datetime.now(UTC).date()}, {machine}, Python {platform.python_version()}, {packages}."


def main() -> None:
    """Measure, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "IMAGES.md")
    arguments = parser.parse_args()
    others = os.getloadavg()[0]
    timings = [measure(file, arguments.rounds) for file in files()]
    arguments.out.write_text(page(timings, arguments.rounds, others))
    print(arguments.out.read_text())


if __name__ == "__main__":
    main()
