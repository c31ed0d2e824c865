"""Personal eventing: the owner's requests (XEP-0060, 8)."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from . import ns
from .accounts import AccountState
from .dataform import read_form, write_form
from .jid import parse_jid
from .nodes import AFFILIATIONS, CONFIG_FORM, NodeConfig
from .pep import Changed, Request
from .stanza import StanzaError, pubsub_error
from .store import NodeStore
from .xml import children, escape, local_name


class PepOwner:
    """Answers ``<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'/>``."""

    def __init__(self, store: NodeStore, changed: Changed) -> None:
        self._store = store
        self._changed = changed
        self._handlers: dict[tuple[str, str], Callable[[AccountState, Element], str]] = {
            ("get", "configure"): self._configuration,
            ("set", "configure"): self._configure,
            ("get", "default"): self._default,
            ("set", "purge"): self._purge,
            ("set", "delete"): self._delete,
            ("get", "affiliations"): self._affiliations,
            ("set", "affiliations"): self._affiliate,
            ("get", "subscriptions"): self._subscriptions,
        }

    def handle(self, request: Request, pubsub: Element, kind: str) -> str:
        """Answer a request of type `kind`, get or set."""
        account = request.owner()
        if not len(pubsub):
            raise StanzaError("bad-request")
        verb = pubsub[0]
        handler = self._handlers.get((kind, local_name(verb)))
        if handler is None:
            raise StanzaError("feature-not-implemented")
        if local_name(verb) != "default" and not verb.get("node"):
            raise StanzaError("bad-request", application=pubsub_error("nodeid-required"))
        payload = handler(account, verb)
        return f"<pubsub xmlns='{ns.PUBSUB_OWNER}'>{payload}</pubsub>" if payload else ""

    def _configuration(self, account: AccountState, verb: Element) -> str:
        node = self._store.existing(account, verb.get("node", ""))
        form = write_form(CONFIG_FORM, "form", node.config.fields())
        return f"<configure node='{escape(node.name)}'>{form}</configure>"

    def _configure(self, account: AccountState, verb: Element) -> str:
        node = self._store.existing(account, verb.get("node", ""))
        form = next(children(verb, ns.DATA_FORM, "x"), None)
        if form is None:
            raise StanzaError("bad-request", text="A configuration comes in a form.")
        if form.get("type") != "cancel":
            node.config = node.config.updated(read_form(form))
            node.trim()
            self._changed(account, node.name)
        return ""

    def _default(self, account: AccountState, verb: Element) -> str:
        return f"<default>{write_form(CONFIG_FORM, 'form', NodeConfig().fields())}</default>"

    def _purge(self, account: AccountState, verb: Element) -> str:
        self._store.purge(account, verb.get("node", ""))
        self._changed(account, verb.get("node", ""))
        return ""

    def _delete(self, account: AccountState, verb: Element) -> str:
        self._store.delete(account, verb.get("node", ""))
        self._changed(account, verb.get("node", ""))
        return ""

    def _affiliations(self, account: AccountState, verb: Element) -> str:
        node = self._store.existing(account, verb.get("node", ""))
        affiliations = {account.jid: "owner", **node.affiliations}
        items = "".join(f"<affiliation jid='{escape(jid)}' affiliation='{a}'/>" for jid, a in affiliations.items())
        return f"<affiliations node='{escape(node.name)}'>{items}</affiliations>"

    def _affiliate(self, account: AccountState, verb: Element) -> str:
        node = self._store.existing(account, verb.get("node", ""))
        for element in children(verb, ns.PUBSUB_OWNER, "affiliation"):
            affiliation = element.get("affiliation", "")
            try:
                jid = parse_jid(element.get("jid", "")).bare
            except ValueError:
                raise StanzaError("bad-request", application=pubsub_error("invalid-jid")) from None
            if affiliation not in AFFILIATIONS or jid == account.jid:
                raise StanzaError("not-acceptable", text=f"{jid} cannot be {affiliation!r}.")
            if affiliation == "none":
                node.affiliations.pop(jid, None)
            else:
                node.affiliations[jid] = affiliation
        return ""

    def _subscriptions(self, account: AccountState, verb: Element) -> str:
        node = self._store.existing(account, verb.get("node", ""))
        items = "".join(
            f"<subscription jid='{escape(jid)}' subid='{subid}' subscription='subscribed'/>"
            for jid, subid in node.subscribers.items()
        )
        return f"<subscriptions node='{escape(node.name)}'>{items}</subscriptions>"
