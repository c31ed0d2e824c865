"""slixmpp with its own XEP-0060 and XEP-0084 plugins, many requests at once."""

from __future__ import annotations

import asyncio

import slixmpp
from slixmpp.exceptions import IqError

from benchmarks.race import METADATA, Result, Task, clock, main


async def run(task: Task) -> Result:
    """Fetch everything."""
    result = Result(contacts=task.contacts)
    with clock(result):
        client = slixmpp.ClientXMPP(f"{task.user}@{task.domain}", task.password)
        client.ca_certs = task.ca_file
        for plugin in ("xep_0030", "xep_0060", "xep_0163", "xep_0084"):
            client.register_plugin(plugin)
        started = asyncio.Event()
        client.add_event_handler("session_start", lambda _: started.set())
        client.connect(task.host, task.port)
        await started.wait()
        client.send_presence()  # as a session does, and aioxmpp's managed client
        gate = asyncio.Semaphore(task.window)

        async def one(jid: str) -> bytes | None:
            async with gate:
                try:
                    answer = await client["xep_0060"].get_items(jid, METADATA, max_items=1)
                except IqError:
                    return None
            for item in answer["pubsub"]["items"]:
                async with gate:
                    answer = await client["xep_0084"].retrieve_avatar(jid, item["id"])
                for found in answer["pubsub"]["items"]:
                    return bytes(found["avatar_data"]["value"])
            return None

        images = [image for image in await asyncio.gather(*map(one, task.jids)) if image]
    result.avatars, result.nbytes = len(images), sum(map(len, images))
    await client.disconnect()
    return result


if __name__ == "__main__":
    main(run)
