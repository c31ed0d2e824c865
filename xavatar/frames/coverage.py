"""How many subjects have an avatar, and where."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias, get_args

import pandas as pd

from xavatar.errors import ConfigError
from xavatar.model import Source, Status

from .people import SHOWN, people
from .schema import JOIN

By: TypeAlias = Literal["groups", "domain", "kind"]

UNGROUPED: Final = "(none)"


def coverage(table: pd.DataFrame, by: By | None = None) -> pd.DataFrame:
    """Count the subjects that have an avatar.

    Parameters
    ----------
    table : pandas.DataFrame
    by : {"groups", "domain", "kind"}, optional
        Without it one row per source, and ``any`` for the verdict over all of them. With it
        one row per roster group, domain of the JID, or kind. Who is in several groups counts
        in each; who is in none under ``(none)``.

    Returns
    -------
    pandas.DataFrame
        `subjects`, `avatar` and `share` (0 to 1) first, then counts per status, or per source.

    Raises
    ------
    ConfigError
        `by` is none of these.
    """
    if by not in (None, *get_args(By)):
        raise ConfigError(f"coverage(by={by!r}): by is one of {', '.join(get_args(By))}, or left out.")
    folded = people(table)
    if by is None:
        return _by_source(folded)
    keys = _keys(folded, by)
    counted = pd.DataFrame(
        {
            "subjects": 1,
            "avatar": folded["verdict"].isin(list(SHOWN)),
            **{source.value: (folded[source.value] == Status.OK).fillna(False) for source in Source},
        }
    ).astype("int64")
    grouped = counted.join(keys).explode(by).groupby(by, sort=False).sum()
    grouped = grouped.sort_values(["subjects", by], ascending=[False, True], kind="stable")
    grouped.insert(2, "share", grouped["avatar"] / grouped["subjects"])
    return grouped


def _keys(folded: pd.DataFrame, by: By) -> pd.Series[Any]:
    if by == "groups":
        return folded["groups"].fillna(UNGROUPED).str.split(JOIN).rename(by)
    if by == "domain":
        return folded["jid"].map(_domain).rename(by)
    return folded["kind"].rename(by)


def _domain(jid: str) -> str:
    bare = jid.partition("/")[0]
    return bare.rpartition("@")[2]


def _by_source(folded: pd.DataFrame) -> pd.DataFrame:
    rows: dict[str, dict[str, float]] = {}
    for source in Source:
        statuses = folded[source.value].dropna()
        counts = {str(status): int(count) for status, count in statuses.value_counts().items()}
        avatars = counts.pop(Status.OK.value, 0)
        rows[source.value] = {**_head(len(statuses), avatars), **counts}
    rows["any"] = _head(len(folded), int(folded["verdict"].isin(list(SHOWN)).sum()))
    order = ["subjects", "avatar", "share", *(s.value for s in Status if any(s.value in row for row in rows.values()))]
    table = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=order).fillna(0)
    return table.astype({name: "float64" if name == "share" else "int64" for name in order}).rename_axis("source")


def _head(subjects: int, avatars: int) -> dict[str, float]:
    return {"subjects": subjects, "avatar": avatars, "share": avatars / subjects if subjects else 0.0}
