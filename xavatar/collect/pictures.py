"""Images: each fetched once, verified, looked at, kept under the hash of its bytes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from xavatar.avatar import is_sha1, normalize_id
from xavatar.avatar.parse import Picture
from xavatar.avatar.read import fetch_data
from xavatar.errors import QueryError, SessionClosed
from xavatar.imaging import Inspector, Limits
from xavatar.model import Descriptor, ImageFacts, Inventory, Reading, Status
from xavatar.runtime import SingleFlight
from xavatar.settings import Settings
from xavatar.wire import Wire

_NOTED: Final = 10_000
Item = tuple[str | None, str]


class ImageShelf(Protocol):
    """Where images are kept, by the SHA-1 of their bytes; any thread may use it."""

    def inventory(self) -> Inventory:
        """Return what is here now."""

    def get(self, sha1: str) -> bytes | None:
        """Return an image's bytes."""

    def put_many(self, pictures: Iterable[tuple[str, bytes]]) -> None:
        """Keep images' bytes; pairs of SHA-1 and bytes."""

    def doubt(self, odd: Collection[str], sound: Collection[str]) -> None:
        """Remember which images lay in odd items, and which do no more."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    jid: str | None
    facts: ImageFacts | None
    status: Status
    condition: str | None = None
    problems: tuple[str, ...] = ()


class Pictures:
    """Gets the images behind descriptors.

    Parameters
    ----------
    wire : Wire
    shelf : ImageShelf
    settings : Settings

    Notes
    -----
    Two contacts who announce one hash cost one query (P84-19), unless the bytes of the first
    do not hash to it: a wrong image is never taken for somebody else's (D-09). What was odd about
    somebody's data item is remembered, since a picture that is known is not fetched again; by the
    shelf too, so that the next session asks for such items and sees whether they still are odd.
    """

    def __init__(self, wire: Wire, shelf: ImageShelf, settings: Settings) -> None:
        self._wire = wire
        self._shelf = shelf
        self._settings = settings
        self._kept = Inspector(Limits.of(settings))
        self._new = Inspector(Limits.of(settings), self._keep)
        self._inventory: Inventory | None = None
        self._facts: dict[str, ImageFacts] = {}
        self._problems: OrderedDict[Item, tuple[str, ...]] = OrderedDict()
        self._odd: dict[str, bool] = {}
        self._doubted: frozenset[str] = frozenset()  # since before this session
        self._asked_again: set[Item] = set()
        self._flights: SingleFlight[str, _Fetched] = SingleFlight()
        self.fetched = 0
        """Data queries sent so far."""

    async def take_stock(self) -> None:
        """Ask what is on the shelf: once for a collection, since every question to a database takes its time."""
        first, self._inventory = self._inventory is None, await asyncio.to_thread(self._shelf.inventory)
        if first:
            self._doubted = self._inventory.doubted

    async def note_down(self) -> None:
        """Tell the shelf of odd items, once a collection is over."""
        before = self._inventory.doubted if self._inventory is not None else frozenset()
        odd = {key for key, is_odd in self._odd.items() if is_odd} - before
        sound = {key for key, is_odd in self._odd.items() if not is_odd} & before
        if odd or sound:
            await asyncio.to_thread(self._shelf.doubt, odd, sound)

    async def known(self, key: str) -> ImageFacts | None:
        """Return the facts of an image that is here already, by its SHA-1."""
        if self._inventory is None:
            await self.take_stock()
        assert self._inventory is not None
        facts = self._facts.get(key)
        if facts is None and key in self._inventory.held and (data := self._shelf.get(key)) is not None:
            facts = self._facts[key] = await self._kept.inspect(data, last=self._wire.idle)
        return facts

    async def of_item(self, jid: str | None, descriptor: Descriptor) -> tuple[Reading, tuple[str, ...]]:
        """Return the reading of a PEP descriptor, and the problems seen in its data item.

        Parameters
        ----------
        jid : str, optional
            Whose node; ``None`` for one's own.
        descriptor : Descriptor
        """
        refused = self._refused(descriptor)
        if refused is not None:
            return Reading(descriptor, None, *refused), ()
        assert descriptor.id is not None
        key = normalize_id(descriptor.id)
        known = await self.known(key)
        assert self._inventory is not None
        if key in self._inventory.blocked:
            return Reading(descriptor, None, Status.SKIPPED, "blocked"), ()
        item = (jid, descriptor.id)
        doubted = key in self._doubted and item not in self._asked_again
        if known is not None and not doubted:
            return Reading(descriptor, known, Status.OK), self._problems.get(item, ())
        if doubted:
            fetched = await self._fetch(*item)
        else:
            fetched = await self._fetch_once(jid, descriptor.id, key)
        mine = fetched.problems if fetched.jid == jid else ()
        return Reading(descriptor, fetched.facts, fetched.status, fetched.condition), mine

    async def of_photo(self, descriptor: Descriptor, picture: Picture) -> Reading:
        """Return the reading of a vCard's PHOTO, whose bytes are here already."""
        if picture.data is None:
            condition = "url" if picture.url else "no-data"
            return Reading(descriptor, None, Status.SKIPPED if picture.url else Status.EMPTY, condition)
        return Reading(descriptor, *await self._look(picture.data))

    def _refused(self, descriptor: Descriptor) -> tuple[Status, str] | None:
        if descriptor.url is not None:
            return Status.SKIPPED, "url"
        if descriptor.id is None:
            return Status.MALFORMED, "no-id"
        if descriptor.nbytes is not None and descriptor.nbytes > self._settings.max_image_bytes:
            return Status.SKIPPED, "over-limit"
        return None

    async def _fetch_once(self, jid: str | None, id_: str, key: str) -> _Fetched:
        fetched = await self._flights.run(key, lambda: self._fetch(jid, id_))
        if fetched.jid == jid or (fetched.facts is not None and fetched.facts.sha1 == key):
            return fetched
        return await self._fetch(jid, id_)  # the other's item says nothing about this one's

    async def _fetch(self, jid: str | None, id_: str) -> _Fetched:
        self.fetched += 1
        try:
            picture = await fetch_data(self._wire, jid, id_, timeout=self._settings.timeout)
        except QueryError as error:
            return _Fetched(jid, None, error.status, error.condition)
        except SessionClosed:
            return _Fetched(jid, None, Status.SKIPPED, "session-lost")
        self._note((jid, id_), picture.problems)
        if picture.data is None:
            return _Fetched(jid, None, Status.EMPTY, "no-data", picture.problems)
        return _Fetched(jid, *await self._look(picture.data), picture.problems)

    def _note(self, item: Item, problems: tuple[str, ...]) -> None:
        key = normalize_id(item[1])
        if is_sha1(key):
            self._odd[key] = self._odd.get(key, False) or bool(problems)
        if key in self._doubted:
            self._asked_again.add(item)
        self._problems.pop(item, None)
        if problems:
            self._problems[item] = problems
            if len(self._problems) > _NOTED:
                self._problems.popitem(last=False)

    async def _look(self, data: bytes) -> tuple[ImageFacts, Status, str | None]:
        facts = await self._new.inspect(data, last=self._wire.idle)
        if len(data) > self._settings.max_image_bytes:
            return facts, Status.OK, "over-limit"
        self._facts[facts.sha1] = facts
        return facts, Status.OK, None

    def _keep(self, pictures: Sequence[tuple[ImageFacts, bytes]]) -> None:
        largest = self._settings.max_image_bytes
        self._shelf.put_many([(facts.sha1, data) for facts, data in pictures if len(data) <= largest])
