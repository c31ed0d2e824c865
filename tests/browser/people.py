"""Frames and pictures for widgets, without a server."""

from __future__ import annotations

import hashlib
import io

import pandas as pd
from PIL import Image, ImageDraw

from xavatar.frames import frame
from xavatar.imaging import inspect
from xavatar.model import Descriptor, Outcome, Reading, Source, Status, Subject

NAMES = ("Juliet", "Romeo", "Mercutio", "Nurse", "Tybalt", "Rosaline", "Paris", "Benvolio")
EVIL = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
TURNED = "\u202eevil\u2066name"


def picture(seed: int, width: int = 96, height: int | None = None) -> bytes:
    """Return a picture of its own; a square when no height is given."""
    size = width, height or width
    digest = hashlib.sha1(str(seed).encode()).digest()
    image = Image.new("RGB", size, tuple(digest[:3]))
    box = [side * eighths // 8 for eighths in (1, 7) for side in size]
    ImageDraw.Draw(image).ellipse(box, fill=tuple(digest[3:6]))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def name(number: int) -> str:
    """Return what somebody is called."""
    return f"{NAMES[number % len(NAMES)]} {number:04d}"


def crowd(many: int, side: int = 96, bare_each: int = 10) -> tuple[pd.DataFrame, dict[str, bytes]]:
    """Return a frame of so many contacts and their pictures by SHA-1; each tenth has none."""
    outcomes, pictures = [], {}
    for number in range(many):
        subject = Subject(
            f"user{number}@{('verona', 'mantua')[number % 2]}.lit", name=name(number), groups=(NAMES[number % 3],)
        )
        if number % bare_each == bare_each - 1:
            outcomes.append(Outcome(subject, Source.PEP, Status.NOT_FOUND))
            continue
        data = picture(number, side)
        facts = inspect(data)
        pictures[facts.sha1] = data
        declared = Descriptor(id=facts.sha1, mime="image/png", nbytes=len(data))
        outcomes.append(Outcome(subject, Source.PEP, Status.OK, readings=(Reading(declared, facts, Status.OK),)))
    return frame(outcomes), pictures


def one(number: int, data: bytes, called: str | None = None) -> tuple[Outcome, tuple[str, bytes]]:
    """Return one contact with this picture, and the picture by its SHA-1."""
    facts = inspect(data)
    declared = Descriptor(id=facts.sha1, mime="image/png", nbytes=len(data))
    subject = Subject(f"user{number}@{('verona', 'mantua')[number % 2]}.lit", name=called or None)
    return (
        Outcome(subject, Source.PEP, Status.OK, readings=(Reading(declared, facts, Status.OK),)),
        (facts.sha1, data),
    )
