"""Frames to and from files, with every dtype and every missing value kept.

Parquet and Arrow hold our types as they are. CSV knows text only, so it is written by one
rule: nothing between two commas is a missing value, and a text that is empty, or that begins
with ``=``, ``+``, ``-``, ``@``, a tab, a line break or a backslash, has a backslash put
before it. The first keeps the empty string apart from nothing, the others keep a spreadsheet
from running a stranger's nickname as a formula.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeAlias

import pandas as pd

from xavatar.errors import FrameError, MissingExtra

from .build import conform
from .schema import BOOLEAN, DTYPES, FLOAT, INTEGER, STRING, TIME

if TYPE_CHECKING:
    import pyarrow as pa

Path: TypeAlias = "str | os.PathLike[str]"

_ESCAPED: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\\")
_TRUTH: Final = {"True": True, "False": False}


def to_csv(table: pd.DataFrame, target: Path | TextIO) -> None:
    """Write a frame as CSV (RFC 4180, UTF-8) that :func:`read_csv` reads back exactly.

    Parameters
    ----------
    table : pandas.DataFrame
        A frame of ours; columns added to it are written as text.
    target : path or text file
        A path may end in ``.gz`` or another suffix pandas compresses by.
    """
    cells = conform(table)
    for name in cells.columns:
        if cells[name].dtype == STRING:
            cells[name] = cells[name].map(_escaped, na_action="ignore")
    # With CR LF as the terminator the csv module quotes a lone one of either, on all Python versions.
    cells.to_csv(target, index=False, lineterminator="\r\n", encoding="utf-8")


def read_csv(source: Path | TextIO) -> pd.DataFrame:
    """Read a CSV that :func:`to_csv` wrote; columns that are not ours come as text.

    Examples
    --------
    >>> from xavatar.frames import read_csv, to_csv
    >>> to_csv(df, folder / "roster.csv")
    >>> read_csv(folder / "roster.csv").equals(df)
    True
    """
    cells = pd.read_csv(source, dtype="string", keep_default_na=False, na_values=[""], encoding="utf-8-sig")
    return conform(pd.DataFrame({name: _parsed(cells[name]) for name in cells.columns}))


def to_arrow(table: pd.DataFrame) -> pa.Table:
    """Return a frame as an Arrow table, which polars, DuckDB and others take without copying.

    Examples
    --------
    >>> from xavatar.frames import to_arrow
    >>> to_arrow(df).schema.field("width_real").type
    DataType(int64)
    """
    pyarrow = _pyarrow()
    types = {
        STRING: pyarrow.string(),
        INTEGER: pyarrow.int64(),
        FLOAT: pyarrow.float64(),
        BOOLEAN: pyarrow.bool_(),
        TIME: pyarrow.timestamp("us", "UTC"),
    }
    cells = conform(table)
    arrays = {
        str(name): pyarrow.array(cells[name], type=types[DTYPES[name]] if name in DTYPES else None, from_pandas=True)
        for name in cells.columns
    }
    return pyarrow.table(arrays)


def from_arrow(arrow: pa.Table) -> pd.DataFrame:
    """Return the frame of an Arrow table that :func:`to_arrow` made, wherever it has been since."""
    pyarrow = _pyarrow()
    mapped: dict[Any, Any] = {
        pyarrow.string(): pd.StringDtype(),
        pyarrow.large_string(): pd.StringDtype(),
        pyarrow.int64(): pd.Int64Dtype(),
        pyarrow.float64(): pd.Float64Dtype(),
        pyarrow.bool_(): pd.BooleanDtype(),
    }
    return conform(arrow.to_pandas(types_mapper=mapped.get, ignore_metadata=True))


def to_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a frame as a Parquet file."""
    arrow = to_arrow(table)
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow, path, compression="zstd")


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a Parquet file that :func:`to_parquet`, or a store's export, wrote.

    Examples
    --------
    >>> from xavatar.frames import read_parquet, to_parquet
    >>> to_parquet(df, folder / "roster.parquet")
    >>> read_parquet(folder / "roster.parquet").equals(df)
    True
    """
    _pyarrow()
    import pyarrow.parquet

    return from_arrow(pyarrow.parquet.read_table(path))


def _escaped(text: str) -> str:
    return f"\\{text}" if not text or text.startswith(_ESCAPED) else text


def _unescaped(text: str) -> str:
    return text.removeprefix("\\")


def _parsed(cells: pd.Series[str]) -> pd.Series[Any]:
    """Return a column of text in the dtype the schema gives its name."""
    dtype = DTYPES.get(str(cells.name), STRING)
    try:
        if dtype == STRING:
            return cells.map(_unescaped, na_action="ignore").astype("string")
        if dtype == TIME:
            return pd.to_datetime(cells, format="ISO8601", utc=True)
        if dtype == BOOLEAN:
            return cells.map(_TRUTH.__getitem__, na_action="ignore").astype("boolean")
        kind: Any = dtype
        parse = int if dtype == INTEGER else float
        return cells.map(parse, na_action="ignore").astype("object").astype(kind)
    except (KeyError, TypeError, ValueError) as error:
        raise FrameError(f"Column {cells.name!r} of the CSV does not hold {dtype} values: {error}") from error


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtra(
            "Arrow and Parquet need pyarrow, which is not installed: pip install 'xavatar[parquet]'. "
            "CSV works without it."
        ) from error
    return pyarrow
