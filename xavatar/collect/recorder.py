"""What was asked and what came back, as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from xavatar.errors import QueryError
from xavatar.model import Status
from xavatar.wire import Wire
from xavatar.wire.xml import CLIENT, PUBSUB_ERRORS, STANZAS, attribute, serialize, tag

_TEXT: Final = 120
_WHOLE: Final = 4000


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer.

    Parameters
    ----------
    step : str
        What was asked, in words.
    request : str
        The IQ, as XML.
    answer : str
        The IQ that came back, as XML, images cut; empty when none came.
    status : Status
        ``ok``, or the kind of failure.
    elapsed_ms : float
        Milliseconds.
    """

    step: str
    request: str
    answer: str
    status: Status
    elapsed_ms: float


class Recorder:
    """Stands before a wire, and keeps what is asked through it.

    Parameters
    ----------
    wire : Wire
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.exchanges: list[Exchange] = []

    async def request(
        self, payload: str, *, to: str | None = None, kind: str = "get", timeout: float = 20.0, step: str = "request"
    ) -> Element:
        """Ask as :meth:`xavatar.wire.Wire.request` does, and note the answer.

        Raises
        ------
        QueryError, SessionClosed
        """
        address = f" to={attribute(to)}" if to else ""
        question = f'<iq type="{kind}"{address}>{payload}</iq>'
        try:
            answer = await self._wire.request(payload, to=to, kind=kind, timeout=timeout, step=step)
        except QueryError as error:
            silent = error.condition is None
            self._note(step, question, "" if silent else _shown(_stanza(error)), error.status)
            raise
        self._note(step, question, _shown(answer), Status.OK)
        return answer

    @property
    def took(self) -> float:
        """See :class:`xavatar.wire.Wire`."""
        return self._wire.took

    @property
    def idle(self) -> bool:
        """See :class:`xavatar.wire.Wire`."""
        return self._wire.idle

    def _note(self, step: str, request: str, answer: str, status: Status) -> None:
        self.exchanges.append(Exchange(step, request, answer, status, self.took * 1000))


def _stanza(error: QueryError) -> Element:
    """Return the error stanza again that an error was made of."""
    iq = Element(tag(CLIENT, "iq"), {"type": "error"} | ({"from": error.jid} if error.jid else {}))
    element = SubElement(iq, tag(CLIENT, "error"), {"type": error.error_type} if error.error_type else {})
    SubElement(element, tag(STANZAS, error.condition or "undefined-condition"))
    if error.application:
        SubElement(element, tag(PUBSUB_ERRORS, error.application))
    if error.text:
        SubElement(element, tag(STANZAS, "text")).text = error.text
    return iq


def _shown(stanza: Element) -> str:
    text = serialize(_cut(stanza), CLIENT)
    return text if len(text) <= _WHOLE else f"{text[: _WHOLE - 1]}…"


def _cut(element: Element) -> Element:
    """Return a copy with long texts, as images are, cut."""
    copy = Element(element.tag, element.attrib)
    text = element.text or ""
    copy.text = text if len(text) <= _TEXT else f"{text[:32]}… ({len(text):,} characters)"
    copy.tail = element.tail
    copy.extend(_cut(child) for child in element)
    return copy
