"""Generated XML through a real session: nothing but documented results and errors, and no stanza lost."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from typing import Any

import aioxmpp
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.avatar_support import Watched, enter, jid, settled
from tests.avatar_xml import CARD, DATA, META, SHA, UPDATE, VALUE, payload
from tests.support import examples
from xavatar.avatar import AbstractAvatarDescriptor, normalize_id
from xavatar.avatar.ids import sha1
from xavatar.sandbox import Account, Item, Node, Options, Resource, Sandbox, Scenario

ROMEO = "romeo@montague.lit"
DOCUMENTED = (aioxmpp.XMPPCancelError, RuntimeError, NotImplementedError)


class World:
    """One server, one session, for many examples."""

    def __init__(self) -> None:
        self.count = 0
        self.loop = asyncio.new_event_loop()
        self.failures: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda _, context: self.failures.append(context))
        cast = (
            Account("juliet@capulet.lit", password="wherefore"),
            Account(ROMEO, nodes=(Node(META), Node(DATA)), resources=(Resource("orchard"),)),
        )
        options = Options(conversion=False, injection=False)
        self.box = Sandbox(Scenario("hostile", "capulet.lit", "juliet@capulet.lit", cast, options=options))
        self._session = enter(self.box)
        self.juliet: Watched = self.run(self._session.__aenter__())
        self.presence = self.juliet.client.summon(aioxmpp.PresenceClient)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        self.run(self._session.__aexit__(None, None, None))
        self.box.close()
        self.loop.close()

    async def read(self) -> None:
        """Ask by every way, and fetch what is announced."""
        service, romeo = self.juliet.service, jid(ROMEO)
        for options in ({}, {"require_fresh": True}, {"disable_pep": True, "require_fresh": True}):
            found: list[AbstractAvatarDescriptor] = []
            with contextlib.suppress(aioxmpp.XMPPCancelError):
                found = await service.get_avatar_metadata(romeo, **options)
            for each in found:
                await self.examine(each)

    async def examine(self, each: AbstractAvatarDescriptor) -> None:
        assert each.remote_jid == jid(ROMEO)
        assert each.id_
        assert each.normalized_id == normalize_id(each.id_)
        assert each in {each}
        for number in (each.nbytes, each.width, each.height):
            assert number is None or number >= 0
        try:
            image = await each.get_image_bytes()
        except DOCUMENTED:
            return
        assert sha1(image) == each.normalized_id

    async def check(self) -> None:
        """See that the session is alive, the contact online, and nothing failed unseen."""
        await settled(self.juliet)
        assert self.juliet.client.established
        assert set(self.presence.get_peer_resources(jid(ROMEO))) == {"orchard"}
        for _, metadata in self.juliet.told:
            for each in metadata:
                assert isinstance(each, AbstractAvatarDescriptor)
        self.juliet.told.clear()
        assert self.failures == []


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


FEW = settings(max_examples=examples(30), suppress_health_check=list(HealthCheck))


@FEW
@given(payload(META, "metadata"), payload(DATA, "data"), VALUE.filter(lambda value: value.strip() != ""))
@example(f"<metadata xmlns='{META}'><info/></metadata>", f"<data xmlns='{DATA}'/>", "x")
@example(f"<metadata xmlns='{META}'><info id=' ' bytes='' type=''/></metadata>", "<odd xmlns='urn:odd'/>", " x")
@example(f"<metadata xmlns='{META}'><info id='&#10;{SHA}'/></metadata>", f"<data xmlns='{DATA}'>=</data>", SHA)
def test_metadata_and_data(world: World, metadata: str, data: str, item: str) -> None:
    world.box.set_item(ROMEO, DATA, Item(item, data))
    world.box.set_item(ROMEO, META, Item(item, metadata))
    world.run(world.read())
    world.run(world.check())


@FEW
@given(payload(CARD, "vCard"))
@example("<vCard xmlns='vcard-temp'><PHOTO><BINVAL>A</BINVAL><BINVAL>AAAA</BINVAL></PHOTO></vCard>")
@example("<vCard xmlns='vcard-temp'><PHOTO><TYPE><b/></TYPE><BINVAL>AAAA<i>AAAA</i></BINVAL></PHOTO></vCard>")
def test_vcards(world: World, vcard: str) -> None:
    world.box.purge_node(ROMEO, META)
    world.box.set_vcard(ROMEO, vcard)
    world.run(world.read())
    world.run(world.check())


@FEW
@given(st.lists(payload(UPDATE, "x"), min_size=1, max_size=3).map("".join))
@example(f"<x xmlns='{UPDATE}'><photo><photo/></photo></x>")
@example(f"<x xmlns='{UPDATE}'><photo>{SHA}</photo>text</x><x xmlns='{UPDATE}'/>")
@example(f"<x xmlns='{UPDATE}' id='1'><photo width='1'>{SHA}</photo></x>")
def test_presences(world: World, children: str) -> None:
    world.count += 1
    world.box.set_presence(ROMEO, "orchard", f"{children}<status>{world.count}</status>")
    world.run(world.read())
    world.run(world.check())
    last = world.presence.get_peer_resources(jid(ROMEO))["orchard"]
    assert last.status.any() == str(world.count)
