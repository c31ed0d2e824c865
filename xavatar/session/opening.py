"""Ways to a blocking session: a login of its own, or a client that somebody else runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xavatar.client import Secret
from xavatar.collect import ImageShelf
from xavatar.errors import ConfigError
from xavatar.runtime import BorrowedLoop, acquire
from xavatar.sandbox import Sandbox
from xavatar.settings import Settings

from .asynchronous import AsyncSession
from .blocking import Session

if TYPE_CHECKING:
    from xavatar.client import Client


def connect(
    jid: str | None = None,
    password: str | Secret | None = None,
    *,
    sandbox: str | Path | Sandbox | None = None,
    host: str | None = None,
    port: int | None = None,
    direct_tls: bool = False,
    verify: bool = True,
    ca_file: Path | str | None = None,
    presence: bool = True,
    timeout: float | None = None,
    settings: Settings | None = None,
    store: ImageShelf | None = None,
) -> Session:
    """Log in, and return a session for blocking use; parameters as of :class:`AsyncSession`.

    Raises
    ------
    ConfigError, ConnectError, AuthError

    Examples
    --------
    >>> with connect(sandbox="verona") as session:
    ...     people = session.roster().xavatar.people()
    >>> "romeo@montague.lit" in set(people["jid"])
    True
    """
    twin = AsyncSession(
        jid,
        password,
        sandbox=sandbox,
        host=host,
        port=port,
        direct_tls=direct_tls,
        verify=verify,
        ca_file=ca_file,
        presence=presence,
        timeout=timeout,
        settings=settings,
        store=store,
    )
    lease = acquire()
    try:
        lease.thread.call(twin.open())
    except BaseException:
        lease.release()
        raise
    return Session(twin, lease.thread, lease.release)


def attach(client: Client, *, settings: Settings | None = None) -> Session:
    """Return a session with the same blocking methods on a client you made and keep.

    For a client that lives on the notebook kernel's own loop. A blocking call there is a nested
    run, through nest-asyncio2; while a cell computes, the client stands still, as it does without
    us. A session of :func:`connect` needs neither.

    Parameters
    ----------
    client : Client
        Connected already. Closing the session leaves it running.
    settings : Settings, optional

    Raises
    ------
    ConfigError
        The client is not connected, or its loop cannot run nested.

    Examples
    --------
    >>> async def main() -> bool:
    ...     with xa.sandbox("pair") as box:
    ...         client = xa.aioxmpp_client(sandbox=box)
    ...         async with client.connected():
    ...             return await asyncio.to_thread(lambda: xa.attach(client).features().pep)
    >>> asyncio.run(main())
    True
    """
    if not client.established:
        raise ConfigError(f"The client of {client.local_jid} is not connected. Connect it first, then attach.")
    portal = BorrowedLoop(client._loop)
    twin = portal.call(_around(client, settings))
    return Session(twin, portal, lambda: None)


async def _around(client: Client, settings: Settings | None) -> AsyncSession:
    return AsyncSession.around(client, settings=settings)
