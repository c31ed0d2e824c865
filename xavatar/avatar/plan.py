"""What is going to be published, shown before it is: plans, their steps, what came of them.

A plan is made of what the account offers and has, and sends nothing but questions. It holds the very
stanzas that carrying it out will send, so that it can be read, taught with, and refused.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from xavatar.errors import PublishRejected
from xavatar.imaging import Box, ImageSource
from xavatar.model import Descriptor, Severity, Status
from xavatar.wire.xml import attribute

from . import plan_display
from .avatar_set import AvatarSet


class Act(StrEnum):
    """What a plan is for."""

    PUBLISH = "publish"
    UNPUBLISH = "unpublish"
    """Switch the avatar off; its image stays (XEP-0084, 3.5)."""
    WIPE = "wipe"
    """Remove the avatar and all images."""


class StepKind(StrEnum):
    """What a step does."""

    UPLOAD = "upload"
    """HTTP upload of a large variant: slot, then PUT (XEP-0363)."""
    CONFIGURE = "configure"
    """Change a node's access model."""
    STORE = "store"
    """Publish the image in the data node (XEP-0084, 3.1)."""
    ANNOUNCE = "announce"
    """Publish the metadata (XEP-0084, 3.2)."""
    EMPTY = "empty"
    """Publish empty metadata (XEP-0084, 3.5)."""
    PURGE = "purge"
    DELETE = "delete"
    CREATE = "create"
    VCARD = "vcard"
    """Write the photo of the vCard, nothing else of it (XEP-0153)."""
    VERIFY = "verify"
    """Read back what is there afterwards."""


class Progress(StrEnum):
    """How far a step has come."""

    PLANNED = "planned"
    UNDER_WAY = "under way"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Not begun, because one before it failed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    Parameters
    ----------
    kind : StepKind
    words : str
        What it does, for a person.
    payload : str
        Child of the IQ as XML text; ``""`` for a step that sends none.
    type : str
        Of the IQ: ``set`` or ``get``.
    to : str, optional
        Addressee; ``None`` is the own account.
    node : str, optional
        The PEP node it is about.
    """

    kind: StepKind
    words: str
    payload: str = ""
    type: str = "set"
    to: str | None = None
    node: str | None = None

    @property
    def stanza(self) -> str:
        """The IQ as it is sent, but for its id; ``""`` for a step that sends none."""
        address = f" to={attribute(self.to)}" if self.to else ""
        return f'<iq type="{self.type}"{address}>{self.payload}</iq>' if self.payload else ""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of a step.

    Parameters
    ----------
    step : Step
    progress : Progress
    detail : str
        What was found or went wrong, for a person.
    elapsed_ms : float, optional
        Milliseconds from beginning to end.
    """

    step: Step
    progress: Progress = Progress.PLANNED
    detail: str = ""
    elapsed_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Caution:
    """Something to know before going on.

    Parameters
    ----------
    rule : str
        What it follows from, as ``P398-08``.
    words : str
    severity : Severity
        An error stands for what will fail, or harm, when carried out.
    """

    rule: str
    words: str
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class Current:
    """The account's avatar as others see it now (P84-24).

    Parameters
    ----------
    status : Status
        What the metadata node says.
    descriptors : tuple of Descriptor
    image : bytes, optional
        Of the data node, verified; ``None`` when there is none.
    access_model : str, optional
        Of the metadata node; ``None`` when there is no node, or the server does not say.
    data_access_model : str, optional
        Of the data node.
    stanza_bytes : int, optional
        Largest stanza that the server says it takes (XEP-0478); ``None`` when it does not say.
    """

    status: Status
    descriptors: tuple[Descriptor, ...] = ()
    image: bytes | None = None
    access_model: str | None = None
    data_access_model: str | None = None
    stanza_bytes: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PublishPlan:
    """What will be sent, in which order, and what to know before.

    Parameters
    ----------
    account : str
        Bare JID.
    act : Act
    steps : tuple of Step
    cautions : tuple of Caution
        The heaviest first.
    current : Current
        What is replaced or removed.
    avatar : AvatarSet, optional
        What is published.
    access_model : str, optional
        Demanded for both nodes; ``None`` leaves them as they are.
    """

    account: str
    act: Act
    steps: tuple[Step, ...]
    cautions: tuple[Caution, ...] = ()
    current: Current = Current(Status.NOT_FOUND)
    avatar: AvatarSet | None = None
    access_model: str | None = None

    @property
    def stanzas(self) -> tuple[str, ...]:
        """The stanzas as they will be sent, in their order."""
        return tuple(step.stanza for step in self.steps if step.stanza)

    def __repr__(self) -> str:
        return plan_display.text(self, tuple(map(StepResult, self.steps)))

    def _repr_html_(self) -> str:
        return plan_display.html(self, tuple(map(StepResult, self.steps)))


@dataclass(frozen=True, slots=True, repr=False)
class Publication:
    """A plan, and what became of each of its steps.

    Parameters
    ----------
    plan : PublishPlan
    results : tuple of StepResult
        One for each step.
    """

    plan: PublishPlan
    results: tuple[StepResult, ...]

    @classmethod
    def dry(cls, plan: PublishPlan) -> Publication:
        """Return what a dry run leaves: every step planned, none begun."""
        return cls(plan, tuple(map(StepResult, plan.steps)))

    @property
    def done(self) -> bool:
        """Whether every step was done, reading back included."""
        return all(result.progress is Progress.DONE for result in self.results)

    def __repr__(self) -> str:
        return plan_display.text(self.plan, self.results)

    def _repr_html_(self) -> str:
        return plan_display.html(self.plan, self.results)


class PublicationFailed(PublishRejected):
    """A step of a plan failed; what was and was not done is in `publication`.

    Parameters
    ----------
    message : str
    publication : Publication
    """

    def __init__(self, message: str, publication: Publication) -> None:
        super().__init__(message)
        self.publication = publication


Tell = Callable[[StepResult], object]


class Publisher(Protocol):
    """What a publishing widget drives; that of a session's `publisher()` has one.

    Nothing here blocks: every method may be called from any thread, and gives a future whose
    callbacks run on the session's own thread. Futures can be cancelled.
    """

    @property
    def account(self) -> str:
        """The account's bare JID."""

    def current(self) -> Future[Current]:
        """Ask for the avatar that is there now."""

    def prepare(
        self, source: ImageSource, *, crop: Box | None = None, size: int = ..., large: int | None = None
    ) -> Future[AvatarSet]:
        """Make the set to publish, off the loop; raises an ImageError. Parameters as of `AvatarSet.from_image`."""

    def plan(
        self, avatar: AvatarSet | ImageSource, *, access_model: str | None = None, vcard: bool = False
    ) -> Future[PublishPlan]:
        """Plan to publish; sends questions only."""

    def plan_removal(self, *, wipe: bool = False, vcard: bool = False) -> Future[PublishPlan]:
        """Plan to switch the avatar off, or with `wipe` to remove it and its images."""

    def carry_out(self, plan: PublishPlan, *, tell: Tell | None = None) -> Future[Publication]:
        """Do what a plan says, in its order.

        `tell` is called on the session's thread with each step as it begins, ends or fails. The
        future raises :class:`PublicationFailed`, with the results so far, when a step fails.
        """
