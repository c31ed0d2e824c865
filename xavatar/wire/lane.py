"""Requests whose answers never enter aioxmpp's XSO machinery."""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final
from xml.etree.ElementTree import Element

import aioxmpp
import aioxmpp.protocol
from aioxmpp.stream import StanzaState

from xavatar.errors import QueryTimeout, SessionClosed

from .broker import Broker
from .request import Request
from .seam import RawStanza
from .tap import Guard
from .xml import attribute

_logger = logging.getLogger(__name__)

_ACK_EVERY: Final = 256
_ACK_AFTER: Final = 1.0
_ACK_REQUEST: Final = RawStanza('<r xmlns="urn:xmpp:sm:3"/>')
_OPEN: Final = aioxmpp.protocol.State.OPEN

Observer = Callable[[Element], object]
Taker = Callable[[Element], bool]


class Lane:
    """The switchboard of a client's streams.

    Parameters
    ----------
    stream : aioxmpp.stream.StanzaStream

    Attributes
    ----------
    window : int
        Requests under way at once; more wait here for their turn, so that the next one leaves
        when an answer comes, whatever its asker does with it.
    took : float
        See :class:`.Wire`.
    """

    def __init__(self, stream: Any) -> None:
        self.window = sys.maxsize
        self.took = 0.0
        self._under_way = 0
        self._waiting: deque[Request] = deque()
        self._stream = stream
        self._broker = Broker(stream)
        self._xmlstream: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._prefix = f"xa{secrets.token_hex(4)}-"
        self._number = 0
        self._unasked = 0
        self._pending: dict[str, Request] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf
        self._observers: dict[str, list[Observer]] = {}
        self._takers: dict[str, list[Taker]] = {}
        self.guards: dict[str, Guard] = {}

    async def request(self, payload: str, *, to: str | None, kind: str, timeout: float, step: str) -> Element:
        """Send an IQ and return the whole answer, an error answer too.

        Raises
        ------
        QueryTimeout
            No answer within `timeout` seconds.
        SessionClosed
            The stream ended while the answer was awaited.
        """
        self._number += 1
        identity = f"{self._prefix}{self._number:x}"
        address = f" to={attribute(to)}" if to else ""
        loop = self._loop or asyncio.get_running_loop()
        text = f'<iq type="{kind}" id="{identity}"{address}>{payload}</iq>'
        future: asyncio.Future[Element] = loop.create_future()
        pending = Request(text, to, timeout, future, at_once=kind == "get")
        self._pending[identity] = pending
        if self._under_way < self.window:
            self._begin(pending, loop)
        else:
            self._waiting.append(pending)
        try:
            return await future
        except TimeoutError:
            raise QueryTimeout(to or "", step, text=f"no answer within {timeout:g} s") from None
        except OSError as lost:
            raise SessionClosed(f"{step} of {to or 'the own account'}: the connection was lost.") from lost
        finally:
            del self._pending[identity]
            pending.future = None
            if pending.queued is not None and pending.queued.state is StanzaState.ACTIVE:
                pending.queued.abort()  # not sent yet, nobody waits for it any more
            if pending.deadline < math.inf:
                self.took = loop.time() - pending.deadline + timeout
                self._under_way -= 1
                self._begin_next(loop)

    def _begin(self, pending: Request, loop: asyncio.AbstractEventLoop) -> None:
        self._under_way += 1
        pending.deadline = loop.time() + pending.timeout
        if pending.deadline < self._due:
            self._wake_up(loop, pending.deadline)
        try:
            if not (pending.at_once and self._sent_at_once(pending)):
                pending.queued = self._stream._enqueue(pending, on_state_change=pending.heard)
        except Exception as failure:  # noqa: BLE001  whoever asked is told, and it may be another one's turn
            pending.fail(failure)

    def _begin_next(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting and self._under_way < self.window:
            pending = self._waiting.popleft()
            if pending.future is not None and not pending.future.done():  # else nobody waits for it any more
                self._begin(pending, loop)

    def _wake_up(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        """Wake up at the earliest deadline: one timer for all, as one for each would cost more than sending."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._due = loop.call_at(due, self._expire, loop), due

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer, self._due = None, math.inf
        now = loop.time()
        for pending in self._pending.values():
            if pending.deadline <= now:
                pending.fail(TimeoutError())
        waiting = [pending.deadline for pending in self._pending.values() if now < pending.deadline < math.inf]
        if waiting:
            self._wake_up(loop, min(waiting))

    def _sent_at_once(self, stanza: RawStanza) -> bool:
        """Send past aioxmpp's queue, when nothing waits in it: its turns cost more than all the rest."""
        stream = self._stream
        if not (stream.running and self._is_open() and stream._active_queue.empty()):
            return False
        stanza.write(self._xmlstream._writer._writer)
        if stream._sm_enabled:
            stanza.state = StanzaState.SENT
            stream._sm_unacked_list.append(stanza)
            self._note_unacknowledged()
        else:
            stanza.state = StanzaState.SENT_WITHOUT_SM
        return True

    def _is_open(self) -> bool:
        return self._xmlstream is not None and self._xmlstream.state is _OPEN

    def _note_unacknowledged(self) -> None:
        if self._unasked == 0:
            asyncio.get_running_loop().call_later(_ACK_AFTER, self._ask_for_acknowledgement)
        self._unasked += 1
        if self._unasked >= _ACK_EVERY:
            self._ask_for_acknowledgement()

    def _ask_for_acknowledgement(self) -> None:
        if self._unasked and self._stream._sm_enabled and self._is_open():
            self._unasked = 0
            self._xmlstream.send_xso(_ACK_REQUEST)

    def attached(self, xmlstream: Any) -> None:
        """Take another XML stream."""
        self._xmlstream = xmlstream
        self._loop = asyncio.get_running_loop()  # to ask for it each time is a system call each time
        self._unasked = 0
        self._broker.renewed()

    def fail_all(self, reason: str) -> None:
        """End every request under way with SessionClosed; their answers will not come."""
        for pending in self._pending.values():
            pending.lose(reason)

    def disconnected(self, reason: str) -> None:
        """End every request under way, and forget what was to be sent."""
        self._xmlstream = None
        self.fail_all(reason)
        self._broker.disconnected()

    def observe(self, kind: str, observer: Observer) -> Callable[[], None]:
        """Call `observer` for every incoming stanza of `kind`; return what ends it."""
        self._observers.setdefault(kind, []).append(observer)

        def stop() -> None:
            if observer in self._observers.get(kind, ()):
                self._observers[kind].remove(observer)

        return stop

    def take(self, kind: str, taker: Taker) -> None:
        """Keep from aioxmpp the stanzas of `kind` to which `taker` says so."""
        self._takers.setdefault(kind, []).append(taker)

    def answer(self, request: Element, payload: str, kind: str) -> None:
        """Answer a request that was taken; nothing when its stream is gone."""
        sender = request.get("from")
        address = f" to={attribute(sender)}" if sender else ""
        stanza = RawStanza(f'<iq type="{kind}" id={attribute(request.get("id", ""))}{address}>{payload}</iq>')
        with suppress(ConnectionError):  # we log out: the server tells whoever asked
            if not self._sent_at_once(stanza):
                self._stream._enqueue(stanza)

    def expects(self, attributes: Mapping[str, str]) -> bool:
        """Tell whether an IQ with these attributes answers one of our requests.

        Late answers do too, and those that come again after a resumption: no one but us could
        make anything of them.
        """
        return attributes.get("id", "").startswith(self._prefix) and attributes.get("type") in ("result", "error")

    def _is_from(self, sender: str | None, asked: str | None) -> bool:
        """Tell whether the sender may answer for whom we asked (RFC 6120, 8.1.2.1 and 8.2.3)."""
        if sender is None or asked is None:
            own = self._stream.local_jid
            return (sender or asked or str(own)).partition("/")[0] in (str(own), own.domain)
        return sender == asked or sender.casefold() == asked.casefold() or _same(sender, asked)

    def watches(self, name: str, kind: str | None) -> bool:
        """Tell whether stanzas of this tag are observed, taken or guarded; of IQs only requests are taken."""
        if name == "iq":
            return name in self._takers and kind in ("get", "set")
        return name in self._observers or name in self._takers or bool(self.guards)

    def answered(self, stanza: Element) -> None:
        """Take the answer to one of our requests."""
        self._broker.taken()
        pending = self._pending.get(stanza.get("id", ""))
        if pending is None or pending.future is None or pending.future.done():
            return
        if self._is_from(stanza.get("from"), pending.to):
            pending.future.set_result(stanza)

    def asked(self) -> None:
        """Acknowledge what was handled so far; what waits in aioxmpp's queue is not."""
        stream = self._stream
        if stream._sm_enabled and self._is_open():
            acknowledgement = RawStanza(f'<a xmlns="urn:xmpp:sm:3" h="{stream._sm_inbound_ctr}"/>')
            acknowledgement.write(self._xmlstream._writer._writer)

    def observed(self, stanza: Element) -> bool:
        """Hand a stanza to its observers; tell whether it was taken, and counted as such."""
        kind = stanza.tag.rpartition("}")[2]
        for observer in tuple(self._observers.get(kind, ())):
            _told(observer, stanza)
        if not any(_told(taker, stanza) for taker in self._takers.get(kind, ())):
            return False
        self._broker.taken()
        return True

    def passed(self) -> None:
        """Note that a stanza went to aioxmpp whole."""
        self._broker.passed()


def _told(observer: Observer, stanza: Element) -> bool:
    """Hand a stanza over; tell whether it is taken, which it is not by one that fails."""
    try:
        return bool(observer(stanza))
    except Exception:
        _logger.exception("an observer of %s stanzas failed", stanza.tag)
        return False


def _same(one: str, other: str) -> bool:
    """Tell whether two spellings are one address (RFC 7622)."""
    try:
        return bool(aioxmpp.JID.fromstr(one) == aioxmpp.JID.fromstr(other))
    except ValueError:
        return False
