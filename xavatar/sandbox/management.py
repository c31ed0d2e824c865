"""Stream management (XEP-0198): counting stanzas in both directions, and resumption."""

from __future__ import annotations

from collections import deque
from uuid import uuid4
from xml.etree.ElementTree import Element

from . import ns
from .xml import local_name

_WRAP = 1 << 32
REQUEST_AFTER = 10
"""Unacknowledged stanzas after which the server asks for an acknowledgement."""


class Management:
    """The two counters of one session, and what the client has not confirmed yet.

    Parameters
    ----------
    resume_seconds : float
        How long the session may be resumed after its connection broke.
    """

    def __init__(self, resume_seconds: float) -> None:
        self.enabled = False
        self.resumption_id = ""
        self.received = 0
        self._resume_seconds = resume_seconds
        self._acknowledged = 0
        self._unacknowledged: deque[str] = deque()
        self._asked = False

    def enable(self, request: Element) -> str:
        """Start counting; the answer to ``<enable/>``."""
        self.enabled = True
        if request.get("resume") not in ("true", "1"):
            return f"<enabled xmlns='{ns.SM}'/>"
        self.resumption_id = str(uuid4())
        return f"<enabled xmlns='{ns.SM}' id='{self.resumption_id}' resume='true' max='{self._resume_seconds:.0f}'/>"

    def sent(self, stanza: str) -> None:
        """Remember a stanza until the client confirms it."""
        if self.enabled:
            self._unacknowledged.append(stanza)

    @property
    def sent_count(self) -> int:
        """How many stanzas were sent since the counting began."""
        return (self._acknowledged + len(self._unacknowledged)) % _WRAP

    def acknowledge(self, h: int) -> bool:
        """Forget what the client handled; False when it claims more than was sent."""
        handled = (h - self._acknowledged) % _WRAP
        if handled > len(self._unacknowledged):
            return False
        for _ in range(handled):
            self._unacknowledged.popleft()
        self._acknowledged = h
        self._asked = False
        return True

    def answer(self) -> str:
        """Tell how many stanzas were handled: the answer to ``<r/>``."""
        return f"<a xmlns='{ns.SM}' h='{self.received % _WRAP}'/>"

    def request(self) -> str:
        """Ask for an acknowledgement when enough stanzas wait for one."""
        if self._asked or len(self._unacknowledged) < REQUEST_AFTER:
            return ""
        self._asked = True
        return f"<r xmlns='{ns.SM}'/>"

    def resumed(self) -> str:
        """Write ``<resumed/>`` and, after it, all the client has missed (XEP-0198, 5)."""
        self._asked = False
        head = f"<resumed xmlns='{ns.SM}' previd='{self.resumption_id}' h='{self.received % _WRAP}'/>"
        return head + "".join(self._unacknowledged)


def failed(condition: str) -> str:
    """Write ``<failed/>`` with a stanza error condition."""
    return f"<failed xmlns='{ns.SM}'><{condition} xmlns='{ns.STANZA_ERRORS}'/></failed>"


def handled_too_many(h: int, sent: int) -> str:
    """Write the application condition of a client that counts wrongly (XEP-0198, 4)."""
    return f"<handled-count-too-high xmlns='{ns.SM}' h='{h}' send-count='{sent}'/>"


def count_of(element: Element) -> int | None:
    """Read the `h` of ``<a/>`` or ``<resume/>``; ``None`` when it is none."""
    value = element.get("h", "")
    return int(value) if value.isascii() and value.isdigit() and int(value) < _WRAP else None


def is_management(element: Element) -> bool:
    """Whether a nonza belongs to XEP-0198."""
    return element.tag.startswith(f"{{{ns.SM}}}") and local_name(element) in ("enable", "resume", "r", "a")
