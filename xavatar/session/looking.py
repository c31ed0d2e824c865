"""What a session asks: whole rosters, rooms, oneself, one avatar closely."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from pandas import DataFrame

from xavatar.audit import Audit, Diagnosis, Limits, diagnose_live
from xavatar.client import Connection, Features, State, fetch_features, fetch_roster, rooms
from xavatar.client.rooms import room_jid
from xavatar.collect import Breakers, Closer, Collection, Reader, in_room, itself, probe, subject_of
from xavatar.errors import ConfigError, QueryError, SnapshotNotFound
from xavatar.frames import frame
from xavatar.model import Kind, Outcome, Snapshot, Source, Subject
from xavatar.runtime import seldom
from xavatar.store import Store

from .connected import Connected
from .progress import Progress, meter
from .rooms import refused, together

if TYPE_CHECKING:
    from xavatar.collect.probe import Probe

# One answer with everybody in it, and behind all that a server sends at login: a busy Prosody of 2000 contacts was
# seen to take more than 20 s for it while the machine had more to do.
_ROSTER_TIMEOUT: Final = 60.0


class Looking(Connected):
    """The verbs of a session that only look."""

    async def roster(
        self, *, images: bool = True, sources: Sequence[Source | str] = tuple(Source), progress: Progress = None
    ) -> DataFrame:
        """Ask all three sources about every contact.

        Parameters
        ----------
        images : bool
            Fetch each distinct picture once, verify it and look at it.
        sources : sequence of Source or str
            Fewer than all three.
        progress : bool or callable, optional
            True shows a bar, False none; left out, a bar where a person watches. A callable is
            called with the answers so far and their total.

        Returns
        -------
        DataFrame
            One row per descriptor, see :mod:`xavatar.frames.schema`; a source without one still
            has a row, whose `status` tells why.

        Raises
        ------
        SessionClosed
            There is no connection. A server lost on the way is no error: what was not answered
            by then has status ``skipped``.
        QueryError
            The roster itself could not be had.
        """
        connection = self._online()
        subjects = await fetch_roster(connection.wire, timeout=max(self.settings.timeout, _ROSTER_TIMEOUT))
        return await self._collect("roster", subjects, images=images, sources=sources, progress=progress)

    async def room(
        self, jid: str, *, nick: str | None = None, images: bool = True, progress: Progress = None
    ) -> DataFrame:
        """Enter a room, ask about its own avatar and its occupants', and leave.

        Parameters
        ----------
        jid : str
            The room's bare JID.
        nick : str, optional
            Wanted nickname; else the account's user name.
        images, progress : optional
            As for :meth:`roster`.

        Returns
        -------
        DataFrame
            As for :meth:`roster`. The room's announced hashes (XEP-0486) are presence rows of
            resource ``disco#info``.

        Raises
        ------
        QueryError
            The room refuses entry, or does not answer.
        """
        connection = self._online()
        room = rooms.room_jid(jid)
        wanted = nick or connection.bare.partition("@")[0]
        async with rooms.visit(connection.wire, room, wanted, timeout=self.settings.timeout) as view:
            known = await in_room(connection.wire, view, timeout=self.settings.timeout)
            return await self._collect(room, list(known), images=images, known=known, progress=progress)

    async def me(self, *, images: bool = True, progress: Progress = None) -> DataFrame:
        """Ask about the own account: PEP, vCard, and each of its resources' presences.

        Returns
        -------
        DataFrame
            As for :meth:`roster`.
        """
        connection = self._online()
        subject = Subject(connection.bare, Kind.SELF)
        return await self._collect("me", [subject], images=images, progress=progress)

    async def features(self) -> Features:
        """Ask what the account's server offers for avatars."""
        connection = self._online()
        return await fetch_features(connection.wire, connection.bare, timeout=self.settings.timeout)

    async def audit(
        self,
        *,
        images: bool = True,
        thorough: bool = False,
        rooms: Sequence[str] = (),
        join_occupants: bool = False,
        progress: Progress = None,
    ) -> Audit:
        """Collect the own account and the roster with images, and judge them by the rules.

        Parameters
        ----------
        images, progress : optional
            As for :meth:`roster`.
        thorough : bool
            Look closer at every account's nodes, as :meth:`diagnose` does: their lists, histories and
            vCard4, and the own nodes' configuration. About four questions more for each.
        rooms : sequence of str
            Rooms to enter, one after the other, and to audit along with the roster.
        join_occupants : bool
            Compare their occupants with the roster by picture, which tells who is behind a
            nickname (A-24, P398-08); warns.

        Returns
        -------
        Audit
            Of a session with a :class:`xavatar.Store`, with the snapshot before it as `previous`.
        """
        connection = self._online()
        wanted = [room_jid(room) for room in rooms]
        contacts = await fetch_roster(connection.wire, timeout=max(self.settings.timeout, _ROSTER_TIMEOUT))
        subjects = (Subject(connection.bare, Kind.SELF), *contacts)
        await self._collect("roster", subjects, images=images, thorough=thorough, progress=progress)
        for room in wanted:
            await self._beside(room, images=images, progress=progress)
        assert self.last is not None
        limits = Limits(join_occupants=join_occupants)
        return Audit.of(self.last, limits=limits, previous=await asyncio.to_thread(self._previous, self.last))

    async def _beside(self, room: str, *, images: bool, progress: Progress) -> None:
        seen = self.last
        assert seen is not None
        try:
            await self.room(room, images=images, progress=progress)
        except QueryError as error:
            self.last = refused(room, error, seen)
        finally:
            if self.last is not None and self.last is not seen:
                self.last = together(seen, self.last)

    def _previous(self, snapshot: Snapshot) -> Snapshot | None:
        try:
            return self._shelf.previous(snapshot) if isinstance(self._shelf, Store) else None
        except SnapshotNotFound:
            return None

    async def diagnose(self, jid: str) -> Diagnosis:
        """Ask everything that can be asked about one avatar: who can see it, who cannot, why, what to do.

        Parameters
        ----------
        jid : str
            A contact, a stranger, a room, or the own account, whose nodes' configuration is looked at too.

        Returns
        -------
        Diagnosis
            With the stanzas as evidence.

        Raises
        ------
        ConfigError
            No bare JID.
        QueryError
            The roster could not be had.
        SessionClosed
        """
        return (await self._look(jid))[1]

    async def _look(self, jid: str) -> tuple[Probe, Diagnosis]:
        connection = self._online()
        limit = max(self.settings.timeout, _ROSTER_TIMEOUT)
        subject = await subject_of(connection.wire, jid, connection.bare, timeout=limit)
        announced: list[Outcome] = []
        if subject.kind is Kind.ROOM:
            subject, announced = await itself(connection.wire, subject.jid, timeout=self.settings.timeout)
        await self._presences_in(connection)
        found = await probe(
            connection.wire,
            subject,
            account=connection.bare,
            shelf=self._shelf,
            settings=self.settings,
            book=connection.presences if self._presence else None,
            announced=announced,
        )
        return found, diagnose_live(found, connection.bare)

    async def _presences_in(self, connection: Connection) -> None:
        if self._presence and connection.state is State.ONLINE:
            await connection.arrivals.settle(self.settings.presence_wait, self.settings.presence_wait * 6)

    async def _collect(
        self,
        scope: str,
        subjects: Sequence[Subject],
        *,
        images: bool,
        sources: Sequence[Source | str] = tuple(Source),
        known: Mapping[Subject, Sequence[Outcome]] | None = None,
        thorough: bool = False,
        progress: Progress = None,
    ) -> DataFrame:
        connection = self._online()
        book = connection.presences if self._presence else None
        assert self._pictures is not None
        breakers = Breakers(self.settings.breaker_threshold, connection.bare.rpartition("@")[2])
        reader = Reader(
            connection.wire,
            self._pictures,
            breakers,
            self.settings,
            images=images,
            pushes=connection.pushes,
            closer=Closer(connection.wire, book, timeout=self.settings.timeout) if thorough else None,
        )
        asked = {_source(source) for source in sources}
        collection = Collection(
            connection.bare,
            scope,
            subjects,
            sources=asked,
            book=book,
            known=known,
        )
        askers = connection.wire.narrow(self.settings.concurrency)
        with seldom():
            try:
                await self._pictures.take_stock()
                if Source.PEP in asked and self._presence:
                    await connection.arrivals.flood(self.settings.presence_wait)
                with meter(progress, scope) as report:
                    await collection.run(reader, limit=askers, progress=report)
                if Source.PRESENCE in asked and known is None:
                    await self._presences_in(connection)
            finally:
                self.last = collection.snapshot()
                await self._pictures.note_down()
            return frame(self.last.outcomes, snapshot=self.last.id)


def _source(value: Source | str) -> Source:
    try:
        return Source(value)
    except ValueError:
        raise ConfigError(f"{value!r} is no source; these are: {', '.join(Source)}.") from None
