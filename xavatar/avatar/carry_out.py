"""Doing what a plan says, step by step, telling of each."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from xavatar.errors import NotFound, PublishError, QueryError, SessionClosed, Unsupported
from xavatar.wire import Wire
from xavatar.wire.xml import DATA

from . import pubsub
from .avatar_set import AvatarSet
from .failures import NotStored
from .plan import Act, Progress, Publication, PublicationFailed, PublishPlan, Step, StepKind, StepResult, Tell
from .planning import announcement
from .publish import look_at, withdraw
from .read import fetch_metadata
from .room_planning import look_at_room
from .upload import UploadService, upload
from .vcard import write_photo

Written = Callable[[str | None], object]


async def carry_out(
    wire: Wire,
    plan: PublishPlan,
    *,
    timeout: float,
    service: UploadService | None = None,
    tell: Tell | None = None,
    written: Written | None = None,
) -> Publication:
    """Do what a plan says, in its order.

    Parameters
    ----------
    wire : Wire
    plan : PublishPlan
    timeout : float
        Seconds for each request.
    service : UploadService, optional
        For the plan's uploads.
    tell : callable, optional
        Called with each step as it begins, ends or fails.
    written : callable, optional
        Called at the end with the SHA-1 of the photo that was written in the vCard, ``""`` when it
        was removed, ``None`` when the vCard was left alone; after a failure only when it was written.

    Raises
    ------
    PublicationFailed
        A step failed; what was and was not done is in its `publication`.
    """
    run = _Run(wire, plan, timeout, service, tell)
    try:
        publication = await run.all()
    except PublicationFailed:
        if written is not None and run.photo is not None:
            written(run.photo)
        raise
    if written is not None:
        written(run.photo)
    return publication


class _Run:
    """One go at a plan."""

    def __init__(
        self, wire: Wire, plan: PublishPlan, timeout: float, service: UploadService | None, tell: Tell | None
    ) -> None:
        self.photo: str | None = None
        self._wire = wire
        self._plan = plan
        self._timeout = timeout
        self._service = service
        self._tell = tell
        self._avatar = plan.avatar or AvatarSet()
        self._results = [StepResult(step) for step in plan.steps]
        self._do: Mapping[StepKind, Callable[[Step], Awaitable[str]]] = {
            StepKind.UPLOAD: self._upload,
            StepKind.STORE: self._send,
            StepKind.ANNOUNCE: self._announce,
            StepKind.CONFIGURE: self._send,
            StepKind.CREATE: self._send,
            StepKind.EMPTY: self._send,
            StepKind.PURGE: self._purge,
            StepKind.DELETE: self._delete,
            StepKind.VCARD: self._card,
            StepKind.VERIFY: self._verify,
        }

    async def all(self) -> Publication:
        """Do the steps; the first that fails ends it, but when wiping, where each is worth trying (D-28)."""
        failure: Exception | None = None
        for place, step in enumerate(self._plan.steps):
            if failure is not None and self._plan.act is not Act.WIPE:
                self._note(place, StepResult(step, Progress.SKIPPED))
                continue
            try:
                await self._one(place, step)
            except (QueryError, PublishError, SessionClosed) as error:
                failure = failure or error
        publication = Publication(self._plan, tuple(self._results))
        if failure is not None:
            failed = next(result for result in self._results if result.progress is Progress.FAILED)
            raise PublicationFailed(
                f"{self._plan.account}: {failed.step.words}: {failed.detail}", publication
            ) from failure
        return publication

    async def _one(self, place: int, step: Step) -> None:
        self._note(place, StepResult(step, Progress.UNDER_WAY))
        start = time.perf_counter()
        progress, detail = Progress.FAILED, "interrupted"
        try:
            detail = await self._do[step.kind](step)
            progress = Progress.DONE
        except (QueryError, PublishError, SessionClosed) as error:
            detail = " ".join([str(error), *getattr(error, "__notes__", ())])
            raise
        finally:
            elapsed = 1000 * (time.perf_counter() - start)
            self._note(place, StepResult(step, progress, detail, elapsed))

    def _note(self, place: int, result: StepResult) -> None:
        self._results[place] = result
        if self._tell is not None:
            self._tell(result)

    async def _send(self, step: Step) -> str:
        await pubsub.send(self._wire, step.payload, step.words.lower(), self._timeout)
        return ""

    async def _upload(self, step: Step) -> str:
        image = self._avatar.uploads[0]
        if self._service is None:
            raise PublishError("There is no upload service any more. Make a new plan.")
        url = await upload(self._wire, self._service, image, timeout=self._timeout)
        self._avatar = self._avatar.uploaded(image, url)
        return url

    async def _announce(self, step: Step) -> str:
        if self._plan.avatar is not None and self._plan.avatar.uploads:
            demanded = self._plan.access_model if "publish-options" in step.payload else None
            step = replace(step, payload=announcement(self._avatar, demanded))
        try:
            return await self._send(step)
        except QueryError as error:
            error.add_note(await withdraw(self._wire, self._avatar.png_id or "", self._timeout))
            raise

    async def _purge(self, step: Step) -> str:
        try:
            return await self._send(step)
        except NotFound:
            return "there was none"
        except Unsupported:
            return "the server cannot; removing the node does it"

    async def _delete(self, step: Step) -> str:
        try:
            return await self._send(step)
        except NotFound:
            return "there was none"

    async def _card(self, step: Step) -> str:
        image = self._avatar.image_bytes if self._plan.act is Act.PUBLISH else None
        self.photo = await write_photo(self._wire, step.to, image, "image/png", timeout=self._timeout)
        return f"its photo is {self.photo}" if self.photo else "it has no photo"

    async def _verify(self, step: Step) -> str:
        if step.to is not None:
            return await look_at_room(self._wire, step.to, self._avatar.png_id, timeout=self._timeout)
        if step.node == DATA:
            await look_at(self._wire, self._avatar.png_id or "", self._timeout)
            return f"{self._avatar.png_id}, as it was sent"
        try:
            metadata = await fetch_metadata(self._wire, None, timeout=self._timeout)
        except NotFound:
            metadata = None
        ids = [each.id for each in metadata.descriptors] if metadata is not None else []
        if self._plan.act is Act.PUBLISH and self._avatar.png_id not in ids:
            raise NotStored(f"The server took the announcement and tells of {ids or 'no avatar'}. Publish again.")
        if self._plan.act is not Act.PUBLISH and ids:
            raise NotStored(f"The avatar {ids[0]} is still announced: another client may have published it. Try again.")
        return ", ".join(map(str, ids)) or "none is"
