"""Asking for avatars: PEP first, then the vCard; each question once at a time, each image verified."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

from xavatar.errors import NotFound, QueryError, Unsupported
from xavatar.model import Source, Status
from xavatar.runtime import SingleFlight
from xavatar.wire import Wire

from . import read
from .cache import Cache, Photos
from .describe import Descriptors, from_hashes, from_metadata, from_photos
from .descriptors import AbstractAvatarDescriptor, PubsubAvatarDescriptor
from .failures import AvatarMissing, documented, documented_errors
from .ids import normalize_id, sha1
from .known import Answer, Known
from .parse import Metadata, Update

NEGATIVE_LIFETIME = 24 * 3600.0
FAILURE_LIFETIME = 5 * 60.0
Changed = Callable[[Any, Descriptors], None]
_Photos = dict[str, bytes]


class Reader:
    """What is asked and remembered about the avatars of others.

    Parameters
    ----------
    wire : Wire
    timeout : float
        Seconds to wait for each answer.
    size : int
        JIDs to remember at most.
    changed : callable
        Called with JID and descriptors when a known avatar changed.

    Attributes
    ----------
    negative_lifetime, failure_lifetime : float
        Seconds for which "there is none", and for which "no answer" or "refused", is believed
        without asking again (A-15).
    """

    def __init__(self, wire: Wire, *, timeout: float, size: int, changed: Changed) -> None:
        self.wire = wire
        self.timeout = timeout
        self.negative_lifetime = NEGATIVE_LIFETIME
        self.failure_lifetime = FAILURE_LIFETIME
        self.cache: Cache[Any] = Cache(size)
        self._photos = Photos()
        self._changed = changed
        self._answers: SingleFlight[Any, Answer] = SingleFlight()
        self._cards: SingleFlight[Any, tuple[Answer, _Photos]] = SingleFlight()
        self._images: SingleFlight[Any, bytes] = SingleFlight()

    async def metadata(self, jid: Any, *, fresh: bool, pep: bool) -> Descriptors:
        """Return the avatar of `jid`; empty when it has none.

        Raises
        ------
        QueryError
            The vCard could not be had, and PEP, where asked, knew nothing. What PEP said is the
            cause.
        SessionClosed
        """
        refused: QueryError | None = None
        if fresh:
            self.cache.known(jid).refused.clear()
        if pep:
            answer = await self._ask_pep(jid, fresh)
            if answer.decides:
                return answer.descriptors
            refused = answer.error
        answer = (await self._ask_vcard(jid, fresh))[0]
        if answer.error is None:
            return answer.descriptors
        error = documented(answer.error)
        if refused is not None:
            error.add_note(f"Before that, {refused}")
        raise error from (refused and documented(refused))

    async def image(self, descriptor: AbstractAvatarDescriptor) -> bytes:
        """Return the image of a descriptor, verified by its SHA-1.

        Raises
        ------
        AvatarMissing
        QueryError
        SessionClosed
        """
        known = self.cache.known(descriptor.remote_jid)
        until, error = known.refused.get(descriptor.id_, (0.0, None))
        if error is not None and self._now() < until:
            raise documented(error)
        in_pep = isinstance(descriptor, PubsubAvatarDescriptor)
        with documented_errors():
            try:
                return await (self._pep_image(descriptor) if in_pep else self._vcard_image(descriptor))
            except QueryError as refusal:
                lifetime = self.negative_lifetime if isinstance(refusal, AvatarMissing) else self.failure_lifetime
                known.refuse(descriptor.id_, self._now() + lifetime, refusal.with_traceback(None))
                raise

    def clear(self) -> None:
        """Forget everything."""
        self.cache.clear()
        self._photos.clear()

    # -- what comes by itself

    def published(self, jid: Any, metadata: Metadata) -> None:
        """Take a metadata item that was published."""
        known = self.cache.known(jid)
        before = known.metadata
        known.published(from_metadata(jid, metadata, self.image), disabled=metadata.status is Status.DISABLED)
        self._tell(jid, known, before)

    def removed(self, jid: Any, items: tuple[str, ...] | None = None) -> None:
        """Take the removal of the metadata node's items, all or those of the given ids."""
        known = self.cache.known(jid)
        before = known.metadata
        pep = known.answers.get(Source.PEP)
        current = pep.descriptors[0].item_id if pep is not None and pep.descriptors else None
        if items is not None and current is not None and current not in items:
            return
        known.removed(self._now() + self.negative_lifetime)
        self._tell(jid, known, before)

    def touched(self, jid: Any) -> None:
        """Take an event that does not say what was published."""
        self.cache.known(jid).touched(self._now())

    def announced(self, jid: Any, resource: str, update: Update) -> None:
        """Take what a presence says of the vCard's photo."""
        known = self.cache.known(jid)
        before = known.metadata
        photo = from_hashes(jid, (update.hash,) if update.hash else (), self.image)
        known.announced(resource, update, photo, self._now())
        self._tell(jid, known, before)

    def card_changed(self, jid: Any, hashes: tuple[str, ...]) -> None:
        """Take the hashes that a room now announces for its own avatar (XEP-0486, 3.3)."""
        known = self.cache.known(jid)
        before = known.metadata
        known.card_announced(from_hashes(jid, hashes, self.image))
        self._tell(jid, known, before)

    # -- what is asked

    async def _ask_pep(self, jid: Any, fresh: bool) -> Answer:
        valid = None if fresh else self.cache.known(jid).valid(Source.PEP, self._now())
        return valid or await self._answers.run((jid, Source.PEP), lambda: self._query_pep(jid))

    async def _query_pep(self, jid: Any) -> Answer:
        version = self.cache.known(jid).versions[Source.PEP]
        try:
            metadata = await read.fetch_metadata(self.wire, str(jid), timeout=self.timeout)
        except (NotFound, Unsupported):
            answer = Answer(until=self._now() + self.negative_lifetime)
        except QueryError as error:
            answer = self._failed(error)
        else:
            descriptors = from_metadata(jid, metadata, self.image)
            disabled = metadata.status is Status.DISABLED
            lifetime = self.negative_lifetime if metadata.status is Status.EMPTY else self.failure_lifetime
            until = math.inf if descriptors or disabled else self._now() + lifetime
            answer = Answer(descriptors, disabled=disabled, until=until)
        return self._learn(jid, Source.PEP, answer, version)

    async def _ask_vcard(self, jid: Any, fresh: bool) -> tuple[Answer, _Photos]:
        valid = None if fresh else self.cache.known(jid).valid(Source.VCARD, self._now())
        return (valid, {}) if valid else await self._cards.run(jid, lambda: self._query_vcard(jid))

    async def _query_vcard(self, jid: Any) -> tuple[Answer, _Photos]:
        version = self.cache.known(jid).versions[Source.VCARD]
        photos: _Photos = {}
        try:
            card = await read.fetch_vcard(self.wire, str(jid), timeout=self.timeout)
        except (NotFound, Unsupported):
            answer = Answer(until=self._now() + self.negative_lifetime)
        except QueryError as error:
            answer = self._failed(error)
        else:
            descriptors, photos = from_photos(jid, card.photos, self.image)
            for id_, photo in photos.items():
                self._photos.put(id_, photo)
            until = math.inf if descriptors else self._now() + self.negative_lifetime
            answer = Answer(descriptors, until=until)
        return self._learn(jid, Source.VCARD, answer, version), photos

    def _failed(self, error: QueryError) -> Answer:
        return Answer(error=error.with_traceback(None), until=self._now() + self.failure_lifetime)

    def _learn(self, jid: Any, source: Source, answer: Answer, version: int) -> Answer:
        known = self.cache.known(jid)
        before, was_known = known.metadata, source in known.answers
        answer = known.learn(source, answer, version)
        # To have asked for the first time is no change (D-25).
        if was_known:
            self._tell(jid, known, before)
        return answer

    async def _pep_image(self, descriptor: AbstractAvatarDescriptor) -> bytes:
        key = (descriptor.remote_jid, descriptor.id_)
        return await self._images.run(key, lambda: self._query_image(*key))

    async def _query_image(self, jid: Any, id_: str) -> bytes:
        step = "PEP image"
        try:
            picture = await read.fetch_data(self.wire, str(jid), id_, timeout=self.timeout)
        except NotFound as error:
            raise AvatarMissing(
                error.jid, step, condition=error.condition, error_type=error.error_type, text=error.text
            ) from None
        if picture.data is None:
            raise AvatarMissing(str(jid), step, condition="no-data", text="the data node has no such image")
        if sha1(picture.data) != normalize_id(id_):
            raise AvatarMissing(str(jid), step, condition="hash-mismatch", text="the image is not the announced one")
        return picture.data

    async def _vcard_image(self, descriptor: AbstractAvatarDescriptor) -> bytes:
        held = self._photos.get(descriptor.normalized_id)
        if held is not None:
            return held
        jid = descriptor.remote_jid
        answer, photos = await self._ask_vcard(jid, fresh=True)
        if descriptor.normalized_id in photos:
            return photos[descriptor.normalized_id]
        if answer.error is not None:
            raise answer.error
        if photos:
            raise AvatarMissing(str(jid), "vCard", condition="hash-mismatch", text="its photo is not the announced one")
        raise AvatarMissing(str(jid), "vCard", condition="no-photo", text="it has no photo")

    def _tell(self, jid: Any, known: Known, before: Descriptors | None) -> None:
        after = known.metadata
        if after is not None and after != before:
            self._changed(jid, after)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
