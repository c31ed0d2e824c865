"""Rosters (RFC 6121, 2): the query, changes, and pushes to all interested sessions."""

from __future__ import annotations

from itertools import count
from xml.etree.ElementTree import Element

from . import ns
from .accounts import AccountState, RosterItem
from .jid import parse_jid
from .session import Session
from .stanza import StanzaError
from .xml import attribute, children, escape


class Rosters:
    """Reads and changes rosters; every change is pushed."""

    def __init__(self) -> None:
        self._ids = count(1)

    def read(self, session: Session) -> str:
        """Answer a roster query; the session gets pushes from now on."""
        session.interested = True
        items = "".join(map(_render, session.account.roster.values()))
        return f"<query xmlns='{ns.ROSTER}'>{items}</query>"

    def requested(self, query: Element) -> tuple[Element, str]:
        """Return the one item of a roster set, and its bare JID."""
        items = list(children(query, ns.ROSTER, "item"))
        if len(items) != 1:
            raise StanzaError("bad-request", text="A roster set has exactly one item.")
        try:
            return items[0], parse_jid(items[0].get("jid", "")).bare
        except ValueError:
            raise StanzaError("bad-request", text="A roster item needs a JID.") from None

    def update(self, account: AccountState, jid: str, item: Element) -> None:
        """Add or change an entry; its subscription is not the client's to set."""
        groups = tuple(dict.fromkeys(group.text or "" for group in children(item, ns.ROSTER, "group")))
        if "" in groups:
            raise StanzaError("not-acceptable", text="A roster group needs a name.")
        entry = account.roster.setdefault(jid, RosterItem(jid))
        entry.name, entry.groups = item.get("name"), groups
        self.push(account, entry)

    def remove(self, account: AccountState, jid: str) -> None:
        """Take an entry away."""
        if account.roster.pop(jid, None) is None:
            raise StanzaError("item-not-found")
        self.push(account, RosterItem(jid, subscription="remove"))

    def push(self, account: AccountState, entry: RosterItem) -> None:
        """Tell all interested sessions of a changed entry."""
        item = _render(entry)
        for session in account.sessions.values():
            if session.interested:
                session.send(
                    f"<iq type='set' id='push-{next(self._ids)}' to='{escape(session.jid.full)}'>"
                    f"<query xmlns='{ns.ROSTER}'>{item}</query></iq>"
                )


def _render(entry: RosterItem) -> str:
    groups = "".join(f"<group>{escape(group)}</group>" for group in entry.groups)
    ask = " ask='subscribe'" if entry.ask else ""
    head = f"<item jid='{escape(entry.jid)}'{attribute('name', entry.name)} subscription='{entry.subscription}'{ask}"
    return f"{head}>{groups}</item>" if groups else f"{head}/>"
