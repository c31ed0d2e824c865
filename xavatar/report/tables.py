"""The audit for programs: CSV, Parquet, JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from xavatar.audit import Audit, writer
from xavatar.errors import MissingExtra

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table_for(audit: Audit, path: Path) -> pd.DataFrame:
    """Return the table a file's name asks for: findings, summary, duplicates, changes, people, or else the frame."""
    name = path.stem.lower()
    if "finding" in name:
        return audit.findings
    if "summary" in name:
        return audit.summary
    if "duplicate" in name:
        return audit.duplicates
    if "change" in name and audit.changes is not None:
        return audit.changes.table
    return audit.people if "people" in name else audit.table


@writer(".csv")
def write_csv(audit: Audit, path: Path) -> None:
    """Write one table as CSV (UTF-8).

    Notes
    -----
    Cells that a spreadsheet would take for a formula get an apostrophe in front: they
    come from strangers.
    """
    table = table_for(audit, path)
    texts = [name for name in table.columns if table[name].dtype == "string"]
    table.assign(**{name: table[name].map(_harmless, na_action="ignore") for name in texts}).to_csv(path, index=False)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


@writer(".parquet")
def write_parquet(audit: Audit, path: Path) -> None:
    """Write one table as Parquet.

    Raises
    ------
    MissingExtra
        pyarrow is not installed.
    """
    try:
        table_for(audit, path).to_parquet(path, index=False, engine="pyarrow")
    except ImportError as error:
        raise MissingExtra(f"{path.name} needs pyarrow: pip install 'xavatar[parquet]'.") from error


@writer(".json")
def write_json(audit: Audit, path: Path) -> None:
    """Write everything as one JSON object."""
    path.write_text(json.dumps(as_dict(audit), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def as_dict(audit: Audit) -> dict[str, Any]:
    """Return the audit as plain values: snapshot, headline, summary, findings, duplicates, people, table.

    With `changes`, when the audit knows the previous snapshot.

    Examples
    --------
    >>> sorted(xa.report.as_dict(audit))
    ['duplicates', 'findings', 'headline', 'people', 'snapshot', 'summary', 'table']
    """
    snapshot, line = audit.snapshot, audit.headline
    return {
        "snapshot": {
            "id": snapshot.id,
            "account": snapshot.account,
            "scope": snapshot.scope,
            "taken_at": snapshot.taken_at.isoformat(),
            "complete": snapshot.complete,
        },
        "headline": {**asdict(line), "verdicts": {k.value: n for k, n in line.verdicts}, "coverage": line.coverage},
        "summary": records(audit.summary),
        "findings": records(audit.findings),
        **({"changes": records(audit.changes.table)} if audit.changes is not None else {}),
        "duplicates": records(audit.duplicates),
        "people": records(audit.people),
        "table": records(audit.table),
    }


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as one plain dict per row, ``None`` for what is missing."""
    text = table.to_json(orient="records", date_format="iso", date_unit="us", force_ascii=False)
    parsed: list[dict[str, Any]] = json.loads(text)
    return parsed
