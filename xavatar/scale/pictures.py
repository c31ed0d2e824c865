"""A fleet's pictures, decoded again: each once, wherever and how often it is shown."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import pandas as pd

from xavatar.frames.schema import JOIN, STRING
from xavatar.imaging import inspect_many
from xavatar.model import ImageFacts
from xavatar.store import Exported

from .pieces import Piece

_AT_ONCE: Final = 256
_DTYPES: Final = {"str": STRING, "int": "Int64", "float": "Float64", "bool": "boolean"}
FACTS: Final = {
    field.name: _DTYPES.get(str(field.type).removesuffix(" | None"), STRING) for field in fields(ImageFacts)
}


def shown(piece: Piece) -> pd.DataFrame:
    """Return the hashes of the pictures that were fetched for a piece's snapshots."""
    found = {sha1 for item in piece for sha1 in item.head.export.facts(item.head.id)["sha1"]}
    return pd.DataFrame({"sha1": pd.array(sorted(found), dtype=STRING)})


def distinct(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each hash once, in order; all rows of a hash are here."""
    return rows.drop_duplicates().sort_values("sha1", ignore_index=True)


def inspected(rows: pd.DataFrame, exports: tuple[Exported, ...]) -> pd.DataFrame:
    """Return the facts of pictures whose bytes are in one of the exports, a bounded number at a time."""
    wanted = rows["sha1"].tolist()
    facts: list[ImageFacts] = []
    for begin in range(0, len(wanted), _AT_ONCE):
        data = (_bytes(sha1, exports) for sha1 in wanted[begin : begin + _AT_ONCE])
        facts += inspect_many([each for each in data if each is not None])
    arrays: dict[str, Any] = {}
    for name, dtype in FACTS.items():
        kind: Any = dtype
        arrays[name] = pd.array([_cell(getattr(each, name)) for each in facts], dtype=kind)
    return pd.DataFrame(arrays)


def _bytes(sha1: str, exports: tuple[Exported, ...]) -> bytes | None:
    return next((data for export in exports if (data := export.get(sha1)) is not None), None)


def _cell(value: Any) -> Any:
    return JOIN.join(value) or None if isinstance(value, tuple) else value
