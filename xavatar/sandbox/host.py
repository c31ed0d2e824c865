"""The server without its sockets: accounts, services and sessions, wired together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from uuid import uuid4
from xml.etree.ElementTree import Element

from . import injection
from .accounts import AccountState, Directory
from .caps import Caps
from .conversion import Conversion
from .disco import Disco
from .events import Events
from .faults import Faults
from .jid import parse_jid
from .muc import Muc
from .pep import Pep
from .pep_owner import PepOwner
from .presence import Presence
from .respond import Responder
from .roster import Rosters
from .router import Router, Service, read_stanza
from .scenario import Scenario
from .session import Session
from .stanza import Stanza, StanzaError
from .store import NodeStore
from .subscriptions import Subscriptions
from .uploads import Uploads
from .users import Parts, Users
from .vcard import VCards
from .xml import split_tag

_log = logging.getLogger(__name__)


class Host:
    """What the server knows; it survives a restart of the sockets.

    Parameters
    ----------
    scenario : Scenario
    resume_seconds : float
        How long a broken session may be resumed (XEP-0198).
    """

    def __init__(self, scenario: Scenario, *, resume_seconds: float = 300.0) -> None:
        self.scenario = scenario
        self.options = scenario.options
        self.directory = Directory(scenario)
        self.router = Router()
        self.faults = Faults()
        self.responder = Responder(self.router, self.faults)
        self.injection = injection
        self.events = Events(self.directory, self.options, self.faults)
        self.store = NodeStore(self.events)
        self.caps = Caps(self.router, self.events)
        self.presence = Presence(self.directory, self.router, self.caps, self.options)
        self.vcards = VCards(self._vcard_changed)
        self.muc = Muc(self) if scenario.rooms_domain else None
        self.uploads = self._uploads() if self.options.uploads else None
        self._conversion = Conversion(self.store)
        self._resume_seconds = resume_seconds if self.options.stream_management else 0.0
        self._resumable: dict[str, asyncio.TimerHandle] = {}
        for account in scenario.accounts:
            for fault in account.faults:
                self.faults.add(account.jid, fault)
        for service in self.services():
            self.router.register(service)

    def services(self) -> Iterator[Service]:
        """Yield what answers for each domain of the scenario."""
        rosters = Rosters()
        parts = Parts(
            directory=self.directory,
            router=self.router,
            responder=self.responder,
            disco=Disco(self.router, self.options),
            rosters=rosters,
            presence=self.presence,
            subscriptions=Subscriptions(self.directory, rosters, self.presence, self.events),
            caps=self.caps,
            pep=Pep(self.store, self.events, self.options, self._published),
            pep_owner=PepOwner(self.store, self._managed),
            vcards=self.vcards,
        )
        for domain in sorted(self.directory.domains):
            yield Users(domain, parts)
        if self.muc is not None:
            yield self.muc
        if self.uploads is not None:
            yield self.uploads

    def _uploads(self) -> Uploads:
        return Uploads(f"upload.{self.scenario.domain}", self.scenario.domain, self.responder)

    @property
    def stream_management(self) -> bool:
        """Offer XEP-0198."""
        return self._resume_seconds > 0

    def serves(self, domain: str) -> bool:
        """Whether somebody can log in at this domain."""
        return domain == self.scenario.domain or any(
            account.password is not None and account.jid.endswith(f"@{domain}") for account in self.directory
        )

    def login(self, local: str, domain: str) -> AccountState | None:
        """Return the account that can log in by this name."""
        account = self.directory.get(f"{local.lower()}@{domain}")
        return account if account is not None and account.password is not None else None

    def bind(self, account: AccountState, resource: str) -> Session:
        """Bind a resource; whoever has it now gets a ``conflict`` (RFC 6120, 7.7.2.2)."""
        try:
            jid = parse_jid(f"{account.jid}/{resource or uuid4()}")
        except ValueError as error:
            raise StanzaError("bad-request", text=str(error)) from None
        former = account.sessions.get(jid.resource)
        if former is not None:
            stream = former.detach()
            self._end(former)
            if stream is not None:
                stream.fail("conflict", "Another client took this resource.")
        session = Session(account, jid, self._accept, self._ended, self._resume_seconds)
        account.sessions[jid.resource] = session
        self.router.add(session)
        return session

    def resume(self, account: AccountState, previous: str) -> Session | None:
        """Return the account's session of this resumption id, and stop its clock."""
        for session in account.sessions.values():
            if previous and session.management.resumption_id == previous:
                timer = self._resumable.pop(previous, None)
                if timer is not None:
                    timer.cancel()
                return session
        return None

    def forget_sessions(self) -> None:
        """Drop all sessions, those that wait for their resumption too, without telling their clients."""
        self.responder.cancel()
        for session in self.router.sessions():
            session.detach()
        # Services still have to learn who left: nothing reaches a client any more.
        for session in self.router.sessions():
            self._end(session)

    def _accept(self, session: Session, element: Element) -> None:
        self.responder.stanzas[split_tag(element.tag)[1]] += 1
        try:
            stanza = read_stanza(session, element)
        except StanzaError as error:
            name, kind = split_tag(element.tag)[1], element.get("type", "")
            self.router.refuse(Stanza(element, name, kind, element.get("id", ""), session.jid, None), error)
            return
        try:
            if stanza.name == "presence" and stanza.type in ("", "unavailable"):
                self.presence.outgoing(session, stanza)
            else:
                self.router.route(stanza)
        except Exception:  # noqa: BLE001 - a bug here must not end the client's stream
            _log.exception("sandbox: handling a %s of %s", stanza.name, session.jid.bare)
            self.router.refuse(stanza, StanzaError("internal-server-error"))

    def _ended(self, session: Session, resumable: bool) -> None:
        if not resumable:
            self._end(session)
            return
        identity = session.management.resumption_id
        loop = asyncio.get_running_loop()
        self._resumable[identity] = loop.call_later(self._resume_seconds, self._expire, session)

    def _expire(self, session: Session) -> None:
        self._resumable.pop(session.management.resumption_id, None)
        self._end(session)

    def _end(self, session: Session) -> None:
        timer = self._resumable.pop(session.management.resumption_id, None)
        if timer is not None:
            timer.cancel()
        # Directed unavailable presence is routed while its sender is still known.
        self.presence.gone(session)
        self._unbind(session)

    def _unbind(self, session: Session) -> None:
        self.router.remove(session)
        if session.account.sessions.get(session.jid.resource) is session:
            del session.account.sessions[session.jid.resource]

    def _published(self, account: AccountState, name: str) -> None:
        if self.options.conversion:
            self._conversion.published(account, name)

    def _managed(self, account: AccountState, name: str) -> None:
        if self.options.conversion:
            self._conversion.managed(account, name)

    def _vcard_changed(self, account: AccountState) -> None:
        if self.options.conversion:
            self._conversion.vcard_changed(account)
