"""vCard-temp (XEP-0054)."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from .accounts import AccountState
from .stanza import StanzaError
from .xml import serialise


class VCards:
    """Reads and writes vCards; whoever asks may read (XEP-0054, 5).

    Parameters
    ----------
    changed : callable
        Hears of an account whose owner rewrote the vCard.
    """

    def __init__(self, changed: Callable[[AccountState], None]) -> None:
        self._changed = changed

    def read(self, account: AccountState | None, requester: str) -> str:
        """Return the vCard as stored.

        No vCard and no such account are one answer to others (P54-01); the owner is told
        ``item-not-found`` (P54-02).
        """
        if account is None or account.vcard is None:
            own = account is not None and account.jid == requester
            raise StanzaError("item-not-found" if own else "service-unavailable")
        return account.vcard

    def write(self, account: AccountState | None, requester: str, vcard: Element) -> str:
        """Replace the whole vCard (P54-03)."""
        if account is None or account.jid != requester:
            raise StanzaError("forbidden")
        vcard.tail = None
        account.vcard = serialise(vcard, None)
        self._changed(account)
        return ""
