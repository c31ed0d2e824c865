"""An XMPP server on loopback with a seeded cast: to learn, to try, to test.

It is a server, not a mock: TCP, STARTTLS, SCRAM, rosters, presence, PEP with ``+notify`` and
access models, vCard-temp, XEP-0398 and stream management, for any client. :func:`sandbox`
runs it on a thread of its own; :class:`Server` on a loop of yours.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from .respond import Stats
from .scenario import Account, Fault, Item, Node, Occupant, Options, Resource, Room, Scenario
from .server import MAX_STANZA, Server
from .thread import Login, Sandbox

__all__ = [
    "Account",
    "Fault",
    "Item",
    "Login",
    "Node",
    "Occupant",
    "Options",
    "Resource",
    "Room",
    "Sandbox",
    "Scenario",
    "Server",
    "Stats",
    "sandbox",
]


def sandbox(
    name: str | Path | Scenario = "verona",
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    max_stanza: int = MAX_STANZA,
    resume_seconds: float = 300.0,
) -> Sandbox:
    """Start a sandbox.

    Parameters
    ----------
    name : str, Path or Scenario
        A scenario's name, a TOML file, or a scenario made by hand.
    host, port, max_stanza, resume_seconds
        As for :class:`Server`.

    Raises
    ------
    SandboxError
        There is no such scenario, or it cannot be used.

    Examples
    --------
    >>> with xa.sandbox("pair") as box:
    ...     box.login.jid
    'valentine@verona.lit'
    """
    if not isinstance(name, Scenario):
        from .load import load

        name = load(name)
    return Sandbox(name, host=host, port=port, max_stanza=max_stanza, resume_seconds=resume_seconds)


class _Callable(ModuleType):
    """Lets ``xavatar.sandbox("verona")`` mean the function, whose name the package has too."""

    def __call__(self, name: str | Path | Scenario = "verona", **options: Any) -> Sandbox:
        return sandbox(name, **options)


sys.modules[__name__].__class__ = _Callable
