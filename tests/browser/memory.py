"""A publisher whose server is a few attributes: everything else of it is real, futures on a thread of their own too."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from xavatar.avatar import AvatarSet, Caution, Current, Publication, PublicationFailed, PublishPlan, Step, StepResult
from xavatar.avatar.plan import Act, Progress, StepKind, Tell
from xavatar.errors import QueryError
from xavatar.imaging import inspect
from xavatar.model import Descriptor, Severity, Status
from xavatar.runtime import LoopThread

JULIET = "juliet@capulet.lit"


def there(image: bytes, access: str | None = "presence", **declared: Any) -> Current:
    """Return what an account has whose avatar is this image."""
    facts = inspect(image)
    told = {"id": facts.sha1, "mime": facts.mime, "nbytes": facts.nbytes, **declared}
    return Current(Status.OK, (Descriptor(**told),), image, access, access)


class Memory:
    """Keeps one avatar; see :class:`xavatar.avatar.plan.Publisher`.

    Attributes
    ----------
    now : Current
        What is published.
    fails : str
        Kind of the step that fails, if any.
    held : str
        Kind of the step that does not end.
    refused : str
        Why a plan cannot be carried out, if it cannot.
    mute : bool
        Whether questions get no answer.
    asked : list
        Every call with what was given.
    """

    account = JULIET

    def __init__(self, loop: LoopThread, now: Current | None = None) -> None:
        self._loop = loop
        self.now = now or Current(Status.NOT_FOUND)
        self.fails = self.held = self.refused = ""
        self.mute = False
        self.asked: list[tuple[str, Any]] = []

    def current(self) -> Future[Current]:
        return self._loop.submit(self._current())

    def prepare(self, source: Any, **wanted: Any) -> Future[AvatarSet]:
        self.asked.append(("prepare", wanted))
        return self._loop.submit(asyncio.to_thread(AvatarSet.from_image, source, **wanted))

    def plan(self, avatar: Any, *, access_model: str | None = None, vcard: bool = False) -> Future[PublishPlan]:
        self.asked.append(("plan", (access_model, vcard)))
        payload = f"<pubsub>{avatar.to_xml()}</pubsub>"
        steps = (
            Step(StepKind.STORE, "Store the image", f"<pubsub><data>{'A' * 4000}</data></pubsub>"),
            Step(StepKind.ANNOUNCE, "Announce it", payload),
            Step(StepKind.VERIFY, "Read it back", "<pubsub/>", "get"),
        )
        return self._loop.submit(self._planned(Act.PUBLISH, steps, avatar, access_model))

    def plan_removal(self, *, wipe: bool = False, vcard: bool = False) -> Future[PublishPlan]:
        self.asked.append(("plan_removal", (wipe, vcard)))
        steps = (Step(StepKind.EMPTY, "Announce that it is switched off", "<pubsub/>"),)
        return self._loop.submit(self._planned(Act.WIPE if wipe else Act.UNPUBLISH, steps))

    def carry_out(self, plan: PublishPlan, *, tell: Tell | None = None) -> Future[Publication]:
        self.asked.append(("carry_out", plan))
        return self._loop.submit(self._carried_out(plan, tell or (lambda _: None)))

    async def _current(self) -> Current:
        if self.mute:
            raise QueryError(self.account, "PEP metadata", text="out of order")
        return self.now

    async def _planned(
        self, act: Act, steps: tuple[Step, ...], avatar: AvatarSet | None = None, access: str | None = None
    ) -> PublishPlan:
        cautions = [Caution("P84-24", "It replaces what is there.", Severity.INFO)]
        if self.refused:
            cautions.insert(0, Caution("P163-02", self.refused, Severity.ERROR))
        return PublishPlan(JULIET, act, steps, tuple(cautions), self.now, avatar, access)

    async def _carried_out(self, plan: PublishPlan, tell: Tell) -> Publication:
        results = [StepResult(step) for step in plan.steps]
        for place, step in enumerate(plan.steps):
            tell(StepResult(step, Progress.UNDER_WAY))
            if step.kind == self.held:
                await asyncio.Event().wait()
            failed = step.kind == self.fails
            results[place] = StepResult(step, Progress.FAILED if failed else Progress.DONE, "no" if failed else "", 1.5)
            tell(results[place])
            if failed:
                raise PublicationFailed(f"{JULIET}: {step.words}: no", Publication(plan, tuple(results)))
        image = plan.avatar.image_bytes if plan.avatar else None
        self.now = there(image, plan.access_model or self.now.access_model) if image else Current(Status.DISABLED)
        assert not image or self.now.descriptors[0].id == hashlib.sha1(image).hexdigest()
        return Publication(plan, tuple(results))


@contextmanager
def memory(now: Current | None = None) -> Iterator[Memory]:
    """Give a publisher whose thread ends with the block."""
    with LoopThread("memory") as loop:
        yield Memory(loop, now)
