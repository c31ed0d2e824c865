"""Draw every picture of the scenarios.

``python data/draw.py [folder]`` writes them, byte for byte the same on one version of Pillow.
The committed files are what the scenarios use; run this only to change a picture.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import scenes
from cast import LOOKS
from PIL import ExifTags, Image, TiffImagePlugin
from portraits import Look, portrait

DRAWN_WITH = "13.0.0"  # the Pillow the committed files are from
SIDE = 96  # inside what XEP-0153, 4.6 recommends
SIDES = {"capulet": 64, "nurse": 64, "benvolio": 128, "katherina": 64}
JPEGS = ("tybalt", "vitruvia", "mercutio", "gremio")

HOSTILE_SVG = """<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64">
  <script>document.title = "an avatar ran a script"</script>
  <image xlink:href="http://192.168.1.1/seen.png" width="1" height="1"/>
  <circle cx="32" cy="32" r="30" fill="#6f8f6a" onload="alert('avatar')"/>
  <a xlink:href="javascript:alert('avatar')"><text x="10" y="38">ballads</text></a>
</svg>
"""
LETTER = b"""What's in a name? That which we call a picture
by any other name would look as bare.
"""
ROOM_SVG = """<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">
  <rect width="64" height="64" fill="#1f3b34"/>
  <circle cx="32" cy="22" r="12" fill="#f3efcf"/>
  <path d="M8 64 20 28 32 64zM32 64 44 26 58 64z" fill="#4b8a64"/>
</svg>
"""


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def png(image: Image.Image, **options: object) -> bytes:
    return encoded(image, "PNG", optimize=True, **options)


def small(look: Look, side: int = SIDE) -> bytes:
    """A portrait of few colours, below the 8 KB of XEP-0153, 4.6.1 and the 9400 characters of phones."""
    return png(portrait(look, side).quantize(128))


def cast() -> Iterator[tuple[str, bytes]]:
    for name, look in LOOKS.items():
        side = SIDES.get(name, SIDE)
        if name in JPEGS:
            yield f"{name}.jpg", encoded(portrait(look, side), "JPEG", quality=85)
        else:
            yield f"{name}.png", small(look, side)


def places() -> Iterator[tuple[str, bytes]]:
    for draw in (scenes.balcony, scenes.tomb, scenes.market, scenes.ball, scenes.forest):
        yield f"{draw.__name__}.png", png(draw().reduced(SIDE).quantize(128))
    yield "forest.svg", ROOM_SVG.encode()


def formats() -> Iterator[tuple[str, bytes]]:
    """One picture in several formats and sizes, older pictures, and animations."""
    yield "silvia-192.webp", encoded(portrait(LOOKS["silvia"], 192), "WEBP", quality=80)
    yield "silvia-512.jpg", encoded(portrait(LOOKS["silvia"], 512), "JPEG", quality=80)
    yield "vitruvia-smaller.jpg", encoded(portrait(LOOKS["vitruvia"], SIDE), "JPEG", quality=50)
    yield "proteus-1592.png", small(replace(LOOKS["proteus"], hat=""))
    yield "celia-as-aliena.png", small(replace(LOOKS["celia"], style="bob", hat="", cloth="#8a6f52", collar="cowl"))
    yield "juliet-1590.png", small(replace(LOOKS["juliet"], mood="asleep", extra=""))
    yield "escalus-1580.png", small(replace(LOOKS["escalus"], hat="", hair="#5a3825"))
    yield "escalus-1585.png", small(replace(LOOKS["escalus"], hat=""))
    yield "viola-as-cesario.png", small(replace(LOOKS["viola"], style="short", beard="moustache"))
    tail = [scenes.dog(0, False), scenes.dog(4, True), scenes.dog(7, True), scenes.dog(4, True)]
    yield "crab.gif", moving("GIF", [board.reduced(64).quantize(48) for board in tail])
    yield "feste-juggling.png", moving("PNG", moods("feste", "calm", "merry", "asleep"))
    yield "puck-winking.webp", moving("WEBP", moods("puck", "merry", "calm"))


def moods(name: str, *words: str) -> list[Image.Image]:
    return [portrait(replace(LOOKS[name], mood=word), 64) for word in words]


def moving(form: str, frames: list[Image.Image]) -> bytes:
    return encoded(frames[0], form, save_all=True, append_images=frames[1:], duration=220, loop=0)


def oddities() -> Iterator[tuple[str, bytes]]:
    """Pictures that leak, lie, burst or bite."""
    photo = scenes.shipwreck(320, 240)
    yield "sebastian-gps.jpg", encoded(photo, "JPEG", quality=72, exif=gps_exif())
    lying = scenes.souvenir(LOOKS["valentine"]).transpose(Image.Transpose.ROTATE_90)
    yield "valentine-photo.jpg", encoded(lying, "JPEG", quality=80, exif=gps_exif(orientation=6))
    yield "falstaff-wide.png", png(portrait(LOOKS["falstaff"], 144).resize((144, 60)).quantize(128))
    yield "lucio-huge.png", png(scenes.grained(portrait(LOOKS["lucio"], 320), 10))
    yield "bomb.png", png(Image.new("1", (20_000, 20_000)))
    yield "dot.png", png(Image.new("RGB", (1, 1), "#b23a48"))
    whole = small(LOOKS["yorick"])
    yield "yorick-truncated.png", whole[: len(whole) * 3 // 5]
    yield "letter.png", LETTER
    yield "autolycus.svg", HOSTILE_SVG.encode()


def gps_exif(orientation: int = 1) -> bytes:
    """Camera, time, orientation and the place where the photograph was taken."""

    def degrees(*parts: int) -> tuple[TiffImagePlugin.IFDRational, ...]:
        return tuple(TiffImagePlugin.IFDRational(part) for part in parts)

    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Globe Instruments"
    exif[ExifTags.Base.Model] = "Obscura 1601"
    exif[ExifTags.Base.Orientation] = orientation
    exif[ExifTags.Base.DateTime] = "1601:01:06 20:00:00"
    where = exif.get_ifd(ExifTags.IFD.GPSInfo)
    where[ExifTags.GPS.GPSLatitudeRef], where[ExifTags.GPS.GPSLatitude] = "N", degrees(42, 38, 25)
    where[ExifTags.GPS.GPSLongitudeRef], where[ExifTags.GPS.GPSLongitude] = "E", degrees(18, 6, 30)
    return exif.tobytes()


PARTS: tuple[Callable[[], Iterator[tuple[str, bytes]]], ...] = (cast, places, formats, oddities)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        for name, content in part():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "pictures")
