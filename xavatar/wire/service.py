"""The wire as an aioxmpp service: one per client, summoned by whoever needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final
from xml.etree.ElementTree import Element

import aioxmpp
import aioxmpp.service

from xavatar.errors import SessionClosed

from . import addresses, seam
from .capture import Capture
from .lane import Lane, Observer, Taker
from .public import PublicPath
from .recorder import Recorder
from .stanza_errors import from_stanza, query_error
from .stream_limits import learn_limits, stanza_bytes
from .tap import Guard, Tap
from .trace import LIMIT, LiveTrace

_ASKERS: Final = 4
"""Askers for each request under way."""
_ALWAYS_TAKEN: Final = 2_400
"""Characters that need no look at the limit, of four bytes at most: servers take 10,000 bytes (RFC 6120, 13.12)."""
_ENVELOPE: Final = 128
"""Bytes around a payload, besides the addressee."""


class Wire(aioxmpp.service.Service):
    """Requests answered by light trees, and observers of what comes in.

    ``client.summon(Wire)`` may be called before or while the client is connected.

    Attributes
    ----------
    raw : bool
        Whether answers bypass aioxmpp's XSO machinery. False when a private name of aioxmpp is
        missing, or when the environment says ``XAVATAR_WIRE=public``; setting it to False forces
        the public path.
    resume_wait : float
        Seconds that requests survive a lost connection, waiting for its resumption (XEP-0198).
    """

    def __init__(self, client: aioxmpp.Client, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        learn_limits()
        self._capture = Capture()
        self._public = PublicPath(client)
        self._lane: Lane | None = None
        self._tapped: Any = None
        self._asking = 0
        self.resume_wait = 10.0
        self._grace: asyncio.TimerHandle | None = None
        self._refusal = ""
        self.raw = self._can_be_raw()
        if self.raw:
            addresses.hasten()
            self._lane = Lane(client.stream)
            self._watch_doors()
        else:
            self._public.tell(self._capture)
        client.on_stream_suspended.connect(self._suspended)
        client.on_stream_resumed.connect(self._returned)
        client.on_stream_established.connect(self._returned)
        client.on_stream_destroyed.connect(self._destroyed)
        client.on_stopped.connect(self._destroyed)
        client.on_failure.connect(self._destroyed)

    def narrow(self, window: int) -> int:
        """Have at most `window` requests under way at once, and return how many askers keep it full.

        Some of those who ask are busy with answers; through the public interface each asker counts.
        """
        if self._lane is None or not self.raw:
            return window
        self._lane.window = window
        return window * _ASKERS

    async def request(
        self, payload: str, *, to: str | None = None, kind: str = "get", timeout: float = 20.0, step: str = "request"
    ) -> Element:
        """Send an IQ and return its result.

        Parameters
        ----------
        payload : str
            The IQ's child as XML text, with its namespace declared.
        to : str, optional
            Addressee; left out, the own account answers.
        kind : str
            ``get`` or ``set``.
        timeout : float
            Seconds.
        step : str
            What is asked, in words, for error messages.

        Returns
        -------
        Element
            The whole IQ of type ``result``.

        Raises
        ------
        QueryError
            The answer was an error, unreadable, or did not come in time; or the server would close
            the connection over a stanza so large, by what it announces (``policy-violation``).
        SessionClosed
            There is no connection, or it ended meanwhile.
        """
        client = self.client
        if not (client.running and client.established) or self._refusal:
            raise SessionClosed(f"{step} of {to or 'the own account'}: {self._refusal or 'not connected.'}")
        if len(payload) > _ALWAYS_TAKEN:
            self._check_size(payload, to or "", step)
        self._asking += 1
        try:
            answer = await self._path.request(payload, to=to, kind=kind, timeout=timeout, step=step)
        finally:
            self._asking -= 1
        if answer.get("type") == "error":
            raise from_stanza(answer, to or "", step)
        return answer

    def _check_size(self, payload: str, to: str, step: str) -> None:
        nbytes, most = len(payload.encode()) + len(to.encode()) + _ENVELOPE, self.stanza_bytes
        if most is not None and nbytes > most:
            text = f"about {nbytes:,} bytes, and the server takes {most:,} (XEP-0478). Nothing was sent"
            raise query_error(to, step, condition="policy-violation", error_type="modify", text=text)

    def observe(self, kind: str, observer: Observer) -> Callable[[], None]:
        """Call `observer` with every incoming stanza of `kind`; return what ends it.

        Parameters
        ----------
        kind : str
            ``presence`` or ``message``.
        observer : callable
            Gets the stanza as :class:`~xml.etree.ElementTree.Element`, before aioxmpp
            processes it; must not block.
        """
        return self._path.observe(kind, observer)

    def take(self, kind: str, taker: Taker) -> None:
        """Observe stanzas of `kind`, and keep from aioxmpp those to which `taker` says so.

        For a client that is ours alone: nobody else would miss them. Through the public interface
        nothing is kept.

        Parameters
        ----------
        kind : str
            ``presence``, ``message``, or ``iq``, of which the requests are meant; these are not observed
            through the public interface, and one that is kept has to be answered (see :meth:`answer`).
        taker : callable
            Gets the stanza after the observers, and returns whether it is kept; must not block.
        """
        if self._lane is not None and self.raw:
            self._lane.take(kind, taker)
        elif kind != "iq":
            self._public.observe(kind, taker)

    def answer(self, request: Element, payload: str, *, kind: str = "result") -> None:
        """Answer a request that was kept from aioxmpp.

        Parameters
        ----------
        request : Element
            The whole IQ.
        payload : str
            The answer's child as XML text, with its namespace declared.
        kind : str
            ``result`` or ``error``.
        """
        if self._lane is not None:
            self._lane.answer(request, payload, kind)

    def guard(self, tag: str, accepts: Guard) -> None:
        """Let aioxmpp see elements of `tag` inside stanzas only when `accepts` says so.

        Parameters
        ----------
        tag : str
            ``{namespace}local``.
        accepts : callable
            Gets the element; returns whether aioxmpp's XSO can read it.
        """
        if self._lane is not None:
            self._lane.guards[tag] = accepts

    def trace(self, *, limit: int = LIMIT) -> LiveTrace:
        """Record every stanza from now on, in both directions, until the trace is stopped.

        Passwords, tokens and people's messages are left out before anything is kept. Through
        the public interface only our own requests are seen, not those of aioxmpp's services.

        Parameters
        ----------
        limit : int
            Bytes to keep at most; the oldest stanzas go first.
        """
        recorder = Recorder(limit)
        return LiveTrace(recorder, self._capture.add(recorder.record))

    @property
    def took(self) -> float:
        """Seconds from the last request that is over to its answer or error, without the time it waited for its turn.

        To be read right after :meth:`request`, before anything else is awaited.
        """
        return self._path.took

    @property
    def idle(self) -> bool:
        """Whether no request is under way or waits for its turn."""
        return not self._asking

    @property
    def stanza_bytes(self) -> int | None:
        """What the server takes in one stanza at most, in bytes, when it says so (XEP-0478)."""
        return stanza_bytes(self.client.stream_features)

    @property
    def _path(self) -> Lane | PublicPath:
        return self._lane if self.raw and self._lane is not None else self._public

    def _can_be_raw(self) -> bool:
        if seam.public_wished():
            return False
        absent = seam.missing(self.client)
        if absent:
            self.logger.warning(
                "this aioxmpp lacks %s (tested with %s): using its public interface, which is slower "
                "and cannot show malformed answers",
                ", ".join(absent),
                seam.TESTED,
            )
        return not absent

    def _watch_doors(self) -> None:
        # start() and resume_sm() are the two doors by which an XML stream becomes the client's,
        # close() is the one by which it goes; no signal comes early enough to see the first
        # stanza, or to keep the last from being sent on a stream that is closed.
        stream = self.client.stream
        start, resume, close = stream.start, stream.resume_sm, stream.close

        def watched_start(xmlstream: Any) -> None:
            self._attach(xmlstream)
            start(xmlstream)

        async def watched_resume(xmlstream: Any) -> None:
            self._attach(xmlstream)
            await resume(xmlstream)

        async def watched_close() -> None:
            self._refusal = "the session was closed."
            self._end(self._refusal)
            await close()

        stream.start = watched_start
        stream.resume_sm = watched_resume
        stream.close = watched_close
        if stream.running:
            self._attach(stream._xmlstream)

    def _attach(self, xmlstream: Any) -> None:
        found = seam.parser_of(xmlstream)
        if found is None:
            self.raw = False
            self._public.tell(self._capture)
            self.logger.warning("this aioxmpp's XML stream has no parser to watch; using its public interface")
            return
        assert self._lane is not None
        parser, depth = found
        self._lane.attached(xmlstream)
        if parser is self._tapped:
            return  # the resumption was refused, and the same XML stream begins a session
        self._tapped = parser
        self._capture.attached(Tap(parser._parser, self._lane, depth), parser, xmlstream._writer)
        seam.send_at_once(xmlstream)
        seam.parse_at_once(parser)

    def _suspended(self, reason: Any = None) -> None:
        self._cancel_grace()
        self._grace = asyncio.get_running_loop().call_later(self.resume_wait, self._give_up)

    def _give_up(self) -> None:
        self._refusal = "the connection was lost and did not come back in time."
        self._path.fail_all(self._refusal)

    def _returned(self) -> None:
        self._cancel_grace()
        self._refusal = ""

    def _destroyed(self, reason: Any = None) -> None:
        self._end("the connection was lost.")

    def _end(self, reason: str) -> None:
        self._cancel_grace()
        self._path.disconnected(reason)

    def _cancel_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
