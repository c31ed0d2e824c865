"""An account's connection: login, TLS, reconnecting, roster, rooms, presence, features."""

from .connection import Connection, Login, State, explain
from .connector import Endpoint, Security
from .credentials import Secret, find_password
from .disco import Features, Info, fetch_features, fetch_info, fetch_items
from .presence import PresenceBook, Sighting
from .roster import fetch_roster

__all__ = [
    "Connection",
    "Endpoint",
    "Features",
    "Info",
    "Login",
    "PresenceBook",
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
]
