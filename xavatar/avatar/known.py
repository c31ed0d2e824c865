"""What is known of one JID's avatar: by PEP, by vCard, by presence; who is right when."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from xavatar.errors import QueryError
from xavatar.model import Source

from .describe import Descriptors
from .ids import is_sha1, normalize_id
from .parse import Update, UpdateState

_RESOURCES = 16
_REFUSED = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source said.

    Parameters
    ----------
    descriptors : tuple of descriptors
    disabled : bool
        The avatar is switched off: nothing else is to be asked (XEP-0084, 3.5).
    error : QueryError, optional
        Why the source said nothing.
    pushed : bool
        It came by itself, and so will the next change.
    until : float
        When it ceases to hold, by the loop's clock.
    """

    descriptors: Descriptors = ()
    disabled: bool = False
    error: QueryError | None = None
    pushed: bool = False
    until: float = math.inf

    @property
    def decides(self) -> bool:
        """Whether no further source is to be asked."""
        return bool(self.descriptors) or self.disabled

    @property
    def ids(self) -> frozenset[str]:
        """The normalised ids announced."""
        return frozenset(each.normalized_id for each in self.descriptors)


@dataclass(slots=True)
class Known:
    """What is known of one JID.

    Attributes
    ----------
    answers : dict of Source to Answer
        The newest of PEP and vCard; a presence hash counts as the vCard's.
    versions : dict of Source to int
        Counts what was pushed, so that a query can tell whether something came meanwhile.
    heard : dict of str to str
        The hash last announced by each resource.
    refused : dict of str to (float, str)
        Images that were not to be had, by literal id: until when that holds, and why (A-15).
    """

    answers: dict[Source, Answer] = field(default_factory=dict)
    versions: dict[Source, int] = field(default_factory=lambda: {Source.PEP: 0, Source.VCARD: 0})
    heard: dict[str, str] = field(default_factory=dict)
    refused: dict[str, tuple[float, QueryError]] = field(default_factory=dict)

    @property
    def metadata(self) -> Descriptors | None:
        """The avatar as far as known, PEP first; ``None`` when nothing is."""
        pep, vcard = self.answers.get(Source.PEP), self.answers.get(Source.VCARD)
        if pep is not None and pep.decides:
            return pep.descriptors
        if vcard is not None and vcard.error is None:
            return vcard.descriptors
        return () if pep is not None and pep.error is None else None

    def valid(self, source: Source, now: float) -> Answer | None:
        """Return the source's answer if there is one that still holds."""
        answer = self.answers.get(source)
        return answer if answer is not None and now < answer.until else None

    def learn(self, source: Source, answer: Answer, version: int) -> Answer:
        """Take the answer to a query sent at `version`; return the one that counts.

        What was pushed meanwhile is newer, if it is not the same said more briefly (D-05). A
        failure does not unsay what was known.
        """
        current = self.answers.get(source)
        if current is not None and self.versions[source] != version:
            brief = source is Source.VCARD and current.descriptors and current.ids <= answer.ids
            if not brief:
                return current
        if answer.error is not None and current is not None and current.descriptors:
            return answer
        self.answers[source] = answer
        return answer

    def published(self, descriptors: Descriptors, *, disabled: bool) -> None:
        """Take a published metadata item."""
        self._pushed(Source.PEP, Answer(descriptors, disabled=disabled, pushed=True))

    def removed(self, until: float) -> None:
        """Take the removal of the metadata item or node; the vCard has to be looked at anew."""
        self._pushed(Source.PEP, Answer(pushed=True, until=until))
        self.answers.pop(Source.VCARD, None)

    def touched(self, now: float) -> None:
        """Take the news that there is a metadata item, of which nothing was said."""
        answer = self.answers.get(Source.PEP)
        if answer is not None:
            self._pushed(Source.PEP, Answer(answer.descriptors, disabled=answer.disabled, until=now))

    def announced(self, resource: str, update: Update, photo: Descriptors, now: float) -> None:
        """Take what a presence says; only the first time that a resource says it is news (A-23).

        Parameters
        ----------
        resource : str
        update : Update
        photo : tuple of descriptors
            The descriptor that stands for the announced hash, if any.
        now : float
        """
        value = normalize_id(update.hash or "")
        # An ItemID in place of a hash says nothing of the image.
        if update.state in (UpdateState.ABSENT, UpdateState.NOT_READY) or (value and not is_sha1(value)):
            return
        before = self.heard.get(resource)
        if before == value:
            return
        if resource not in self.heard and len(self.heard) >= _RESOURCES:
            del self.heard[next(iter(self.heard))]
        self.heard[resource] = value
        # One resource that wants no avatar does not speak for another that has one.
        if not value and any(self.heard.values()):
            return
        self._outdate_pep(value, changed=before is not None, now=now)
        self.card_announced(photo)

    def card_announced(self, photos: Descriptors) -> None:
        """Take the announced hashes of the vCard's photos, if they are not those known."""
        current, new = self.answers.get(Source.VCARD), Answer(photos, pushed=True)
        if current is None or current.error is not None or current.ids != new.ids:
            self._pushed(Source.VCARD, new)

    def left(self, resource: str) -> None:
        """Forget what a resource said."""
        self.heard.pop(resource, None)

    def refuse(self, id_: str, until: float, error: QueryError) -> None:
        """Remember that an image is not to be had."""
        if id_ not in self.refused and len(self.refused) >= _REFUSED:
            del self.refused[next(iter(self.refused))]
        self.refused[id_] = (until, error)

    def _outdate_pep(self, value: str, *, changed: bool, now: float) -> None:
        """Doubt metadata that we asked for, when a presence since then says something else.

        Metadata that is pushed to us needs no doubt. A hash that differs from the start may
        differ for good, on servers that re-encode (A-22); one that changed means a new avatar.
        """
        pep = self.answers.get(Source.PEP)
        if pep is None or pep.pushed or value in pep.ids or (not value and not pep.descriptors):
            return
        if changed:
            del self.answers[Source.PEP]
        else:
            self.answers[Source.PEP] = Answer(pep.descriptors, disabled=pep.disabled, error=pep.error, until=now)

    def _pushed(self, source: Source, answer: Answer) -> None:
        self.answers[source] = answer
        self.versions[source] += 1
        self.refused.clear()
