"""A fleet: the snapshots of many exports, and what is asked of them together."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from xavatar.audit import Audit, duplicates
from xavatar.audit.duplicates import APART, CONFIRM, MANY, NEAR, SHADE, Bounds
from xavatar.errors import ConfigError, MissingExtra
from xavatar.frames import frame
from xavatar.store import Exported

from . import company, counting, pictures, pieces
from .pieces import Head, Item, Piece

if TYPE_CHECKING:
    import dask.dataframe as dd

ROWS: Final = 20_000
"""Descriptors in one partition, about; a snapshot is never cut."""
_SMALLER: Final = 8


def read(*places: Path | str, rows: int = ROWS) -> Fleet:
    """Return the fleet of all snapshots that were exported to some directories.

    Parameters
    ----------
    *places : Path or str
        What ``xavatar export`` or :meth:`Store.export` wrote: paths, or URIs that pyarrow knows.
        Workers on other machines must find them under the same names.
    rows : int
        Descriptors in one partition, about: more of them are fewer tasks that need more memory.

    Raises
    ------
    MissingExtra
        Dask or pyarrow is not installed.
    StoreError
        A place is no export.
    ConfigError
        There is no snapshot, or one of them is in two places.
    """
    _dask()
    if not places or rows < 1:
        raise ConfigError(f"Give the directories of one export or more, and a partition of 1 row at least, not {rows}.")
    heads = [head for place in dict.fromkeys(map(str, places)) for head in _heads(Exported.at(place))]
    heads.sort(key=lambda head: (head.account, head.scope, head.taken_at, head.id))
    by_id: dict[str, Head] = {}
    for head in heads:
        other = by_id.setdefault(head.id, head)
        if other is not head:
            raise ConfigError(
                f"Snapshot {head.id} is in {other.export.place} and in {head.export.place}; leave out one."
            )
    return _fleet(tuple(Item(head, before, n) for n, (head, before) in enumerate(_chained(heads))), rows)


def _heads(export: Exported) -> Iterator[Head]:
    for row in export.snapshots().itertuples(index=False):
        told: Any = row
        yield Head(
            export, told.id, told.account, told.scope, told.taken_at.to_pydatetime(), bool(told.complete),
            int(told.descriptors),
        )  # fmt: skip


def _chained(heads: list[Head]) -> Iterator[tuple[Head, Head | None]]:
    before: Head | None = None
    for head in heads:
        known = before is not None and (before.account, before.scope) == (head.account, head.scope)
        yield head, before if known else None
        before = head


def _fleet(items: tuple[Item, ...], rows: int) -> Fleet:
    if not items:
        raise ConfigError("There is no snapshot to look at: export some, or choose fewer conditions.")
    return Fleet(items, rows)


@dataclass(frozen=True, repr=False)
class Fleet:
    """Snapshots to be judged together; :func:`read` makes one.

    Its verbs return Dask DataFrames: nothing is read before they are computed, persisted or
    written. Rows come in the order of the snapshots, which is by account, scope and time, unless
    they are counted; the index counts within a partition, as Dask's do.

    Parameters
    ----------
    items : tuple of Item
    rows : int
        Descriptors in one partition, about.
    """

    items: tuple[Item, ...]
    rows: int = ROWS

    @property
    def snapshots(self) -> pd.DataFrame:
        """One row per snapshot: id, account, scope, taken_at, complete, descriptors, place."""
        told = [
            (each.id, each.account, each.scope, each.taken_at, each.complete, each.descriptors, each.export.place)
            for each in (item.head for item in self.items)
        ]
        return pd.DataFrame(told, columns=["id", "account", "scope", "taken_at", "complete", "descriptors", "place"])

    def latest(self) -> Fleet:
        """Return the newest snapshot of each account and scope; each still knows the one before it."""
        newest = {(item.head.account, item.head.scope): item for item in self.items}
        return _fleet(tuple(newest.values()), self.rows)

    def where(self, condition: Callable[[Head], bool]) -> Fleet:
        """Return the snapshots that a condition holds for, as ``lambda head: head.scope == "roster"``."""
        return _fleet(tuple(item for item in self.items if condition(item.head)), self.rows)

    def only(self, *ids: str) -> Fleet:
        """Return the snapshots of these ids."""
        return self.where(lambda head: head.id in ids)

    def table(self) -> dd.DataFrame:
        """Return the frames, one row per descriptor (see :mod:`xavatar.frames.schema`)."""
        return self._each(pieces.tables, frame([]))

    def people(self) -> dd.DataFrame:
        """Return one row per snapshot and subject, with a verdict (see :mod:`xavatar.frames.people`)."""
        return self._each(pieces.people, pieces.empty(lambda audit: pieces.of("", audit.people)))

    def findings(self, **judging: Any) -> dd.DataFrame:
        """Return what :attr:`Audit.findings` says of each snapshot, with a column `snapshot`.

        Parameters
        ----------
        **judging
            As for :meth:`Audit.of`: limits, severities, off, rules. Each snapshot is judged with the
            one before it as `previous`, unless that is told to be ``None``.
        """
        return self._judged(pieces.findings, lambda audit: pieces.of("", audit.findings), judging)

    def headlines(self, **judging: Any) -> dd.DataFrame:
        """Return each snapshot in numbers, one row each (see :class:`xavatar.audit.Headline`)."""
        return self._judged(pieces.headlines, pieces.headline, judging)

    def summary(self, **judging: Any) -> dd.DataFrame:
        """Return how many subjects of the whole fleet break which rule, as :attr:`Audit.summary` of one.

        A subject that several accounts or snapshots saw counts once.
        """
        broken = self._judged(counting.broken, counting.breaches, judging)
        counted = _meeting(broken, ["jid"], counting.per_rule, counting.PER_RULE)
        return _one(counted).map_partitions(counting.summary, meta=counting.SUMMARY_META)

    def inspect(self) -> dd.DataFrame:
        """Decode every picture again, each once: the fields of :class:`~xavatar.model.ImageFacts`, by `sha1`.

        Blocked pictures, which are not exported, are left out.
        """
        shown = self._each(pictures.shown, pictures.shown(()))
        distinct = _meeting(shown, ["sha1"], pictures.distinct, pictures.shown(()))
        exports = self._exports
        return distinct.map_partitions(pictures.inspected, exports, meta=pictures.inspected(pictures.shown(()), ()))

    def duplicates(
        self,
        *,
        near: int = NEAR,
        confirm: int = CONFIRM,
        shade: int = SHADE,
        apart: int = APART,
        many: int = MANY,
        join_occupants: bool = False,
    ) -> dd.DataFrame:
        """Return pictures that several subjects show, in whatever snapshot; see :func:`xavatar.audit.duplicates`.

        Parameters
        ----------
        near, confirm, shade, apart, many, join_occupants : optional
            As there.

        Raises
        ------
        ConfigError
            A bound that makes no sense.
        """
        bounds = Bounds(near, confirm, shade, apart)
        meta = duplicates((), **bounds._asdict(), many=many, join_occupants=join_occupants)
        nobody = company.seen(())
        seen = self._each(company.seen, nobody)
        showing = seen[seen["sha1"].notnull()]
        looks = _meeting(showing, ["sha1"], company.looks, company.looks(nobody))
        banded = company.banded(company.looks(nobody), near)
        bands = looks.map_partitions(company.banded, near, meta=banded)
        alike = partial(company.near_each_other, near=near, confirm=confirm, shade=shade)
        met = _meeting(bands, ["band", "bits"], alike, alike(banded), bands.npartitions)
        several = looks[looks["several"]][["sha1"]]
        kept = _distinct(_dask().concat([several, met]), "sha1")
        rows = _joined(showing, kept, "sha1")
        last = seen.map_partitions(company.last_of_each, meta=nobody)
        who = _meeting(last, ["jid"], company.last_of_each, nobody)
        who = _joined(who, _distinct(rows[["jid"]], "jid"), "jid")
        found = _one(_dask().concat([rows, who]))
        return found.map_partitions(company.grouped, self._exports, bounds, many, join_occupants, meta=meta)

    @property
    def _exports(self) -> tuple[Exported, ...]:
        return tuple(dict.fromkeys(item.head.export for item in self.items))

    @property
    def pieces(self) -> list[Piece]:
        """The snapshots as they are dealt out, one tuple per partition."""
        dealt: list[list[Item]] = [[]]
        rows = 0
        for item in self.items:
            if dealt[-1] and rows + item.head.descriptors > self.rows:
                dealt.append([])
                rows = 0
            dealt[-1].append(item)
            rows += item.head.descriptors
        return [tuple(piece) for piece in dealt]

    def _each(self, work: Callable[..., pd.DataFrame], meta: pd.DataFrame) -> dd.DataFrame:
        dask = _dask()
        # Else Dask has its own opinion of what a text column is, and the same question another answer.
        with importlib.import_module("dask").config.set({"dataframe.convert-string": False}):
            return dask.from_map(work, self.pieces, meta=meta)

    def _judged(
        self,
        work: Callable[..., pd.DataFrame],
        one: Callable[[Audit], pd.DataFrame],
        judging: dict[str, Any],
    ) -> dd.DataFrame:
        # A rule that does not exist is told now, and not by a worker in an hour.
        meta = pieces.empty(one, judging)
        chosen = self
        if "previous" in judging:
            judging = dict(judging)
            if judging.pop("previous") is not None:
                raise ConfigError("A fleet finds each snapshot's previous one itself; leave it out, or say None.")
            chosen = replace(self, items=tuple(replace(item, before=None) for item in self.items))
        return chosen._each(partial(work, judging=judging), meta)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        accounts = len({item.head.account for item in self.items})
        return f"<Fleet: {len(self)} snapshots of {accounts} accounts, {len(self.pieces)} partitions>"


def _meeting(
    table: dd.DataFrame,
    on: list[str],
    work: Callable[[pd.DataFrame], pd.DataFrame],
    meta: pd.DataFrame,
    places: int | None = None,
) -> dd.DataFrame:
    """Bring the rows of one key together, wherever they were, and do something with each partition."""
    places = places or _places(table)
    met = _one(table) if places == 1 else table.shuffle(on, npartitions=places)
    return met.map_partitions(work, meta=meta)


def _joined(table: dd.DataFrame, other: dd.DataFrame, on: str) -> dd.DataFrame:
    return table.merge(other, on=on, how="inner", npartitions=_places(table))


def _places(table: dd.DataFrame) -> int:
    """Return to how many partitions rows go that meet: they are far smaller than the outcomes they are from."""
    return max(1, table.npartitions // _SMALLER)


def _distinct(table: dd.DataFrame, on: str) -> dd.DataFrame:
    return _meeting(table, [on], partial(_drop, on=on), table._meta)


def _drop(rows: pd.DataFrame, on: str) -> pd.DataFrame:
    return rows.drop_duplicates(on, ignore_index=True)


def _one(table: dd.DataFrame) -> dd.DataFrame:
    return table.repartition(npartitions=1)


def _dask() -> ModuleType:
    try:
        return importlib.import_module("dask.dataframe")
    except ImportError as error:
        raise MissingExtra('A fleet needs Dask, which is not installed: pip install "xavatar[scale]".') from error
