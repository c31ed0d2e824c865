"""Answers to those who ask what we can do (XEP-0030, 3.1; XEP-0115, 6.2)."""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element

import aioxmpp
import aioxmpp.disco.xso
import aioxmpp.errors
import aioxmpp.xml

from xavatar.avatar.tasks import Tasks
from xavatar.wire import Wire
from xavatar.wire.xml import DISCO_INFO, STANZAS, tag

_QUERY: Final = tag(DISCO_INFO, "query")


class Capabilities:
    """Answers disco#info in aioxmpp's place, which is asked once for each node.

    At the first login of a client that it does not know yet, Prosody asks on behalf of every
    contact, and each answer takes aioxmpp 2 ms.

    Parameters
    ----------
    wire : Wire
        Of a client that is ours alone: what its services say depends on the node, not on who asks.
    disco : aioxmpp.DiscoServer
    """

    def __init__(self, wire: Wire, disco: aioxmpp.DiscoServer) -> None:
        self._wire = wire
        self._disco = disco
        self._known: dict[str | None, str] = {}
        self._waiting: dict[str | None, list[Element]] = {}
        self._tasks = Tasks()
        wire.take("iq", self._note)
        disco.on_info_changed.connect(self._known.clear)
        wire.client.on_stream_destroyed.connect(self._end)

    def _note(self, request: Element) -> bool:
        """Take a request in; tell whether it is answered here."""
        if request.get("type") != "get" or len(request) != 1 or request[0].tag != _QUERY:
            return False
        node = request[0].get("node")
        if (known := self._known.get(node)) is not None:
            self._wire.answer(request, known)
        elif node in self._waiting:
            self._waiting[node].append(request)
        else:
            self._waiting[node] = [request]
            self._tasks.spawn(self._learn(node))
        return True

    async def _learn(self, node: str | None) -> None:
        question = aioxmpp.IQ(type_=aioxmpp.IQType.GET, payload=aioxmpp.disco.xso.InfoQuery(node=node))
        try:
            kind, payload = "result", aioxmpp.xml.serialize_single_xso(await self._disco.handle_info_request(question))
            self._known[node] = payload
        except aioxmpp.errors.XMPPError as refusal:  # of any node that a stranger thought up: not remembered
            name = refusal.condition.value[1]
            kind, payload = "error", f'<error type="{refusal.TYPE.value}"><{name} xmlns="{STANZAS}"/></error>'
        for request in self._waiting.pop(node, ()):
            self._wire.answer(request, payload, kind=kind)

    def _end(self, *_: object) -> None:
        """Forget who asked: the stream that would take the answers is gone."""
        self._tasks.cancel()
        self._waiting.clear()
