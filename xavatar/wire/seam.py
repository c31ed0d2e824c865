"""The private names of aioxmpp that the wire touches, checked before they are used.

aioxmpp is pinned, its last release is 0.13.3. Should a name be missing all the same, the wire
says so once in the log and works through aioxmpp's public interface instead.
"""

from __future__ import annotations

import os
import socket
from typing import Any, Final

import aioxmpp
import aioxmpp.protocol
import aioxmpp.stream
import aioxmpp.structs
import aioxmpp.xml

from xavatar.errors import ConfigError

from .addresses import PROFILES

TESTED: Final = "0.13.3"
VARIABLE: Final = "XAVATAR_WIRE"

_STREAM: Final = (
    "_active_queue",
    "_enqueue",
    "_process_incoming",
    "_process_outgoing",
    "_resume_sm",
    "_sm_enabled",
    "close",
    "resume_sm",
    "sm_ack",
    "sm_inbound_ctr",
    "sm_unacked_list",
    "start",
)
_OTHERS: Final[tuple[tuple[Any, str], ...]] = (
    (aioxmpp.protocol.XMLStream, "_rx_feed"),
    (aioxmpp.stream.StanzaToken, "_set_state"),
    (aioxmpp.xml.XMPPXMLGenerator, "_finish_pending_start_element"),
    (aioxmpp.xml.XMPPXMLGenerator, "buffer"),
    *((aioxmpp.structs, name) for name in PROFILES),
)


def missing(client: aioxmpp.Client) -> tuple[str, ...]:
    """Return the private names that this aioxmpp lacks; empty when the seam holds."""
    stream = client.stream
    kind = type(stream)
    names = [f"{kind.__name__}.{name}" for name in _STREAM if not hasattr(kind, name) and name not in vars(stream)]
    names += [f"{owner.__name__}.{name}" for owner, name in _OTHERS if not hasattr(owner, name)]
    return tuple(names)


def public_wished() -> bool:
    """Tell whether the environment asks for aioxmpp's public interface alone.

    ``XAVATAR_WIRE=public`` does, ``raw`` or nothing does not. It is for finding out whether a
    fault lies in the wire or above it.

    Raises
    ------
    ConfigError
        It holds something else.
    """
    wish = os.environ.get(VARIABLE, "")
    if wish not in ("", "raw", "public"):
        raise ConfigError(f"{VARIABLE} is {wish!r}; it may be 'raw', the usual way, or 'public'.")
    return wish == "public"


def parser_of(xmlstream: Any) -> tuple[Any, int] | None:
    """Return the SAX parser of an XML stream and its depth, or None when they, or expat under them, are not there."""
    parser = getattr(xmlstream, "_parser", None)
    depth = getattr(getattr(xmlstream, "_processor", None), "_depth", None)
    if not hasattr(getattr(parser, "_parser", None), "StartElementHandler") or not isinstance(depth, int):
        return None
    return parser, depth


def parse_at_once(parser: Any) -> None:
    """Let a stream's SAX parser, which has begun, work off every packet when it comes.

    From expat 2.6 on, a token that a packet left unfinished is tried again only once the buffer has grown enough: the
    end of a stanza would wait in the parser for the next stanza. A stream has no final packet, so it must not defer.
    """
    expat = getattr(parser, "_parser", None)
    if expat is not None and hasattr(expat, "SetReparseDeferralEnabled"):  # Python 3.11.9, 3.12.3, 3.13 and later
        expat.SetReparseDeferralEnabled(False)


def send_at_once(xmlstream: Any) -> None:
    """Switch Nagle's algorithm off.

    With it, a request that follows another waits for the server's delayed acknowledgement:
    40 ms each, 103 s instead of 10 s for 2000 requests in a row.
    """
    sock = xmlstream.transport.get_extra_info("socket") if xmlstream.transport else None
    if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class RawStanza:
    """A stanza that is already text; stands where aioxmpp expects an XSO, and where it expects the token of one.

    Parameters
    ----------
    text : str
        One complete stanza, in the stream's default namespace.

    Attributes
    ----------
    state : aioxmpp.stream.StanzaState
        What became of it, where it is its own token.
    """

    __slots__ = ("_data", "state")

    def __init__(self, text: str) -> None:
        self._data = text.encode()
        self.state = aioxmpp.stream.StanzaState.ACTIVE

    @property
    def stanza(self) -> RawStanza:
        """Itself, of which it is the token."""
        return self

    def _set_state(self, state: Any, exception: Exception | None = None) -> None:
        self.state = state

    def validate(self) -> None:
        """Check nothing: the text is our own."""

    def autoset_id(self) -> None:
        """Leave the id alone: the text holds it."""

    def xso_serialise_to_sax(self, generator: Any) -> None:
        """Write the text where the generator stands."""
        generator._finish_pending_start_element()
        generator._write(self._data)

    def write(self, generator: Any) -> None:
        """Write the text past the generator's buffer, which is for what may fail halfway."""
        generator._finish_pending_start_element()
        generator._write(memoryview(self._data))
        generator.flush()
