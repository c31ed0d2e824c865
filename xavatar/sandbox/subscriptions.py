"""Presence subscriptions between accounts (RFC 6121, 3), both ends of them."""

from __future__ import annotations

from .accounts import AccountState, Directory, RosterItem
from .events import Events
from .presence import Presence
from .roster import Rosters
from .xml import escape

TYPES = ("subscribe", "subscribed", "unsubscribe", "unsubscribed")

_SIDES = {"none": set[str](), "to": {"to"}, "from": {"from"}, "both": {"to", "from"}}


class Subscriptions:
    """Moves the two rosters, and tells both sides.

    The sandbox serves both ends of every subscription, so one stanza of a client does what
    on the network the two servers do.
    """

    def __init__(self, directory: Directory, rosters: Rosters, presence: Presence, events: Events) -> None:
        self._directory = directory
        self._rosters = rosters
        self._presence = presence
        self._events = events

    def outgoing(self, account: AccountState, kind: str, jid: str, body: str = "") -> None:
        """Take a subscription stanza of `account` to the bare JID.

        Parameters
        ----------
        account : AccountState
        kind : str
            One of `TYPES`.
        jid : str
        body : str
            The stanza's children as XML text, as ``<status/>``.
        """
        {
            "subscribe": self._subscribe,
            "subscribed": self._approve,
            "unsubscribe": self._unsubscribe,
            "unsubscribed": self._cancel,
        }[kind](account, jid, body)

    def sever(self, account: AccountState, entry: RosterItem) -> None:
        """End both directions, as the removal of a roster entry does (RFC 6121, 2.5.2)."""
        if entry.sees or entry.ask:
            self._stop_seeing(account, entry.jid, "")
        if entry.is_seen:
            self._stop_showing(account, entry.jid, "")

    def _subscribe(self, account: AccountState, jid: str, body: str) -> None:
        entry = account.roster.setdefault(jid, RosterItem(jid))
        if not entry.sees:
            entry.ask = True
        self._rosters.push(account, entry)
        contact = self._directory.get(jid)
        if contact is None:
            self._lose(account, jid, "to", "unsubscribed")
        elif contact.shows_presence_to(account.jid):
            self._gain(account, jid, "to", "subscribed")
        else:
            contact.requests.add(account.jid)
            self._tell(contact, "subscribe", account.jid, body)

    def _approve(self, account: AccountState, jid: str, body: str) -> None:
        if jid not in account.requests:
            return
        account.requests.discard(jid)
        entry = account.roster.setdefault(jid, RosterItem(jid))
        entry.subscription = _with(entry.subscription, "from")
        self._rosters.push(account, entry)
        contact = self._directory.get(jid)
        if contact is not None:
            self._gain(contact, account.jid, "to", "subscribed", body)
            for session in list(contact.available()):
                self._presence.probe(session, account)
                self._events.catch_up(session, account, session.notify)

    def _unsubscribe(self, account: AccountState, jid: str, body: str) -> None:
        entry = account.roster.get(jid)
        if entry is not None:
            entry.subscription, entry.ask = _without(entry.subscription, "to"), False
            self._rosters.push(account, entry)
        self._stop_seeing(account, jid, body)

    def _stop_seeing(self, account: AccountState, jid: str, body: str) -> None:
        """Do the contact's half of an end to our seeing them."""
        contact = self._directory.get(jid)
        if contact is not None:
            contact.requests.discard(account.jid)
            if contact.shows_presence_to(account.jid):
                self._lose(contact, account.jid, "from", "unsubscribe", body)
                self._presence.vanish(account, jid)

    def _cancel(self, account: AccountState, jid: str, body: str) -> None:
        asked = jid in account.requests
        account.requests.discard(jid)
        entry = account.roster.get(jid)
        if entry is not None and entry.is_seen:
            entry.subscription = _without(entry.subscription, "from")
            self._rosters.push(account, entry)
        elif not asked:
            return
        self._stop_showing(account, jid, body)

    def _stop_showing(self, account: AccountState, jid: str, body: str) -> None:
        """Do the contact's half of an end to their seeing us."""
        contact = self._directory.get(jid)
        if contact is not None:
            self._presence.vanish(contact, account.jid)
            self._lose(contact, account.jid, "to", "unsubscribed", body)

    def _gain(self, account: AccountState, jid: str, side: str, kind: str, body: str = "") -> None:
        entry = account.roster.get(jid)
        if entry is None or (side == "to" and not entry.ask):
            return
        entry.subscription, entry.ask = _with(entry.subscription, side), False
        self._tell(account, kind, jid, body)
        self._rosters.push(account, entry)

    def _lose(self, account: AccountState, jid: str, side: str, kind: str, body: str = "") -> None:
        entry = account.roster.get(jid)
        self._tell(account, kind, jid, body)
        if entry is not None:
            entry.subscription = _without(entry.subscription, side)
            entry.ask = entry.ask and side != "to"
            self._rosters.push(account, entry)

    def _tell(self, account: AccountState, kind: str, source: str, body: str) -> None:
        for session in list(account.available()):
            session.send(
                f"<presence type='{kind}' from='{escape(source)}' to='{escape(account.jid)}'>{body}</presence>"
            )


def _with(subscription: str, side: str) -> str:
    return _named(_SIDES[subscription] | {side})


def _without(subscription: str, side: str) -> str:
    return _named(_SIDES[subscription] - {side})


def _named(sides: set[str]) -> str:
    return next(name for name, value in _SIDES.items() if value == sides)
