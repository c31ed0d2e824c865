"""The same requests and observations through aioxmpp's public interface alone.

Slower, and blind to what an XSO refuses: such an answer is a :class:`ProtocolViolation` without
details. It serves where :mod:`xavatar.wire.seam` finds a name missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Callable
from functools import cache, partial
from types import new_class
from typing import Any, Final
from xml.etree.ElementTree import Element

import aioxmpp
import aioxmpp.avatar
import aioxmpp.errors
import aioxmpp.stanza
import aioxmpp.vcard
import aioxmpp.xml
import aioxmpp.xso
from aioxmpp.stream import StanzaState

from xavatar.errors import ProtocolViolation, QueryTimeout, SessionClosed, Unsupported

from .capture import Capture, Direction
from .lane import Observer
from .stanza_errors import query_error
from .xml import CLIENT, PUBSUB_ERRORS, parse, split, tag

# What XEP-0060 defines; aioxmpp drops from an error what it has no class for.
_PUBSUB_CONDITIONS: Final = (
    "closed-node",
    "item-required",
    "max-items-exceeded",
    "max-nodes-exceeded",
    "not-in-roster-group",
    "payload-required",
    "payload-too-big",
    "precondition-not-met",
    "presence-subscription-required",
)


class PublicPath:
    """Stands in for :class:`xavatar.wire.lane.Lane`.

    Parameters
    ----------
    client : aioxmpp.Client
    """

    def __init__(self, client: aioxmpp.Client) -> None:
        self._client = client
        self._capture: Capture | None = None
        self._under_way: set[asyncio.Future[Any]] = set()
        self.took = 0.0

    def tell(self, capture: Capture) -> None:
        """Tell whoever records of our requests and their answers, and of all presences and messages."""
        self._capture = capture
        stream = self._client.stream
        for passing, direction in (
            (stream.service_inbound_presence_filter, Direction.IN),
            (stream.service_inbound_message_filter, Direction.IN),
            (stream.service_outbound_presence_filter, Direction.OUT),
            (stream.service_outbound_message_filter, Direction.OUT),
        ):
            last = 10**6 if direction is Direction.OUT else -(10**6)
            passing.register(partial(self._passes, direction), order=last)

    def _passes(self, direction: Direction, stanza: Any) -> Any:
        if self._capture is not None and self._capture.wanted:
            self._capture.record(direction, aioxmpp.xml.serialize_single_xso(stanza).encode())
        return stanza

    async def request(self, payload: str, *, to: str | None, kind: str, timeout: float, step: str) -> Element:
        """Send an IQ and return a result; see :meth:`xavatar.wire.lane.Lane.request`.

        Raises
        ------
        QueryError
            The answer was an error.
        ProtocolViolation
            aioxmpp could not read the answer.
        """
        _teach_conditions()
        jid = to or ""
        iq = aioxmpp.IQ(
            type_=aioxmpp.IQType(kind),
            to=aioxmpp.JID.fromstr(to) if to else None,
            payload=_to_xso(payload, step, jid),
        )
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(timeout):
                answer = await self._send(iq)
        except TimeoutError:
            raise QueryTimeout(jid, step, text=f"no answer within {timeout:g} s") from None
        except aioxmpp.errors.XMPPError as error:
            raise _from_xmpp_error(error, jid, step) from None
        except aioxmpp.errors.ErroneousStanza:
            raise ProtocolViolation(jid, step, condition="unreadable") from None
        except OSError as lost:
            raise SessionClosed(f"{step} of {to or 'the own account'}: the connection was lost.") from lost
        finally:
            self.took = loop.time() - began
        result = Element(tag(CLIENT, "iq"), {"type": "result"} | ({"from": to} if to else {}))
        if answer.payload is not None:
            result.append(_to_tree(answer.payload))
        return result

    async def _send(self, iq: aioxmpp.IQ) -> aioxmpp.IQ:
        # Client.send() would wait for an acknowledgement before it looks at the time, and leave
        # futures with exceptions behind when the stream ends.
        stream = self._client.stream
        iq.autoset_id()
        answer: asyncio.Future[aioxmpp.IQ] = asyncio.get_running_loop().create_future()
        stream.register_iq_response_future(iq.to, iq.id_, answer)
        self._under_way.add(answer)
        try:
            token = self._client.enqueue(iq)
            self._passes(Direction.OUT, iq)
            try:
                return self._passes(Direction.IN, await answer)
            except aioxmpp.errors.XMPPError as error:
                self._passes(Direction.IN, iq.make_error(aioxmpp.stanza.Error.from_exception(error)))
                raise
            finally:
                if token.state is StanzaState.ACTIVE:
                    token.abort()
        finally:
            self._under_way.discard(answer)
            with contextlib.suppress(KeyError):
                stream.unregister_iq_response(iq.to, iq.id_)

    def fail_all(self, reason: str) -> None:
        """End every request under way with SessionClosed."""
        for answer in self._under_way:
            if not answer.done():
                answer.set_exception(ConnectionError(reason))

    def disconnected(self, reason: str) -> None:
        """End every request under way with SessionClosed."""
        self.fail_all(reason)

    def observe(self, kind: str, observer: Observer) -> Callable[[], None]:
        """Call `observer` for every incoming presence or message that aioxmpp could read."""
        stream = self._client.stream
        chain = {"presence": stream.service_inbound_presence_filter, "message": stream.service_inbound_message_filter}

        def see(stanza: Any) -> Any:
            observer(_to_tree(stanza))
            return stanza

        token = chain[kind].register(see, order=-(10**6))
        return lambda: chain[kind].unregister(token)


@cache
def _teach_conditions() -> None:
    """Make aioxmpp keep the conditions of XEP-0060 in the errors it reads."""
    error = aioxmpp.stanza.Error
    known = error.application_condition.get_tag_map()
    for name in _PUBSUB_CONDITIONS:
        if (PUBSUB_ERRORS, name) in known:
            continue
        kind = new_class(f"Pubsub{name.title().replace('-', '')}", (aioxmpp.xso.XSO,), {}, _tagged(name))
        error.as_application_condition(kind)


def _tagged(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda body: body.update(TAG=(PUBSUB_ERRORS, name))


def _to_xso(payload: str, step: str, jid: str) -> Any:
    element = parse(payload)
    classes = aioxmpp.IQ.payload.get_tag_map()
    kind = classes.get(split(element.tag))
    if kind is None:
        raise Unsupported(jid, step, text="aioxmpp's public interface has no class for this request")
    return aioxmpp.xml.read_single_xso(io.BytesIO(payload.encode()), kind)


def _to_tree(xso: Any) -> Element:
    return parse(aioxmpp.xml.serialize_single_xso(xso))


def _from_xmpp_error(error: Any, jid: str, step: str) -> Exception:
    defined = error.application_defined_condition
    return query_error(
        jid,
        step,
        condition=error.condition.value[1],
        error_type=error.TYPE.value,
        text=error.text,
        application=split(_to_tree(defined).tag)[1] if defined is not None else None,
    )
