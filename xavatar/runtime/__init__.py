"""Event loops: the session's own thread, nested runs on a user's loop, what runs around us."""

from .aio import SingleFlight, cancel_and_wait, completed, each
from .environment import Environment, environment
from .garbage import seldom
from .nested import BorrowedLoop, enable_nested, run_on
from .pending import Pending, Portal, WrongThread
from .thread import Lease, LoopThread, acquire

__all__ = [
    "BorrowedLoop",
    "Environment",
    "Lease",
    "LoopThread",
    "Pending",
    "Portal",
    "SingleFlight",
    "WrongThread",
    "acquire",
    "cancel_and_wait",
    "completed",
    "each",
    "enable_nested",
    "environment",
    "run_on",
    "seldom",
]
