"""Service discovery (XEP-0030) of the server and of its accounts."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from . import ns
from .access import refusal
from .accounts import AccountState
from .router import Router
from .scenario import Options
from .stanza import StanzaError
from .xml import attribute, escape

_SERVER_FEATURES = (ns.DISCO_INFO, ns.DISCO_ITEMS, ns.PING, ns.ROSTER, ns.VCARD, "presence")
_PEP_FEATURES = tuple(
    f"{ns.PUBSUB}#{name}"
    for name in (
        "access-open", "access-presence", "access-roster", "access-whitelist", "auto-create", "auto-subscribe",
        "config-node", "config-node-max", "create-and-configure", "create-nodes", "delete-items", "delete-nodes",
        "filtered-notifications", "item-ids", "last-published", "modify-affiliations", "multi-items",
        "persistent-items", "publish", "publish-options", "purge-nodes", "retract-items", "retrieve-affiliations",
        "retrieve-items", "retrieve-subscriptions", "subscribe",
    )
)  # fmt: skip


class Disco:
    """Answers disco#info and disco#items."""

    def __init__(self, router: Router, options: Options) -> None:
        self._router = router
        self._options = options

    def server_info(self, query: Element) -> str:
        """Tell what the server is."""
        if query.get("node"):
            raise StanzaError("item-not-found")
        features = [*_SERVER_FEATURES, *([ns.SM] if self._options.stream_management else [])]
        return _info(query, [("server", "im", "xavatar sandbox")], features)

    def server_items(self, query: Element) -> str:
        """List the services beside the accounts."""
        if query.get("node"):
            raise StanzaError("item-not-found")
        return _items(
            query,
            (
                f"<item jid='{escape(service.domain)}' name='{escape(service.name)}'/>"
                for service in self._router.services()
                if service.name
            ),
        )

    def account_info(self, account: AccountState | None, requester: str, query: Element) -> str:
        """Tell what an account is, to those who see its presence (RFC 6121, 8.5)."""
        if account is None:
            raise StanzaError("service-unavailable")
        name = query.get("node")
        if name:
            return self._node_info(account, requester, query, name)
        if account.jid != requester and not account.shows_presence_to(requester):
            raise StanzaError("service-unavailable")
        converts = [ns.CONVERSION] if self._options.conversion else []
        features = [ns.DISCO_INFO, ns.DISCO_ITEMS, ns.VCARD, ns.PUBSUB, *_PEP_FEATURES, *converts]
        return _info(query, [("account", "registered", None), ("pubsub", "pep", None)], features)

    def account_items(self, account: AccountState | None, requester: str, query: Element) -> str:
        """List the nodes the requester may read (P84-25)."""
        nodes = [
            node.name
            for node in (account.nodes.values() if account is not None else ())
            if account is not None and refusal(account, node, requester, self._options) is None
        ]
        knows = account is not None and (account.jid == requester or account.shows_presence_to(requester))
        if account is None or not (nodes or knows):
            raise StanzaError("service-unavailable")
        if name := query.get("node"):
            return self._node_items(account, query, name, name in nodes)
        return _items(query, (f"<item jid='{escape(account.jid)}' node='{escape(node)}'/>" for node in nodes))

    def _node_items(self, account: AccountState, query: Element, name: str, readable: bool) -> str:
        if not readable:
            raise StanzaError("item-not-found")
        ids = account.nodes[name].items
        return _items(query, (f"<item jid='{escape(account.jid)}' name='{escape(identity)}'/>" for identity in ids))

    def _node_info(self, account: AccountState, requester: str, query: Element, name: str) -> str:
        node = account.nodes.get(name)
        if node is None or refusal(account, node, requester, self._options) is not None:
            raise StanzaError("item-not-found")
        return _info(query, [("pubsub", "leaf", node.config.title or None)], [ns.PUBSUB])


def _info(query: Element, identities: Iterable[tuple[str, str, str | None]], features: Iterable[str]) -> str:
    body = "".join(
        f"<identity category='{category}' type='{kind}'{attribute('name', name)}/>"
        for category, kind, name in identities
    )
    body += "".join(f"<feature var='{escape(feature)}'/>" for feature in features)
    return f"<query xmlns='{ns.DISCO_INFO}'{attribute('node', query.get('node'))}>{body}</query>"


def _items(query: Element, items: Iterable[str]) -> str:
    return f"<query xmlns='{ns.DISCO_ITEMS}'{attribute('node', query.get('node'))}>{''.join(items)}</query>"
