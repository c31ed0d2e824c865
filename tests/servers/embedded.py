"""The sandbox, in this process, behind the same face as the real servers."""

from __future__ import annotations

import subprocess
from pathlib import Path

from xavatar.sandbox import Account, Options, Sandbox, Scenario

from .base import RunningServer

STANZA = 256 << 10
"""Largest stanza, bytes: what Prosody and ejabberd take too."""


class Embedded(RunningServer):
    """The embedded server with a cast on it, published over its own port like any other's."""

    kind = "sandbox"
    needs = ()

    def prepare(self) -> None:
        looker, *_ = self.cast.users
        known = {contact.user: contact for contact in self.cast.rosters()[looker.name]}
        accounts = []
        for user in self.cast.users:
            contact = known.get(user.name)
            accounts.append(
                Account(
                    self.jid(user.name),
                    password=user.password if user.exists else None,
                    name=(contact.name or None) if contact else None,
                    groups=contact.groups if contact else (),
                    subscription=contact.subscription if contact else None,
                    exists=user.exists,
                )
            )
        options = Options(
            conversion=self.conversion, injection=self.conversion, stream_management=self.stream_management
        )
        scenario = Scenario(
            "cast", self.domain, self.jid(looker.name), tuple(accounts), rooms_domain=self.rooms_domain, options=options
        )
        self.box = Sandbox(scenario, max_stanza=STANZA)
        self.port, self.tls_port, self.ca_file = self.box.port, self.box.tls_port, self.box.ca_file
        self._running = True

    def _certify(self) -> None:
        """The sandbox brings its own certificate."""

    def _launch(self) -> None:
        if not self._running:
            self.box.restart()
            self._running = True

    def _end(self, *, kill: bool) -> None:
        if kill:
            self.box.kill()
            self._running = False

    def restart(self) -> None:
        self.box.restart()
        self._running = True

    def stop(self) -> None:
        if hasattr(self, "box"):
            self.box.close()
        super().stop()

    def spawn(self, output: Path) -> subprocess.Popen[bytes]:
        raise AssertionError("the sandbox has no process of its own")

    def ready(self) -> bool:
        return self._running

    def settle(self, *, quiet: float = 0.5, timeout: float = 120.0) -> None:
        """It works on requests only, and a client that has gone makes none."""

    def flush(self) -> None:
        """It keeps its data in memory, through restarts too."""
