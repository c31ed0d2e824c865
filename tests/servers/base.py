"""What every real server has in common: a folder, ports, a certificate, a process, a cast."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Self

import trustme

from .cast import Cast
from .rawclient import RawClient
from .seed import fill

START_TIMEOUT = 60.0
# Of the system, not of a seed: workers of one test run must not draw the same ports.
_DICE = random.SystemRandom()


def free_ports(count: int) -> list[int]:
    """Return loopback ports nobody listens on now.

    They lie below those that the system gives to outgoing connections: of these one could take a port before
    the server does.
    """
    with contextlib.ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            port = _DICE.randrange(20_000, 32_000)
            with contextlib.suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
                ports.append(port)
        return ports


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class RunningServer(ABC):
    """A server of our own, in a folder of its own.

    Parameters
    ----------
    cast : Cast
        Who lives there; accounts and rosters are written before it starts, everything else is published to it.
    conversion : bool
        Convert between PEP and vCard and inject presence hashes (XEP-0398).
    stream_management : bool
        Offer XEP-0198.
    """

    kind: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    host = "127.0.0.1"
    domain = "xmpp.test"
    rooms_domain = "rooms.xmpp.test"
    uploads_domain = "upload.xmpp.test"

    def __init__(self, cast: Cast, *, conversion: bool = True, stream_management: bool = True) -> None:
        self.cast = cast
        self.conversion = conversion
        self.stream_management = stream_management
        self.accounts = cast.accounts()
        self.home = Path(tempfile.mkdtemp(prefix=f"xavatar-{self.kind}-"))
        self.port, self.tls_port, self.web_port = free_ports(3)
        self.ca_file = self.home / "ca.pem"
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def start(cls, cast: Cast, *, conversion: bool = True, stream_management: bool = True) -> Self:
        """Start a server and return when its cast is on stage."""
        server = cls(cast, conversion=conversion, stream_management=stream_management)
        try:
            server._certify()
            server.prepare()
            server._launch()
            asyncio.run(fill(server))
        except BaseException:
            server.stop()
            raise
        return server

    @abstractmethod
    def prepare(self) -> None:
        """Write configuration, accounts and rosters."""

    @abstractmethod
    def spawn(self, output: Path) -> subprocess.Popen[bytes]:
        """Start the process, its output going to a file."""

    @abstractmethod
    def ready(self) -> bool:
        """Tell whether the process serves clients."""

    @abstractmethod
    def flush(self) -> None:
        """Have everything written before a kill."""

    def jid(self, user: str) -> str:
        """Return the bare JID of an account."""
        return f"{user}@{self.domain}"

    def room(self, name: str) -> str:
        """Return the bare JID of a room."""
        return f"{name}@{self.rooms_domain}"

    async def raw(self, user: str, *, resource: str = "", direct_tls: bool = False) -> RawClient:
        """Log in as a user with a client of bare stanzas."""
        return await RawClient.login(
            self.host, self.tls_port if direct_tls else self.port, user, self.domain, self.accounts[user],
            ca_file=self.ca_file, resource=resource, direct_tls=direct_tls,
        )

    def restart(self) -> None:
        """Stop the process, keep its data, start it again on the same ports."""
        self._end(kill=False)
        self._launch()

    def kill(self) -> None:
        """Kill the process (SIGKILL) with its data safe; :meth:`restart` brings it back."""
        self.flush()
        self._end(kill=True)

    def stop(self) -> None:
        """Stop the process and remove its folder."""
        self._end(kill=False)
        shutil.rmtree(self.home, ignore_errors=True)

    def log(self) -> str:
        """Return the end of what the process wrote."""
        output = self.home / "output"
        return output.read_text(errors="replace")[-4000:] if output.exists() else ""

    def settle(self, *, quiet: float = 0.5, timeout: float = 120.0) -> None:
        """Wait until the process has nothing left to do: a server goes on working when its client has gone."""
        assert self._process is not None
        deadline = time.monotonic() + timeout
        before = _cpu_seconds(self._process.pid)
        while time.monotonic() < deadline:
            time.sleep(quiet)
            now = _cpu_seconds(self._process.pid)
            if now - before < 0.05 * quiet:
                return
            before = now

    def accepts(self) -> bool:
        """Tell whether something listens on the port."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((self.host, self.port)) == 0

    def _certify(self) -> None:
        """Make a CA, and a certificate of it for both domains."""
        authority = trustme.CA()
        # ejabberd sets a timer for the end of each certificate, and Erlang's timers end after 49 days.
        end = datetime.now(UTC) + timedelta(days=30)
        certificate = authority.issue_cert(self.domain, self.rooms_domain, self.host, not_after=end)
        authority.cert_pem.write_to_path(self.ca_file)
        self.key_file, self.chain_file = self.home / "key.pem", self.home / "chain.pem"
        self.both_file = self.home / "both.pem"
        certificate.private_key_pem.write_to_path(self.key_file)
        certificate.cert_chain_pems[0].write_to_path(self.chain_file)
        certificate.private_key_and_cert_chain_pem.write_to_path(self.both_file)

    def _launch(self) -> None:
        self._process = self.spawn(self.home / "output")
        deadline = time.monotonic() + START_TIMEOUT
        while not self.ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.kind} did not start:\n{self.log()}")
            time.sleep(0.02)

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill() if kill else process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)
