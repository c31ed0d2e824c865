"""An account's connection: login, TLS, reconnecting, roster, rooms, presence, features."""

from aioxmpp import Client

from .connection import Connection, State
from .connector import Endpoint, Security
from .credentials import Secret, find_password
from .disco import Features, Info, fetch_features, fetch_info, fetch_items
from .explain import explain
from .factory import make_client
from .login import Login
from .presence import PresenceBook, Sighting
from .pushes import PushBook
from .roster import fetch_roster

__all__ = [
    "Client",
    "Connection",
    "Endpoint",
    "Features",
    "Info",
    "Login",
    "PresenceBook",
    "PushBook",
    "Secret",
    "Security",
    "Sighting",
    "State",
    "explain",
    "fetch_features",
    "fetch_info",
    "fetch_items",
    "fetch_roster",
    "find_password",
    "make_client",
]
