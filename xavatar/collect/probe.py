"""Everything that can be asked live about one avatar."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import cast

from xavatar.client import Login, PresenceBook, Secret, fetch_info, fetch_roster
from xavatar.errors import ConfigError, QueryError, SessionClosed
from xavatar.model import Inventory, Kind, Outcome, Source, Status, Subject
from xavatar.settings import Settings
from xavatar.wire import Wire

from .breakers import Breakers
from .closer import Closer, Depth
from .pictures import ImageShelf, Pictures
from .recorder import Exchange, Recorder
from .sources import Reader, presence_outcomes


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of asking about one avatar.

    Parameters
    ----------
    subject : Subject
    outcomes : tuple of Outcome
        PEP, vCard, one per presence; what the closer look found wrong is among PEP's problems.
    depth : Depth
    exchanges : tuple of Exchange
        Every question with its answer, in the order of the answers.
    """

    subject: Subject
    outcomes: tuple[Outcome, ...]
    depth: Depth = field(default_factory=Depth)
    exchanges: tuple[Exchange, ...] = ()


class _Afresh:
    """A shelf that keeps and never gives: a diagnosis asks for the picture even when it is known."""

    def __init__(self, shelf: ImageShelf) -> None:
        self._shelf = shelf

    def inventory(self) -> Inventory:
        return replace(self._shelf.inventory(), held=frozenset(), doubted=frozenset())

    def get(self, sha1: str) -> bytes | None:
        return None

    def put_many(self, pictures: Iterable[tuple[str, bytes]]) -> None:
        self._shelf.put_many(pictures)

    def doubt(self, odd: Collection[str], sound: Collection[str]) -> None:
        self._shelf.doubt(odd, sound)


async def subject_of(wire: Wire, jid: str, account: str, *, timeout: float) -> Subject:
    """Return who `jid` is to the account: itself, a contact, a room, or a stranger.

    Parameters
    ----------
    wire : Wire
    jid : str
        Bare.
    account : str
        Bare JID of who asks.
    timeout : float
        Seconds for each answer.

    Raises
    ------
    ConfigError
        It is not a bare JID with a user's or a room's name.
    QueryError
        The roster could not be had.
    """
    # Login knows an account's address from other text; nobody logs in with it here.
    wanted = Login(jid, Secret("")).address()
    if wanted.resource is not None:
        raise ConfigError(f"{jid!r}: give the address without its resource, as romeo@montague.lit.")
    bare = str(wanted)
    if bare == account:
        return Subject(account, Kind.SELF)
    contacts = {contact.jid: contact for contact in await fetch_roster(wire, timeout=timeout)}
    if bare in contacts:
        return contacts[bare]
    with suppress(QueryError):
        info = await fetch_info(wire, bare, timeout=timeout)
        if any(category == "conference" for category, _ in info.identities):
            return Subject(bare, Kind.ROOM)
    return Subject(bare)


async def probe(
    wire: Wire,
    subject: Subject,
    *,
    account: str,
    shelf: ImageShelf,
    settings: Settings,
    book: PresenceBook | None = None,
    announced: Iterable[Outcome] = (),
) -> Probe:
    """Ask all sources about one subject, and look closer.

    Parameters
    ----------
    wire : Wire
    subject : Subject
    account : str
        Bare JID of who asks.
    shelf : ImageShelf
        Where pictures are kept; none is taken from there.
    settings : Settings
    book : PresenceBook, optional
        ``None`` when presences are not to be had.
    announced : iterable of Outcome
        What a room announces, instead of presences.

    Raises
    ------
    SessionClosed
    """
    recorder = Recorder(wire)
    heard = cast("Wire", recorder)  # Wire is aioxmpp's kind of service and cannot be subclassed
    breakers = Breakers(settings.breaker_threshold, account.rpartition("@")[2])
    reader = Reader(heard, Pictures(heard, _Afresh(shelf), settings), breakers, settings, images=True)
    pep, vcard = [await reader.read(subject, source) for source in (Source.PEP, Source.VCARD)]
    if any(outcome.condition == "session-lost" for outcome in (pep, vcard)):
        raise SessionClosed(f"The connection was lost while {subject.jid} was asked about. Connect again.")
    depth = Depth()
    if subject.kind in (Kind.SELF, Kind.CONTACT):
        closer = Closer(heard, book, timeout=settings.timeout)
        depth = await closer.look(subject, pep, info=True)
        pep = replace(pep, problems=pep.problems + closer.problems(subject, pep, depth))
    presences = tuple(announced) or tuple(presence_outcomes(subject, book))
    asked = tuple(outcome for outcome in (pep, vcard) if outcome.status is not Status.SKIPPED)
    return Probe(subject, (*asked, *presences), depth, tuple(recorder.exchanges))
