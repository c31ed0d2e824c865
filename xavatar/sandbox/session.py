"""A bound resource: it outlives its connection when it may be resumed (XEP-0198)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from . import ns
from .accounts import AccountState
from .jid import Jid
from .management import Management, count_of, failed, handled_too_many, is_management
from .xml import local_name

if TYPE_CHECKING:
    from .stanza import Stanza
    from .stream import Stream

_STANZAS = {f"{{{ns.CLIENT}}}{name}" for name in ("iq", "presence", "message")}


class Session:
    """One bound resource of an account.

    Parameters
    ----------
    account : AccountState
    jid : Jid
        Full.
    accept : callable
        Gets the session and each stanza the client sends.
    ended : callable
        Gets the session and whether it may be resumed, when its connection ends.
    resume_seconds : float
        0: no stream management.

    Attributes
    ----------
    presence : Stanza or None
        The last available presence broadcast; ``None`` while unavailable.
    priority : int
    interested : bool
        Asked for the roster, hence gets roster pushes (RFC 6121, 2.1.6).
    directed : set of Jid
        Whom directed presence was sent to, for the unavailable that follows.
    caps : str
        ``node#ver`` of the last presence (XEP-0115).
    notify : frozenset of str
        Nodes whose events the client wants (XEP-0163, 3).
    """

    def __init__(
        self,
        account: AccountState,
        jid: Jid,
        accept: Callable[[Session, Element], None],
        ended: Callable[[Session, bool], None],
        resume_seconds: float,
    ) -> None:
        self.account = account
        self.jid = jid
        self.presence: Stanza | None = None
        self.priority = 0
        self.interested = False
        self.directed: set[Jid] = set()
        self.caps = ""
        self.notify: frozenset[str] = frozenset()
        self.management = Management(resume_seconds)
        self.stream: Stream | None = None
        self._accept = accept
        self._ended = ended
        self._managed = resume_seconds > 0

    def __repr__(self) -> str:
        return f"<Session {self.jid.full}>"

    def attach(self, stream: Stream) -> None:
        """Live on this stream from now on."""
        self.stream = stream
        stream.on_element = self._receive
        stream.on_lost = self._lost
        stream.on_flush = self.management.request

    def detach(self) -> Stream | None:
        """Leave the stream without ending the session; return it."""
        stream, self.stream = self.stream, None
        if stream is not None:
            stream.on_element = lambda element: None
            stream.on_lost = lambda graceful: None
            stream.on_flush = lambda: ""
        return stream

    def send(self, stanza: str) -> None:
        """Send a stanza, or keep it for the resumption."""
        self.management.sent(stanza)
        if self.stream is not None:
            self.stream.send(stanza)

    def _receive(self, element: Element) -> None:
        if element.tag in _STANZAS:
            self.management.received += self.management.enabled
            self._accept(self, element)
        elif is_management(element):
            self._manage(element)
        elif self.stream is not None:
            self.stream.fail("unsupported-stanza-type")

    def _manage(self, element: Element) -> None:
        stream, management, name = self.stream, self.management, local_name(element)
        if stream is None:
            return
        if name == "enable":
            if self._managed and not management.enabled:
                stream.send(management.enable(element))
            else:
                stream.send(failed("unexpected-request" if self._managed else "feature-not-implemented"))
        elif name == "resume" or not management.enabled:
            stream.send(failed("unexpected-request"))
        elif name == "r":
            stream.send(management.answer())
        else:
            h = count_of(element)
            if h is None:
                stream.fail("bad-format", "An acknowledgement needs a count.")
            elif not management.acknowledge(h):
                stream.fail("undefined-condition", application=handled_too_many(h, management.sent_count))

    def _lost(self, graceful: bool) -> None:
        self.stream = None
        self._ended(self, not graceful and bool(self.management.resumption_id))
