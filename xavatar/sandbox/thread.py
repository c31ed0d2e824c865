"""The server on a thread of its own, for scripts and notebooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from xavatar.errors import SandboxError

from . import ns
from .accounts import AccountState
from .muc import Muc
from .respond import Stats
from .runner import LoopThread
from .scenario import Fault, Item, Occupant, Scenario
from .server import MAX_STANZA, Server
from .stanza import StanzaError
from .xml import parse_fragment


@dataclass(frozen=True, slots=True)
class Login:
    """What a client needs to log in to the sandbox.

    Parameters
    ----------
    jid : str
    password : str
        Hidden from the repr.
    host : str
    port : int
        For STARTTLS.
    ca_file : Path
        Certificate authority to trust, PEM.
    """

    jid: str
    password: str = field(repr=False)
    host: str
    port: int
    ca_file: Path


class Sandbox:
    """A running sandbox server, on its own daemon thread.

    Usable as a context manager; started when made. Everything may be called from any
    thread, and while clients are connected.

    Parameters
    ----------
    scenario : Scenario
    host, port, max_stanza, resume_seconds
        As for :class:`~xavatar.sandbox.server.Server`.

    Examples
    --------
    >>> from xavatar.sandbox import Account, Sandbox, Scenario
    >>> me = Account("juliet@capulet.lit", password="secret")
    >>> with Sandbox(Scenario("tiny", "capulet.lit", me.jid, (me,))) as box:
    ...     box.login.jid
    'juliet@capulet.lit'
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        max_stanza: int = MAX_STANZA,
        resume_seconds: float = 300.0,
    ) -> None:
        self._server = Server(scenario, host=host, port=port, max_stanza=max_stanza, resume_seconds=resume_seconds)
        self._runner = LoopThread("xavatar-sandbox")
        try:
            self._runner.call(self._server.start())
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        server = self._server
        where = "closed" if self._runner.ended else f"{server.host}:{server.port}" if server.running else "down"
        accounts = sum(account.exists for account in server.scenario.accounts)
        return f"<Sandbox {server.scenario.name!r} {where}, {accounts} accounts, login {server.scenario.user}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def scenario(self) -> Scenario:
        """The scenario it was made of."""
        return self._server.scenario

    @property
    def host(self) -> str:
        """Address it listens on."""
        return self._server.host

    @property
    def port(self) -> int:
        """Port for STARTTLS."""
        return self._server.port

    @property
    def tls_port(self) -> int:
        """Port for direct TLS (XEP-0368)."""
        return self._server.tls_port

    @property
    def ca_file(self) -> Path:
        """PEM file of the certificate authority to trust."""
        return self._server.ca_file

    @property
    def login(self) -> Login:
        """The login of the scenario's user."""
        try:
            return self.logins[self.scenario.user]
        except KeyError:
            raise SandboxError(f"Scenario {self.scenario.name!r}: its user has no password to log in with.") from None

    @property
    def logins(self) -> dict[str, Login]:
        """The logins of all accounts that have a password, by bare JID."""
        return {
            account.jid: Login(account.jid, account.password, self.host, self.port, self.ca_file)
            for account in self.scenario.accounts
            if account.password is not None and account.exists
        }

    @property
    def running(self) -> bool:
        """Whether clients can connect."""
        return not self._runner.ended and self._server.running

    def stats(self) -> Stats:
        """Return what the server was asked so far."""
        return self._runner.do(self._server.stats)

    def close(self) -> None:
        """Close every stream, stop the server and end its thread; again is harmless."""
        self._runner.end(self._server.stop())

    def kill(self) -> None:
        """Drop every connection without a word and stop listening, as a crash does."""
        self._runner.call(self._server.kill())

    def restart(self) -> None:
        """Stop, unless killed before, and start again: same ports, nothing forgotten."""

        async def again() -> None:
            await self._server.stop()
            await self._server.start()

        self._runner.call(again())

    def fault(self, jid: str, fault: Fault) -> None:
        """Put a fault in force for requests to this bare JID."""
        self._runner.do(lambda: self._server.state.faults.add(jid, fault))

    def clear_faults(self, jid: str | None = None) -> None:
        """Lift the faults of one JID, or all, those of the scenario included."""
        self._runner.do(lambda: self._server.state.faults.clear(jid))

    def set_item(self, jid: str, node: str, item: Item) -> None:
        """Publish an item as this account, verbatim, with events to all who watch.

        The vCard is left alone: whoever wants the sources to agree sets it too.
        """
        _check(item.payload)
        store = self._server.state.store

        def publish(account: AccountState) -> None:
            store.publish(account, store.node(account, node), item)

        self._for(jid, publish)

    def retract_item(self, jid: str, node: str, item_id: str) -> None:
        """Retract an item as this account."""
        store = self._server.state.store
        self._for(jid, lambda account: store.retract(account, store.existing(account, node), item_id))

    def purge_node(self, jid: str, node: str) -> None:
        """Take all items of a node away as this account."""
        self._for(jid, lambda account: self._server.state.store.purge(account, node))

    def delete_node(self, jid: str, node: str) -> None:
        """Delete a node as this account."""
        self._for(jid, lambda account: self._server.state.store.delete(account, node))

    def set_vcard(self, jid: str, vcard: str | None) -> None:
        """Replace an account's vCard, verbatim; ``None`` takes it away."""
        _check(vcard or "")

        def write(account: AccountState) -> None:
            account.vcard = vcard

        self._for(jid, write)

    def set_presence(self, jid: str, resource: str, children: str | None, *, inject: bool = False) -> None:
        """Change a played resource's presence; ``None`` makes it unavailable.

        Parameters
        ----------
        jid : str
            Bare JID.
        resource : str
        children : str or None
            XML text of the presence's children.
        inject : bool
            Let the server inject the current hash (XEP-0398, 4).
        """
        _check(children or "")
        presence = self._server.state.presence
        self._for(jid, lambda account: presence.play(account, resource, children, injected=inject))

    def set_room_vcard(self, room: str, vcard: str | None) -> None:
        """Replace a room's vCard as its owner would, with the announcement (XEP-0486, 3.2).

        ``None`` unpublishes it.
        """
        text = vcard or f"<vCard xmlns='{ns.VCARD}'/>"
        _check(text)
        self._in(room, lambda muc: muc.set_vcard(room, text))

    def set_occupant(self, room: str, occupant: Occupant) -> None:
        """Let a played figure enter a room, or change its presence there."""
        _check(occupant.children or "")
        self._in(room, lambda muc: muc.play(room, occupant))

    def _in(self, room: str, action: Callable[[Muc], None]) -> None:
        def run() -> None:
            muc = self._server.state.muc
            if muc is None or room not in muc.rooms:
                raise SandboxError(f"Scenario {self.scenario.name!r} has no room {room!r}.")
            try:
                action(muc)
            except StanzaError as error:
                raise SandboxError(f"{room}: refused ({error.condition}). {error.text}".rstrip()) from error

        self._runner.do(run)

    def _for(self, jid: str, action: Callable[[AccountState], None]) -> None:
        def run() -> None:
            account = self._server.state.directory.get(jid)
            if account is None:
                raise SandboxError(f"Scenario {self.scenario.name!r} has no account {jid!r}.")
            try:
                action(account)
            except StanzaError as error:
                raise SandboxError(f"{jid}: the node or item is not there ({error.condition}).") from error

        self._runner.do(run)


def _check(xml: str) -> None:
    try:
        parse_fragment(xml)
    except ValueError as error:
        raise SandboxError(f"The sandbox sends well-formed XML only: {error}.") from None
