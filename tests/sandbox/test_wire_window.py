"""No more requests are under way than the window lets through; the others wait for their turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from xml.etree.ElementTree import Element

import pytest

import xavatar as xa
from tests.avatar_support import until
from tests.support import patience
from xavatar.errors import QueryTimeout, SessionClosed
from xavatar.sandbox import Account, Fault, Sandbox, Scenario
from xavatar.wire import Wire

ME = Account("juliet@capulet.lit", password="wherefore")
MUTE, ROMEO = Account("mute@capulet.lit", faults=(Fault("silence"),)), Account("romeo@capulet.lit")
QUERY = "<query xmlns='http://jabber.org/protocol/disco#info'/>"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(Scenario("window", "capulet.lit", ME.jid, (ME, MUTE, ROMEO))) as box:
        yield box


@pytest.fixture
async def wire(box: Sandbox) -> AsyncIterator[Wire]:
    async with xa.AsyncSession(sandbox=box, presence=False, settings=xa.Settings(resume_wait=0.3)) as session:
        wire: Wire = session._online().wire
        assert wire.narrow(2) > 2
        yield wire


def ask(wire: Wire, to: Account, *, timeout: float = 20.0) -> asyncio.Task[Element]:
    return asyncio.create_task(wire.request(QUERY, to=to.jid, timeout=timeout))


async def arrived(box: Sandbox, number: int) -> None:
    """Wait until so many questions came to the server, and a little for more."""
    await until(lambda: box.stats().by_kind.get("disco", 0) >= number)
    await asyncio.sleep(0.05)
    assert box.stats().by_kind["disco"] == number


async def test_the_next_one_leaves_when_one_is_over(box: Sandbox, wire: Wire) -> None:
    mute = [ask(wire, MUTE, timeout=patience(0.3)) for _ in range(4)]
    last = ask(wire, ROMEO)
    await arrived(box, 2)
    # Each has its own time from when it is sent, and an answer makes room as a timeout does.
    assert {type(each) for each in await asyncio.gather(*mute, return_exceptions=True)} == {QueryTimeout}
    assert (await last).get("type") == "result"
    assert box.stats().by_kind["disco"] == 5


async def test_waiting_for_ones_turn_is_no_answering_time(box: Sandbox, wire: Wire) -> None:
    async def took() -> float:
        await wire.request(QUERY, to=ROMEO.jid)
        return wire.took

    mute = [ask(wire, MUTE, timeout=patience(0.3)) for _ in range(2)]
    assert 0 < await took() < patience(0.2)
    for task in mute:
        with pytest.raises(QueryTimeout):
            await task


async def test_who_gave_up_waiting_is_not_sent(box: Sandbox, wire: Wire) -> None:
    mute = [ask(wire, MUTE) for _ in range(2)]
    waiting = [ask(wire, ROMEO) for _ in range(3)]
    await arrived(box, 2)
    for task in (waiting[0], mute[0]):
        task.cancel()
    answers = await asyncio.gather(*waiting[1:])
    assert [each.get("type") for each in answers] == ["result", "result"]
    assert box.stats().by_kind["disco"] == 4
    mute[1].cancel()


async def test_all_end_with_the_session(box: Sandbox, wire: Wire) -> None:
    tasks = [ask(wire, MUTE) for _ in range(5)]
    await arrived(box, 2)
    box.close()
    found = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), patience(15))
    assert {type(each) for each in found} == {SessionClosed}


async def test_many_through_a_narrow_window(wire: Wire) -> None:
    answers = await asyncio.gather(*(ask(wire, ROMEO) for _ in range(200)))
    assert len(answers) == 200
    assert not wire._lane._pending
    assert not wire._lane._waiting
    assert wire._lane._under_way == 0
