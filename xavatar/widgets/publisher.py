"""A picture of one's own, from wherever it is to where everybody sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Final

import traitlets

from xavatar.avatar import AvatarSet, Current, UrlPolicy
from xavatar.avatar import Publisher as Drive
from xavatar.avatar.publish import ACCESS_MODELS
from xavatar.errors import ConfigError
from xavatar.imaging import ImageSource
from xavatar.imaging.variant import SIZE

from . import proposal
from .assets import script, style
from .original import CAREFUL, Original, Parts
from .planner import Planner
from .stills import publisher_still

_LARGE: Final = 512


class Publisher(Planner):
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
    avatar = traitlets.Any(None)
    _room = traitlets.Bool(False).tag(sync=True)
    _access = traitlets.Dict(proposal.ACCESS).tag(sync=True)
    _source = traitlets.Dict().tag(sync=True)
    _made = traitlets.Dict().tag(sync=True)

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
        self._policy = policy
        self._original: Original | None = None
        self._parts = Parts()
        self._making: Future[AvatarSet] | None = None
        self._wished = False
        super().__init__(publisher, **traits, _room=room)
        if current is not None:
            self._take_current(current, next(self._turns))
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

    @traitlets.observe("access_model")
    def _of_another_model(self, _: Any) -> None:
        if self.comm is not None:
            self._guarded(self._drop_plan)

    def _receive(self, kind: str, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        match kind:
            case "load":
                if (data := self._parts.add(content, buffers)) is not None:
                    name = str(content.get("name", ""))[:200]
                    self._background(lambda: self.load(data, name), "Reading the picture…")
            case "fetch" if isinstance(address := content.get("address"), str):
                self._background(partial(self._fetch, address.strip()), "Fetching the picture…")
            case "review":
                self.review()
            case _:
                super()._receive(kind, content, buffers)

    def _fetch(self, address: str) -> None:
        # Never a path: what is typed into a page must not read this machine's files.
        if not address.startswith("https://"):
            raise ConfigError("An address begins with https://. Files are chosen, dropped or pasted.")
        self.load(address)

    def _used(self) -> set[object]:
        return super()._used() | {self._source.get("picture"), self._made.get("picture")}

    def _release(self) -> None:
        if self._making is not None:
            self._making.cancel()
        super()._release()
        self._original = None

    def _static_html(self) -> str:
        return publisher_still(self._account, self._current, self.avatar, self.publication or self.plan)

    def __repr__(self) -> str:
        return f"<Publisher of {self._account}{' (closed)' if self.closed else ''}>"
