"""A client for a program of one's own, over connections as sessions have them."""

from __future__ import annotations

from pathlib import Path

from xavatar.client import Client, Secret, make_client
from xavatar.sandbox import Sandbox
from xavatar.settings import Settings

from .access import Access


def aioxmpp_client(
    jid: str | None = None,
    password: str | None = None,
    *,
    sandbox: Sandbox | None = None,
    host: str | None = None,
    port: int | None = None,
    direct_tls: bool = False,
    verify: bool = True,
    ca_file: Path | str | None = None,
    timeout: float = Settings().connect_timeout,
) -> Client:
    """Return an aioxmpp client that is not connected yet, for a program of your own.

    aioxmpp's own way is ``aioxmpp.Client(jid, aioxmpp.make_security_layer(password))``. Its certificate
    check (0.13.3) calls ``X509.get_extension``, which today's pyOpenSSL lacks, and ``ssl.match_hostname``,
    which Python 3.12 removed; this client checks as :func:`connect` does. Else it is an aioxmpp client
    like any other: summon your services on it, then ``async with client.connected():``.

    Parameters
    ----------
    jid, password, host, port, direct_tls, verify, ca_file : optional
        As for :class:`AsyncSession`.
    sandbox : Sandbox, optional
        A running one. Without `jid` the client logs in as the scenario's user.
    timeout : float
        Seconds for each step of connecting.

    Returns
    -------
    aioxmpp.Client
        Without any service, and without presence.

    Raises
    ------
    ConfigError
        There is no account or no password, or the CA file cannot be read.

    Examples
    --------
    >>> async def main() -> int:
    ...     with xa.sandbox("verona") as box:
    ...         client = xa.aioxmpp_client(sandbox=box)
    ...         avatar = client.summon(xa.AvatarService)
    ...         async with client.connected():
    ...             return len(await avatar.get_avatar_metadata(aioxmpp.JID.fromstr("romeo@montague.lit")))
    >>> asyncio.run(main())
    1
    """
    secret = None if password is None else Secret(password)
    access = Access(jid, secret, sandbox, host, port, direct_tls, verify, Path(ca_file) if ca_file else None)
    return make_client(access.login(sandbox), timeout=timeout, quiet=False)
