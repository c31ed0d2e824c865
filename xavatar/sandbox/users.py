"""The service of the account domains: the server itself and its users (RFC 6121, 8.5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from xml.etree.ElementTree import Element

from . import ns, subscriptions
from .accounts import Directory
from .caps import Caps
from .disco import Disco
from .pep import Pep, Request
from .pep_owner import PepOwner
from .presence import Presence
from .respond import Responder
from .roster import Rosters
from .router import Router
from .stanza import Stanza, StanzaError
from .subscriptions import Subscriptions
from .vcard import VCards
from .xml import content

_KINDS = {
    f"{{{ns.VCARD}}}vCard": "vcard",
    f"{{{ns.DISCO_INFO}}}query": "disco",
    f"{{{ns.DISCO_ITEMS}}}query": "disco",
    f"{{{ns.ROSTER}}}query": "roster",
    f"{{{ns.PING}}}ping": "ping",
    f"{{{ns.PUBSUB_OWNER}}}pubsub": "pep",
}
_PUBSUB = f"{{{ns.PUBSUB}}}pubsub"
_NODE_KINDS = {ns.AVATAR_METADATA: "metadata", ns.AVATAR_DATA: "data"}


def kind_of(payload: Element) -> str:
    """Name what an IQ asks for, as faults and statistics do."""
    if payload.tag == _PUBSUB:
        return _NODE_KINDS.get(payload[0].get("node", ""), "pep") if len(payload) else "pep"
    return _KINDS.get(payload.tag, "other")


class Parts(NamedTuple):
    """The features a user domain is made of."""

    directory: Directory
    router: Router
    responder: Responder
    disco: Disco
    rosters: Rosters
    presence: Presence
    subscriptions: Subscriptions
    caps: Caps
    pep: Pep
    pep_owner: PepOwner
    vcards: VCards


class Users:
    """A :class:`~xavatar.sandbox.router.Service` for one domain of accounts."""

    name = ""

    def __init__(self, domain: str, parts: Parts) -> None:
        self.domain = domain
        self._parts = parts
        self._handlers: dict[str, Callable[[Request, Element, str], str]] = {
            _PUBSUB: parts.pep.handle,
            f"{{{ns.PUBSUB_OWNER}}}pubsub": parts.pep_owner.handle,
            f"{{{ns.VCARD}}}vCard": self._vcard,
            f"{{{ns.DISCO_INFO}}}query": self._disco_info,
            f"{{{ns.DISCO_ITEMS}}}query": self._disco_items,
            f"{{{ns.ROSTER}}}query": self._roster,
            f"{{{ns.PING}}}ping": self._ping,
            f"{{{ns.SESSION}}}session": self._ping,
        }
        self._server_handlers: dict[tuple[str, str], Callable[[Element], str]] = {
            ("get", f"{{{ns.DISCO_INFO}}}query"): parts.disco.server_info,
            ("get", f"{{{ns.DISCO_ITEMS}}}query"): parts.disco.server_items,
            ("get", f"{{{ns.PING}}}ping"): lambda query: "",
            ("set", f"{{{ns.SESSION}}}session"): lambda query: "",
        }

    def handle(self, stanza: Stanza) -> None:
        """Take one stanza addressed to the domain, an account or one of its sessions."""
        {"iq": self._iq, "message": self._message, "presence": self._presence}[stanza.name](stanza)

    def _iq(self, stanza: Stanza) -> None:
        to = stanza.to
        if to is not None and to.resource:
            self._forward(stanza)
        elif stanza.type in ("result", "error"):
            self._parts.caps.answered(stanza)
        elif to is not None and not to.local:
            self._ask_server(stanza)
        else:
            self._ask_account(stanza, to.bare if to is not None else stanza.sender.bare)

    def _forward(self, stanza: Stanza) -> None:
        assert stanza.to is not None
        if not self._parts.router.deliver(stanza.to.full, stanza.render()):
            self._parts.router.refuse(stanza, StanzaError("service-unavailable"))

    def _ask_server(self, stanza: Stanza) -> None:
        payload = stanza.element[0]
        handler = self._server_handlers.get((stanza.type, payload.tag))

        def answer() -> str:
            if handler is None:
                raise StanzaError("service-unavailable")
            return handler(payload)

        self._parts.responder.respond(stanza, self.domain, kind_of(payload), answer)

    def _ask_account(self, stanza: Stanza, bare: str) -> None:
        session = self._parts.router.session(stanza.sender.full)
        if session is None:
            return
        payload = stanza.element[0]
        handler = self._handlers.get(payload.tag)
        request = Request(session, self._parts.directory.get(bare))

        def answer() -> str:
            if handler is None:
                raise StanzaError("service-unavailable")
            return handler(request, payload, stanza.type)

        self._parts.responder.respond(stanza, bare, kind_of(payload), answer)

    def _vcard(self, request: Request, vcard: Element, kind: str) -> str:
        if kind == "get":
            return self._parts.vcards.read(request.account, request.requester)
        return self._parts.vcards.write(request.account, request.requester, vcard)

    def _disco_info(self, request: Request, query: Element, kind: str) -> str:
        _only("get", kind)
        return self._parts.disco.account_info(request.account, request.requester, query)

    def _disco_items(self, request: Request, query: Element, kind: str) -> str:
        _only("get", kind)
        return self._parts.disco.account_items(request.account, request.requester, query)

    def _ping(self, request: Request, ping: Element, kind: str) -> str:
        # Servers answer for their users, and for those they do not have, so that none can be told.
        return ""

    def _roster(self, request: Request, query: Element, kind: str) -> str:
        account, rosters = request.account, self._parts.rosters
        if account is None or account.jid != request.requester:
            raise StanzaError("service-unavailable")
        if kind == "get":
            return rosters.read(request.session)
        item, jid = rosters.requested(query)
        if item.get("subscription") != "remove":
            rosters.update(account, jid, item)
            return ""
        entry = account.roster.get(jid)
        rosters.remove(account, jid)
        if entry is not None:
            self._parts.subscriptions.sever(account, entry)
        return ""

    def _message(self, stanza: Stanza) -> None:
        to = stanza.to or stanza.sender
        if to.resource and self._parts.router.deliver(to.full, stanza.render(to.full)):
            return
        account = self._parts.directory.get(to.bare)
        targets = [s for s in account.available() if s.priority >= 0] if account is not None else []
        if stanza.type in ("", "normal", "chat", "headline"):
            for session in targets:
                session.send(stanza.render(to.bare))
        if stanza.type != "headline" and (not targets or stanza.type == "groupchat"):
            self._parts.router.refuse(stanza, StanzaError("service-unavailable"))

    def _presence(self, stanza: Stanza) -> None:
        to, parts = stanza.to, self._parts
        account = parts.directory.get(to.bare) if to is not None else None
        session = parts.router.session(stanza.sender.full)
        if to is None or not to.local or session is None:
            return
        if stanza.type in subscriptions.TYPES:
            parts.subscriptions.outgoing(session.account, stanza.type, to.bare, content(stanza.element))
        elif account is None:
            return
        elif stanza.type == "probe":
            parts.presence.probe(session, account)
        else:
            parts.presence.directed(stanza, account)


def _only(allowed: str, kind: str) -> None:
    if kind != allowed:
        raise StanzaError("not-allowed")
