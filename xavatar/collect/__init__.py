"""Collecting: a plan of questions, asked with bounds, answered by outcomes."""

from .breakers import Breakers
from .collection import Collection, Progress
from .pictures import ImageShelf, Pictures
from .sources import Reader, presence_outcome, presence_outcomes

__all__ = [
    "Breakers",
    "Collection",
    "ImageShelf",
    "Pictures",
    "Progress",
    "Reader",
    "presence_outcome",
    "presence_outcomes",
]
