"""A client for a program of one's own, over connections as sessions have them."""

from __future__ import annotations

from pathlib import Path

from xavatar.client import Client, Secret, make_client
from xavatar.errors import ConfigError
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
        There is no account or no password, the sandbox does not run, or the CA file cannot be read.

    Notes
    -----
    Connecting is aioxmpp's. A server that cannot be reached or trusted ends ``connected()`` with an
    ``OpenSSL.SSL.Error``, after which aioxmpp does not dial past the check; its ``__cause__`` is the
    :class:`~xavatar.errors.ConnectError` that tells what to do. A wrong password ends it with
    ``aiosasl.AuthenticationFailure``.

    Examples
    --------
    >>> async def main() -> bool:
    ...     with xa.sandbox("pair") as box:
    ...         async with xa.aioxmpp_client(sandbox=box).connected() as stream:
    ...             return isinstance(stream, aioxmpp.stream.StanzaStream)
    >>> asyncio.run(main())
    True
    """
    if sandbox is not None and not isinstance(sandbox, Sandbox):
        raise ConfigError(f"A client takes a running sandbox, not {sandbox!r}: start one with xavatar.sandbox(...).")
    secret = None if password is None else Secret(password)
    access = Access(jid, secret, sandbox, host, port, direct_tls, verify, Path(ca_file) if ca_file else None)
    return make_client(access.login(sandbox), timeout=timeout, quiet=False)
