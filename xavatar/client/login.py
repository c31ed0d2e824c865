"""An account and the way to its server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import aioxmpp

from xavatar.errors import ConfigError

from .connector import Endpoint
from .credentials import Secret


@dataclass(frozen=True, slots=True)
class Login:
    """An account and the way to its server.

    Parameters
    ----------
    jid : str
        Bare JID, or full to ask for a resource.
    password : Secret
    host : str, optional
        Connect there instead of asking DNS.
    port : int, optional
        5222 when only `host` is given.
    direct_tls : bool
        TLS from the first byte at `host` and `port`.
    verify : bool
        False accepts any certificate.
    ca_file : Path, optional
        Roots to trust instead of the system's.
    """

    jid: str
    password: Secret = field(repr=False)
    host: str | None = None
    port: int | None = None
    direct_tls: bool = False
    verify: bool = True
    ca_file: Path | None = None

    def address(self) -> aioxmpp.JID:
        """Return the parsed JID.

        Raises
        ------
        ConfigError
            It is none of an account.
        """
        try:
            jid = aioxmpp.JID.fromstr(self.jid)
        except ValueError as error:
            raise ConfigError(f"{self.jid!r} is not a JID: {error}.") from None
        if jid.localpart is None:
            raise ConfigError(f"{self.jid!r} names no account; a JID looks like juliet@capulet.lit.")
        return jid

    def endpoint(self) -> Endpoint | None:
        """Return where to connect, or None to ask DNS."""
        if self.host is None and self.port is None:
            return None
        default = 5223 if self.direct_tls else 5222
        return Endpoint(self.host or self.address().domain, self.port or default, self.direct_tls)
