"""A room: who is in it, and who hears of what (XEP-0045)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256

from .accounts import Directory
from .muc_avatar import RoomAvatar
from .muc_occupant import RoomOccupant, enters, relayed
from .muc_voice import News, Voice
from .router import Router
from .scenario import Occupant, Room
from .stanza import Stanza, StanzaError

REAL_JIDS_SHOWN, CHANGED, SELF, CREATED, RENAMED = 100, 104, 110, 201, 303


class LiveRoom:
    """A room while the server runs.

    Parameters
    ----------
    room : Room
        How it begins.
    router : Router
    directory : Directory
        For the occupants' accounts.
    secret : bytes
        Salt of the occupant-ids, so that none tells the JID it stands for (XEP-0421, 6).
    persistent : bool
        It outlives its last occupant.

    Attributes
    ----------
    occupants : dict of str to RoomOccupant
        By nick.
    affiliations : dict of str to str
        By bare JID; who is missing has none.
    """

    def __init__(
        self, room: Room, router: Router, directory: Directory, secret: bytes, *, persistent: bool = True
    ) -> None:
        self.jid = room.jid
        self.name = room.name
        self.avatar = RoomAvatar(room)
        self.anonymity = room.anonymity
        self.allow_query_users = room.allow_query_users
        self.persistent = persistent
        self.affiliations = {each.jid: each.affiliation for each in room.occupants if each.affiliation != "none"}
        if room.owner is not None:
            self.affiliations[room.owner] = "owner"
        self.occupants: dict[str, RoomOccupant] = {}
        self._subject = ("", "")
        self._voice = Voice(room.jid, router)
        self._router, self._directory, self._secret = router, directory, secret
        for each in room.occupants:
            self.play(each)

    def find(self, full: str) -> RoomOccupant | None:
        """Return the occupant a session is."""
        return next((each for each in self.occupants.values() if full in each.sessions), None)

    def member(self, full: str) -> RoomOccupant:
        """Return the occupant a session is, or refuse who is none."""
        occupant = self.find(full)
        if occupant is None:
            raise StanzaError("not-acceptable", text="Only occupants may do this: join the room first.")
        return occupant

    def require_owner(self, bare: str) -> None:
        """Refuse who does not own the room."""
        if self.affiliations.get(bare) != "owner":
            raise StanzaError("forbidden", text="Only the owner of the room may do this.")

    def presence(self, stanza: Stanza, *, created: bool = False) -> None:
        """Take a presence to the room or to a nick of it."""
        assert stanza.to is not None
        self._drop_ghosts()
        occupant, nick = self.find(stanza.sender.full), stanza.to.resource
        if stanza.type in ("unavailable", "error"):
            if occupant is not None:
                self._leave(occupant, stanza)
        elif stanza.type:
            raise StanzaError("bad-request")
        elif not nick:
            raise StanzaError("jid-malformed", error_type="modify", text="A nick is missing: room@service/nick.")
        elif occupant is None:
            self._join(nick, stanza, created)
        elif occupant.nick != nick:
            self._rename(occupant, nick, stanza)
        else:
            self._update(occupant, stanza)

    def message(self, stanza: Stanza) -> None:
        """Take a message to the room, or a private one to a nick of it."""
        assert stanza.to is not None
        if stanza.type == "error":
            return
        self._drop_ghosts()
        sender, to_nick = self.member(stanza.sender.full), bool(stanza.to.resource)
        if to_nick == (stanza.type == "groupchat"):
            raise StanzaError("bad-request", text="Type groupchat is for the room, other types are for a nick.")
        if to_nick:
            target = self.occupants.get(stanza.to.resource)
            if target is None:
                raise StanzaError("item-not-found", text="Nobody of that nick is in the room.")
            for full in target.sessions:
                self._voice.whisper(full, sender, stanza.type, stanza.id, relayed(stanza))
        else:
            self._speak(sender, stanza)

    def play(self, figure: Occupant) -> None:
        """Let a played figure enter, or change its presence."""
        occupant = self._at(figure.nick, figure.jid)
        occupant.role, occupant.played, occupant.inject = figure.role, figure.children, figure.inject
        self._broadcast(occupant, self._here(occupant))

    def announce(self, *codes: int) -> None:
        """Tell all of a change of the room itself, 104 unless other codes are given."""
        for full, _ in self._listeners():
            self._voice.change(full, codes or (CHANGED,))

    def announce_avatar(self) -> None:
        """Tell all that the avatar changed: by presence the old way, then as XEP-0486, 3.2 says."""
        if self.avatar.legacy:
            for full, _ in self._listeners():
                self._voice.own_presence(full, next(iter(self.avatar.hashes), ""))
        self.announce()

    def destroy(self, reason: str = "") -> None:
        """Send everybody out."""
        for full, occupant in self._listeners():
            self._voice.farewell(full, occupant, reason)
        self.occupants.clear()

    def _at(self, nick: str, bare: str) -> RoomOccupant:
        """Return the account's occupant of that nick, a new one where there is none.

        Raises
        ------
        StanzaError
            ``conflict``: the nick is another account's.
        """
        occupant = self.occupants.get(nick)
        if occupant is None:
            affiliation = self.affiliations.get(bare, "none")
            role = "moderator" if affiliation in ("owner", "admin") else "participant"
            identity = b64encode(sha256(self._secret + f"{self.jid}\0{bare}".encode()).digest()).decode()
            occupant = self.occupants[nick] = RoomOccupant(nick, bare, identity, role, affiliation)
        elif occupant.bare != bare:
            raise StanzaError("conflict", text=f"The nick {nick!r} is taken.")
        return occupant

    def _join(self, nick: str, stanza: Stanza, created: bool) -> None:
        if not enters(stanza):
            # As Prosody: it comes from a client that believes to be inside.
            raise StanzaError("item-not-found", text="You are not in this room.")
        occupant = self._at(nick, stanza.sender.bare)
        occupant.heard(stanza.sender.full, relayed(stanza))
        self._welcome(occupant, stanza.sender.full, (CREATED,) if created else ())

    def _welcome(self, occupant: RoomOccupant, full: str, codes: tuple[int, ...]) -> None:
        """Show a session the room, then the room the session, then itself, then the subject (XEP-0045, 7.1)."""
        if self.avatar.legacy:
            self._voice.own_presence(full, next(iter(self.avatar.hashes), ""))
        for other in self.occupants.values():
            if other is not occupant:
                self._tell(full, occupant, other, self._here(other))
        here = self._here(occupant)
        self._broadcast(occupant, here, skip=full)
        shown = (REAL_JIDS_SHOWN,) if self.anonymity == "non" else ()
        self._tell(full, occupant, occupant, News(here.presence, codes=(*shown, SELF, *codes)))
        self._voice.subject(full, *self._subject)

    def _update(self, occupant: RoomOccupant, stanza: Stanza) -> None:
        occupant.heard(stanza.sender.full, relayed(stanza))
        if enters(stanza):
            self._welcome(occupant, stanza.sender.full, ())  # it lost track of the room and joins again
        else:
            self._broadcast(occupant, self._here(occupant))

    def _rename(self, occupant: RoomOccupant, nick: str, stanza: Stanza) -> None:
        """Move all sessions of a nick to another (XEP-0045, 7.6)."""
        renamed = self._at(nick, occupant.bare)
        self._broadcast(occupant, News(gone=True, codes=(RENAMED,), nick=nick))
        renamed.sessions |= occupant.sessions
        renamed.heard(stanza.sender.full, relayed(stanza))
        occupant.sessions.clear()
        if occupant.present:
            self._broadcast(occupant, self._here(occupant))
        else:
            del self.occupants[occupant.nick]
        self._broadcast(renamed, self._here(renamed))

    def _leave(self, occupant: RoomOccupant, stanza: Stanza) -> None:
        full, news = stanza.sender.full, News(relayed(stanza), gone=True)
        if len(occupant.sessions) == 1 and occupant.played is None:
            self._broadcast(occupant, news)
            del self.occupants[occupant.nick]
        else:
            self._tell(full, occupant, occupant, News(news.presence, gone=True, codes=(SELF,)))
            del occupant.sessions[full]
            self._broadcast(occupant, self._here(occupant))

    def _speak(self, sender: RoomOccupant, stanza: Stanza) -> None:
        tags = {child.tag.rpartition("}")[2] for child in stanza.element}
        if "subject" in tags and not tags & {"body", "thread"}:
            if sender.role != "moderator":
                raise StanzaError("forbidden", text="Only moderators may change the subject.")
            self._subject = (sender.nick, stanza.element.findtext("{*}subject") or "")
        for full, _ in self._listeners():
            self._voice.speech(full, sender, stanza.id, relayed(stanza))

    def _here(self, occupant: RoomOccupant) -> News:
        return News(occupant.children(self._directory.get(occupant.bare)))

    def _listeners(self) -> Iterator[tuple[str, RoomOccupant]]:
        """Yield every session in the room with the occupant it is."""
        for occupant in list(self.occupants.values()):
            for full in list(occupant.sessions):
                yield full, occupant

    def _broadcast(self, occupant: RoomOccupant, news: News, *, skip: str = "") -> None:
        for full, viewer in self._listeners():
            if full != skip:
                own = (SELF,) if viewer is occupant else ()
                self._tell(full, viewer, occupant, News(news.presence, news.gone, (*news.codes, *own), news.nick))

    def _tell(self, full: str, viewer: RoomOccupant, occupant: RoomOccupant, news: News) -> None:
        show = self.anonymity == "non" or viewer.role == "moderator" or viewer is occupant
        self._voice.presence(full, occupant, news, show=show)

    def _drop_ghosts(self) -> None:
        """Forget sessions that ended without a word, as in a crash of the server."""
        for full, occupant in self._listeners():
            if self._router.session(full) is None:
                del occupant.sessions[full]
                if not occupant.present:
                    del self.occupants[occupant.nick]
