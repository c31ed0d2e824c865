"""A table with faces in a notebook: static, escaped, and never larger than a budget."""

from __future__ import annotations

import base64
from collections.abc import Container, Iterator
from html import escape
from typing import Any, Final

import pandas as pd

from xavatar.model import Source

from .people import people
from .problems import problems
from .text import clean, plain_rows
from .thumbnails import Tile, tiles

_READ: Final = (*(source.value for source in Source), "mime_real", "nbytes_real", "width_real", "height_real")
_HEAD: Final = ("", "Who", "Verdict", "PEP", "vCard", "Presence", "Picture", "Observed")
_LONG: Final = 200
_CELL: Final = "padding:4px 10px 4px 0;text-align:left;vertical-align:middle;border-bottom:1px solid #8884"
_TEXT: Final = "unicode-bidi:isolate;overflow-wrap:anywhere"


class FaceTable:
    """One line per subject: the picture, who it is, the verdict, each source, what the picture is, what stands out.

    Parameters
    ----------
    table : pandas.DataFrame
        A frame of ours.
    size : int
        Longest side of a picture in pixels; smaller ones are not scaled up (P84-21).
    limit : int
        At most so many lines.
    budget : int
        At most so many characters of HTML, so that a notebook stays small.
    """

    def __init__(self, table: pd.DataFrame, size: int = 32, limit: int = 200, budget: int = 300_000) -> None:
        self._table = table
        self._people = people(table)
        self._size = size
        self._limit = limit
        self._budget = budget

    def _repr_html_(self) -> str:
        lines, spent = [], 0
        for line in self._lines():
            spent += len(line)
            if spent > self._budget:
                break
            lines.append(line)
        head = "".join(f'<th scope="col" style="{_CELL};background:none">{name}</th>' for name in _HEAD)
        caption = f"showing {len(lines)} of {len(self._people)}"
        return (
            '<div style="font:13px/1.35 system-ui,sans-serif;color:inherit;overflow-x:auto">'
            f'<table style="border-collapse:collapse;background:none;font:inherit"><thead><tr>{head}</tr></thead>'
            f'<tbody>{"".join(lines)}</tbody></table><div style="opacity:.65;font-size:11px">{caption}</div></div>'
        )

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, Any]:
        bundle = {"text/plain": repr(self), "text/html": self._repr_html_()}
        return {
            mime: value
            for mime, value in bundle.items()
            if (not include or mime in include) and not (exclude and mime in exclude)
        }

    def __repr__(self) -> str:
        return f"<FaceTable of {len(self._people)}>"

    def _lines(self) -> Iterator[str]:
        shown = self._people.head(self._limit)
        observed: dict[str, list[str]] = {}
        rows = self._table[self._table["jid"].isin(shown["jid"])]
        for jid, problem in plain_rows(problems(rows), ("jid", "problem")):
            if (words := _cut(problem)) not in observed.setdefault(jid, []):
                observed[jid].append(words)
        for tile, cells in zip(tiles(shown, self._size), plain_rows(shown, _READ), strict=True):
            yield _line(tile, cells, "; ".join(observed.get(tile.jid, ())))


def _line(tile: Tile, cells: tuple[Any, ...], observed: str) -> str:
    *answers, mime, nbytes, width, height = cells
    who = f'<b style="{_TEXT}">{escape(_cut(tile.label))}</b>'
    if tile.jid != tile.label:
        who += f'<br><span style="{_TEXT};opacity:.65">{escape(_cut(tile.jid))}</span>'
    facts = ", ".join(
        part
        for part in (
            (mime or "").removeprefix("image/").upper(),
            f"{width} × {height}" if width and height else "",
            f"{nbytes:,} bytes" if nbytes else "",
            "animated" if tile.animated else "",
        )
        if part
    )
    texts = [who, tile.verdict, *((answer or "").replace("_", " ") for answer in answers), facts, escape(observed)]
    return f"<tr>{_cell(_image(tile))}{''.join(map(_cell, texts))}</tr>"


def _image(tile: Tile) -> str:
    label = escape(_cut(tile.label))
    alt = f"avatar of {label}" if tile.shown else f"no avatar of {label} to show"
    kind = "webp" if tile.image[8:12] == b"WEBP" else "png"
    source = f"data:image/{kind};base64,{base64.b64encode(tile.image).decode('ascii')}"
    return f'<img src="{source}" alt="{alt}" style="display:block;border-radius:4px;margin:0;max-width:none">'


def _cell(content: str) -> str:
    return f'<td style="{_CELL}">{content}</td>'


def _cut(text: str) -> str:
    whole = clean(text) or ""
    return whole if len(whole) <= _LONG else f"{whole[: _LONG - 1]}…"
