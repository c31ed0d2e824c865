"""aioxmpp's own AvatarService in the loop that anyone writes first: one contact after the other."""

from __future__ import annotations

from contextlib import AsyncExitStack

from benchmarks.contestants.aioxmpp_gather import avatars, fetch
from benchmarks.race import Result, Task, clock, main


async def run(task: Task) -> Result:
    """Fetch everything."""
    result = Result(contacts=task.contacts)
    async with AsyncExitStack() as stack:
        with clock(result):
            service = await stack.enter_async_context(avatars(task))
            images = [image for jid in task.jids if (image := await fetch(service, jid))]
    result.avatars, result.nbytes = len(images), sum(map(len, images))
    return result


if __name__ == "__main__":
    main(run)
