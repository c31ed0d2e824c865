"""A corpus of pictures as strangers send them, made here byte by byte.

``python -m tests.unit.hostile`` inspects every sample under a memory limit and prints the most
it took; the tests run it so, because Pillow's memory is invisible to Python.
"""

from __future__ import annotations

import functools
import io
import json
import resource
import struct
import sys
import time
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageDraw

from xavatar.imaging import Fault, inspect, thumbnail


@dataclass(frozen=True, slots=True)
class Sample:
    """A file and what must come of it."""

    name: str
    data: bytes
    format: str | None
    fault: Fault | None = None
    size: tuple[int, int] | None = None
    frames: int | None = None


def picture(size: tuple[int, int] = (64, 64), mode: str = "RGB", shift: int = 0) -> Image.Image:
    """Return a picture with something to see in it."""
    image = Image.new("RGB", size, (30, 90, 160))
    draw = ImageDraw.Draw(image)
    width, height = size
    draw.ellipse((width // 8 + shift, height // 8, width * 3 // 4 + shift, height * 3 // 4), fill=(240, 200, 60))
    draw.rectangle((width // 2, height // 2, width - 1, height - 1), fill=(200, 40, 40))
    return image.convert(mode)


def saved(image: Image.Image, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def exif(orientation: int | None = None, gps: bool = False, camera: str = "") -> Image.Exif:
    block = Image.Exif()
    if orientation:
        block[ExifTags.Base.Orientation] = orientation
    if camera:
        block[ExifTags.Base.Model] = camera
    if gps:
        block.get_ifd(ExifTags.IFD.GPSInfo).update(
            {
                ExifTags.GPS.GPSLatitudeRef: "N",
                ExifTags.GPS.GPSLatitude: (45.0, 26.0, 0.0),
                ExifTags.GPS.GPSLongitude: (11.0, 0.0, 0.0),
            }
        )
    return block


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, color: int = 0, pixels: bytes | None = None) -> bytes:
    """Return a PNG of these declared dimensions and exactly these pixels and further chunks."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(pixels if pixels is not None else b"\0" * 64, 1))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + body + chunk(b"IEND", b"")


def gif(width: int, height: int, frames: int, frame: tuple[int, int, int, int] = (0, 0, 1, 1)) -> bytes:
    """Return a GIF whose frames say what they like about their place."""
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    one = b"\x21\xf9\x04\0\x05\0\0\0" + b"\x2c" + struct.pack("<HHHHB", *frame, 0) + b"\x02\x02\x44\x01\0"
    return head + one * frames + b"\x3b"


def jpeg_declaring(width: int, height: int) -> bytes:
    """Return a JPEG whose frame header lies."""
    data = bytearray(saved(picture(), "JPEG"))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def many_scans(count: int) -> bytes:
    """Return a progressive JPEG that repeats its last scan."""
    data = saved(picture(), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    return data[:start] + data[start:-2] * count + data[-2:]


def app1_jpeg(block: bytes) -> bytes:
    data = saved(picture(), "JPEG")
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]


def webp_declaring(width: int, height: int) -> bytes:
    vp8x = struct.pack("<II", 0, 0)[:4] + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + vp8x + b"VP8 " + struct.pack("<I", 0)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def looping_tiff() -> bytes:
    """Return a TIFF whose EXIF, GPS and next directories are all the first one."""
    entries = struct.pack("<HHII", 0x8769, 4, 1, 8) + struct.pack("<HHII", 0x8825, 4, 1, 8)
    return b"II*\0" + struct.pack("<IH", 8, 2) + entries + struct.pack("<I", 8)


def many_pages(count: int) -> bytes:
    """Return a TIFF of empty directories, each naming the next."""
    pages = np.zeros(count, [("entries", "<u2"), ("next", "<u4")])
    pages["next"] = 8 + 6 * np.arange(1, count + 1)
    return b"II*\0" + struct.pack("<I", 8) + pages.tobytes()


HTML = b"<!DOCTYPE html><html><body><svg></svg><script>alert(1)</script></body></html>"
SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@functools.cache
def corpus() -> tuple[Sample, ...]:
    """Return all samples; made once, some take a while."""
    good = saved(picture(), "PNG")
    palette = picture(mode="P")
    movie = [picture(shift=shift) for shift in (0, 4, 8)]
    more: dict[str, Any] = {"save_all": True, "append_images": movie[1:], "duration": 50}
    animated_gif = saved(movie[0], "GIF", **more)
    animated_webp = saved(movie[0], "WEBP", **more)
    animated_png = saved(movie[0], "PNG", **more)
    jpeg = saved(picture(), "JPEG")
    avif = saved(picture(), "AVIF")
    broken_crc = bytearray(good)
    broken_crc[broken_crc.index(b"IDAT") + 10] ^= 0xFF
    return (
        Sample("nothing", b"", None, Fault.EMPTY),
        Sample("one byte", b"\x89", None, Fault.UNRECOGNISED),
        Sample("text", b"BMW rules, said the GIF", None, Fault.UNRECOGNISED),
        Sample("html named png", HTML, None, Fault.UNRECOGNISED),
        Sample("wave file", b"RIFF\x24\0\0\0WAVEfmt ", None, Fault.UNRECOGNISED),
        Sample("gzip", zlib.compress(SCRIPT), None, Fault.UNRECOGNISED),
        Sample("svg with script", SCRIPT, "svg", Fault.SVG),
        Sample(
            "svg in disguise",
            b"\xef\xbb\xbf \n<?xml version='1.0'?><!-- <html> --><!DOCTYPE svg [<!ENTITY a 'b>'>]>\n"
            b"<x:svg xmlns:x='y'/>",
            "svg",
            Fault.SVG,
        ),
        Sample("svg in utf-16", SCRIPT.decode().encode("utf-16"), "svg", Fault.SVG),
        Sample(
            "billion laughs",
            b"<!DOCTYPE svg [" + b"<!ENTITY a '&b;&b;'>" * 1000 + b"]><svg>&a;</svg>",
            "svg",
            Fault.SVG,
        ),
        # whole pictures of every kind
        Sample("png", good, "png", size=(64, 64), frames=1),
        Sample("one pixel", saved(picture((1, 1)), "PNG"), "png", size=(1, 1)),
        Sample("very wide", saved(picture((65535, 1)), "PNG"), "png", size=(65535, 1)),
        Sample("very tall", saved(picture((1, 65535)), "PNG"), "png", size=(1, 65535)),
        Sample("at the limit", png(5000, 5000, depth=1, pixels=b"\0" * 626 * 5000), "png", size=(5000, 5000)),
        Sample(
            "16 bit gray",
            png(64, 2, depth=16, pixels=(b"\0" + b"\x40\0" * 32 + b"\xc0\0" * 32) * 2),
            "png",
            size=(64, 2),
        ),
        Sample("16 bit rgb", png(2, 2, depth=16, color=2, pixels=(b"\0" + b"\xff\x00" * 6) * 2), "png", size=(2, 2)),
        Sample("black and white", saved(picture(mode="1"), "PNG"), "png"),
        Sample("gray with alpha", saved(picture(mode="LA"), "PNG"), "png"),
        Sample("transparent palette", saved(palette, "PNG", transparency=bytes(range(0, 256, 2))), "png"),
        Sample("transparent color", saved(picture(), "PNG", transparency=(30, 90, 160)), "png"),
        Sample("invisible", saved(Image.new("RGBA", (64, 64), (255, 0, 0, 0)), "PNG"), "png"),
        Sample("jpeg", jpeg, "jpeg", size=(64, 64), frames=1),
        Sample("cmyk jpeg", saved(picture(mode="CMYK"), "JPEG"), "jpeg", size=(64, 64)),
        Sample(
            "large progressive jpeg", saved(picture((2000, 1500)), "JPEG", progressive=True), "jpeg", size=(2000, 1500)
        ),
        Sample("gif", saved(palette, "GIF"), "gif", size=(64, 64), frames=1),
        Sample("bmp", saved(picture(), "BMP"), "bmp", size=(64, 64)),
        Sample("tiff", saved(picture(), "TIFF"), "tiff", size=(64, 64)),
        Sample("float tiff", saved(picture(mode="F"), "TIFF"), "tiff", size=(64, 64)),
        Sample("webp", saved(picture(), "WEBP"), "webp", size=(64, 64), frames=1),
        Sample("avif", avif, "avif", size=(64, 64), frames=1),
        Sample("animated gif", animated_gif, "gif", size=(64, 64), frames=3),
        Sample("animated webp", animated_webp, "webp", size=(64, 64), frames=3),
        Sample("apng", animated_png, "apng", size=(64, 64), frames=3),
        Sample("animated avif", saved(movie[0], "AVIF", **more), "avif", size=(64, 64), frames=3),
        # metadata
        Sample("gps", saved(picture(), "JPEG", exif=exif(6, gps=True)), "jpeg"),
        Sample("png exif", saved(picture(), "PNG", exif=exif(3, camera="Cam")), "png"),
        Sample("webp exif", saved(picture(), "WEBP", exif=exif(gps=True)), "webp"),
        Sample("broken exif", app1_jpeg(b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\xff" * 30), "jpeg"),
        Sample("looping exif", app1_jpeg(b"Exif\0\0" + looping_tiff()), "jpeg"),
        Sample("exif of nothing", app1_jpeg(b"Exif\0\0"), "jpeg"),
        # damage
        Sample("half a png", good[: len(good) // 2], "png", Fault.TRUNCATED),
        Sample("png header only", good[:33], "png", Fault.TRUNCATED),
        Sample("png signature only", good[:8], "png", Fault.TRUNCATED),
        Sample("png without end", good[:-12], "png", Fault.TRUNCATED),
        Sample("png with a wrong checksum", bytes(broken_crc), "png", Fault.CORRUPT),
        # Pillow leaves the missing rows black, as browsers do.
        Sample("png promising more rows", png(64, 64, pixels=b"\0" * 65), "png", size=(64, 64)),
        Sample("half a jpeg", jpeg[: len(jpeg) // 2], "jpeg", Fault.TRUNCATED),
        Sample("jpeg marker only", jpeg[:4], "jpeg", Fault.TRUNCATED),
        Sample("half a gif", animated_gif[: len(animated_gif) // 2], "gif", Fault.TRUNCATED),
        Sample("half a webp", animated_webp[: len(animated_webp) // 2], "webp", Fault.TRUNCATED),
        Sample("half an avif", avif[: len(avif) // 2], "avif", Fault.TRUNCATED),
        Sample("gif without a picture", gif(8, 8, 0), "gif", Fault.CORRUPT),
        Sample("tiff without end", looping_tiff(), "tiff", Fault.CORRUPT),
        Sample("half a bmp", saved(picture(), "BMP")[:400], "bmp", Fault.TRUNCATED),
        # bombs
        Sample("png bomb", png(12000, 12000, depth=1, pixels=b"\0" * 1501 * 12000), "png", Fault.PIXELS),
        Sample("png of lies", png(2**31 - 1, 2**31 - 1), "png", Fault.PIXELS),
        Sample("png without area", png(0, 0), "png", Fault.CORRUPT),
        Sample(
            "text bomb",
            png(8, 8, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 50_000_000, 1))),
            "png",
            Fault.CORRUPT,
        ),
        Sample("jpeg of lies", jpeg_declaring(65500, 65500), "jpeg", Fault.PIXELS),
        Sample("jpeg of many scans", many_scans(5000), "jpeg", Fault.SCANS),
        Sample("gif of lies", gif(65535, 65535, 1), "gif", Fault.PIXELS),
        Sample("gif beyond its screen", gif(1, 1, 1, (60000, 60000, 5000, 5000)), "gif", Fault.PIXELS),
        Sample("gif of 10 000 frames", gif(8, 8, 10_000), "gif", Fault.FRAMES, frames=10_000),
        Sample("webp of lies", webp_declaring(16_777_216, 16_777_216), "webp", Fault.PIXELS),
        Sample("apng of no frames", png(8, 8, chunk(b"acTL", b"\0" * 8), pixels=b"\0" * 72), "apng"),
        Sample("apng of lies", png(8, 8, chunk(b"acTL", b"\x7f" * 8), pixels=b"\0" * 72), "apng", frames=1),
        Sample("tiff of many pages", many_pages(200_000), "tiff", Fault.CORRUPT, frames=10_000),
        Sample(
            "bmp of lies",
            b"BM" + struct.pack("<IHHIIiiHHIIIIII", 99, 0, 0, 54, 40, 2**30, 2**30, 1, 24, 0, 0, 0, 0, 0, 0),
            "bmp",
            Fault.PIXELS,
        ),
        Sample("far too large a file", good + b"\0" * (17 << 20), "png", Fault.BYTES),
        # polyglots
        Sample("png and html", good + HTML, "png", Fault.TRAILING, size=(64, 64)),
        Sample("jpeg and zip", jpeg + b"PK\x03\x04zip", "jpeg", Fault.TRAILING, size=(64, 64)),
        Sample("gif and script", animated_gif + b";alert(1)", "gif", Fault.TRAILING, size=(64, 64), frames=3),
        Sample("webp and html", animated_webp + HTML, "webp", Fault.TRAILING, frames=3),
        Sample("avif and html", avif + b"<!--" + HTML, "avif", Fault.TRAILING),
        Sample("padded jpeg", jpeg + b"\0\0\r\n", "jpeg", size=(64, 64)),
    )


def main() -> None:
    """Inspect and shrink all samples; print the most memory and time one took."""
    samples = corpus()
    inspect(samples[10].data)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    taken: dict[str, float] = {}
    for sample in samples:
        started = time.perf_counter()
        inspect(sample.data)
        thumbnail(sample.data)
        taken[sample.name] = time.perf_counter() - started
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    slowest = max(taken, key=taken.__getitem__)
    json.dump({"grown_mib": grown / 1024, "slowest": slowest, "seconds": taken[slowest]}, sys.stdout)


if __name__ == "__main__":
    main()
