"""Stream management (XEP-0198) where our answers and aioxmpp's stanzas meet on one stream.

aioxmpp counts a stanza when it takes it from its queue. An answer that we take from the parser
may be counted only after every stanza before it: were the connection lost in between, the server
would believe that a stanza arrived which aioxmpp threw away with its queue.

Two faults of aioxmpp 0.13.3 at the edges of a connection are mended on the way: it loses what it
sends between the loss of the connection and its notice of it, and it repeats unacknowledged
stanzas in reverse order. A third, that it answers ``<r/>`` on a stream it has closed and reports the
failure as "failure future is already done", is gone since the tap takes these before it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import aioxmpp.protocol
import aioxmpp.stanza
import aioxmpp.stream

_COUNTER = 0xFFFFFFFF
_OPEN = aioxmpp.protocol.State.OPEN


class Broker:
    """Stands around the broker of a client's stanza stream.

    Parameters
    ----------
    stream : aioxmpp.stream.StanzaStream
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._behind: deque[int] = deque()  # for each stanza in aioxmpp's queue, the answers right behind it
        self._held: list[Any] = []
        self._take_in, self._send_out, self._resume = (
            stream._process_incoming,
            stream._process_outgoing,
            stream._resume_sm,
        )
        stream._process_incoming = self._incoming
        stream._process_outgoing = self._outgoing
        stream._resume_sm = self._resumed

    def passed(self) -> None:
        """Note that a stanza went to aioxmpp's queue."""
        self._behind.append(0)

    def taken(self) -> None:
        """Note that a stanza was taken before aioxmpp."""
        if self._behind:
            self._behind[-1] += 1
        else:
            self._count(1)

    def renewed(self) -> None:
        """Prepare for another XML stream: what is not counted by now, the server sends again."""
        self._behind.clear()

    def disconnected(self) -> None:
        """Give up what was to be sent; the stream will not be resumed."""
        held, self._held = self._held, []
        for token in held:
            token._set_state(aioxmpp.stream.StanzaState.DISCONNECTED)

    def _count(self, stanzas: int) -> None:
        stream = self._stream
        if stanzas and stream._sm_enabled:
            stream._sm_inbound_ctr = (stream._sm_inbound_ctr + stanzas) & _COUNTER

    def _incoming(self, xmlstream: Any, entry: tuple[Any, Any]) -> None:
        arrived = entry[0]
        try:
            self._take_in(xmlstream, entry)
        finally:
            if isinstance(arrived, aioxmpp.stanza.StanzaBase) and self._behind:
                self._count(self._behind.popleft())

    def _outgoing(self, xmlstream: Any, token: Any) -> None:
        if xmlstream.state is _OPEN:
            self._send_out(xmlstream, token)
        else:
            self._held.append(token)

    def _resumed(self, arrived: int) -> None:
        stream = self._stream
        held, self._held = self._held, []
        for token in reversed(held):
            stream._active_queue.putleft_nowait(token)
        stream.sm_ack(arrived)
        stream._sm_unacked_list.reverse()
        self._resume(arrived)
