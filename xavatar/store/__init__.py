"""What is kept: snapshots, findings, and images by content, in one SQLite file."""

from .default import default_path, default_store
from .store import Store

__all__ = ["Store", "default_path", "default_store"]
