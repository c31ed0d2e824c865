"""Reports: HTML for people, CSV, Parquet and JSON for programs.

Importing this package lets :meth:`xavatar.audit.Audit.report` write them.
"""

from __future__ import annotations

from .html import render, write_html
from .tables import as_dict, write_csv, write_json, write_parquet

__all__ = ["as_dict", "render", "write_csv", "write_html", "write_json", "write_parquet"]
