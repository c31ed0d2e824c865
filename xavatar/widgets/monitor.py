"""Avatars' changes as they happen, with the pictures before and after."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

import pandas as pd
import traitlets

from xavatar.audit.text import clean, count
from xavatar.collect.changes import Change, Changes, Face
from xavatar.imaging import color, thumbnail
from xavatar.imaging.placeholder import first_grapheme

from .album import Album
from .assets import script, style
from .base import Widget
from .pulse import Pulse

_LABEL: Final = 120
_ADDRESS: Final = 300
_AT_ONCE: Final = 100
_STILL: Final = 12


class Monitor(Widget):
    """Changes of avatars, the newest first.

    Parameters
    ----------
    changes : Changes
        What is watched; ``session.monitor()`` begins one. It ends when the widget is closed.
    height : int
        Of the list, in pixels, at most.

    Attributes
    ----------
    changes : Changes
        What was seen, for code: a sequence, to follow too.
    paused : bool
        Whether the page stands still; what comes meanwhile is kept, and shown afterwards.
    """

    _esm = script("monitor")
    _css = style("monitor")
    _writable = frozenset({"paused"})

    paused = traitlets.Bool(False, help="Whether the page stands still.").tag(sync=True)
    height = traitlets.Int(420, min=120, max=4000).tag(sync=True)
    _newest = traitlets.Int(0).tag(sync=True)
    _cleared = traitlets.Int(0).tag(sync=True)
    _held = traitlets.Int(0).tag(sync=True)
    _keep = traitlets.Int(0).tag(sync=True)
    _over = traitlets.Unicode("").tag(sync=True)

    def __init__(self, changes: Changes, *, height: int = 420) -> None:
        self.changes = changes
        self._album = Album(changes.picture)
        self._pulse = Pulse(lambda: self._guarded(self._show))
        super().__init__(height=height, _keep=changes.keep)
        self._quiet = changes.listen(self._pulse)
        self._show()

    @property
    def frame(self) -> pd.DataFrame:
        """What was seen, one row per change, as far as it is kept."""
        return self.changes.frame

    def clear(self) -> None:
        """Forget what was seen so far, in the page and in Python."""
        with self._lock:
            self.changes.clear()
            self._album.clear()
            self._cleared = self.changes.seen
            self._show()

    @traitlets.observe("paused")
    def _go_on(self, _: Any) -> None:
        self._show()

    def _show(self) -> None:
        with self._lock:
            if self.closed:
                return
            if not self.paused or self._newest < self._cleared:
                self._newest = self.changes.seen
            self._held = self.changes.seen - self._newest
            if self.changes.ended:
                self._over = f"Watching ended: {self.changes.error}" if self.changes.error else "Watching has ended."

    def _receive(self, kind: str, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        match kind:
            case "pictures":
                self._send_copies(self._album, content)
            case "rows" if isinstance(after := content.get("after"), int):
                self._background(lambda: self._send_rows(after))
            case "clear":
                self.clear()

    def _send_rows(self, after: int) -> None:
        newest = self._newest
        found = [change for change in self.changes.since(max(after, 0)) if change.number <= newest]
        # Those first that are in sight first.
        while found:
            found, batch = found[:-_AT_ONCE], found[-_AT_ONCE:]
            self._post("rows", rows=[row(change, self._album) for change in batch])

    def _release(self) -> None:
        self._quiet()
        self._pulse.end()
        self._album.clear()
        self.changes.stop()

    def _static_html(self) -> str:
        seen = list(self.changes)
        lines = "".join(map(self._still, reversed(seen[-_STILL:])))
        many = "1 change of an avatar" if len(seen) == 1 else f"{len(seen):,} changes of avatars"
        shown = f", showing {_STILL}" if len(seen) > _STILL else ""
        told = many + shown if seen else "No change was seen yet."
        return (
            '<div style="font:13px/1.4 system-ui,sans-serif;color:inherit">'
            f'<ul style="list-style:none;margin:0;padding:0">{lines}</ul><div style="opacity:.65">{told}</div></div>'
        )

    def _still(self, change: Change) -> str:
        name = escape(clean(change.name or change.jid, _LABEL))
        faces = " → ".join(self._face(face, name) for face in (change.before, change.after))
        return (
            '<li style="display:flex;gap:10px;align-items:center;padding:4px 0">'
            f"<span>{change.at:%H:%M:%S}</span> <span>{faces}</span> <b style='unicode-bidi:isolate'>{name}</b> "
            f"<span>{change.source.label}: {change.what}</span></li>"
        )

    def _face(self, face: Face | None, name: str) -> str:
        if face is None:
            return "?"
        data = self.changes.picture(face.sha1) if face.sha1 else None
        if data is None or (small := thumbnail(data, 32)) is None:
            return "not here" if face.id else "none"
        return f'<img alt="avatar of {name}" src="data:image/png;base64,{base64.b64encode(small).decode()}">'

    def __repr__(self) -> str:
        return f"<Monitor: {count(len(self.changes), 'change')}{' (closed)' if self.closed else ''}>"


def row(change: Change, album: Album) -> dict[str, Any]:
    """Return a change as the page gets it: harmless texts and numbers of pictures."""
    label = clean(change.name or change.jid, _LABEL)
    return {
        "number": change.number,
        "at": change.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "label": label,
        "letter": first_grapheme(label.replace("\ufffd", "")) or "?",
        "color": color(change.jid),
        "jid": clean(change.jid, _ADDRESS),
        "resource": clean(change.resource or "", _LABEL),
        "source": change.source.label,
        "what": change.what.value,
        "note": clean(change.note, _ADDRESS),
        "before": _shown(change.before, album),
        "after": _shown(change.after, album),
    }


def _shown(face: Face | None, album: Album) -> dict[str, Any] | None:
    if face is None:
        return None
    at_hand = bool(face.sha1 and face.width and face.height)
    return {
        "id": clean(face.id, _LABEL),
        "picture": album.number(face.sha1) if at_hand and face.sha1 else -1,
        "width": face.width or 0,
        "height": face.height or 0,
        "facts": ", ".join(_facts(face)),
    }


def _facts(face: Face) -> Iterator[str]:
    if face.mime:
        yield face.mime.removeprefix("image/").upper()
    if face.width and face.height:
        yield f"{face.width} × {face.height}"
    if face.nbytes:
        yield f"{face.nbytes:,} bytes"
