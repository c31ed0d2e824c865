"""No presence storm (D-40): two sessions of one account, presences counted on the wire, on Prosody and ejabberd."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import aioxmpp
import aioxmpp.connector

from tests.avatar_support import Watched, avatar_set, online, photo_of, png, until
from tests.servers import RawClient, RunningServer
from tests.servers.cast import METADATA, avatar, vcard

SECONDS = 10.0
LIMIT = 4


async def foreign_id(client: RawClient) -> None:
    """What Fluux publishes: an avatar under a random id, which Prosody then injects as its hash (A-02)."""
    data, meta = avatar(png("tan"))
    name = str(uuid.uuid4())
    await client.publish(data.node, name, data.payload, "open")
    await client.publish(meta.node, name, meta.payload, "open")


async def switched_off(client: RawClient) -> None:
    """What aioxmpp's own disable_avatar() publishes: an empty item under an id of the server's (A-03)."""
    for item in avatar(png("tan")):
        await client.publish(item.node, item.id, item.payload, "open")
    empty = f"<metadata xmlns='{METADATA}'/>"
    publish = f"<publish node='{METADATA}'><item>{empty}</item></publish>"
    await client.iq("set", f"<pubsub xmlns='http://jabber.org/protocol/pubsub'>{publish}</pubsub>")


async def clear(server: RunningServer, *users: str) -> None:
    for user in users:
        async with online(server, user, visible=False) as owner:
            owner.service.synchronize_vcard = True
            await owner.service.wipe_avatar()


async def count(server: RunningServer, user: str, sessions: Callable[[], Any], seconds: float) -> list[str | None]:
    """Return what the account's presences said while two sessions of it were online, as a contact saw them."""
    async with await server.raw("juliet", resource=f"counter-{user}") as observer:
        observer.send("<presence/>")
        await observer.iq("get", "<ping xmlns='urn:xmpp:ping'/>", server.domain)
        observer.backlog.clear()
        async with sessions(), sessions():
            loop = asyncio.get_running_loop()
            end = loop.time() + seconds
            while (left := end - loop.time()) > 0:
                try:
                    await observer.receive("presence", timeout=left, from_="nobody@nowhere")
                except TimeoutError:
                    break
            return [
                photo_of(each)
                for each in observer.backlog
                if each.tag.endswith("presence") and each.get("from", "").startswith(f"{server.jid(user)}/")
            ]


TRIGGERS = {"walkon16": foreign_id, "walkon17": switched_off}


async def count_all(server: RunningServer) -> list[list[str | None]]:
    """Count for the accounts of both triggers at the same time."""
    counts = (count(server, user, lambda user=user: online(server, user), SECONDS) for user in TRIGGERS)
    return await asyncio.gather(*counts)


async def test_two_sessions_send_four_presences_at_most(real_server: RunningServer) -> None:
    for user, trigger in TRIGGERS.items():
        async with await real_server.raw(user) as client:
            await trigger(client)
    try:
        for said in await count_all(real_server):
            assert 2 <= len(said) <= LIMIT, said
    finally:
        await clear(real_server, *TRIGGERS)


async def test_without_conversion_too(plain_server: RunningServer) -> None:
    for user, trigger in TRIGGERS.items():
        async with await plain_server.raw(user) as client:
            await trigger(client)
            await client.iq("set", vcard(png("tan"), "Walk-on"))
    try:
        for said in await count_all(plain_server):
            assert 2 <= len(said) <= LIMIT, said
            assert said[-1] == avatar_set(png("tan")).png_id  # and the hash is said in the end
    finally:
        await clear(plain_server, *TRIGGERS)


async def test_publishing_with_two_sessions_comes_to_rest(plain_server: RunningServer) -> None:
    """A real change: both sessions end with the new hash, in few presences."""
    server = plain_server

    def synchronising(watched: Watched) -> None:
        watched.service.synchronize_vcard = True

    try:
        async with (
            online(server, "juliet") as juliet,
            online(server, "walkon16", setup=synchronising) as one,
            online(server, "walkon16") as two,
        ):
            await until(lambda: one.sent_photos(juliet.presences)[-1:] == [""])
            await until(lambda: two.sent_photos(juliet.presences)[-1:] == [""])
            before = len(juliet.presences)
            await one.service.publish_avatar_set(avatar_set(png("khaki")))
            await until(lambda: one.sent_photos(juliet.presences)[-1] == avatar_set(png("khaki")).png_id)
            await until(
                lambda: two.sent_photos(juliet.presences)[-1] == avatar_set(png("khaki")).png_id, seconds=2 * SECONDS
            )
            assert len(juliet.presences) - before <= LIMIT
    finally:
        await clear(server, "walkon16")


async def test_the_count_would_show_a_storm(prosody: RunningServer) -> None:
    """aioxmpp's own service under the same count, for two seconds only."""

    @contextlib.asynccontextmanager
    async def stock() -> AsyncIterator[None]:
        security = aioxmpp.make_security_layer(prosody.accounts["walkon16"], no_verify=True)
        peer = (prosody.host, prosody.port, aioxmpp.connector.STARTTLSConnector())
        address = aioxmpp.JID.fromstr(prosody.jid("walkon16"))
        client = aioxmpp.PresenceManagedClient(address, security, override_peer=[peer])
        client.summon(aioxmpp.AvatarService)
        async with client.connected(presence=aioxmpp.PresenceState(False)):
            client.presence = aioxmpp.PresenceState(True)
            yield

    async with await prosody.raw("walkon16") as client:
        await foreign_id(client)
    try:
        assert len(await count(prosody, "walkon16", stock, 2.0)) > 3 * LIMIT
    finally:
        await clear(prosody, "walkon16")
