"""What all widgets have in common."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any, ClassVar, Final, TypeVar

import anywidget
import traitlets

from xavatar.errors import XavatarError

from . import work
from .album import Album

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)


class Widget(anywidget.AnyWidget):
    """One model in the kernel, any number of views in browsers.

    A subclass sets ``_esm`` and ``_css`` by :mod:`xavatar.widgets.assets`, names the traits that
    a browser may write in ``_writable``, answers messages in :meth:`_receive`, and draws what is
    shown without a kernel in :meth:`_static_html`.

    Handlers run on whichever thread the front end's message arrives on, several at once: they
    check what they are given, hand the work to :meth:`_background` or :meth:`_follow`, and
    return. Whatever fails there is shown inside the widget.
    """

    _writable: ClassVar[frozenset[str]] = frozenset()

    problem = traitlets.Unicode(help="What went wrong last, in words; empty when nothing did.").tag(sync=True)
    busy = traitlets.Unicode(help="What is under way, in words; empty when nothing is.").tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        # traitlets would only warn of a misspelt keyword, and go on without it.
        if unknown := sorted(traits.keys() - set(self.trait_names())):
            raise TypeError(f"{type(self).__name__} takes no keyword {', '.join(unknown)}.")
        self._lock = threading.RLock()
        super().__init__(**traits)
        self.on_msg(type(self)._on_message)

    @property
    def closed(self) -> bool:
        """Whether the widget was closed; it shows itself as a still from then on."""
        return self.comm is None

    def close(self) -> None:
        """Take the widget out of every page, and free what it holds; nothing when that was done before."""
        if self.closed:
            return
        super().close()
        # ipywidgets makes a closed widget undisplayable; ours has something left to show.
        self.__dict__.pop("_repr_mimebundle_", None)
        self.layout.close()
        self.unobserve_all()
        self._release()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take from a browser what a browser may set."""
        super().set_state({name: value for name, value in sync_data.items() if name in self._writable})

    def _receive(self, kind: str, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        """Answer a message from a view; unknown ones, as of an older page, are ignored."""

    def _release(self) -> None:
        """Free what the widget holds, when it is closed."""

    def _static_html(self) -> str:
        """Return what saved, untrusted and converted notebooks show: no script, all escaped, small."""
        return ""

    def _post(self, kind: str, buffers: Sequence[bytes] = (), **content: Any) -> None:
        """Send all views a message; from any thread."""
        self.send({"type": kind, **content}, list(buffers))

    def _send_copies(self, album: Album, content: Mapping[str, Any]) -> None:
        """Answer a page's wish for pictures, off this thread."""
        numbers, side = album.wanted(content)

        def send() -> None:
            for table, data in album.batches(numbers, side):
                if self.closed:
                    return
                self._post("pictures", [data], table=table, side=side)

        if numbers:
            self._background(send)

    def _background(self, function: Callable[[], object], doing: str = "") -> Future[object]:
        """Run a function on a thread of ours; `doing` is shown meanwhile."""
        return self._follow(work.submit(function), doing=doing)

    def _follow(self, pending: Future[T], then: Callable[[T], object] = lambda _: None, doing: str = "") -> Future[T]:
        """Show that something is under way, and hand its result to `then`, on the thread where it comes."""
        if doing:
            self.busy, self.problem = doing, ""

        def settle(done: Future[T]) -> None:
            if doing and self.busy == doing:
                self.busy = ""
            self._guarded(lambda: then(done.result()))

        pending.add_done_callback(settle)
        return pending

    def _guarded(self, function: Callable[[], object]) -> None:
        try:
            function()
        except CancelledError:
            pass
        except XavatarError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001  it is logged, and shown to whoever clicked
            # Nobody reads a handler's traceback: front ends put it into a log, if anywhere.
            _log.exception("%s failed", type(self).__name__)
            self.problem = f"{type(error).__name__}: {error}"

    def _on_message(self, content: object, buffers: Sequence[memoryview]) -> None:
        if isinstance(content, dict) and isinstance(kind := content.get("type"), str):
            self._guarded(lambda: self._act(kind, content, buffers))

    def _act(self, kind: str, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        # Front ends hold state back while some is under way, and messages do not wait for it (ipywidgets 8).
        if isinstance(shown := content.get("state"), dict):
            self.set_state(shown)
        self._receive(kind, content, buffers)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{' (closed)' if self.closed else ''}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        still = {"text/plain": repr(self), "text/html": self._static_html()}
        if self.closed:
            return still
        live: Any = super()._repr_mimebundle_(**kwargs)
        shown, metadata = live
        return {**shown, **still}, metadata
