"""Faces in a notebook: static HTML that any front end shows, offline, saved or untrusted."""

from __future__ import annotations

import base64
import io
from collections.abc import Container, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, Final, Literal

import pandas as pd
from PIL import Image

from xavatar.imaging import placeholder, thumbnail
from xavatar.model import Kind

from .images import lookup
from .people import Verdict, people
from .text import person_label, plain_rows

_DOTS: Final = {
    Verdict.DIVERGES: "#d97706",
    Verdict.BROKEN: "#dc2626",
    Verdict.ANNOUNCED: "#d97706",
    Verdict.UNREACHABLE: "#d97706",
}
_QUIET: Final = "opacity:.65;font-size:11px"


@dataclass(frozen=True, slots=True)
class Tile:
    """One subject on a wall of faces.

    Parameters
    ----------
    jid, label : str
        Whom it shows, and what to call them.
    verdict : Verdict
    image : bytes
        Encoded by us.
    shown : bool
        Whether `image` is theirs; otherwise a placeholder.
    animated : bool
        Only the first picture is shown.
    """

    jid: str
    label: str
    verdict: Verdict
    image: bytes
    shown: bool
    animated: bool


def tiles(folded: pd.DataFrame, size: int, format: Literal["png", "webp"] = "webp") -> Iterator[Tile]:
    """Yield a tile for each row of a folded frame."""
    columns = ("jid", "kind", "nick", "name", "verdict", "sha1", "frames")
    for jid, kind, nick, name, verdict, sha1, frames in plain_rows(folded, columns):
        label = person_label(name, nick, jid)
        data = lookup(sha1) if sha1 else None
        image = thumbnail(data, size, format=format) if data else None
        # Rooms may hide the JID; XEP-0392 then takes the nickname.
        key = nick if kind == Kind.OCCUPANT and nick else jid
        yield Tile(
            jid,
            label,
            Verdict(verdict),
            image or placeholder(label, key=key, size=size),
            image is not None,
            (frames or 1) > 1,
        )


class Thumbnails:
    """Pictures of the shown subjects, drawn when displayed.

    Parameters
    ----------
    table : pandas.DataFrame
        A frame of ours.
    size : int
        Longest side in pixels; smaller pictures are not scaled up (P84-21).
    limit : int
        At most so many are drawn, so that a notebook stays small.
    """

    def __init__(self, table: pd.DataFrame, size: int = 64, limit: int = 200) -> None:
        self._people = people(table)
        self._size = size
        self._limit = limit

    @property
    def caption(self) -> str:
        """How many are shown of how many."""
        total = len(self._people)
        return f"showing {min(total, self._limit)} of {total}"

    def _repr_html_(self) -> str:
        faces = "".join(_figure(tile, self._size) for tile in tiles(self._people.head(self._limit), self._size))
        return (
            '<div style="font:13px/1.35 system-ui,sans-serif;color:inherit">'
            '<div role="list" aria-label="Avatars" style="display:flex;flex-wrap:wrap;gap:12px 8px;padding:4px 0">'
            f'{faces}</div><div style="{_QUIET}">{self.caption}</div></div>'
        )

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, Any]:
        bundle = {"text/plain": str(self), "text/html": self._repr_html_()}
        return {
            mime: value
            for mime, value in bundle.items()
            if (not include or mime in include) and not (exclude and mime in exclude)
        }

    def __repr__(self) -> str:
        return f"<Thumbnails: {self.caption}>"

    def __str__(self) -> str:
        rows = plain_rows(self._people.head(self._limit), ("jid", "verdict", "mime_real", "width_real", "height_real"))
        lines = [
            f"{jid}  {verdict}" + (f"  {mime} {width}x{height}" if mime else "")
            for jid, verdict, mime, width, height in rows
        ]
        return "\n".join([*lines, self.caption])


def _figure(tile: Tile, size: int) -> str:
    """Return one tile; everything that came from outside is escaped, only our own picture is markup."""
    label, jid = escape(tile.label), escape(tile.jid)
    alt = f"avatar of {label}" if tile.shown else f"no avatar of {label} to show: {tile.verdict}"
    with Image.open(io.BytesIO(tile.image)) as picture:
        width, height = picture.size
        mime = picture.get_format_mimetype()
    source = f"data:{mime};base64,{base64.b64encode(tile.image).decode('ascii')}"
    moves = ' <span role="img" aria-label="animated" title="animated">▶</span>' if tile.animated else ""
    dot = _DOTS.get(tile.verdict)
    mark = f'<span style="color:{dot}" aria-hidden="true">● </span>' if dot else ""
    text = "overflow:hidden;text-overflow:ellipsis;white-space:nowrap;unicode-bidi:isolate"
    return (
        f'<figure role="listitem" title="{jid}" style="margin:0;width:{size + 40}px;text-align:center">'
        f'<div style="height:{size}px;display:flex;align-items:center;justify-content:center">'
        f'<img src="{source}" alt="{alt}" width="{width}" height="{height}" style="border-radius:6px;margin:0"></div>'
        f'<figcaption style="margin-top:4px"><div style="{text}">{label}</div>'
        f'<div style="{text};{_QUIET}">{mark}{tile.verdict}{moves}</div></figcaption></figure>'
    )
