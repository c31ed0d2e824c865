"""PEP events: who is told of a change (XEP-0163, 4), and of the last item on arrival."""

from __future__ import annotations

from collections.abc import Iterator

from . import ns
from .access import refusal
from .accounts import AccountState, Directory
from .faults import Faults
from .jid import parse_jid
from .nodes import PepNode, render_items
from .scenario import Item, Options
from .session import Session
from .xml import escape


class Events:
    """Sends events from the owner's bare JID to those who may and want to know."""

    def __init__(self, directory: Directory, options: Options, faults: Faults) -> None:
        self._directory = directory
        self._options = options
        self._faults = faults

    def published(self, account: AccountState, node: PepNode, item: Item) -> None:
        """Tell of a new item."""
        self._send(account, node, _items(node, item))

    def retracted(self, account: AccountState, node: PepNode, identity: str) -> None:
        """Tell that an item is gone."""
        self._send(account, node, f"<items node='{escape(node.name)}'><retract id='{escape(identity)}'/></items>")

    def purged(self, account: AccountState, node: PepNode) -> None:
        """Tell that all items are gone."""
        self._send(account, node, f"<purge node='{escape(node.name)}'/>")

    def deleted(self, account: AccountState, node: PepNode) -> None:
        """Tell that the node is gone."""
        self._send(account, node, f"<delete node='{escape(node.name)}'/>")

    def arrived(self, session: Session, interests: frozenset[str]) -> None:
        """Send a session the last items of all nodes in `interests` that it may see."""
        if not interests or not self._options.push_on_presence:
            return
        account = session.account
        self.catch_up(session, account, interests)
        for entry in account.roster.values():
            contact = self._directory.get(entry.jid) if entry.sees else None
            # Whose answers go wrong does not send the right ones unasked.
            faulty = contact is not None and self._faults.waits_for(contact.jid, "metadata")
            if contact is not None and not faulty and interests & contact.nodes.keys():
                self.catch_up(session, contact, interests)

    def catch_up(self, session: Session, account: AccountState, interests: frozenset[str]) -> None:
        """Send a session the last items of one account."""
        for name in sorted(interests & account.nodes.keys()):
            node = account.nodes[name]
            last = node.last
            silent = node.config.send_last_published_item != "on_sub_and_presence"
            if last is None or silent or refusal(account, node, session.jid.bare, self._options):
                continue
            session.send(_event(account.jid, session.jid.full, _items(node, last)))

    def last_to(self, session: Session, account: AccountState, node: PepNode) -> None:
        """Send a new subscriber the last item (XEP-0060, 6.1.7)."""
        if node.last is not None and node.config.send_last_published_item != "never":
            session.send(_event(account.jid, session.jid.full, _items(node, node.last)))

    def _send(self, account: AccountState, node: PepNode, body: str) -> None:
        for session in dict.fromkeys(self._audience(account, node)):
            if refusal(account, node, session.jid.bare, self._options) is None:
                session.send(_event(account.jid, session.jid.full, body))

    def _audience(self, account: AccountState, node: PepNode) -> Iterator[Session]:
        for session in account.available():
            if node.name in session.notify:
                yield session
        for entry in account.roster.values():
            contact = self._directory.get(entry.jid) if entry.is_seen else None
            for session in contact.available() if contact is not None else ():
                if node.name in session.notify:
                    yield session
        yield from self._subscribers(node)

    def _subscribers(self, node: PepNode) -> Iterator[Session]:
        for text in node.subscribers:
            jid = parse_jid(text)
            account = self._directory.get(jid.bare)
            for session in account.available() if account is not None else ():
                if jid.resource in ("", session.jid.resource):
                    yield session


def _items(node: PepNode, item: Item) -> str:
    return f"<items node='{escape(node.name)}'>{render_items([item])}</items>"


def _event(source: str, target: str, body: str) -> str:
    return (
        f"<message from='{escape(source)}' to='{escape(target)}' type='headline'>"
        f"<event xmlns='{ns.PUBSUB_EVENT}'>{body}</event></message>"
    )
