"""Presence: broadcast, probes, directed presence (RFC 6121, 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from . import ns
from .accounts import AccountState, Directory
from .caps import Caps
from .injection import inject, inject_text
from .jid import Jid
from .router import Router
from .scenario import Options, Resource
from .session import Session
from .stanza import Stanza
from .xml import escape

_PRIORITY = f"{{{ns.CLIENT}}}priority"


class Presence:
    """Who is there, and who is told."""

    def __init__(self, directory: Directory, router: Router, caps: Caps, options: Options) -> None:
        self._directory = directory
        self._router = router
        self._caps = caps
        self._options = options

    def outgoing(self, session: Session, stanza: Stanza) -> None:
        """Take an available or unavailable presence from a client."""
        if stanza.type == "" and self._options.injection:
            inject(stanza.element, session.account)
        if stanza.to is not None:
            (session.directed.discard if stanza.type else session.directed.add)(stanza.to)
            self._router.route(stanza)
        elif stanza.type == "unavailable":
            self._leave(session, stanza.render)
        else:
            self._available(session, stanza)

    def gone(self, session: Session) -> None:
        """Say for a session that it ended without saying so (RFC 6121, 4.5.2)."""
        full = escape(session.jid.full)
        self._leave(session, lambda to: f"<presence type='unavailable' from='{full}' to='{escape(to)}'/>")
        self._caps.forget(session)

    def directed(self, stanza: Stanza, account: AccountState) -> None:
        """Deliver directed presence to an account's sessions."""
        assert stanza.to is not None
        for session in list(account.available()):
            if stanza.to.resource in ("", session.jid.resource):
                session.send(stanza.render(session.jid.full))

    def probe(self, session: Session, account: AccountState) -> None:
        """Send a session the presence of an account, if it may see it."""
        if account is session.account or account.shows_presence_to(session.jid.bare):
            for text in self._presences(account, session.jid.full):
                session.send(text)

    def vanish(self, account: AccountState, bare: str) -> None:
        """Tell an account's sessions that this one's resources are unavailable to it now."""
        other = self._directory.get(bare)
        for watcher in list(account.available()):
            for name in [*other.played, *(s.jid.resource for s in other.available())] if other else ():
                source = escape(f"{bare}/{name}")
                watcher.send(f"<presence type='unavailable' from='{source}' to='{escape(watcher.jid.full)}'/>")

    def play(self, account: AccountState, name: str, children: str | None, *, injected: bool = False) -> None:
        """Change a played resource while clients watch; ``None`` takes it away."""
        source = escape(f"{account.jid}/{name}")
        if children is None:
            account.played.pop(name, None)
        else:
            account.played[name] = Resource(name, children, injected)
        for watcher in self._watchers(account):
            to = escape(watcher.jid.full)
            if children is None:
                watcher.send(f"<presence type='unavailable' from='{source}' to='{to}'/>")
            else:
                watcher.send(_played(account, account.played[name], watcher.jid.full))

    def _available(self, session: Session, stanza: Stanza) -> None:
        initial = session.presence is None
        session.presence = stanza
        session.priority = _priority(stanza)
        if initial:
            self._greet(session)
        for watcher in self._watchers(session.account):
            watcher.send(stanza.render(watcher.jid.full))
        self._caps.learn(session, stanza, initial=initial)

    def _greet(self, session: Session) -> None:
        """Answer the probes of initial presence (RFC 6121, 4.3)."""
        own = session.account
        for other in list(own.available()):
            if other is not session and other.presence is not None:
                session.send(other.presence.render(session.jid.full))
        for resource in own.played.values():
            session.send(_played(own, resource, session.jid.full))
        for entry in own.roster.values():
            contact = self._directory.get(entry.jid) if entry.sees else None
            if contact is not None:
                self.probe(session, contact)
        for bare in own.requests:
            session.send(f"<presence type='subscribe' from='{escape(bare)}' to='{escape(own.jid)}'/>")

    def _leave(self, session: Session, render: Callable[[str], str]) -> None:
        watchers = list(self._watchers(session.account)) if session.presence is not None else []
        session.presence = None
        session.notify, session.caps = frozenset(), ""
        told = set()
        for watcher in watchers:
            told.add(watcher.jid.full)
            watcher.send(render(watcher.jid.full))
        for jid in session.directed:
            if jid.full not in told:
                self._router.route(_unavailable(session, jid))
        session.directed.clear()

    def _presences(self, account: AccountState, to: str) -> Iterator[str]:
        for resource in account.played.values():
            yield _played(account, resource, to)
        for session in account.available():
            if session.presence is not None:
                yield session.presence.render(to)

    def _watchers(self, account: AccountState) -> Iterator[Session]:
        yield from account.available()
        for entry in account.roster.values():
            contact = self._directory.get(entry.jid) if entry.is_seen else None
            item = contact.roster.get(account.jid) if contact is not None else None
            if contact is not None and item is not None and item.sees:
                yield from contact.available()


def _played(account: AccountState, resource: Resource, to: str) -> str:
    children = resource.children or ""
    if resource.inject:
        children = inject_text(children, account)
    return f"<presence from='{escape(account.jid)}/{escape(resource.name)}' to='{escape(to)}'>{children}</presence>"


def _unavailable(session: Session, to: Jid) -> Stanza:
    element = Element(f"{{{ns.CLIENT}}}presence", {"type": "unavailable", "to": to.full})
    return Stanza(element, "presence", "unavailable", "", session.jid, to)


def _priority(stanza: Stanza) -> int:
    try:
        return max(-128, min(127, int(stanza.element.findtext(_PRIORITY) or 0)))
    except ValueError:
        return 0
