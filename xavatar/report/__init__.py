"""Reports: HTML and Markdown for people; CSV, Parquet, JSON and JUnit for programs.

Importing this package lets :meth:`xavatar.audit.Audit.report` write them.
"""

from __future__ import annotations

from .html import render, write_html
from .junit import junit, write_junit
from .markdown import markdown, write_markdown
from .tables import as_dict, write_csv, write_json, write_parquet

__all__ = [
    "as_dict",
    "junit",
    "markdown",
    "render",
    "write_csv",
    "write_html",
    "write_json",
    "write_junit",
    "write_markdown",
    "write_parquet",
]
