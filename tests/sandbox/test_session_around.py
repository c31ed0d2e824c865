"""Sessions on a client that was online before them."""

from __future__ import annotations

import aioxmpp
import aioxmpp.connector

import xavatar as xa
from tests.avatar_support import until
from xavatar.sandbox import Sandbox, sandbox

PRESENCES = ["jid", "resource", "status", "id"]


def client_of(box: Sandbox) -> aioxmpp.Client:
    login = box.login
    security = aioxmpp.make_security_layer(login.password, no_verify=True)
    peer = (login.host, login.port, aioxmpp.connector.STARTTLSConnector())
    client = aioxmpp.Client(aioxmpp.JID.fromstr(login.jid), security, override_peer=[peer])
    client.summon(xa.AvatarService)
    client.summon(aioxmpp.PresenceServer).set_presence(aioxmpp.PresenceState(True))
    return client


async def test_presences_that_came_before_are_known() -> None:
    with sandbox("verona") as box:
        client = client_of(box)
        async with client.connected(), xa.AsyncSession(sandbox=box) as other:
            kept = client.summon(aioxmpp.PresenceClient)
            everybody = await other.roster(sources=["presence"])
            online = everybody.loc[~everybody["status"].isin(["unavailable", "forbidden"]), "jid"].unique()
            assert len(online) > 40
            await until(lambda: all(kept.get_peer_resources(aioxmpp.JID.fromstr(jid)) for jid in online))
            session = xa.AsyncSession.around(client)
            table = await session.roster(sources=["presence"])
            assert table[PRESENCES].equals(everybody[PRESENCES])
            own = (await session.me()).query("source == 'presence'")
            assert {"tablet", "laptop"} < set(own["resource"])
            box.set_presence("romeo@montague.lit", "home", None)
            await until(lambda: not kept.get_peer_resources(aioxmpp.JID.fromstr("romeo@montague.lit")))
            after = (await session.roster(sources=["presence"])).set_index("jid")
            assert after.loc["romeo@montague.lit", "status"] == "unavailable"
