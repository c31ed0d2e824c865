"""Avatars on XMPP: whole rosters and rooms in tables, audits, and the protocol to learn from.

>>> import xavatar as xa
>>> with xa.connect(sandbox="verona") as s:
...     table = s.roster()
>>> int(table.xavatar.coverage().loc["pep", "avatar"])
49
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .audit import Audit as Audit
    from .avatar import AvatarService as AvatarService
    from .avatar import AvatarSet as AvatarSet
    from .avatar import UrlPolicy as UrlPolicy
    from .avatar import choose as choose
    from .avatar import fetch_url as fetch_url
    from .avatar import is_sha1 as is_sha1
    from .avatar import normalize_id as normalize_id
    from .runtime.nested import enable_nested as enable_nested
    from .runtime.nested import run_on as run_on
    from .sandbox import Sandbox as Sandbox
    from .sandbox import sandbox as sandbox
    from .session import AsyncSession as AsyncSession
    from .session import Session as Session
    from .session import aioxmpp_client as aioxmpp_client
    from .session import attach as attach
    from .session import connect as connect
    from .session import login as login
    from .settings import Settings as Settings
    from .store import Store as Store
    from .wire.trace import LiveTrace as LiveTrace
    from .wire.trace import Trace as Trace

__version__: Final = "0.1.0"

# Imported when first used: pandas and aioxmpp together take seconds that `import xavatar` need not.
_HOMES: Final = {
    "AsyncSession": "session",
    "Audit": "audit",
    "AvatarService": "avatar",
    "AvatarSet": "avatar",
    "LiveTrace": "wire.trace",
    "Sandbox": "sandbox",
    "Session": "session",
    "Settings": "settings",
    "Store": "store",
    "Trace": "wire.trace",
    "UrlPolicy": "avatar",
    "aioxmpp_client": "session",
    "attach": "session",
    "choose": "avatar",
    "connect": "session",
    "enable_nested": "runtime.nested",
    "fetch_url": "avatar",
    "is_sha1": "avatar",
    "login": "session",
    "normalize_id": "avatar",
    "run_on": "runtime.nested",
    "sandbox": "sandbox",
}
_MODULES: Final = frozenset({"audit", "avatar", "errors", "frames", "imaging", "model", "report", "scale", "widgets"})

__all__ = sorted([*_HOMES, *_MODULES, "__version__"])

# A library says nothing until its user configures logging.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    elif name in _MODULES:
        value = importlib.import_module(f"{__name__}.{name}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
