"""Where stanzas go: from a session to the service of a domain, and back to sessions.

The seam for further services (MUC, for one) is :class:`Service`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol
from xml.etree.ElementTree import Element

from .jid import Jid, parse_jid
from .session import Session
from .stanza import Stanza, StanzaError
from .xml import split_tag

_TYPES = {
    "iq": {"get", "set", "result", "error"},
    "message": {"", "chat", "normal", "headline", "groupchat", "error"},
    "presence": {
        "", "unavailable", "error", "probe", "subscribe", "subscribed", "unsubscribe", "unsubscribed",
    },
}  # fmt: skip


class Service(Protocol):
    """Answers for one domain.

    A service gets every stanza addressed to its domain: to the domain itself, to
    ``local@domain`` and to ``local@domain/resource``. Nothing is filtered, so iq results,
    errors and presence of every type arrive too. All runs on the server's loop, and nothing
    is awaited: a service handles a stanza and returns.

    How to write one
    ----------------
    ``stanza.sender`` is the full JID of the session, ``stanza.to`` the parsed address
    (:class:`~xavatar.sandbox.jid.Jid`: `local`, `domain`, `resource`, `bare`, `full`),
    ``stanza.payload`` an IQ's child, tags written ``{namespace}local``.

    * Answer an IQ through :meth:`xavatar.sandbox.respond.Responder.respond`: it counts the
      request, applies the faults set for the asked JID, and turns a
      :class:`~xavatar.sandbox.stanza.StanzaError` raised by the handler into the error
      answer.
    * Send anything else with ``router.deliver(full_jid, xml)``; write the text from
      escaped values (:func:`xavatar.sandbox.xml.escape`) and verbatim payloads. It returns
      False when no such session is bound, which is no error.
    * Pass a stanza on with ``stanza.render(to=...)``; its `from` is the sender's.
    * Outgoing presence has been through the hash injection (XEP-0398, 4) already. A session
      that leaves, in whatever way, first sends ``unavailable`` to all it sent directed
      presence to: a service learns of it as of any presence.
    * ``host.directory.get(bare)`` is an account (its `vcard`, `nodes`, `sessions`);
      ``host.injection.children(xml, account)`` injects its hash into a presence's children.

    Then name the service in ``host.services()``: it is routed to and listed in the server's
    disco#items.

    Attributes
    ----------
    domain : str
    name : str
        For disco#items; ``""`` keeps it out of the list.
    """

    domain: str
    name: str

    def handle(self, stanza: Stanza) -> None:
        """Take one stanza addressed to `domain`."""


class Router:
    """Dispatches stanzas by domain, and delivers text to sessions."""

    def __init__(self) -> None:
        self._services: dict[str, Service] = {}
        self._sessions: dict[str, Session] = {}

    def register(self, service: Service) -> None:
        """Let a service answer for its domain."""
        self._services[service.domain] = service

    def services(self) -> Iterator[Service]:
        """Yield the services in the order of their registration."""
        yield from self._services.values()

    def add(self, session: Session) -> None:
        """Make a bound session reachable."""
        self._sessions[session.jid.full] = session

    def remove(self, session: Session) -> None:
        """Forget a session, unless another has taken its JID."""
        if self._sessions.get(session.jid.full) is session:
            del self._sessions[session.jid.full]

    def session(self, full: str) -> Session | None:
        """Return the session bound to this full JID."""
        return self._sessions.get(full)

    def sessions(self) -> list[Session]:
        """Return all bound sessions."""
        return list(self._sessions.values())

    def deliver(self, full: str, xml: str) -> bool:
        """Send text to a session; False when there is none."""
        session = self._sessions.get(full)
        if session is None:
            return False
        session.send(xml)
        return True

    def route(self, stanza: Stanza) -> None:
        """Hand a stanza to the service of its domain; without `to`, of its sender's."""
        target = stanza.to or stanza.sender
        service = self._services.get(target.domain)
        if service is not None:
            service.handle(stanza)
        else:
            self.refuse(stanza, StanzaError("remote-server-not-found"))

    def refuse(self, stanza: Stanza, error: StanzaError) -> None:
        """Answer with an error, where RFC 6120, 8.3.1 allows one."""
        if stanza.type in ("error", "result") or (stanza.name == "presence" and stanza.type not in ("", "subscribe")):
            return
        self.deliver(stanza.sender.full, stanza.refusal(error))


def read_stanza(session: Session, element: Element) -> Stanza:
    """Make a stanza of what a session sent.

    Raises
    ------
    StanzaError
        ``jid-malformed`` or ``bad-request``; its stanza has no `to`.
    """
    name, kind = split_tag(element.tag)[1], element.get("type", "")
    identity, to = element.get("id", ""), element.get("to")
    if kind not in _TYPES[name] or (name == "iq" and not identity):
        raise StanzaError("bad-request")
    target: Jid | None = None
    if to is not None:
        try:
            target = parse_jid(to)
        except ValueError as error:
            raise StanzaError("jid-malformed", text=str(error)) from None
    if name == "iq" and kind in ("get", "set") and len(element) != 1:
        raise StanzaError("bad-request", text="An IQ of type get or set has exactly one child.")
    return Stanza(element, name, kind, identity, session.jid, target)
