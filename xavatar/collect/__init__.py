"""Collecting: a plan of questions, asked with bounds, answered by outcomes."""

from .breakers import Breakers
from .closer import Closer, Depth, NodeState
from .collection import Collection, Progress
from .pictures import ImageShelf, Pictures
from .probe import Probe, probe, subject_of
from .recorder import Exchange
from .rooms import in_room, itself
from .sources import Reader, presence_outcome, presence_outcomes

__all__ = [
    "Breakers",
    "Closer",
    "Collection",
    "Depth",
    "Exchange",
    "ImageShelf",
    "NodeState",
    "Pictures",
    "Probe",
    "Progress",
    "Reader",
    "in_room",
    "itself",
    "presence_outcome",
    "presence_outcomes",
    "probe",
    "subject_of",
]
