"""Event loops: the session's own thread, nested runs on a user's loop, what runs around us."""

from .aio import SingleFlight, cancel_and_wait, completed, each
from .thread import Lease, LoopThread, Pending, WrongThread, acquire

__all__ = [
    "Lease",
    "LoopThread",
    "Pending",
    "SingleFlight",
    "WrongThread",
    "acquire",
    "cancel_and_wait",
    "completed",
    "each",
]
