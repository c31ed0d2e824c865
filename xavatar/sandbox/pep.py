"""Personal eventing (XEP-0163): requests in the pubsub namespace (XEP-0060, 6 and 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import uuid4
from xml.etree.ElementTree import Element

from . import ns
from .access import absent_account, absent_node, refusal
from .accounts import AccountState
from .dataform import read_form
from .events import Events
from .jid import parse_jid
from .nodes import NodeConfig, PepNode, render_items
from .scenario import Item, Options
from .session import Session
from .stanza import StanzaError, pubsub_error
from .store import NodeStore
from .xml import attribute, children, escape, local_name, serialise

MAX_PAYLOAD = 1 << 20
"""Largest payload of an item, bytes; a larger one is refused (P60-03)."""

OPTIONS_FORM = "http://jabber.org/protocol/pubsub#publish-options"

Changed = Callable[[AccountState, str], None]
"""Hears of an account's node whose owner changed it."""


class Request(NamedTuple):
    """A request to an account's PEP service.

    Parameters
    ----------
    session : Session
        Who asks.
    account : AccountState or None
        Who is asked; ``None`` when there is no such account.
    """

    session: Session
    account: AccountState | None

    @property
    def requester(self) -> str:
        """Bare JID of who asks."""
        return self.session.jid.bare

    def owner(self) -> AccountState:
        """Return the account for a request that only its owner may make."""
        if self.account is None or self.account.jid != self.requester:
            raise StanzaError("forbidden")
        return self.account


class Pep:
    """Answers ``<pubsub xmlns='http://jabber.org/protocol/pubsub'/>``."""

    def __init__(self, store: NodeStore, events: Events, options: Options, changed: Changed) -> None:
        self._store = store
        self._events = events
        self._options = options
        self._changed = changed
        self._get: dict[str, Callable[[Request, Element], str]] = {
            "items": self._items,
            "subscriptions": self._subscriptions,
            "affiliations": self._affiliations,
            "default": self._default,
        }
        self._set: dict[str, Callable[[Request, Element], str]] = {
            "publish": self._publish,
            "retract": self._retract,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "create": self._create,
        }

    def handle(self, request: Request, pubsub: Element, kind: str) -> str:
        """Answer a request of type `kind`, get or set."""
        verb = pubsub[0] if len(pubsub) else None
        handler = (self._get if kind == "get" else self._set).get(local_name(verb)) if verb is not None else None
        if verb is None or handler is None:
            raise StanzaError("feature-not-implemented" if verb is not None else "bad-request")
        if verb.tag == f"{{{ns.PUBSUB}}}items":
            return handler(request, verb)
        return f"<pubsub xmlns='{ns.PUBSUB}'>{handler(request, pubsub)}</pubsub>"

    def readable(self, request: Request, name: str) -> tuple[AccountState, PepNode]:
        """Return the node when the requester may read it, else refuse (P60-01, P60-02)."""
        account = request.account
        if account is None:
            raise absent_account(self._options)
        node = account.nodes.get(name)
        if node is None:
            raise absent_node(account, request.requester, self._options)
        refused = refusal(account, node, request.requester, self._options)
        if refused is not None:
            raise refused
        return account, node

    def _items(self, request: Request, verb: Element) -> str:
        name = verb.get("node", "")
        _, node = self.readable(request, name)
        wanted = [item.get("id", "") for item in verb]
        if wanted:
            found = [node.items[identity] for identity in wanted if identity in node.items]
        else:
            found = node.newest(_limit(verb))
        return f"<pubsub xmlns='{ns.PUBSUB}'><items node='{escape(name)}'>{render_items(found)}</items></pubsub>"

    def _publish(self, request: Request, pubsub: Element) -> str:
        account, verb = request.owner(), pubsub[0]
        items = [_read_item(element) for element in children(verb, ns.PUBSUB, "item")]
        if not items:
            raise StanzaError("bad-request", application=pubsub_error("item-required"))
        node = self._node_for(account, _name(verb), pubsub)
        for item in items:
            self._store.publish(account, node, item)
        self._changed(account, node.name)
        ids = "".join(f"<item id='{escape(item.id)}'/>" for item in items)
        return f"<publish node='{escape(node.name)}'>{ids}</publish>"

    def _node_for(self, account: AccountState, name: str, pubsub: Element) -> PepNode:
        """Return the node to publish to, its preconditions met (XEP-0060, 7.1.5)."""
        element = next(children(pubsub, ns.PUBSUB, "publish-options"), None)
        form = read_form(element) if element is not None else {}
        node = account.nodes.get(name)
        if node is None:
            return self._store.node(account, name, NodeConfig().updated(form))
        if node.config.updated(form) != node.config:
            raise StanzaError("conflict", application=pubsub_error("precondition-not-met"))
        return node

    def _retract(self, request: Request, pubsub: Element) -> str:
        account, verb = request.owner(), pubsub[0]
        node = self._store.existing(account, _name(verb))
        ids = [item.get("id", "") for item in children(verb, ns.PUBSUB, "item")]
        if not ids or "" in ids:
            raise StanzaError("bad-request", application=pubsub_error("item-required"))
        notify = node.config.notify_retract or verb.get("notify") in ("true", "1")
        for identity in ids:
            self._store.retract(account, node, identity, notify=notify)
        self._changed(account, node.name)
        return ""

    def _create(self, request: Request, pubsub: Element) -> str:
        account, name = request.owner(), pubsub[0].get("node") or str(uuid4())
        if name in account.nodes:
            raise StanzaError("conflict")
        element = next(children(pubsub, ns.PUBSUB, "configure"), None)
        self._store.node(account, name, NodeConfig().updated(read_form(element) if element is not None else {}))
        return f"<create node='{escape(name)}'/>"

    def _subscribe(self, request: Request, pubsub: Element) -> str:
        verb = pubsub[0]
        jid = _own_jid(request, verb)
        account, node = self.readable(request, _name(verb))
        subid = node.subscribers.setdefault(jid, str(uuid4()))
        self._events.last_to(request.session, account, node)
        return _subscription(node.name, jid, subid)

    def _unsubscribe(self, request: Request, pubsub: Element) -> str:
        verb = pubsub[0]
        jid = _own_jid(request, verb)
        _, node = self.readable(request, _name(verb))
        if node.subscribers.pop(jid, None) is None:
            raise StanzaError("unexpected-request", application=pubsub_error("not-subscribed"))
        return _subscription(node.name, jid, None, "none")

    def _subscriptions(self, request: Request, pubsub: Element) -> str:
        account, wanted = self._known(request), pubsub[0].get("node")
        found = "".join(
            _subscription(node.name, jid, subid)
            for node in account.nodes.values()
            if wanted in (None, node.name)
            for jid, subid in node.subscribers.items()
            if parse_jid(jid).bare == request.requester
        )
        return f"<subscriptions{attribute('node', wanted)}>{found}</subscriptions>"

    def _affiliations(self, request: Request, pubsub: Element) -> str:
        account, wanted = self._known(request), pubsub[0].get("node")
        own = account.jid == request.requester
        found = "".join(
            f"<affiliation node='{escape(node.name)}' affiliation='{affiliation}'/>"
            for node in account.nodes.values()
            if wanted in (None, node.name)
            and (affiliation := "owner" if own else node.affiliations.get(request.requester, "none")) != "none"
        )
        return f"<affiliations{attribute('node', wanted)}>{found}</affiliations>"

    def _default(self, request: Request, pubsub: Element) -> str:
        raise StanzaError("feature-not-implemented", application=pubsub_error("unsupported", "retrieve-default-sub"))

    def _known(self, request: Request) -> AccountState:
        if request.account is None:
            raise absent_account(self._options)
        return request.account


def _name(verb: Element) -> str:
    name = verb.get("node")
    if not name:
        raise StanzaError("bad-request", application=pubsub_error("nodeid-required"))
    return name


def _limit(verb: Element) -> int | None:
    text = verb.get("max_items")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise StanzaError("bad-request", text="max_items is a number.")
    return int(text)


def _read_item(element: Element) -> Item:
    if len(element) == 0:
        raise StanzaError("bad-request", application=pubsub_error("payload-required"))
    if len(element) > 1:
        raise StanzaError("bad-request", application=pubsub_error("invalid-payload"))
    element[0].tail = None
    payload = serialise(element[0], None)
    if len(payload) > MAX_PAYLOAD:
        raise StanzaError("not-acceptable", application=pubsub_error("payload-too-big"))
    return Item(element.get("id") or str(uuid4()), payload)


def _own_jid(request: Request, verb: Element) -> str:
    try:
        jid = parse_jid(verb.get("jid", ""))
    except ValueError:
        raise StanzaError("bad-request", application=pubsub_error("invalid-jid")) from None
    if jid.bare != request.requester:
        raise StanzaError("bad-request", application=pubsub_error("invalid-jid"))
    return jid.full


def _subscription(node: str, jid: str, subid: str | None, state: str = "subscribed") -> str:
    head = f"<subscription node='{escape(node)}' jid='{escape(jid)}'"
    return f"{head}{attribute('subid', subid)} subscription='{state}'/>"
