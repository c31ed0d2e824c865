"""One avatar, closely: how it looks, what each source says of it, and what is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, TypeAlias

import pandas as pd
import traitlets

from xavatar.audit import Audit, Diagnosis
from xavatar.collect.probe import Probe
from xavatar.errors import ConfigError, StoreError
from xavatar.frames.build import frame, require
from xavatar.frames.images import lookup
from xavatar.frames.thumbnails import Thumbnails
from xavatar.imaging import sniff
from xavatar.model import Finding

from .album import Album
from .assets import script, style
from .base import Widget
from .sheet import sheet

Look: TypeAlias = tuple[Probe, Diagnosis]
Asker: TypeAlias = Callable[[str], Future[Look]]
"""Asks everything about a JID's avatar, somewhere else, and soon has it."""

_SUFFIXES: Final = {"jpeg": ".jpg", "apng": ".png"}


class Inspector(Widget):
    """One contact's avatar.

    Parameters
    ----------
    source : pandas.DataFrame or Audit
        A frame of ours; an audit brings its findings along, and can diagnose without a session.
    jid : str, optional
        Whom to show; left out, the first.
    pictures : mapping of str to bytes, optional
        Images by SHA-1; left out, what open stores have.
    findings : iterable of Finding, optional
    ask : callable, optional
        Asks the server anew; a session's inspector has it. Without one, what `source` holds is all.

    Attributes
    ----------
    jid : str
        Who is shown; set it to show another.
    diagnosis : Diagnosis or None

    Raises
    ------
    FrameError
        The frame is not one of ours.
    ConfigError
        Nobody of that JID is there.
    """

    _esm = script("inspector")
    _css = style("inspector")

    jid = traitlets.Unicode(help="JID of the one shown.")
    _sheet = traitlets.Dict().tag(sync=True)
    _live = traitlets.Bool(False).tag(sync=True)
    _can_diagnose = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        source: pd.DataFrame | Audit,
        jid: str | None = None,
        *,
        pictures: Mapping[str, bytes] | None = None,
        findings: Iterable[Finding] = (),
        ask: Asker | None = None,
    ) -> None:
        self._audit = source if isinstance(source, Audit) else None
        self._table = source.table if isinstance(source, Audit) else source
        require(self._table)
        self._findings = source.results if isinstance(source, Audit) else tuple(findings)
        self._album = Album(pictures.get if pictures is not None else lookup)
        self._ask = ask
        self._fresh: dict[str, Look] = {}
        self.diagnosis: Diagnosis | None = None
        super().__init__(_live=ask is not None, _can_diagnose=ask is not None or self._audit is not None)
        self.jid = self._first() if jid is None else jid

    @classmethod
    def of(cls, look: Look, *, ask: Asker | None = None) -> Inspector:
        """Return an inspector of what was just asked, with its diagnosis and stanzas."""
        probe, diagnosis = look
        shown = cls(frame(probe.outcomes), probe.subject.jid, findings=diagnosis.findings, ask=ask)
        shown._take(look)
        return shown

    def refresh(self) -> None:
        """Ask the server anew; the answer is shown when it comes.

        Raises
        ------
        ConfigError
            There is no session to ask through.
        """
        if self._ask is None:
            raise ConfigError("Nothing to ask through. Make the inspector with a session: s.inspector(jid).")
        # The answer comes on the session's loop, which has no time for drawing.
        self._follow(self._ask(self.jid), lambda look: self._background(lambda: self._take(look)), "Asking the server…")

    def save(self, path: str | os.PathLike[str] | None = None) -> Path:
        """Write the picture as it was published, byte for byte.

        Parameters
        ----------
        path : path, optional
            A file; left out, the JID with the picture's suffix, in the working directory.

        Raises
        ------
        StoreError
            The bytes are not at hand.
        """
        data, name = self._published(self._sheet["picture"])
        target = Path(path) if path is not None else Path(name)
        target.write_bytes(data)
        return target

    def _first(self) -> str:
        if self._table.empty:
            raise ConfigError("Nobody is in this frame.")
        return str(self._table["jid"].iloc[0])

    def _take(self, look: Look) -> None:
        with self._lock:
            jid = look[0].subject.jid
            self._fresh[jid] = look
            if self.jid == jid:
                self._draw()

    def _draw(self) -> None:
        if (look := self._fresh.get(self.jid)) is not None:
            probe, self.diagnosis = look
            self._sheet = sheet(frame(probe.outcomes), self.jid, self._album, self.diagnosis.findings, self.diagnosis)
        else:
            self.diagnosis = None
            self._sheet = sheet(self._table, self.jid, self._album, self._findings)

    def _diagnose(self) -> None:
        if self._audit is not None and self._ask is None:
            self.diagnosis = self._audit.diagnose(self.jid)
            self._sheet = sheet(self._table, self.jid, self._album, self._findings, self.diagnosis)
        else:
            self.refresh()

    @traitlets.validate("jid")
    def _known(self, proposal: Any) -> str:
        jid = str(proposal["value"])
        if jid not in self._fresh and not (self._table["jid"] == jid).any():
            raise ConfigError(f"{jid} is not in this frame; its column `jid` lists who is.")
        return jid

    @traitlets.observe("jid")
    def _show(self, _: Any) -> None:
        with self._lock:
            self.problem = ""
            self._draw()

    def _receive(self, kind: str, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> None:
        match kind:
            case "pictures":
                self._send_copies(self._album, content)
            case "refresh":
                self.refresh()
            case "diagnose":
                self._background(self._diagnose)
            case "save" if isinstance(number := content.get("number"), int):
                self._background(lambda: self._send_file(number))

    def _send_file(self, number: int) -> None:
        data, name = self._published(number)
        self._post("file", [data], name=name)

    def _published(self, number: int) -> tuple[bytes, str]:
        """Return a picture's own bytes, and a name for the file, of letters and digits only."""
        data = self._album.original(number) if 0 <= number < len(self._album) else None
        if data is None:
            raise StoreError(f"The picture of {self.jid} is not at hand: it was not fetched, or its store is closed.")
        kind = sniff(data)
        stem = "".join(letter if letter.isalnum() or letter in "-_.@" else "_" for letter in self.jid)
        return data, f"{stem[:80].lstrip('.')}{_SUFFIXES.get(kind, f'.{kind}') if kind else '.bin'}"

    def _release(self) -> None:
        self._album.clear()
        self._fresh.clear()

    def _static_html(self) -> str:
        words = self.diagnosis._repr_html_() if self.diagnosis else ""
        return Thumbnails(self._table[self._table["jid"] == self.jid], 96, 1)._repr_html_() + words

    def __repr__(self) -> str:
        return f"<Inspector of {self.jid}{' (closed)' if self.closed else ''}>"
