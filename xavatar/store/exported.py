"""What :meth:`Store.export` wrote, read again: whole outcomes, without a database."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pandas as pd

from xavatar.errors import MissingExtra, SnapshotNotFound, StoreError
from xavatar.frames.agreement import is_sha1
from xavatar.frames.interop import from_arrow
from xavatar.frames.schema import NAMES
from xavatar.model import Outcome, Snapshot

from . import rows
from .export import OTHERS, SUFFIXES
from .snapshots import LISTED

_NAMES: Final = tuple(dict.fromkeys((*SUFFIXES.values(), OTHERS)))
_FACTS: Final = ("key", *rows.FACT_FIELDS)


@dataclass(frozen=True)
class Exported:
    """A directory of exported snapshots.

    Parameters
    ----------
    place : str
        A path, or a URI that pyarrow knows, as ``s3://bucket/export``.

    Notes
    -----
    It holds nothing open, so it may travel to other processes. It offers the pictures by their SHA-1,
    as a store does.
    """

    place: str

    @classmethod
    def at(cls, place: Path | str) -> Exported:
        """Return the export there.

        Raises
        ------
        MissingExtra
            pyarrow is not installed.
        StoreError
            There is none.
        """
        text = str(place)
        export = cls(text if "://" in text else str(Path(text).expanduser().absolute()))
        if not export._there("snapshots.parquet"):
            raise StoreError(f"{text} is no export: it has no snapshots.parquet. `xavatar export` writes one.")
        return export

    @cached_property
    def _files(self) -> tuple[Any, str]:
        try:
            fs = importlib.import_module("pyarrow.fs")
        except ImportError as error:
            raise MissingExtra(
                "Reading an export needs pyarrow, which is not installed: pip install 'xavatar[parquet]'."
            ) from error
        if "://" not in self.place:
            return fs.LocalFileSystem(), self.place
        try:
            files, root = fs.FileSystem.from_uri(self.place)
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.place} cannot be read: {error}.") from error
        return files, str(root).rstrip("/")

    def __getstate__(self) -> dict[str, str]:
        return {"place": self.place}

    def _there(self, *place: str) -> bool:
        files, root = self._files
        return bool(files.get_file_info("/".join((root, *place))).is_file)

    def _read(self, *place: str, columns: Iterable[str] | None = None) -> Any:
        parquet = importlib.import_module("pyarrow.parquet")
        files, root = self._files
        try:
            with files.open_input_file("/".join((root, *place))) as opened:
                return parquet.ParquetFile(opened).read(columns=None if columns is None else list(columns))
        except FileNotFoundError as error:
            raise SnapshotNotFound(f"{self.place} has no {'/'.join(place)}: export the snapshot again.") from error
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.place}: {'/'.join(place)} cannot be read: {error}.") from error

    def snapshots(self) -> pd.DataFrame:
        """Return one row per snapshot that is here, as :meth:`Store.snapshots` does."""
        files, root = self._files
        selector = importlib.import_module("pyarrow.fs").FileSelector(f"{root}/outcomes", allow_not_found=True)
        here = {info.base_name for info in files.get_file_info(selector)}
        listed = self._read("snapshots.parquet").to_pandas()
        listed = listed[[_partition(id)[0] in here for id in listed["id"]]]
        dtypes: dict[str, Any] = dict(LISTED)
        typed: pd.DataFrame = listed[list(LISTED)].astype("object").astype(dtypes)
        return typed.reset_index(drop=True)

    def frame(self, id: str) -> pd.DataFrame:
        """Return a snapshot as a frame (see :mod:`xavatar.frames.schema`).

        Raises
        ------
        SnapshotNotFound
        """
        arrow = self._read("descriptors", *_partition(id))
        at = NAMES.index("snapshot")
        return from_arrow(arrow.add_column(at, "snapshot", [[id] * arrow.num_rows]))

    def facts(self, id: str) -> pd.DataFrame:
        """Return what was found in the bytes of a snapshot's pictures, one row each.

        Raises
        ------
        SnapshotNotFound
        """
        return self._read("facts", *_partition(id), columns=rows.FACT_FIELDS).to_pandas()  # type: ignore[no-any-return]

    def outcomes(self, id: str) -> tuple[Outcome, ...]:
        """Return a snapshot's outcomes exactly as they were saved.

        Raises
        ------
        SnapshotNotFound
            It is not here, or an earlier version exported it without them.
        StoreError
            The files do not fit together.
        """
        try:
            return self._outcomes(id)
        except (KeyError, TypeError, ValueError) as error:
            told = f"{type(error).__name__}: {error}"
            raise StoreError(f"{self.place}: snapshot {id} cannot be read ({told}). Export it again.") from error

    def _outcomes(self, id: str) -> tuple[Outcome, ...]:
        beside = self._read("outcomes", *_partition(id), columns=rows.EXTRA)
        names = [name for name in NAMES if name != "snapshot"]
        told = self._read("descriptors", *_partition(id), columns=names)
        cells = {name: told[name].to_pylist() for name in names}
        cells["observed_at"] = [rows.moment(when) for when in cells["observed_at"]]
        cells["snapshot"] = [id] * len(told)
        facts = self._read("facts", *_partition(id), columns=_FACTS)
        columns = [*(beside[name].to_pylist() for name in rows.EXTRA), *(cells[name] for name in NAMES)]
        keys = [facts[name].to_pylist() for name in _FACTS]
        return tuple(rows.outcomes(zip(*columns, strict=True), zip(*keys, strict=True)))

    def load(self, id: str) -> Snapshot:
        """Return a snapshot exactly as it was saved.

        Raises
        ------
        SnapshotNotFound
        """
        listed = self.snapshots()
        found = listed[listed["id"] == id]
        if found.empty:
            raise SnapshotNotFound(f"{self.place} has no snapshot {id!r}. `snapshots()` lists what it has.")
        row = found.iloc[0]
        taken_at = row["taken_at"].to_pydatetime()
        return Snapshot(row["account"], row["scope"], self.outcomes(id), taken_at, bool(row["complete"]), id)

    def get(self, sha1: str) -> bytes | None:
        """Return a picture's bytes, or ``None``; blocked ones were not exported."""
        if not is_sha1(sha1):
            return None
        files, root = self._files
        wanted = [f"{root}/images/{sha1}{suffix}" for suffix in _NAMES]
        found = next((info.path for info in files.get_file_info(wanted) if info.is_file), None)
        if found is None:
            return None
        with files.open_input_file(found) as opened:
            return bytes(opened.read())


def _partition(id: str) -> tuple[str, str]:
    return f"snapshot={quote(id, safe='')}", "part-0.parquet"
