"""What the server remembers of each account while it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xavatar.errors import SandboxError

from .jid import parse_jid
from .nodes import PepNode
from .scenario import Account, Resource, Scenario
from .xml import parse_fragment

if TYPE_CHECKING:
    from .session import Session

_MIRROR = {"both": "both", "to": "from", "from": "to", "none": "none"}


@dataclass(slots=True)
class RosterItem:
    """One entry of a roster (RFC 6121, 2.1)."""

    jid: str
    name: str | None = None
    groups: tuple[str, ...] = ()
    subscription: str = "none"
    ask: bool = False

    @property
    def sees(self) -> bool:
        """The roster's owner receives the contact's presence."""
        return self.subscription in ("to", "both")

    @property
    def is_seen(self) -> bool:
        """The contact receives the owner's presence."""
        return self.subscription in ("from", "both")


@dataclass(slots=True, eq=False)
class AccountState:
    """An account as it is now; it starts as the scenario says.

    Parameters
    ----------
    jid : str
        Bare JID.
    password : str, optional
        ``None``: nobody can log in.
    vcard : str, optional
        The ``<vCard/>`` as XML text.
    nodes : dict
        PEP nodes by name.
    played : dict
        Resources the server plays, by name.
    roster : dict
        Entries by bare JID.
    sessions : dict
        Bound sessions by resource.
    requests : set
        Bare JIDs whose subscription request waits for an answer.
    """

    jid: str
    password: str | None = field(default=None, repr=False)
    vcard: str | None = field(default=None, repr=False)
    nodes: dict[str, PepNode] = field(default_factory=dict, repr=False)
    played: dict[str, Resource] = field(default_factory=dict, repr=False)
    roster: dict[str, RosterItem] = field(default_factory=dict, repr=False)
    sessions: dict[str, Session] = field(default_factory=dict, repr=False)
    requests: set[str] = field(default_factory=set, repr=False)
    scram: dict[str, tuple[bytes, bytes, bytes, int]] = field(default_factory=dict, repr=False)

    def shows_presence_to(self, jid: str) -> bool:
        """Whether this bare JID is subscribed to the account's presence."""
        item = self.roster.get(jid)
        return item is not None and item.is_seen

    def available(self) -> Iterator[Session]:
        """Yield the sessions that sent initial presence."""
        for session in self.sessions.values():
            if session.presence is not None:
                yield session


class Directory:
    """All accounts of a scenario, by bare JID, and the domains they live in."""

    def __init__(self, scenario: Scenario) -> None:
        self._accounts: dict[str, AccountState] = {}
        self.domains: set[str] = {scenario.domain}
        for account in scenario.accounts:
            self._add(account)
        if scenario.user not in self._accounts:
            raise SandboxError(f"Scenario {scenario.name!r}: its user {scenario.user!r} is not among its accounts.")
        self._befriend(scenario)

    def get(self, bare: str) -> AccountState | None:
        """Return the account, or ``None`` when there is none."""
        return self._accounts.get(bare)

    def __iter__(self) -> Iterator[AccountState]:
        return iter(self._accounts.values())

    def __len__(self) -> int:
        return len(self._accounts)

    def _add(self, account: Account) -> None:
        try:
            jid = parse_jid(account.jid)
        except ValueError as error:
            raise SandboxError(f"Scenario account {account.jid!r}: {error}") from None
        if jid.full != account.jid or not jid.local or jid.resource:
            raise SandboxError(f"Scenario account {account.jid!r}: not a bare JID in lower case.")
        if account.jid in self._accounts:
            raise SandboxError(f"Scenario account {account.jid!r} is there twice.")
        self.domains.add(jid.domain)
        _check_xml(account)
        if account.exists:
            self._accounts[account.jid] = AccountState(
                jid=account.jid,
                password=account.password,
                vcard=account.vcard,
                nodes={node.name: PepNode.of(node) for node in account.nodes},
                played={resource.name: resource for resource in account.resources},
            )

    def _befriend(self, scenario: Scenario) -> None:
        user = self._accounts[scenario.user]
        for account in scenario.accounts:
            if account.jid == user.jid or account.subscription is None:
                continue
            if account.subscription not in _MIRROR:
                raise SandboxError(f"Scenario account {account.jid!r}: no subscription {account.subscription!r}.")
            user.roster[account.jid] = RosterItem(account.jid, account.name, account.groups, account.subscription)
            contact = self._accounts.get(account.jid)
            if contact is not None:
                contact.roster[user.jid] = RosterItem(user.jid, subscription=_MIRROR[account.subscription])


def _check_xml(account: Account) -> None:
    """Refuse text that would break the stream it is sent on."""
    texts = [(f"item {item.id!r} of {node.name!r}", item.payload) for node in account.nodes for item in node.items]
    texts += [(f"resource {resource.name!r}", resource.children or "") for resource in account.resources]
    texts.append(("vCard", account.vcard or ""))
    for where, text in texts:
        try:
            parse_fragment(text)
        except ValueError as error:
            raise SandboxError(f"Scenario account {account.jid!r}, {where}: {error}.") from None
