"""What is kept: snapshots, findings, and images by content, in one SQLite file."""

from .default import default_store
from .diff import Change, Diff, Difference
from .exported import Exported
from .home import default_path
from .retention import Pruned, Retention
from .store import Store

__all__ = ["Change", "Diff", "Difference", "Exported", "Pruned", "Retention", "Store", "default_path", "default_store"]
