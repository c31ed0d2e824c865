"""Addresses (RFC 7622), as far as routing needs them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_FORBIDDEN_LOCAL = frozenset("\"&'/:<>@ ")
_MAX_PART = 1023


class Jid(NamedTuple):
    """An address in its parts; `bare` and `full` are ready to be used as keys.

    Parameters
    ----------
    local : str
        ``""`` for a server or service.
    domain : str
    resource : str
        ``""`` for a bare JID.
    bare, full : str
        The address without and with its resource.
    """

    local: str
    domain: str
    resource: str
    bare: str
    full: str

    def __str__(self) -> str:
        return self.full


@lru_cache(maxsize=16384)
def parse_jid(text: str) -> Jid:
    """Split and normalise an address; local part and domain compare without case.

    Raises
    ------
    ValueError
        The text is not a JID.
    """
    bare, slash, resource = text.partition("/")
    local, at, domain = bare.rpartition("@")
    local, domain = local.lower(), domain.lower().rstrip(".")
    empty = (at and not local) or (slash and not resource) or not domain
    if empty or _FORBIDDEN_LOCAL.intersection(local) or " " in domain or "@" in domain:
        raise ValueError(f"{text!r} is not a JID.")
    if max(len(part.encode()) for part in (local, domain, resource)) > _MAX_PART:
        raise ValueError("A part of the JID is longer than 1023 bytes.")
    bare = f"{local}@{domain}" if local else domain
    return Jid(local, domain, resource, bare, f"{bare}/{resource}" if resource else bare)
