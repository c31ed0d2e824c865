"""Changes to an account's nodes, with the events that tell of them.

Clients' requests, XEP-0398 conversion and the sandbox's own hands all go through here.
"""

from __future__ import annotations

from .accounts import AccountState
from .events import Events
from .nodes import NodeConfig, PepNode
from .scenario import Item
from .stanza import StanzaError


class NodeStore:
    """Publishes, retracts, purges and deletes."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def node(self, account: AccountState, name: str, config: NodeConfig | None = None) -> PepNode:
        """Return a node; create it when it is not there."""
        node = account.nodes.get(name)
        if node is None:
            node = account.nodes[name] = PepNode(name, config or NodeConfig())
        return node

    def existing(self, account: AccountState, name: str) -> PepNode:
        """Return a node, or refuse with ``item-not-found``."""
        node = account.nodes.get(name)
        if node is None:
            raise StanzaError("item-not-found")
        return node

    def publish(self, account: AccountState, node: PepNode, item: Item) -> None:
        """Keep an item as the newest and tell of it."""
        node.store(item)
        self._events.published(account, node, item)

    def retract(self, account: AccountState, node: PepNode, identity: str, *, notify: bool = True) -> None:
        """Take an item away; refuse with ``item-not-found`` when it is not there."""
        if node.items.pop(identity, None) is None:
            raise StanzaError("item-not-found")
        if notify:
            self._events.retracted(account, node, identity)

    def purge(self, account: AccountState, name: str) -> None:
        """Take all items of a node away."""
        node = self.existing(account, name)
        node.items.clear()
        self._events.purged(account, node)

    def delete(self, account: AccountState, name: str) -> None:
        """Take a node away."""
        node = self.existing(account, name)
        del account.nodes[name]
        self._events.deleted(account, node)
