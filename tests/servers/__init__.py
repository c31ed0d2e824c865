"""Real XMPP servers on loopback: Debian's Prosody and ejabberd, each with a declared cast."""

from __future__ import annotations

from .base import RunningServer
from .cast import Cast, Contact, Item, Room, User, avatar, picture, stage
from .ejabberd import Ejabberd
from .prosody import Prosody
from .rawclient import RawClient

__all__ = [
    "Cast",
    "Contact",
    "Ejabberd",
    "Item",
    "Prosody",
    "RawClient",
    "Room",
    "RunningServer",
    "User",
    "avatar",
    "picture",
    "stage",
]
