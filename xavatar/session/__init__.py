"""The face of the package: one verb per question."""

import xavatar.report  # noqa: F401  registers who writes which file of an audit

from .asynchronous import AsyncSession
from .blocking import Session
from .form import login
from .opening import attach, connect
from .own_client import aioxmpp_client

__all__ = ["AsyncSession", "Session", "aioxmpp_client", "attach", "connect", "login"]
