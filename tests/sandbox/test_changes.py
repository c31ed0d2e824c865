"""Hearing of changes through a session: what is one, what was there before, what is there now."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import threading
import weakref
from collections.abc import Iterator

import pytest

import xavatar as xa
from tests.browser.people import picture
from tests.support import patience
from tests.wire_support import Proxy
from xavatar.collect.changes import Change, Changes, What
from xavatar.errors import ConfigError, SessionError
from xavatar.model import Source
from xavatar.sandbox import Item
from xavatar.session import AsyncSession

METADATA, DATA = "urn:xmpp:avatar:metadata", "urn:xmpp:avatar:data"
EMPTY = Item("none", f"<metadata xmlns='{METADATA}'/>")
SOON = xa.Settings(timeout=patience(0.7), concurrency=8, presence_wait=0.1)  # one of Verona is silent
ROMEO, HAMLET = "romeo@montague.lit", "hamlet@elsinore.lit"


@pytest.fixture
def session() -> Iterator[xa.Session]:
    with xa.connect(sandbox="verona", settings=SOON) as opened:
        yield opened


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def publish(session: xa.Session, jid: str, data: bytes, *, with_data: bool = True) -> None:
    """Publish as somebody of the sandbox."""
    id_, box = sha1(data), session.sandbox
    assert box is not None
    if with_data:
        box.set_item(jid, DATA, Item(id_, f"<data xmlns='{DATA}'>{base64.b64encode(data).decode()}</data>"))
    info = f"<info bytes='{len(data)}' id='{id_}' type='image/png' width='96' height='96'/>"
    box.set_item(jid, METADATA, Item(id_, f"<metadata xmlns='{METADATA}'>{info}</metadata>"))


def hashed(value: str) -> str:
    return f"<x xmlns='vcard-temp:x:update'><photo>{value}</photo></x>"


def test_published_before_and_after(session: xa.Session) -> None:
    changes = session.changes(pictures=True)
    coming = changes.follow(timeout=patience(10))
    publish(session, ROMEO, picture(1))
    first = next(coming)
    assert (first.jid, first.name, first.what, first.source) == (ROMEO, "Romeo", What.PUBLISHED, Source.PEP)
    assert first.before is not None
    assert first.before.sha1 == first.before.id != first.after.sha1 == sha1(picture(1))
    assert (first.after.mime, first.after.width, first.note) == ("image/png", 96, "")
    publish(session, ROMEO, picture(2))
    second = next(coming)
    assert second.before == first.after
    assert changes.picture(second.after.sha1 or "") == picture(2)
    assert [change.number for change in changes] == [1, 2]
    table = changes.frame
    assert table["sha1"].tolist() == [sha1(picture(1)), sha1(picture(2))]
    assert table["sha1_before"].tolist()[1] == sha1(picture(1))
    assert str(table["at"].dtype) == "datetime64[us, UTC]"


def test_gone_in_every_way(session: xa.Session) -> None:
    box = session.sandbox
    assert box is not None
    coming = session.changes().follow(timeout=patience(10))
    told: list[tuple[str, str]] = []

    def hear() -> None:
        change = next(coming)
        told.append((change.what.value, change.after.id))

    box.set_item(ROMEO, METADATA, EMPTY)
    hear()
    publish(session, ROMEO, picture(3))
    hear()
    box.retract_item(ROMEO, METADATA, sha1(picture(3)))
    hear()
    publish(session, ROMEO, picture(4))
    hear()
    box.purge_node(ROMEO, METADATA)
    hear()
    box.delete_node(ROMEO, METADATA)
    hear()
    box.set_item(ROMEO, METADATA, Item("x", f"<metadata xmlns='{METADATA}'><stop/><pointer/></metadata>"))
    hear()
    new, newer = sha1(picture(3)), sha1(picture(4))
    assert told == [
        ("disabled", ""), ("published", new), ("retracted", ""), ("published", newer), ("purged", ""), ("deleted", ""),
        ("malformed", ""),
    ]  # fmt: skip


def test_the_same_again_is_no_change(session: xa.Session) -> None:
    publish(session, ROMEO, picture(5))
    changes = session.changes(pictures=True)
    coming = changes.follow(timeout=patience(10))
    publish(session, ROMEO, picture(5))
    publish(session, HAMLET, picture(6))
    assert next(coming).jid == HAMLET
    assert len(changes) == 1


def test_presences(session: xa.Session) -> None:
    box = session.sandbox
    assert box is not None
    changes = session.changes(pictures=True)
    coming = changes.follow(timeout=patience(10))
    one, other = "1" * 40, "2" * 40
    box.set_presence(ROMEO, "home", hashed(one))
    first = next(coming)
    assert (first.what, first.source, first.resource, first.after.id) == (What.ANNOUNCED, Source.PRESENCE, "home", one)
    assert first.note == "the picture there is not the announced one"
    box.set_presence(ROMEO, "street", hashed(one))  # the same from another resource is none
    box.set_presence(ROMEO, "street", hashed(""))  # one that wants none does not speak for another
    box.set_presence(ROMEO, "home", hashed(other))
    second = next(coming)
    assert second.before is not None
    assert (second.before.id, second.after.id) == (one, other)
    box.set_presence(ROMEO, "home", hashed(""))
    third = next(coming)
    assert (third.what, third.after.id) == (What.WITHDRAWN, "")
    assert len(changes) == 3


def test_metadata_without_data(session: xa.Session) -> None:
    coming = session.changes().follow(timeout=patience(10))
    publish(session, ROMEO, picture(7), with_data=False)
    change = next(coming)
    assert change.after.sha1 is None
    assert change.note.startswith("picture not found") or change.note.startswith("picture empty")


def test_only_so_many_are_kept(session: xa.Session) -> None:
    changes = session.changes(keep=2)
    coming = changes.follow(timeout=patience(10))
    for seed in range(4):
        publish(session, ROMEO, picture(10 + seed))
        next(coming)
    assert (len(changes), changes.seen, changes.dropped) == (2, 4, 2)
    assert [change.number for change in changes] == [3, 4]
    assert changes.since(3) == (changes[-1],)
    changes.clear()
    assert (len(changes), changes.seen) == (0, 4)
    with pytest.raises(ConfigError, match="keep"):
        Changes(0)


def test_it_ends_with_its_session() -> None:
    ended: list[Change] = []
    with xa.connect(sandbox="pair") as session:
        changes = session.changes()
        follower = threading.Thread(target=lambda: ended.extend(changes.follow()))
        follower.start()
    follower.join(10)
    assert not follower.is_alive()
    assert (ended, changes.ended, changes.error) == ([], True, None)
    assert list(changes.follow()) == []


def test_it_ends_when_stopped_or_forgotten(session: xa.Session) -> None:
    with session.changes() as changes:
        pass
    forgotten = weakref.ref(session.changes())
    kept = session.changes()
    coming = kept.follow(timeout=patience(10))
    gc.collect()
    assert forgotten() is None
    publish(session, ROMEO, picture(20))
    next(coming)
    assert len(changes) == 0
    publish(session, ROMEO, picture(21))
    next(coming)
    assert len(session._twin._watches) == 1


def test_a_quiet_time_ends_following(session: xa.Session) -> None:
    assert list(session.changes().follow(timeout=0.05)) == []


def test_an_invisible_session_hears_nothing() -> None:
    with xa.connect(sandbox="pair", presence=False) as session, pytest.raises(ConfigError, match="presence=True"):
        session.changes()


async def test_awaitable() -> None:
    async with AsyncSession(sandbox="pair") as session:
        assert session.sandbox is not None
        other = next(jid for jid in session.sandbox.logins if not session.jid.startswith(jid))
        async with AsyncSession(other, sandbox=session.sandbox) as owner:
            changes = await session.changes()
            own = (await owner.changes()).follow(timeout=patience(10))
            coming = changes.follow(timeout=patience(10))
            plan = asyncio.create_task(owner.publish(picture(30)))
            seen = await anext(coming)
            await plan
            assert (seen.jid, seen.what) == (other, What.PUBLISHED)
            assert (await anext(own)).jid == other  # one's own are among them
            waiting = asyncio.create_task(anext(changes.follow()))
            await asyncio.sleep(0)
        changes.stop()
        with pytest.raises(StopAsyncIteration):
            await waiting


async def test_across_a_lost_connection() -> None:
    """What happens meanwhile is heard of afterwards (XEP-0198)."""
    with xa.sandbox("pair") as box:
        me, other = box.login, next(jid for jid in box.logins if jid != box.login.jid)
        async with (
            Proxy(me) as proxy,
            AsyncSession(me.jid, me.password, host=me.host, port=proxy.port, ca_file=me.ca_file) as session,
            AsyncSession(other, sandbox=box) as owner,
        ):
            changes = await session.changes(pictures=True)
            coming = changes.follow(timeout=patience(20))
            back = asyncio.Event()
            gone = asyncio.Event()
            session._online().on_state(lambda _: gone.set())
            proxy.cut(back)
            async with asyncio.timeout(patience(10)):
                await gone.wait()
            await owner.publish(picture(40))
            back.set()
            change = await anext(coming)
            assert (change.jid, change.what, change.note) == (other, What.PUBLISHED, "")
            assert change.after.sha1 is not None


async def test_a_connection_lost_for_good() -> None:
    with xa.sandbox("pair") as box:
        async with AsyncSession(box.login.jid, sandbox=box) as session:
            changes = await session.changes()
            waiting = asyncio.create_task(anext(changes.follow()))
            async with AsyncSession(session.jid, sandbox=box):  # the same resource: the first one has to go
                async with asyncio.timeout(patience(20)):
                    with pytest.raises(SessionError):
                        await waiting
            assert changes.ended
            assert changes.error is session.last_error is not None
