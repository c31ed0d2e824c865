"""Changes as a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from xavatar.frames.text import clean

from .changes import Change

_DTYPES: Final = {
    "number": "Int64",
    "at": "datetime64[us, UTC]",
    "jid": "string",
    "name": "string",
    "source": "string",
    "resource": "string",
    "what": "string",
    "id_before": "string",
    "sha1_before": "string",
    "id": "string",
    "sha1": "string",
    "mime": "string",
    "nbytes": "Int64",
    "width": "Int64",
    "height": "Int64",
    "note": "string",
}


def frame(changes: Sequence[Change]) -> pd.DataFrame:
    """Return one row per change; `id` is empty where there is no avatar, missing where it is not known."""
    rows = [_row(change) for change in changes]
    return pd.DataFrame({name: pd.Series([row[name] for row in rows], dtype=kind) for name, kind in _DTYPES.items()})


def _row(change: Change) -> dict[str, Any]:
    before, after = change.before, change.after
    return {
        "number": change.number,
        "at": change.at,
        "jid": clean(change.jid),
        "name": clean(change.name),
        "source": change.source.value,
        "resource": clean(change.resource),
        "what": change.what.value,
        "id_before": clean(before.id) if before is not None else None,
        "sha1_before": before.sha1 if before is not None else None,
        "id": clean(after.id),
        "sha1": after.sha1,
        "mime": after.mime,
        "nbytes": after.nbytes,
        "width": after.width,
        "height": after.height,
        "note": change.note or None,
    }
