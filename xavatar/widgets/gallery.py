"""Everybody's picture at once: thousands of them, to look through, sort, and choose from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal, TypeAlias

import pandas as pd
import traitlets

from xavatar.audit import Audit
from xavatar.errors import ConfigError
from xavatar.frames.build import require
from xavatar.frames.images import lookup
from xavatar.frames.thumbnails import Thumbnails
from xavatar.model import Finding

from .album import Album
from .assets import script, style
from .base import Widget
from .crowd import crowd
from .inspector import Asker, Inspector

Grouping: TypeAlias = Literal["nothing", "group", "domain", "verdict", "source", "kind"]
Order: TypeAlias = Literal["given", "name", "address", "largest", "smallest", "findings"]
Shape: TypeAlias = Literal["square", "round"]

GROUPINGS: Final = ("nothing", "group", "domain", "verdict", "source", "kind")
ORDERS: Final = ("given", "name", "address", "largest", "smallest", "findings")
SHAPES: Final = ("square", "round")
_STILL: Final = 24


class Gallery(Widget):
    """Pictures of everybody in a frame or an audit.

    Parameters
    ----------
    source : pandas.DataFrame or Audit
        A frame of ours; an audit brings its findings along.
    pictures : mapping of str to bytes, optional
        Images by SHA-1; left out, what open stores have.
    findings : iterable of Finding, optional
        What the badges tell; for a frame without them, what is seen in the frame itself.
    tile : int
        Side of a picture in pixels, 24 to 160; smaller pictures are not scaled up (P84-21).
    height : int
        Of the whole, in pixels.
    group : {"nothing", "group", "domain", "verdict", "source", "kind"}
    sort : {"given", "name", "address", "largest", "smallest", "findings"}
    shape : {"square", "round"}
    ask : callable, optional
        For the gallery's inspector; a session's gallery has it.

    Attributes
    ----------
    selected : list of str
        JIDs chosen in a page or from Python; observe it to follow.
    active : str or None
        JID of the one that has the focus.

    Raises
    ------
    FrameError
        The frame is not one of ours.

    Examples
    --------
    >>> gallery = xa.widgets.Gallery(df, sort="name")
    >>> gallery.selected = ["romeo@montague.lit"]
    >>> gallery.selection_frame()["jid"].unique().tolist()
    ['romeo@montague.lit']
    >>> gallery.close()
    """

    _esm = script("gallery")
    _css = style("gallery")
    _writable = frozenset({"_chosen", "_focus", "tile", "group", "sort", "shape"})

    selected = traitlets.List(traitlets.Unicode(), help="JIDs of the chosen ones.")
    active = traitlets.Unicode(None, allow_none=True, help="JID of the one that has the focus.")
    tile = traitlets.Int(64, min=24, max=160).tag(sync=True)
    height = traitlets.Int(460, min=160, max=4000).tag(sync=True)
    group = traitlets.Enum(GROUPINGS, "nothing").tag(sync=True)
    sort = traitlets.Enum(ORDERS, "given").tag(sync=True)
    shape = traitlets.Enum(SHAPES, "square").tag(sync=True)
    _people = traitlets.Dict().tag(sync=True)
    _chosen = traitlets.List(traitlets.Int()).tag(sync=True)
    _focus = traitlets.Int(-1).tag(sync=True)

    def __init__(
        self,
        source: pd.DataFrame | Audit,
        *,
        pictures: Mapping[str, bytes] | None = None,
        findings: Iterable[Finding] | None = None,
        tile: int = 64,
        height: int = 460,
        group: Grouping = "nothing",
        sort: Order = "given",
        shape: Shape = "square",
        ask: Asker | None = None,
    ) -> None:
        if isinstance(source, Audit):
            findings = source.results if findings is None else tuple(findings)
        else:
            findings = None if findings is None else tuple(findings)
        self._table = source.table if isinstance(source, Audit) else source
        require(self._table)
        self._inspect = partial(Inspector, source, pictures=pictures, findings=findings or (), ask=ask)
        self._album = Album(pictures.get if pictures is not None else lookup)
        people, self._jids = crowd(self._table, self._album, findings)
        self._rows = {jid: row for row, jid in enumerate(self._jids)}
        super().__init__(_people=people, tile=tile, height=height, group=group, sort=sort, shape=shape)

    def selection_frame(self) -> pd.DataFrame:
        """Return the frame's rows about the selected ones; empty when nobody is."""
        return self._table[self._table["jid"].isin(self.selected)]

    def inspector(self) -> Inspector:
        """Return an inspector of the one who has the focus; it follows when the focus moves."""
        shown = self._inspect(self.active)

        def follow(change: Any) -> None:
            if shown.closed:
                self.unobserve(follow, "active")
            elif change["new"] is not None:
                shown.jid = change["new"]

        self.observe(follow, "active")
        return shown

    def _receive(self, kind: str, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        if kind == "pictures":
            self._send_copies(self._album, content)

    @traitlets.validate("selected")
    def _known(self, proposal: Any) -> list[str]:
        wanted = list(dict.fromkeys(proposal["value"]))
        if strangers := [jid for jid in wanted if jid not in self._rows]:
            raise ConfigError(f"Not in this gallery: {', '.join(strangers[:3])}.")
        return wanted

    @traitlets.validate("_chosen")
    def _in_range(self, proposal: Any) -> list[int]:
        return [row for row in dict.fromkeys(proposal["value"]) if 0 <= row < len(self._jids)]

    @traitlets.observe("selected")
    def _show_selected(self, change: Any) -> None:
        self._chosen = [self._rows[jid] for jid in change["new"]]

    @traitlets.observe("_chosen")
    def _take_chosen(self, change: Any) -> None:
        self.selected = [self._jids[row] for row in change["new"]]

    @traitlets.observe("_focus")
    def _take_focus(self, change: Any) -> None:
        row = change["new"]
        self.active = self._jids[row] if 0 <= row < len(self._jids) else None

    def _release(self) -> None:
        self._album.clear()

    def _static_html(self) -> str:
        first = self._table[self._table["jid"].isin(self._jids[:_STILL])]
        return _Still(first, len(self._jids))._repr_html_()

    def __repr__(self) -> str:
        chosen = f", {len(self.selected)} selected" if self.selected else ""
        return f"<Gallery of {len(self._jids)}{chosen}{' (closed)' if self.closed else ''}>"


class _Still(Thumbnails):
    """The first few of many, without folding the rest."""

    def __init__(self, table: pd.DataFrame, total: int) -> None:
        super().__init__(table, 48, _STILL)
        self._total = total

    @property
    def caption(self) -> str:
        return f"showing {min(self._total, _STILL)} of {self._total}"
