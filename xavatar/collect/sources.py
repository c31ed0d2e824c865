"""One question to one source about one subject, answered by an outcome whatever happens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TypeVar

from xavatar.avatar.parse import Metadata, Update, UpdateState
from xavatar.avatar.read import fetch_metadata, fetch_vcard
from xavatar.client import PresenceBook, PushBook, Sighting
from xavatar.errors import QueryError, SessionClosed
from xavatar.model import Descriptor, Kind, Outcome, Reading, Source, Status, Subject
from xavatar.settings import Settings
from xavatar.wire import Wire

from .breakers import Breakers
from .closer import Closer
from .pictures import Pictures

T = TypeVar("T")
_PAUSE: Final = 0.5
_SEES_PRESENCE: Final = frozenset({"both", "to"})
_NONE: Final = frozenset({Status.EMPTY, Status.NOT_FOUND})


class Reader:
    """Asks the three sources.

    Parameters
    ----------
    wire : Wire
    pictures : Pictures
    breakers : Breakers
    settings : Settings
    images : bool
        Fetch the images that PEP announces.
    pushes : PushBook, optional
        Metadata that came by itself; who is in it is not asked, nor who had none and has pushed none since.
    closer : Closer, optional
        Looks at every account's nodes more closely; some four questions more for each.
    """

    def __init__(
        self,
        wire: Wire,
        pictures: Pictures,
        breakers: Breakers,
        settings: Settings,
        *,
        images: bool,
        pushes: PushBook | None = None,
        closer: Closer | None = None,
    ) -> None:
        self._wire = wire
        self._pictures = pictures
        self._breakers = breakers
        self._settings = settings
        self._images = images
        self._pushes = pushes
        self._closer = closer

    async def read(self, subject: Subject, source: Source) -> Outcome:
        """Ask PEP or the vCard; never raises but for cancellation."""
        if source is Source.PEP and subject.kind in (Kind.OCCUPANT, Kind.ROOM):
            # PEP lives at the account; through a room it is refused (D-43).
            return Outcome(subject, source, Status.SKIPPED, "not-in-rooms")
        outcome = self._silence(subject, source) or await self._ask(subject, source)
        if self._closer is None or source is not Source.PEP or outcome.status is Status.SKIPPED:
            return outcome
        with suppress(SessionClosed):
            depth = await self._closer.look(subject, outcome)
            return replace(outcome, problems=outcome.problems + self._closer.problems(subject, outcome, depth))
        return outcome

    def _silence(self, subject: Subject, source: Source) -> Outcome | None:
        """Return the answer of before that there is no avatar, where one would have been pushed since."""
        if self._pushes is None or source is not Source.PEP:
            return None
        known = self._pushes.silent(subject.jid, lifetime=self._settings.push_lifetime)
        return replace(known, subject=subject, elapsed_ms=None) if known is not None else None

    async def _ask(self, subject: Subject, source: Source) -> Outcome:
        blocked = self._breakers.blocked(subject, source)
        if blocked is not None:
            return Outcome(subject, source, Status.SKIPPED, "breaker-open", blocked)
        try:
            outcome = await (self._pep(subject) if source is Source.PEP else self._vcard(subject))
        except QueryError as error:
            elapsed = self._wire.took * 1000
            condition = error.condition or ("timeout" if error.status is Status.TIMEOUT else None)
            outcome = Outcome(subject, source, error.status, condition, _words(error), elapsed)
        except SessionClosed:
            return Outcome(subject, source, Status.SKIPPED, "session-lost")
        self._breakers.note(subject, source, outcome.status, outcome.condition)
        would_push = source is Source.PEP and subject.subscription in _SEES_PRESENCE
        if self._pushes is not None and would_push and outcome.status in _NONE:
            self._pushes.note_none(subject.jid, outcome)
        return outcome

    async def _pep(self, subject: Subject) -> Outcome:
        jid = None if subject.kind is Kind.SELF else subject.jid
        metadata, elapsed = await self._metadata(subject.jid, jid)
        observed_at = datetime.now(UTC)
        readings: list[Reading] = []
        problems = list(metadata.problems)
        for descriptor in metadata.descriptors:
            if self._images:
                reading, more = await self._pictures.of_item(jid, descriptor)
                problems.extend(more)
            else:
                reading = Reading(descriptor)
            readings.append(reading)
        return Outcome(
            subject,
            Source.PEP,
            metadata.status,
            elapsed_ms=elapsed,
            readings=tuple(readings),
            problems=tuple(problems),
            observed_at=observed_at,
        )

    async def _metadata(self, bare: str, jid: str | None) -> tuple[Metadata, float | None]:
        if self._pushes is not None:
            pushed = self._pushes.get(bare, lifetime=self._settings.push_lifetime)
            if pushed is not None:
                return pushed, None
        asked = await self._patiently(lambda: fetch_metadata(self._wire, jid, timeout=self._settings.timeout))
        return asked, self._wire.took * 1000

    async def _vcard(self, subject: Subject) -> Outcome:
        jid = None if subject.kind is Kind.SELF else subject.jid
        card = await self._patiently(lambda: fetch_vcard(self._wire, jid, timeout=self._settings.timeout))
        outcome = Outcome(subject, Source.VCARD, Status.EMPTY, elapsed_ms=self._wire.took * 1000)
        if not card.photos:
            return outcome
        readings: list[Reading] = []
        problems: list[str] = []
        for index, photo in enumerate(card.photos):
            problems.extend(photo.problems)
            if photo.data is not None or photo.url is not None:
                descriptor = Descriptor(info_index=index, mime=photo.mime, url=photo.url)
                readings.append(await self._pictures.of_photo(descriptor, photo))
        status = Status.OK if readings else Status.EMPTY
        return replace(outcome, status=status, readings=tuple(readings), problems=tuple(problems))

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(self._settings.retries):
            try:
                return await ask()
            except QueryError as error:
                if error.error_type != "wait":
                    raise
                # Spread, so that a busy server does not get all of them again at once.
                await asyncio.sleep(_PAUSE * (attempt + random.random()))
        return await ask()


def _words(error: QueryError) -> str | None:
    return "; ".join(part for part in (error.application, error.text) if part) or None


def presence_outcomes(subject: Subject, book: PresenceBook | None) -> list[Outcome]:
    """Return what the presences seen so far say: one outcome per resource, at least one.

    Parameters
    ----------
    subject : Subject
    book : PresenceBook, optional
        ``None`` for a session that sends no presence and so gets none.
    """
    if book is None:
        return [Outcome(subject, Source.PRESENCE, Status.SKIPPED, "presence-off")]
    sightings = book.of(subject.jid)
    if sightings:
        return [presence_outcome(subject, sighting) for sighting in sightings]
    if subject.kind is Kind.CONTACT and subject.subscription not in _SEES_PRESENCE:
        return [Outcome(subject, Source.PRESENCE, Status.FORBIDDEN, "not-subscribed")]
    return [Outcome(subject, Source.PRESENCE, Status.UNAVAILABLE, "offline")]


def presence_outcome(subject: Subject, sighting: Sighting) -> Outcome:
    """Return what one presence says (P153-04)."""
    status, condition = _of_update(sighting.update)
    readings: tuple[Reading, ...] = ()
    if sighting.update.hash is not None:
        readings = (Reading(Descriptor(id=sighting.update.hash)),)
    return Outcome(
        subject,
        Source.PRESENCE,
        status,
        condition,
        resource=sighting.resource or None,
        readings=readings,
        problems=sighting.update.problems,
        observed_at=sighting.at,
    )


def _of_update(update: Update) -> tuple[Status, str | None]:
    match update.state:
        case UpdateState.HASH:
            return Status.OK, None
        case UpdateState.EMPTY:
            return Status.EMPTY, "no-photo"
        case UpdateState.NOT_READY:
            return Status.UNAVAILABLE, "not-ready"
        case UpdateState.ABSENT:
            return Status.UNSUPPORTED, "no-update"
