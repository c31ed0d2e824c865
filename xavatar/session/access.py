"""From what a user gave to what a connection needs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from xavatar.client import Login, Secret, find_password
from xavatar.errors import ConfigError
from xavatar.sandbox import Sandbox
from xavatar.sandbox import sandbox as start_sandbox
from xavatar.settings import Settings

_EMBEDDED = Settings(timeout=2.0)
"""On loopback an answer comes within 2 s or never."""


@dataclass(frozen=True, slots=True)
class Access:
    """The account and server a user wishes for; fields as of :class:`~xavatar.session.AsyncSession`.

    Raises
    ------
    ConfigError
        The wishes contradict each other, or name nothing.
    """

    jid: str | None = None
    password: Secret | None = field(default=None, repr=False)
    sandbox: str | Path | Sandbox | None = None
    host: str | None = None
    port: int | None = None
    direct_tls: bool = False
    verify: bool = True
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if self.jid is None and self.sandbox is None:
            raise ConfigError("Give a JID to log in as, or sandbox='verona' to look around without an account.")
        if self.sandbox is not None and (self.host is not None or self.port is not None or self.ca_file is not None):
            raise ConfigError("A sandbox brings its own host, port and ca_file; leave them out.")

    @property
    def name(self) -> str:
        """What to call it before login."""
        return self.jid or f"sandbox {self.sandbox}"

    def settings(self, given: Settings | None, timeout: float | None) -> Settings:
        """Return the settings in force; `timeout`, in seconds, wins over its two in `given`."""
        settings = given or (Settings() if self.sandbox is None else _EMBEDDED)
        return settings if timeout is None else replace(settings, timeout=timeout, connect_timeout=timeout)

    def enter(self) -> Sandbox | None:
        """Return the sandbox to log in to, started when it is wished for by name."""
        wish = self.sandbox
        return wish if wish is None or isinstance(wish, Sandbox) else start_sandbox(wish)

    def login(self, sandbox: Sandbox | None) -> Login:
        """Return the login; asks for a password where none is known.

        Raises
        ------
        ConfigError
            There is no password, or the sandbox has no such account.
        """
        if sandbox is not None:
            return self._login_to(sandbox)
        assert self.jid is not None
        password = find_password(self.jid.partition("/")[0], self.password)
        return Login(self.jid, password, self.host, self.port, self.direct_tls, self.verify, self.ca_file)

    def _login_to(self, sandbox: Sandbox) -> Login:
        jid = self.jid or sandbox.login.jid
        entry = sandbox.logins.get(jid.partition("/")[0])
        if entry is None:
            raise ConfigError(f"{jid} cannot log in to the sandbox; these can: {', '.join(sorted(sandbox.logins))}.")
        password = self.password or Secret(entry.password)
        return Login(jid, password, entry.host, entry.port, verify=self.verify, ca_file=entry.ca_file)
