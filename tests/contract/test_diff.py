"""Two audits around a set of changes, on three servers: the diff names exactly those changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import xavatar as xa
from tests.contract.conftest import login
from tests.servers import Cast, Ejabberd, Prosody, RunningServer, picture
from tests.servers.cast import DATA, METADATA, Contact, User, avatar
from tests.servers.embedded import Embedded
from tests.support import requires
from xavatar.audit import Audit
from xavatar.store import Change, Diff, Store

KINDS: dict[str, type[RunningServer]] = {"sandbox": Embedded, "prosody": Prosody, "ejabberd": Ejabberd}
NOTHING = f"<metadata xmlns='{METADATA}'/>"
CLOSE = (
    "<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'><configure node='{}'>"
    "<x xmlns='jabber:x:data' type='submit'>"
    "<field var='FORM_TYPE'><value>http://jabber.org/protocol/pubsub#node_config</value></field>"
    "<field var='pubsub#access_model'><value>whitelist</value></field></x></configure></pubsub>"
)
ENTRY = "<query xmlns='jabber:iq:roster'><item jid='{}' {}/></query>"

# user, change, source; for findings the rule.
WANTED = {
    ("newcomer", Change.APPEARED, None, None),
    ("leaver", Change.VANISHED, None, None),
    ("painter", Change.PICTURE_CHANGED, "pep", "picture"),
    ("painter", Change.PICTURE_CHANGED, "vcard", "picture"),
    ("shy", Change.PICTURE_REMOVED, "pep", "picture"),
    ("shy", Change.PICTURE_REMOVED, "vcard", "picture"),
    ("hermit", Change.ACCESS_LOST, "pep", "status"),
}
# What becomes of the vCard of somebody who closes PEP.
COPY = ("hermit", Change.PICTURE_REMOVED, "vcard", "picture")
OTHERWISE: dict[str, set[tuple[str, Change, str | None, str | None]]] = {
    "sandbox": {COPY},
    "prosody": {COPY},
    "ejabberd": set(),  # its copy stays for everybody to see, see test_roster
}


def company() -> Cast:
    """An admin with six contacts, of whom one is in no roster yet."""
    names = ("painter", "shy", "hermit", "steady", "leaver", "newcomer")
    users = [User(name, items=avatar(picture(2 * number))) for number, name in enumerate(names, 1)]
    admin = User("admin", roster=tuple(Contact(name) for name in names[:-1]), items=avatar(picture(20)))
    return Cast((admin, *users))


@pytest.fixture(params=list(KINDS))
def server(request: pytest.FixtureRequest) -> Iterator[RunningServer]:
    """Each server in turn, one of its own: rosters change."""
    kind = KINDS[request.param]
    requires(*kind.needs)
    started = kind.start(company())
    yield started
    started.stop()


async def change(server: RunningServer) -> None:
    async with await server.raw("painter") as painter:
        for item in avatar(picture(30)):
            await painter.publish(item.node, item.id, item.payload, item.access)
    async with await server.raw("shy") as shy:
        await shy.publish(METADATA, "off", NOTHING)
    async with await server.raw("hermit") as hermit:
        for node in (DATA, METADATA):
            await hermit.iq("set", CLOSE.format(node))
    async with await server.raw("admin") as admin:
        await admin.iq("set", ENTRY.format(server.jid("newcomer"), "name='Newcomer'"))
        await admin.iq("set", ENTRY.format(server.jid("leaver"), "subscription='remove'"))


def told(server: RunningServer, found: Diff) -> set[tuple[str, Change, str | None, str | None]]:
    assert {each.jid.partition("@")[2] for each in found.news} == {server.domain}
    return {
        (each.jid.partition("@")[0], each.change, each.source and each.source.value, each.field) for each in found.news
    }


async def audited(server: RunningServer, store: Store) -> Audit:
    """Log in, audit, log out, as a scheduled check does: a server tells nobody that a node was closed."""
    async with xa.AsyncSession(**login(server, "admin"), store=store) as session:
        return await session.audit(progress=False)


@pytest.mark.timeout(120)
async def test_exactly_what_changed(server: RunningServer, tmp_path: Path) -> None:
    with Store(tmp_path / "avatars.sqlite") as store:
        before, again = await audited(server, store), await audited(server, store)
        await change(server)
        after = await audited(server, store)
        assert not again.diff(before), "nothing changed, and nothing is told"
        wanted = WANTED | OTHERWISE[server.kind]
        assert told(server, after.diff(before)) == wanted
        for each in (before, after):
            store.save(each.snapshot, each.results)
        assert told(server, store.diff(store.previous(after.snapshot), after.snapshot)) == wanted
