"""Somebody in a room: a played figure, one or more sessions, or both under one nick."""

from __future__ import annotations

from dataclasses import dataclass, field

from .accounts import AccountState
from .injection import inject_text
from .stanza import Stanza
from .xml import children, serialise

MUC = "http://jabber.org/protocol/muc"
MUC_USER = f"{MUC}#user"
OCCUPANT_ID = "urn:xmpp:occupant-id:0"

# What the room says itself: a client's own word on it would be a forgery (XEP-0421, 3.1).
_ROOMS_OWN = {f"{{{MUC}}}x", f"{{{MUC_USER}}}x", f"{{{OCCUPANT_ID}}}occupant-id"}


@dataclass(slots=True, eq=False)
class RoomOccupant:
    """An occupant as the room knows it.

    Parameters
    ----------
    nick : str
    bare : str
        Real bare JID.
    identity : str
        Its occupant-id: the account's in this room, whatever the nick (XEP-0421).
    role, affiliation : str
    played : str, optional
        Children of a played figure's presence as XML text; ``None``: nobody is played.
    inject : bool
        Put the account's hash into the played presence (XEP-0398, 4).
    sessions : dict of str to str
        Children of each session's last presence by full JID, the latest last. Sessions of
        one account may share a nick (XEP-0045, 17.2).
    """

    nick: str
    bare: str
    identity: str
    role: str = "participant"
    affiliation: str = "none"
    played: str | None = None
    inject: bool = False
    sessions: dict[str, str] = field(default_factory=dict)

    @property
    def present(self) -> bool:
        """Whether anybody is there under this nick."""
        return self.played is not None or bool(self.sessions)

    @property
    def real(self) -> str:
        """The JID for those who may see it: of the latest session, else the account's."""
        return next(reversed(self.sessions), self.bare)

    def children(self, account: AccountState | None) -> str:
        """Return the children of the presence others see: of the latest session, else as played."""
        latest = next(reversed(self.sessions.values()), None)
        if latest is not None:
            return latest
        played = self.played or ""
        return inject_text(played, account) if self.inject and account is not None else played

    def heard(self, full: str, presence: str) -> None:
        """Note a session's presence as the latest."""
        self.sessions.pop(full, None)
        self.sessions[full] = presence


def relayed(stanza: Stanza) -> str:
    """Return a stanza's children without those that only the room may add."""
    return "".join(serialise(child) for child in stanza.element if child.tag not in _ROOMS_OWN)


def enters(stanza: Stanza) -> bool:
    """Whether a presence is one that joins (XEP-0045, 7.2.1)."""
    return next(children(stanza.element, MUC, "x"), None) is not None
