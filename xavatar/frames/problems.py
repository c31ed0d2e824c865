"""What stands out in a frame, one row per observation; the audit's rules judge, this only lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from xavatar.model import Source, Status

from .schema import JOIN
from .text import person_label, plain_rows

_COLUMNS: Final = ("jid", "name", "source", "resource", "problem")
_READ: Final = (
    "jid",
    "nick",
    "name",
    "source",
    "resource",
    "status",
    "condition",
    "id",
    "image_status",
    "image_condition",
    "image_error",
    "has_gps",
    "id_is_sha1",
    "hash_ok",
    "agrees",
    "problems",
)
_UNREMARKABLE: Final = frozenset(
    {Status.OK, Status.DISABLED, Status.EMPTY, Status.NOT_FOUND, Status.UNSUPPORTED, Status.SKIPPED}
)


def problems(table: pd.DataFrame) -> pd.DataFrame:
    """Return what is wrong with whom: columns jid, name, source, resource, problem."""
    found = [
        (
            cells["jid"],
            person_label(cells["name"], cells["nick"], cells["jid"]),
            cells["source"],
            cells["resource"],
            what,
        )
        for row in plain_rows(table, _READ)
        for cells in (dict(zip(_READ, row, strict=True)),)
        for what in _problems_of(cells)
    ]
    return pd.DataFrame(found, columns=list(_COLUMNS)).astype("string")


def _problems_of(row: dict[str, Any]) -> Iterator[str]:
    if row["status"] not in _UNREMARKABLE and row["source"] != Source.PRESENCE:
        yield _told(row["status"].replace("_", " "), row["condition"])
    if row["image_status"] not in (None, Status.OK, Status.SKIPPED):
        yield _told(f"image {row['image_status'].replace('_', ' ')}", row["image_condition"])
    if row["image_error"]:
        yield f"image error: {row['image_error']}"
    if row["id_is_sha1"] is False:
        yield f"id is no SHA-1: {row['id']}"
    elif row["hash_ok"] is False:
        yield "image is not the one the id promises"
    if row["agrees"] is False:
        yield "sources disagree"
    if row["has_gps"]:
        yield "image tells a position"
    if row["problems"]:
        yield from row["problems"].split(JOIN)


def _told(what: str, condition: str | None) -> str:
    return f"{what}: {condition}" if condition and condition != what.rpartition("image ")[2] else what
