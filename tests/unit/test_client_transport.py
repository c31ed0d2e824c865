"""What stands between the socket and aioxmpp's XML stream."""

from __future__ import annotations

import asyncio
from typing import Any

import aioxmpp
import aioxmpp.protocol
import aioxmpp.xso
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xavatar.client.transport import Bridge

HEADER = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    b"from='capulet.lit' id='1' version='1.0'>"
)
STANZA = b"<presence from='romeo@montague.lit/a'><show>away</show></presence>"


async def received(pieces: list[bytes]) -> list[Any]:
    """Return the presences that the stream understood before anything followed `pieces`."""
    stanzas: list[Any] = []
    stream = aioxmpp.protocol.XMLStream(aioxmpp.JID.fromstr("capulet.lit"))
    stream.stanza_parser = aioxmpp.xso.XSOParser()
    stream.stanza_parser.add_class(aioxmpp.Presence, stanzas.append)
    bridge = Bridge(stream, "capulet.lit")
    bridge.connection_made(Silent())
    for piece in pieces:
        bridge.get_buffer(-1)[: len(piece)] = piece
        bridge.buffer_updated(len(piece))
    stream.abort()
    return stanzas


class Silent(asyncio.Transport):
    """Sends nowhere."""

    def write(self, data: Any) -> None:
        pass

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return False


@given(st.integers(1, len(HEADER) - 1), st.integers(1, len(STANZA) - 1))
def test_a_stanza_does_not_wait_for_the_next_one(header_cut: int, cut: int) -> None:
    pieces = [HEADER[:header_cut], HEADER[header_cut:], STANZA[:cut], STANZA[cut:]]
    assert len(asyncio.run(received(pieces))) == 1


@pytest.mark.parametrize("size", [1, 2, 7])
def test_packets_of_any_size(size: int) -> None:
    whole = HEADER + STANZA * 3
    assert len(asyncio.run(received([whole[at : at + size] for at in range(0, len(whole), size)]))) == 3
