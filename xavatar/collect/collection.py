"""Asking all sources about many subjects at once."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from xavatar.client import PresenceBook
from xavatar.model import Outcome, Snapshot, Source, Status, Subject
from xavatar.runtime import each

from .sources import Reader, presence_outcomes

Progress = Callable[[int, int], object]
"""Called with the number of answers so far and their total."""

Job = tuple[Subject, Source]


class Collection:
    """One sweep over some subjects; what it has so far can be had at any time.

    Parameters
    ----------
    account : str
        Bare JID of who looks.
    scope : str
        ``roster``, ``me``, or a room's JID.
    subjects : sequence of Subject
    sources : sequence of Source
        Which to ask.
    book : PresenceBook, optional
        Where presences were noted; ``None`` when none are to be had.
    known : mapping of Subject to outcomes, optional
        Presence outcomes that are known already, as of a room's occupants.
    """

    def __init__(
        self,
        account: str,
        scope: str,
        subjects: Sequence[Subject],
        *,
        sources: Iterable[Source] = tuple(Source),
        book: PresenceBook | None = None,
        known: Mapping[Subject, Sequence[Outcome]] | None = None,
    ) -> None:
        self._account = account
        self._scope = scope
        self._subjects = tuple(subjects)
        self._sources = tuple(source for source in Source if source in set(sources))
        self._book = book
        self._known = dict(known or {})
        self._started = datetime.now(UTC)
        self._answers: dict[Job, Outcome] = {}
        self._finished = False
        self.id = f"{self._started:%Y%m%dT%H%M%S.%f}Z-{secrets.token_hex(3)}"

    async def run(self, reader: Reader, *, limit: int, progress: Progress | None = None) -> None:
        """Ask; on cancellation what was answered stays.

        Parameters
        ----------
        reader : Reader
        limit : int
            Questions in hand at once: asked, or their answers looked at.
        progress : callable, optional
        """
        asked = [source for source in self._sources if source is not Source.PRESENCE]
        jobs = [(subject, source) for subject in self._subjects for source in asked]

        async def work(job: Job) -> Outcome:
            return await reader.read(*job)

        def done(job: Job, outcome: Outcome) -> None:
            self._answers[job] = outcome
            if progress is not None:
                progress(len(self._answers), len(jobs))

        await each(jobs, work, limit=limit, done=done)
        self._finished = True

    def snapshot(self) -> Snapshot:
        """Return what is known; a question without answer is a ``skipped`` outcome."""
        outcomes: list[Outcome] = []
        for subject in self._subjects:
            for source in self._sources:
                if source is Source.PRESENCE:
                    outcomes.extend(self._known.get(subject) or presence_outcomes(subject, self._book))
                else:
                    outcomes.append(self._answers.get((subject, source)) or self._missing(subject, source))
        lost = any(outcome.condition == "session-lost" for outcome in outcomes)
        complete = self._finished and not lost
        return Snapshot(self._account, self._scope, tuple(outcomes), self._started, complete, self.id)

    def _missing(self, subject: Subject, source: Source) -> Outcome:
        return Outcome(subject, source, Status.SKIPPED, "interrupted", observed_at=self._started)
