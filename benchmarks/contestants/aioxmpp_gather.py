"""aioxmpp's own AvatarService, many requests at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aioxmpp
import aioxmpp.avatar
from aioxmpp.errors import XMPPError

from benchmarks.race import Result, Task, clock, main


@asynccontextmanager
async def avatars(task: Task) -> AsyncIterator[aioxmpp.avatar.AvatarService]:
    """Log in; give the service, with a cache that holds the whole roster.

    The certificate is not verified: aioxmpp's verifier fails on pyOpenSSL 26, which has no X509.get_extension.
    """
    client = aioxmpp.PresenceManagedClient(
        aioxmpp.JID.fromstr(f"{task.user}@{task.domain}"),
        aioxmpp.make_security_layer(task.password, no_verify=True),
        override_peer=[(task.host, task.port, aioxmpp.connector.STARTTLSConnector())],
    )
    service = client.summon(aioxmpp.avatar.AvatarService)
    service.metadata_cache_size = 10**6
    async with client.connected():
        yield service


async def fetch(service: aioxmpp.avatar.AvatarService, jid: str) -> bytes | None:
    """Return the image of one contact."""
    try:
        descriptors = await service.get_avatar_metadata(aioxmpp.JID.fromstr(jid), require_fresh=True)
    except XMPPError:
        return None
    return await descriptors[0].get_image_bytes() if descriptors else None


async def run(task: Task) -> Result:
    """Fetch everything."""
    result = Result(contacts=task.contacts)
    async with AsyncExitStack() as stack:
        with clock(result):
            service = await stack.enter_async_context(avatars(task))
            gate = asyncio.Semaphore(task.window)

            async def one(jid: str) -> bytes | None:
                async with gate:
                    return await fetch(service, jid)

            images = [image for image in await asyncio.gather(*map(one, task.jids)) if image]
    result.avatars, result.nbytes = len(images), sum(map(len, images))
    return result


if __name__ == "__main__":
    main(run)
