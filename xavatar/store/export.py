"""The store as Parquet, one partition per snapshot, with the images as files beside.

::

    snapshots.parquet
    descriptors/snapshot=<id>/part-0.parquet    the frame
    outcomes/snapshot=<id>/part-0.parquet       beside each of its rows what no column of it holds
    facts/snapshot=<id>/part-0.parquet          all that was found in the bytes
    findings/snapshot=<id>/part-0.parquet       of those that were judged
    images/<sha1>.<suffix>

The partitions are named as Hive names them: pandas, DuckDB, Dask and
:func:`xavatar.frames.read_parquet` read a folder at once and find ``snapshot`` as a column.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pandas as pd

from xavatar.errors import MissingExtra
from xavatar.frames.agreement import is_sha1
from xavatar.frames.interop import to_arrow
from xavatar.frames.schema import STRING
from xavatar.imaging.sniff import sniff

from . import images, rows, schema, snapshots
from .database import Database

# The bytes decide, and what a browser would run rather than show gets no name that invites it.
SUFFIXES: Final = {
    "png": ".png", "apng": ".png", "gif": ".gif", "jpeg": ".jpg", "webp": ".webp", "avif": ".avif", "bmp": ".bmp",
    "tiff": ".tiff",
}  # fmt: skip
OTHERS: Final = ".bin"
_DTYPES: Final = {"TEXT": STRING, "INTEGER": "Int64", "REAL": "Float64"}
_SHOWN: Final = "SELECT DISTINCT sha1 FROM descriptors WHERE snapshot = ? AND sha1 IS NOT NULL"
_BESIDE: Final = f"SELECT {', '.join(rows.EXTRA)} FROM descriptors WHERE snapshot = ? ORDER BY row"
_FACTS: Final = (
    f"SELECT key, {', '.join(rows.FACT_FIELDS)} FROM facts "
    "WHERE key IN (SELECT facts FROM descriptors WHERE snapshot = ?) ORDER BY sha1, key"
)


def export(db: Database, directory: Path, chosen: Iterable[str] | None = None) -> None:
    """Write snapshots below a directory; each file appears whole or not at all."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtra(
            "An export needs pyarrow, which is not installed: pip install 'xavatar[parquet]'."
        ) from error

    def write(table: Any, *place: str) -> None:
        target = directory.joinpath(*place)
        arrow = pa.Table.from_pandas(table, preserve_index=False) if isinstance(table, pd.DataFrame) else table
        _replace(target, lambda path: parquet.write_table(arrow, path, compression="zstd"))

    listed = snapshots.listed(db)
    kinds = pa.schema(zip(rows.EXTRA, (pa.int64(), pa.string(), pa.binary()), strict=True))
    for key in list(listed["id"]) if chosen is None else list(chosen):
        partition = (f"snapshot={quote(key, safe='')}", "part-0.parquet")
        write(to_arrow(snapshots.frame(db, key)).drop_columns(["snapshot"]), "descriptors", *partition)
        beside = db.read(_BESIDE, (key,))
        write(pa.table([[row[at] for row in beside] for at in range(len(kinds))], schema=kinds), "outcomes", *partition)
        write(_facts(db, key), "facts", *partition)
        findings = snapshots.findings(db, key)
        if findings is not None:
            cells = [rows.finding_cells(finding) for finding in findings]
            write(pd.DataFrame(cells, columns=list(rows.FINDING_FIELDS)).astype(STRING), "findings", *partition)
        for (sha1,) in db.read(_SHOWN, (key,)):
            _image(db, directory / "images", sha1)
    write(listed, "snapshots.parquet")


def _facts(db: Database, key: str) -> pd.DataFrame:
    cells = db.read(_FACTS, (key,))
    columns: dict[str, Any] = {}
    for index, (name, kind) in enumerate({"key": "TEXT", **schema.FACTS.columns}.items()):
        values = [row[index] for row in cells]
        dtype: Any = "boolean" if name in rows.TRUTHS else _DTYPES[kind]
        columns[name] = pd.array(
            [rows.truth(value) for value in values] if name in rows.TRUTHS else values, dtype=dtype
        )
    return pd.DataFrame(columns)


def _image(db: Database, folder: Path, sha1: str) -> None:
    data = images.get(db, sha1) if is_sha1(sha1) else None
    if data is None:
        return
    target = folder / f"{sha1}{SUFFIXES.get(sniff(data) or '', OTHERS)}"
    if not target.exists():
        _replace(target, lambda path: path.write_bytes(data))


def _replace(target: Path, write: Callable[[Path], object]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # A name with a dot in front: readers of a folder pass over it.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        write(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
