"""Text in table cells, going in and coming out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd


def is_plain(text: str) -> bool:
    """Tell whether text is of the usual kind that needs no look at its code points."""
    return text.isascii() and "\0" not in text


def clean(text: str | None) -> str | None:
    """Return text that any writer can write: lone surrogates and NUL become U+FFFD."""
    if text is None or is_plain(text):
        return text
    text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def plain_rows(table: pd.DataFrame, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield rows of these columns as tuples of plain Python values, ``None`` for what is missing."""
    # pandas-stubs know no None there, which pandas documents.
    columns = [table[name].to_numpy(dtype=object, na_value=None).tolist() for name in names]  # type: ignore[call-overload]
    return zip(*columns, strict=True)


def person_label(name: str | None, nick: str | None, jid: str) -> str:
    """Return what to call somebody: the roster's name, the nickname, or else the JID."""
    return (name or "").strip() or (nick or "").strip() or jid
