"""Requests whose answers never enter aioxmpp's XSO machinery.

Stream management (XEP-0198) must count each stanza once, and in order: an answer we take may
only be counted when every stanza before it was processed by aioxmpp, which counts its own when
it takes them from its queue. Otherwise a connection lost in between would make the server
believe that a stanza arrived which aioxmpp threw away.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from xavatar.errors import QueryTimeout, SessionClosed

from .seam import RawStanza
from .tap import Guard, Name
from .xml import attribute

_logger = logging.getLogger(__name__)

_ABANDONED = 4096
_COUNTER = 0xFFFFFFFF

Observer = Callable[[Element], None]


class Lane:
    """The switchboard of a client's streams.

    Parameters
    ----------
    stream : aioxmpp.stream.StanzaStream
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._prefix = f"xa{secrets.token_hex(4)}-"
        self._number = 0
        self._pending: dict[str, tuple[str | None, asyncio.Future[Element]]] = {}
        self._abandoned: dict[str, None] = {}
        self._passed = 0
        self._counted = 0
        self._debts: deque[int] = deque()
        self._observers: dict[str, list[Observer]] = {}
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
        future: asyncio.Future[Element] = asyncio.get_running_loop().create_future()
        address = f" to={attribute(to)}" if to else ""
        self._pending[identity] = (to, future)
        try:
            self._stream._enqueue(RawStanza(f'<iq type="{kind}" id="{identity}"{address}>{payload}</iq>'))
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            raise QueryTimeout(to or "", step, text=f"no answer within {timeout:g} s") from None
        except OSError as lost:
            raise SessionClosed(f"{step} of {to or 'the own account'}: the connection was lost.") from lost
        finally:
            if self._pending.pop(identity, None) is not None:
                self._abandon(identity)

    def _abandon(self, identity: str) -> None:
        self._abandoned[identity] = None
        if len(self._abandoned) > _ABANDONED:
            del self._abandoned[next(iter(self._abandoned))]

    def fail_all(self, reason: str) -> None:
        """End every request under way with SessionClosed; their answers will not come."""
        pending, self._pending = self._pending, {}
        for to, future in pending.values():
            if not future.done():
                future.set_exception(SessionClosed(f"Request to {to or 'the own account'}: {reason}"))
        self._abandoned.clear()
        self._debts.clear()
        self._passed = self._counted = 0

    def observe(self, kind: str, observer: Observer) -> Callable[[], None]:
        """Call `observer` for every incoming stanza of `kind`; return what ends it."""
        self._observers.setdefault(kind, []).append(observer)

        def stop() -> None:
            if observer in self._observers.get(kind, ()):
                self._observers[kind].remove(observer)

        return stop

    def expects(self, attributes: Mapping[Name, str]) -> bool:
        """Tell whether an IQ with these attributes answers one of our requests."""
        identity = attributes.get((None, "id"), "")
        if attributes.get((None, "type")) not in ("result", "error"):
            return False
        if identity in self._abandoned:
            return True
        pending = self._pending.get(identity)
        return pending is not None and self._is_from(attributes.get((None, "from")), pending[0])

    def _is_from(self, sender: str | None, asked: str | None) -> bool:
        """Tell whether the sender may answer for whom we asked (RFC 6120, 8.1.2.1 and 8.2.3)."""
        if asked is not None and sender is not None:
            return sender == asked or sender.casefold() == asked.casefold()
        own = self._stream.local_jid
        if asked is None:
            return sender is None or sender.split("/")[0] in (str(own), own.domain)
        return asked in (str(own), own.domain)

    def watches(self, name: str) -> bool:
        """Tell whether stanzas of this tag are observed or guarded."""
        return bool(self._observers.get(name)) or (bool(self.guards) and name != "iq")

    def answered(self, stanza: Element) -> None:
        """Take the answer to one of our requests."""
        if self._stream._sm_enabled:
            self._debts.append(self._passed)
            self.settle()
        identity = stanza.get("id", "")
        self._abandoned.pop(identity, None)
        _, future = self._pending.pop(identity, (None, None))
        if future is not None and not future.done():
            future.set_result(stanza)

    def observed(self, stanza: Element) -> None:
        """Hand a passing stanza to its observers."""
        for observer in tuple(self._observers.get(stanza.tag.rpartition("}")[2], ())):
            try:
                observer(stanza)
            except Exception:
                _logger.exception("an observer of %s stanzas failed", stanza.tag)

    def passed(self) -> None:
        """Note that a stanza went to aioxmpp whole."""
        if self._stream._sm_enabled:
            self._passed += 1
            self.settle()
        else:
            self._passed = self._counted = 0
            self._debts.clear()

    def settle(self) -> None:
        """Count the answers taken, as far as aioxmpp has processed what came before them."""
        debts, stream = self._debts, self._stream
        while debts and debts[0] <= ((stream._sm_inbound_ctr - self._counted) & _COUNTER):
            debts.popleft()
            self._counted += 1
            stream._sm_inbound_ctr = (stream._sm_inbound_ctr + 1) & _COUNTER

    def forget_unsettled(self) -> None:
        """Prepare for a resumed stream: what is not counted, the server sends again."""
        self.settle()
        self._debts.clear()
        self._passed = (self._stream._sm_inbound_ctr - self._counted) & _COUNTER
