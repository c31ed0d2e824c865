"""The same requests and observations through aioxmpp's public interface alone.

Slower, and blind to what an XSO refuses: such an answer is a :class:`ProtocolViolation` without
details. It serves where :mod:`xavatar.wire.seam` finds a name missing.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

import aioxmpp
import aioxmpp.errors
import aioxmpp.xml

from xavatar.errors import ProtocolViolation, QueryTimeout, SessionClosed, Unsupported

from .lane import Observer
from .stanza_errors import query_error
from .tap import Guard
from .xml import CLIENT, parse, split, tag


class PublicPath:
    """Stands in for :class:`xavatar.wire.lane.Lane`.

    Parameters
    ----------
    client : aioxmpp.Client
    """

    def __init__(self, client: aioxmpp.Client) -> None:
        self._client = client
        self.guards: dict[str, Guard] = {}

    async def request(self, payload: str, *, to: str | None, kind: str, timeout: float, step: str) -> Element:
        """Send an IQ and return a result; see :meth:`xavatar.wire.lane.Lane.request`.

        Raises
        ------
        QueryError
            The answer was an error.
        ProtocolViolation
            aioxmpp could not read the answer.
        """
        jid = to or ""
        iq = aioxmpp.IQ(
            type_=aioxmpp.IQType(kind),
            to=aioxmpp.JID.fromstr(to) if to else None,
            payload=_to_xso(payload, step, jid),
        )
        try:
            answer = await self._client.send(iq, timeout=timeout)
        except TimeoutError:
            raise QueryTimeout(jid, step, text=f"no answer within {timeout:g} s") from None
        except aioxmpp.errors.XMPPError as error:
            raise _from_xmpp_error(error, jid, step) from None
        except aioxmpp.errors.ErroneousStanza:
            raise ProtocolViolation(jid, step, condition="unreadable") from None
        except OSError as lost:
            raise SessionClosed(f"{step} of {to or 'the own account'}: the connection was lost.") from lost
        result = Element(tag(CLIENT, "iq"), {"type": "result"} | ({"from": to} if to else {}))
        if answer is not None:
            result.append(_to_tree(answer))
        return result

    def fail_all(self, reason: str) -> None:
        """Nothing to do: aioxmpp ends its own requests."""

    def observe(self, kind: str, observer: Observer) -> Callable[[], None]:
        """Call `observer` for every incoming presence or message that aioxmpp could read."""
        stream = self._client.stream
        chain = {"presence": stream.service_inbound_presence_filter, "message": stream.service_inbound_message_filter}

        def see(stanza: Any) -> Any:
            observer(_to_tree(stanza))
            return stanza

        token = chain[kind].register(see, order=-(10**6))
        return lambda: chain[kind].unregister(token)


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
