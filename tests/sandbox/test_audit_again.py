"""A second audit with the store of the first: fewer questions, the same findings."""

from __future__ import annotations

import asyncio

import pytest

import xavatar as xa
from tests.support import patience
from xavatar.store import Store

SHORT = xa.Settings(timeout=patience(0.7), concurrency=8, presence_wait=0.1)
SHIFTING = {"A-26"}  # who answers in time is another thing each time


def test_nothing_is_called_fixed_that_is_not() -> None:
    """What is odd about an item that a picture lies in cannot be read off the picture (A-19, P84-05, P84-06)."""
    with xa.sandbox("verona") as box, Store.temporary() as store:
        with xa.connect(sandbox=box, settings=SHORT, store=store) as session:
            first = session.audit(progress=False)
        asked = box.stats().by_kind["data"]
        with xa.connect(sandbox=box, settings=SHORT, store=store) as session:
            second = session.audit(progress=False)
        again = box.stats().by_kind["data"] - asked
    found = [
        {(each.rule, each.jid, each.source) for each in audit.results if each.rule not in SHIFTING}
        for audit in (first, second)
    ]
    assert {"A-19", "P84-05", "P84-06"} <= {rule for rule, _, _ in found[0]}
    assert found[1] == found[0]
    assert again < asked / 2


async def test_what_was_odd_is_kept_of_an_interrupted_collection() -> None:
    with xa.sandbox("verona") as box, Store.temporary() as whole, Store.temporary() as store:
        async with xa.AsyncSession(sandbox=box, settings=SHORT, store=whole) as session:
            await session.roster(sources=["pep"])
        async with xa.AsyncSession(sandbox=box, settings=SHORT, store=store) as session:

            def stop(done: int, total: int) -> None:
                if done == total - 1:  # who never answers is the last
                    collecting.cancel()

            collecting = asyncio.ensure_future(session.roster(sources=["pep"], progress=stop))
            with pytest.raises(asyncio.CancelledError):
                await collecting
        assert store.inventory().doubted == whole.inventory().doubted != frozenset()
