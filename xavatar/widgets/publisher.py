"""A picture of one's own, from wherever it is to where everybody sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from functools import partial
from hashlib import sha1
from typing import Any, Final

import traitlets

from xavatar.avatar import AvatarSet, Current, Publication, PublicationFailed, PublishPlan, StepResult, UrlPolicy
from xavatar.avatar import Publisher as Drive
from xavatar.avatar.plan import Progress
from xavatar.avatar.publish import ACCESS_MODELS
from xavatar.errors import ConfigError
from xavatar.imaging import ImageSource
from xavatar.imaging.variant import SIZE

from . import proposal
from .album import Album
from .assets import script, style
from .base import Widget
from .original import CAREFUL, Original, Parts
from .stills import publisher_still

_LARGE: Final = 512


class Publisher(Widget):
    """Cut a picture, see how it will look, and make it one's avatar.

    Nothing is changed before a plan was shown, and confirmed. What was there before is kept for as
    long as the widget is, to go back to.

    Parameters
    ----------
    publisher : xavatar.avatar.Publisher
        Does the work; a session's widget, ``s.publisher()``, has one.
    image : path, bytes, PIL.Image.Image, numpy.ndarray or str, optional
        A picture to begin with; a page can load others.
    current : Current, optional
        What is there now; left out, it is asked for.
    policy : UrlPolicy, optional
        For addresses typed into the page: they are fetched by Python, never by the browser.
    room : bool
        It is about a room: what only accounts have is not offered.
    **traits
        Of the attributes below.

    Attributes
    ----------
    crop : list of int
        Left, upper, right and lower edge in pixels of the upright picture; a square.
    access_model : str
        ``""`` leaves the nodes as they are.
    size : int
        Longest side of the PNG in pixels.
    large : bool
        Upload the picture with 512 pixels too (XEP-0363).
    vcard : bool
        Write the vCard's photo too, where the server does not do it itself.
    avatar : AvatarSet or None
        What was made of the picture.
    plan : PublishPlan or None
        What is shown to be confirmed.
    publication : Publication or None
        What became of the last plan.

    Raises
    ------
    ImageError, ConfigError
        `image` is no picture that can be used.
    """

    _esm = script("publisher")
    _css = style("publisher")
    _writable = frozenset({"crop", "access_model", "size", "large", "vcard"})

    crop = traitlets.List(traitlets.Int()).tag(sync=True)
    access_model = traitlets.Enum(("", *ACCESS_MODELS), "").tag(sync=True)
    size = traitlets.Int(SIZE, min=32, max=1024).tag(sync=True)
    large = traitlets.Bool(False).tag(sync=True)
    vcard = traitlets.Bool(False).tag(sync=True)
    avatar = traitlets.Any(None)
    plan = traitlets.Any(None)
    publication = traitlets.Any(None)
    _account = traitlets.Unicode().tag(sync=True)
    _room = traitlets.Bool(False).tag(sync=True)
    _access = traitlets.Dict(proposal.ACCESS).tag(sync=True)
    _now = traitlets.Dict().tag(sync=True)
    _source = traitlets.Dict().tag(sync=True)
    _made = traitlets.Dict().tag(sync=True)
    _plan = traitlets.Dict().tag(sync=True)
    _steps = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    _phase = traitlets.Enum(("", "planned", "running", "done", "failed", "stopped"), "").tag(sync=True)
    _undo = traitlets.Unicode(help="What is gone back to, in words; empty when nothing was replaced.").tag(sync=True)

    def __init__(
        self,
        publisher: Drive,
        image: ImageSource | None = None,
        *,
        current: Current | None = None,
        policy: UrlPolicy = CAREFUL,
        room: bool = False,
        **traits: Any,
    ) -> None:
        self._publisher = publisher
        self._policy = policy
        self._original: Original | None = None
        self._parts = Parts()
        self._pictures: dict[str, bytes] = {}
        self._album = Album(self._pictures.get)
        self._making: Future[AvatarSet] | None = None
        self._wished = False
        self._planning: Future[PublishPlan] | None = None
        self._running: Future[Publication] | None = None
        self._plans = 0
        self._current: Current | None = None
        self._previous: Current | None = None
        super().__init__(**traits, _room=room)
        self._account = publisher.account
        if current is not None:
            self._take_current(current)
        else:
            self.refresh()
        if image is not None:
            self.load(image)

    def load(self, image: ImageSource, name: str = "") -> None:
        """Take a picture to cut an avatar out of; blocks while it is read, or fetched.

        Parameters
        ----------
        image : path, bytes, PIL.Image.Image, numpy.ndarray or str
            A string that begins with ``https://`` is fetched.
        name : str
            To show beside it; left out, a file's name or an address.

        Raises
        ------
        ImageError, ConfigError, RemoteUnavailable
        """
        original = Original.open(image, name, self._policy)
        with self._lock:
            self._drop_plan()
            self._original = original
            number = self._keep(original.sha1, original.proof)
            width, height = original.image.size
            self._source = {"picture": number, "width": width, "height": height, "name": original.name}
            self.problem = ""
            middle = list(original.middle)
            if self.crop == middle:
                self._make()
            self.crop = middle

    def refresh(self) -> None:
        """Ask what the account's avatar is now; the answer is shown when it comes."""
        asked = self._publisher.current()
        self._follow(asked, lambda now: self._background(lambda: self._take_current(now)), "Asking the server…")

    def review(self) -> None:
        """Plan to publish the picture as it is cut, and show the plan; it is carried out when confirmed in a page.

        Raises
        ------
        ConfigError
            There is no picture yet.
        """
        with self._lock:
            if self._making is not None:
                self._wished = True
                return
            if self.avatar is None:
                raise ConfigError("There is no picture yet. Load one first.")
            self._ask(
                self._publisher.plan(self.avatar, access_model=self.access_model or None, vcard=self.vcard),
                "Planning…",
            )

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

    def _make(self) -> None:
        """Make the avatar of what is cut; one that is being made of something else is not waited for."""
        with self._lock:
            self._drop_plan()
            if self._making is not None:
                self._making.cancel()
            self._making, self.avatar = None, None
            if self._original is None:
                return
            left, upper, right, lower = self.crop
            making = self._publisher.prepare(
                self._original.image,
                crop=(left, upper, right, lower),
                size=self.size,
                large=_LARGE if self.large else None,
            )
            self._making = making
        making.add_done_callback(lambda done: self._guarded(lambda: self._take_avatar(done)))

    def _take_avatar(self, done: Future[AvatarSet]) -> None:
        with self._lock:
            if self._making is not done or self.closed:
                return
            self._making, wished, self._wished = None, self._wished, False
            self._made = {}
            avatar = done.result()
            number = self._keep(avatar.png_id or "", avatar.image_bytes or b"")
            self.avatar = avatar
            self._made = {**proposal.result(avatar, number), "crop": self.crop}
            if wished:
                self.review()

    def _take_current(self, current: Current) -> None:
        with self._lock:
            if self.closed:
                return
            number = self._keep(sha1(current.image).hexdigest(), current.image) if current.image else -1
            self._current = current
            self._now = proposal.standing(current, number)
            used = {self._now["picture"], self._source.get("picture"), self._made.get("picture")}
            for key in [key for key in self._pictures if self._album.number(key) not in used]:
                del self._pictures[key]

    def _ask(self, planning: Future[PublishPlan], doing: str) -> None:
        with self._lock:
            self._drop_plan()
            self._planning = planning
        self._follow(planning, partial(self._take_plan, planning), doing)

    def _take_plan(self, planning: Future[PublishPlan], plan: PublishPlan) -> None:
        with self._lock:
            if self._planning is not planning:
                return
            self._planning = None
            self._plans += 1
            self.plan = plan
            self._plan = proposal.proposal(plan, self._plans)
            self._steps = proposal.progress(map(StepResult, plan.steps))
            self._phase = "planned"
        self._background(lambda: self._take_current(plan.current))

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

    @traitlets.validate("crop")
    def _within(self, proposed: Any) -> list[int]:
        box: list[int] = proposed["value"]
        if self._original is None or len(box) != 4:
            if box:
                raise ConfigError("A crop is left, upper, right and lower edge in pixels of a picture that is loaded.")
            return box
        return list(self._original.square(box))

    @traitlets.observe("crop", "size", "large")
    def _remake(self, _: Any) -> None:
        if self.comm is not None:
            self._guarded(self._make)

    @traitlets.observe("access_model", "vcard")
    def _replan(self, _: Any) -> None:
        if self.comm is not None:
            self._guarded(self._drop_plan)

    def _receive(self, kind: str, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        match kind:
            case "pictures":
                self._send_copies(self._album, content)
            case "load":
                if (data := self._parts.add(content, buffers)) is not None:
                    name = str(content.get("name", ""))[:200]
                    self._background(lambda: self.load(data, name), "Reading the picture…")
            case "fetch" if isinstance(address := content.get("address"), str):
                self._background(partial(self._fetch, address.strip()), "Fetching the picture…")
            case "refresh":
                self.refresh()
            case "review":
                self.review()
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

    def _fetch(self, address: str) -> None:
        # Never a path: what is typed into a page must not read this machine's files.
        if not address.startswith("https://"):
            raise ConfigError("An address begins with https://. Files are chosen, dropped or pasted.")
        self.load(address)

    def _release(self) -> None:
        # What is being carried out goes on: half of it would be worse.
        for pending in (self._making, self._planning):
            if pending is not None:
                pending.cancel()
        with self._lock:
            self._album.clear()
            self._pictures.clear()
            self._original = self._previous = None

    def _static_html(self) -> str:
        return publisher_still(self._account, self._current, self.avatar, self.publication or self.plan)

    def __repr__(self) -> str:
        return f"<Publisher of {self._account}{' (closed)' if self.closed else ''}>"
