"""What is there, what is planned and confirmed, how far it has come, and what to go back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from functools import partial
from hashlib import sha1
from itertools import count
from typing import Any

import traitlets

from xavatar.avatar import Current, Publication, PublicationFailed, PublishPlan, StepResult
from xavatar.avatar import Publisher as Drive
from xavatar.avatar.plan import Progress
from xavatar.avatar.publish import ACCESS_MODELS
from xavatar.errors import ConfigError

from . import proposal
from .album import Album
from .base import Widget


class Planner(Widget):
    """Shows an avatar, plans to change it, and does so when a page confirms the very plan it shows.

    Parameters
    ----------
    publisher : xavatar.avatar.Publisher
    **traits

    Attributes
    ----------
    plan : PublishPlan or None
    publication : Publication or None
        See :class:`~xavatar.widgets.Publisher`.
    """

    vcard = traitlets.Bool(False).tag(sync=True)
    plan = traitlets.Any(None)
    publication = traitlets.Any(None)
    _account = traitlets.Unicode().tag(sync=True)
    _now = traitlets.Dict().tag(sync=True)
    _plan = traitlets.Dict().tag(sync=True)
    _steps = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    _phase = traitlets.Enum(("", "planned", "running", "done", "failed", "stopped"), "").tag(sync=True)
    _undo = traitlets.Unicode(help="What is gone back to, in words; empty when nothing was replaced.").tag(sync=True)

    def __init__(self, publisher: Drive, **traits: Any) -> None:
        self._publisher = publisher
        self._pictures: dict[str, bytes] = {}
        self._album = Album(self._pictures.get)
        self._planning: Future[PublishPlan] | None = None
        self._running: Future[Publication] | None = None
        self._plans = 0
        self._current: Current | None = None
        self._turns = count(1)
        self._seen = 0
        self._previous: Current | None = None
        super().__init__(**traits)
        self._account = publisher.account

    def refresh(self) -> None:
        """Ask what the account's avatar is now; the answer is shown when it comes."""
        turn, asked = next(self._turns), self._publisher.current()
        self._follow(asked, lambda now: self._background(lambda: self._take_current(now, turn)), "Asking the server…")

    def remove(self, *, wipe: bool = False) -> None:
        """Plan to switch the avatar off, or with `wipe` to remove it and its images, and show the plan."""
        self._ask(self._publisher.plan_removal(wipe=wipe, vcard=self.vcard), "Planning…")

    def undo(self) -> None:
        """Plan to bring back what was there before, and show the plan.

        Raises
        ------
        ConfigError
            Nothing was replaced, or what was there lay elsewhere.
        """
        before = self._previous
        if before is None or not self._undo:
            raise ConfigError("There is nothing to go back to: nothing was replaced, or its image was not in PEP.")
        if before.image is None:
            self.remove()
            return
        model = before.access_model if before.access_model in ACCESS_MODELS else None
        avatar = proposal.restored(before)
        self._ask(self._publisher.plan(avatar, access_model=model, vcard=self.vcard), "Planning…")

    def stop(self) -> None:
        """Stop what is being carried out; what was done by then stays."""
        running = self._running
        if running is not None:
            running.cancel()

    def _keep(self, key: str, data: bytes) -> int:
        self._pictures[key] = data
        return self._album.number(key)

    def _take_current(self, current: Current, turn: int) -> None:
        """Show what the account has, unless an answer to a later question is shown: threads may change their order."""
        with self._lock:
            if self.closed or turn < self._seen:
                return
            self._seen = turn
            number = self._keep(sha1(current.image).hexdigest(), current.image) if current.image else -1
            self._current = current
            self._now = proposal.standing(current, number)
            used = self._used()
            for key in [key for key in self._pictures if self._album.number(key) not in used]:
                del self._pictures[key]

    def _used(self) -> set[object]:
        """Return the numbers of the pictures that a page may ask for."""
        return {self._now["picture"]}

    def _ask(self, planning: Future[PublishPlan], doing: str) -> None:
        with self._lock:
            self._drop_plan()
            self._planning = planning
        self._follow(planning, partial(self._take_plan, planning, next(self._turns)), doing)

    def _take_plan(self, planning: Future[PublishPlan], turn: int, plan: PublishPlan) -> None:
        with self._lock:
            if self._planning is not planning:
                return
            self._planning = None
            self._plans += 1
            self.plan = plan
            self._plan = proposal.proposal(plan, self._plans)
            self._steps = proposal.progress(map(StepResult, plan.steps))
            self._phase = "planned"
        self._background(lambda: self._take_current(plan.current, turn))

    def _drop_plan(self) -> None:
        """Forget a plan that does not say any more what the page says."""
        with self._lock:
            if self._phase == "running":
                raise ConfigError("A plan is being carried out. Wait for its end, or stop it.")
            if self._planning is not None:
                planning, self._planning = self._planning, None
                planning.cancel()
            self.plan = None
            self._plan, self._steps, self._phase = {}, [], ""

    def _carry_out(self, number: object) -> None:
        """Do what the plan of this number says; nothing when a page shows another one."""
        with self._lock:
            plan = self.plan
            if plan is None or self._phase != "planned" or number != self._plan["number"]:
                return
            self._phase, self.problem = "running", ""
            try:
                running = self._publisher.carry_out(plan, tell=self._told)
            except BaseException:
                self._phase = "planned"
                raise
            self._running = running
        running.add_done_callback(lambda done: self._guarded(lambda: self._ended(plan, done)))

    def _told(self, result: StepResult) -> None:
        with self._lock:
            if self.plan is not None and result.step in self.plan.steps:
                steps = [*self._steps]
                (steps[self.plan.steps.index(result.step)],) = proposal.progress([result])
                self._steps = steps

    def _ended(self, plan: PublishPlan, done: Future[Publication]) -> None:
        with self._lock:
            self._running = None
            try:
                self._conclude(done.result())
                self._phase = "done"
            except CancelledError:
                self._phase = "stopped"
            except PublicationFailed as failure:
                self._conclude(failure.publication)
                self._phase = "failed"
                raise
            except BaseException:
                self._phase = "failed"
                raise
            finally:
                if not self.closed:
                    self._remember(plan.current)
                    self._guarded(self.refresh)

    def _conclude(self, publication: Publication) -> None:
        self.publication = publication
        self._steps = proposal.progress(publication.results)

    def _remember(self, before: Current) -> None:
        """Keep what was there, when something was changed."""
        if all(state in (Progress.PLANNED, Progress.SKIPPED) for state, *_ in self._steps):
            return
        if before.descriptors and before.image is None:
            self._previous, self._undo = None, ""
        else:
            self._previous = before
            self._undo = "Back to the previous avatar" if before.image else "Back to no avatar"

    @traitlets.observe("vcard")
    def _for_other_places(self, _: Any) -> None:
        if self.comm is not None:
            self._guarded(self._drop_plan)

    def _receive(self, kind: str, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        match kind:
            case "pictures":
                self._send_copies(self._album, content)
            case "refresh":
                self.refresh()
            case "remove":
                self.remove(wipe=content.get("wipe") is True)
            case "undo":
                self._background(self.undo)
            case "cancel":
                self._drop_plan()
            case "confirm":
                self._carry_out(content.get("number"))
            case "stop":
                self.stop()

    def _release(self) -> None:
        # What is being carried out goes on: half of it would be worse.
        if self._planning is not None:
            self._planning.cancel()
        with self._lock:
            self._album.clear()
            self._pictures.clear()
            self._previous = None
