"""What a room says: stanzas from the room and from its occupants, written and sent."""

from __future__ import annotations

from dataclasses import dataclass

from . import ns
from .muc_occupant import MUC_USER, OCCUPANT_ID, RoomOccupant
from .router import Router
from .xml import attribute, escape


@dataclass(frozen=True, slots=True)
class News:
    """What happened to an occupant.

    Parameters
    ----------
    presence : str
        The presence's children, as XML text.
    gone : bool
        Not under this nick any more.
    codes : tuple of int
        Status codes (XEP-0045, 15.6).
    nick : str, optional
        The nick it takes next; ``None`` with `gone` is leaving.
    """

    presence: str = ""
    gone: bool = False
    codes: tuple[int, ...] = ()
    nick: str | None = None


class Voice:
    """Sends what one room has to say.

    Parameters
    ----------
    room : str
        Its bare JID.
    router : Router
    """

    def __init__(self, room: str, router: Router) -> None:
        self._room = room
        self._router = router

    def presence(self, full: str, occupant: RoomOccupant, news: News, *, show: bool) -> None:
        """Send a session the presence of an occupant; `show` tells its real JID."""
        role = "none" if news.gone and news.nick is None else occupant.role
        item = f"affiliation='{occupant.affiliation}' role='{role}'"
        item += attribute("jid", occupant.real if show else None) + attribute("nick", news.nick)
        words = f"<x xmlns='{MUC_USER}'><item {item}/>{_status(news.codes)}</x>"
        kind = "unavailable" if news.gone else None
        self._presence(full, occupant.nick, kind, f"{news.presence}{_mark(occupant)}{words}")

    def own_presence(self, full: str, identity: str) -> None:
        """Send a session the room's own presence with its avatar's hash (XEP-0486, 5.2)."""
        self._presence(full, "", None, f"<x xmlns='{ns.VCARD_UPDATE}'><photo>{escape(identity)}</photo></x>")

    def farewell(self, full: str, occupant: RoomOccupant, reason: str) -> None:
        """Send a session out of a room that is destroyed (XEP-0045, 10.9)."""
        why = f"<reason>{escape(reason)}</reason>" if reason else ""
        item = "<item affiliation='none' role='none'/>"
        words = f"<x xmlns='{MUC_USER}'>{item}<destroy>{why}</destroy>{_status((110,))}</x>"
        self._presence(full, occupant.nick, "unavailable", words)

    def subject(self, full: str, nick: str, text: str) -> None:
        """Send a session the subject; an empty one too, which ends the joining (XEP-0045, 7.2.15)."""
        self._message(full, nick, "groupchat", "", f"<subject>{escape(text)}</subject>")

    def speech(self, full: str, occupant: RoomOccupant, identity: str, body: str) -> None:
        """Send a session what an occupant said to all."""
        self._message(full, occupant.nick, "groupchat", identity, body + _mark(occupant))

    def whisper(self, full: str, occupant: RoomOccupant, kind: str, identity: str, body: str) -> None:
        """Send a session what an occupant said to it alone (XEP-0045, 7.5)."""
        self._message(full, occupant.nick, kind, identity, f"{body}<x xmlns='{MUC_USER}'/>{_mark(occupant)}")

    def change(self, full: str, codes: tuple[int, ...]) -> None:
        """Send a session word of a change of the room itself (XEP-0045, 10.2.1)."""
        self._message(full, "", "groupchat", "", f"<x xmlns='{MUC_USER}'>{_status(codes)}</x>")

    def _presence(self, full: str, nick: str, kind: str | None, body: str) -> None:
        head = f"<presence from='{self._source(nick)}' to='{escape(full)}'{attribute('type', kind)}>"
        self._router.deliver(full, f"{head}{body}</presence>")

    def _message(self, full: str, nick: str, kind: str, identity: str, body: str) -> None:
        extra = attribute("type", kind or None) + attribute("id", identity or None)
        head = f"<message from='{self._source(nick)}' to='{escape(full)}'{extra}>"
        self._router.deliver(full, f"{head}{body}</message>")

    def _source(self, nick: str) -> str:
        return escape(f"{self._room}/{nick}" if nick else self._room)


def _mark(occupant: RoomOccupant) -> str:
    return f"<occupant-id xmlns='{OCCUPANT_ID}' id='{escape(occupant.identity)}'/>"


def _status(codes: tuple[int, ...]) -> str:
    return "".join(f"<status code='{code}'/>" for code in codes)
