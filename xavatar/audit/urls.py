"""Addresses of pictures, taken apart; nothing here ever contacts one (A-16)."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from .case import Case

_LOCAL_SUFFIXES = (".local", ".localhost", ".internal", ".lan", ".home", ".home.arpa", ".onion", ".i2p")


def split(url: str) -> SplitResult | None:
    """Return the parts of an http or https address with a host; ``None`` for anything else."""
    try:
        parts = urlsplit(url.strip())
        parts.port  # noqa: B018  raises for a port out of range
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def is_private(host: str) -> bool:
    """Tell whether `host`, a name or an address, lies inside somebody's own network; no look-up is made."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.rstrip(".").lower()
        # A name of digits only is an IPv4 address in disguise to most resolvers.
        disguised = name.replace(".", "").isdigit() or name.startswith("0x")
        return "." not in name or disguised or name.endswith(_LOCAL_SUFFIXES)
    mapped = getattr(address, "ipv4_mapped", None)
    return not (mapped or address).is_global


def hosts(cases: Iterable[Case]) -> Counter[str]:
    """Count the hosts that announced pictures lie on."""
    parts = (split(reading.descriptor.url or "") for case in cases for _, reading in case.announced())
    return Counter(part.hostname for part in parts if part is not None and part.hostname)
