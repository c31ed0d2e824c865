"""Stanzas as handlers see them, and the answers to them."""

from __future__ import annotations

from typing import NamedTuple
from xml.etree.ElementTree import Element

from . import ns
from .jid import Jid
from .xml import attribute, content, escape

_TYPES = {
    "bad-request": "modify",
    "jid-malformed": "modify",
    "not-acceptable": "modify",
    "policy-violation": "modify",
    "forbidden": "auth",
    "not-authorized": "auth",
    "registration-required": "auth",
    "subscription-required": "auth",
    "recipient-unavailable": "wait",
    "remote-server-timeout": "wait",
    "resource-constraint": "wait",
    "internal-server-error": "wait",
}


class StanzaError(Exception):
    """A refusal (RFC 6120, 8.3); raised by a handler, it becomes the answer.

    Parameters
    ----------
    condition : str
        The defined condition.
    application : str, optional
        Application-specific condition as XML text, see :func:`pubsub_error`.
    text : str, optional
        Words for a person.
    error_type : str, optional
        The usual type of the condition when omitted (RFC 6120, 8.3.3).
    """

    def __init__(self, condition: str, *, application: str = "", text: str = "", error_type: str | None = None) -> None:
        super().__init__(condition, text)
        self.condition = condition
        self.application = application
        self.text = text
        self.error_type = error_type or _TYPES.get(condition, "cancel")

    def render(self) -> str:
        """Write the ``<error/>`` element."""
        text = f"<text xmlns='{ns.STANZA_ERRORS}'>{escape(self.text)}</text>" if self.text else ""
        return (
            f"<error type='{self.error_type}'><{self.condition} xmlns='{ns.STANZA_ERRORS}'/>"
            f"{text}{self.application}</error>"
        )


def pubsub_error(name: str, feature: str | None = None) -> str:
    """Write an application condition of XEP-0060."""
    return f"<{name} xmlns='{ns.PUBSUB_ERRORS}'{attribute('feature', feature)}/>"


class Stanza(NamedTuple):
    """One stanza on its way.

    Parameters
    ----------
    element : Element
        As parsed; treat it as read-only.
    name : str
        iq, presence or message.
    type : str
        ``""`` when the attribute is absent.
    id : str
    sender : Jid
        Full JID of the session, whatever the client wrote.
    to : Jid or None
        ``None``: the sender's own account (RFC 6120, 10.3).
    """

    element: Element
    name: str
    type: str
    id: str
    sender: Jid
    to: Jid | None

    @property
    def payload(self) -> Element | None:
        """The first child, which is an IQ's payload."""
        return self.element[0] if len(self.element) else None

    def render(self, to: str | None = None) -> str:
        """Write the stanza for delivery, stamped with its sender (RFC 6120, 8.1.2.1)."""
        kept = "".join(
            attribute(key if key[0] != "{" else "xml:lang", value)
            for key, value in self.element.attrib.items()
            if key in ("id", "type", f"{{{ns.XML}}}lang")
        )
        target = to or (self.to.full if self.to else None)
        body = content(self.element)
        return f"<{self.name} from='{escape(self.sender.full)}'{attribute('to', target)}{kept}>{body}</{self.name}>"

    def result(self, payload: str = "") -> str:
        """Write an IQ result from whom the request was for, `payload` being verbatim."""
        source = f" from='{escape(self.to.full)}'" if self.to else ""
        head = f"<iq type='result' id='{escape(self.id)}' to='{escape(self.sender.full)}'{source}"
        return f"{head}>{payload}</iq>" if payload else f"{head}/>"

    def refusal(self, error: StanzaError) -> str:
        """Write the error answer."""
        source = attribute("from", self.to.full if self.to else None)
        return (
            f"<{self.name} type='error' id='{escape(self.id)}' to='{escape(self.sender.full)}'{source}>"
            f"{error.render()}</{self.name}>"
        )
