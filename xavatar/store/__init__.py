"""What is kept: images by their content."""

from .default import default_store
from .images import Store

__all__ = ["Store", "default_store"]
