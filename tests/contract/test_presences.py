"""What aioxmpp hears of presences, and what is kept from it, on each server."""

from __future__ import annotations

from typing import Any

import aioxmpp
import pytest

from tests.avatar_support import until
from tests.servers import RunningServer
from xavatar.client.connection import Connection
from xavatar.client.credentials import Secret
from xavatar.client.login import Login

USER = "walkon4"


@pytest.fixture
async def juliet(server: RunningServer) -> Any:
    login = Login(
        server.jid("juliet"), Secret(server.accounts["juliet"]), server.host, server.port, ca_file=server.ca_file
    )
    connection = Connection.to(login)
    heard: list[tuple[str, str]] = []

    def hear(presence: Any) -> Any:
        heard.append((str(presence.from_), str(presence.type_.value)))
        return presence

    connection.client.stream.service_inbound_presence_filter.register(hear, 0)
    await connection.open()
    yield connection, heard
    await connection.close()


async def test_who_comes_and_goes(server: RunningServer, juliet: tuple[Connection, list[tuple[str, str]]]) -> None:
    connection, heard = juliet
    bare = aioxmpp.JID.fromstr(server.jid(USER))
    here = connection.client.summon(aioxmpp.PresenceClient).get_peer_resources
    for _ in range(2):
        async with await server.raw(USER, resource="stage") as user:
            user.send("<presence/>")
            assert set(await until(lambda: here(bare))) == {"stage"}
            assert [sighting.resource for sighting in connection.presences.of(str(bare))] == ["stage"]
        await until(lambda: here(bare), lambda resources: not resources)
        assert connection.presences.of(str(bare)) == ()
    if connection.wire.raw:
        # Prosody says of each contact at login that he is away.
        assert [each for each in heard if "/" not in each[0] and each[1] == "unavailable"] == []
