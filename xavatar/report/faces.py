"""Pictures in a report: our own small copies, as data URIs, within a budget."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from xavatar.audit.text import clean
from xavatar.frames.images import lookup
from xavatar.imaging import color, thumbnail
from xavatar.imaging.placeholder import first_grapheme

from .rows import Contact

_BUDGET = 1_800_000  # beside the words about two thousand contacts this keeps a report below 5 MB
_SIZES = ((300, 72), (1000, 48))
_SMALLEST = 36


@dataclass(frozen=True, slots=True)
class Face:
    """A contact's picture, or what stands for it.

    Parameters
    ----------
    contact : Contact
    uri : str, optional
        ``data:`` URI of a re-encoded copy.
    color, letter : str
        Of the placeholder (XEP-0392).
    """

    contact: Contact
    uri: str | None
    color: str
    letter: str


@dataclass(frozen=True, slots=True)
class Wall:
    """All faces.

    Parameters
    ----------
    faces : sequence of Face
    size : int
        Longest side in pixels.
    left_out : int
        Pictures at hand that did not fit into the budget.
    """

    faces: Sequence[Face]
    size: int
    left_out: int


def wall(contacts: Sequence[Contact], *, budget: int = _BUDGET) -> Wall:
    """Draw everybody, smaller when they are many.

    Parameters
    ----------
    contacts : sequence of Contact
    budget : int
        Characters that all pictures together may take.
    """
    side = next((side for most, side in _SIZES if len(contacts) <= most), _SMALLEST)
    uris: dict[str, str | None] = {}
    faces, spent, left_out = [], 0, 0
    for contact in contacts:
        if contact.sha1 is not None and contact.sha1 not in uris:
            uris[contact.sha1] = uri(contact.sha1, side)
        small = uris.get(contact.sha1) if contact.sha1 else None
        if small is not None and spent + len(small) > budget:
            small, left_out = None, left_out + 1
        spent += len(small or "")
        letter = first_grapheme(clean(contact.label).replace("\ufffd", "")) or "?"
        faces.append(Face(contact, small, color(contact.key), letter))
    return Wall(faces, side, left_out)


def uri(sha1: str, side: int) -> str | None:
    """Return a small copy of a picture as a ``data:`` URI, when its bytes are at hand and decode."""
    data = lookup(sha1)
    small = thumbnail(data, side, format="webp") if data else None
    return f"data:image/webp;base64,{base64.b64encode(small).decode('ascii')}" if small else None
