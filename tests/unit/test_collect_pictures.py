"""Images: fetched once, verified, never taken for another's, on the embedded server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import cast
from xml.etree.ElementTree import Element, fromstring

import pytest

from tests.servers.cast import picture
from xavatar.collect import Breakers, Pictures, Reader
from xavatar.errors import QueryTimeout, SessionClosed
from xavatar.model import Inventory, Kind, Outcome, Source, Status, Subject
from xavatar.sandbox import Account, Fault, Item, Node, Sandbox, Scenario
from xavatar.session import AsyncSession
from xavatar.settings import Settings
from xavatar.wire import Wire

METADATA, DATA = "urn:xmpp:avatar:metadata", "urn:xmpp:avatar:data"
PNG = picture(2)
SHA1 = hashlib.sha1(PNG).hexdigest()
OTHER = picture(4)
ME = Account("juliet@capulet.lit", password="wherefore")


class Shelf:
    """A shelf in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.doubted: set[str] = set()

    def inventory(self) -> Inventory:
        return Inventory(frozenset(self.kept), doubted=frozenset(self.doubted))

    def doubt(self, odd: Collection[str], sound: Collection[str]) -> None:
        self.doubted = self.doubted - set(sound) | set(odd)

    def get(self, sha1: str) -> bytes | None:
        return self.kept.get(sha1)

    def put_many(self, pictures: Iterable[tuple[str, bytes]]) -> None:
        self.kept.update(pictures)


def owner(
    name: str, data: bytes = PNG, *, id_: str = SHA1, wrap: bool = False, faults: tuple[Fault, ...] = ()
) -> Account:
    """Somebody who announces `id_`, and has `data` there."""
    text = base64.b64encode(data).decode()
    text = "\n".join([text[:76], text[76:]]) if wrap else text
    info = f"<info id='{id_}' bytes='{len(data)}' type='image/png'/>"
    nodes = (
        Node(METADATA, (Item(id_, f"<metadata xmlns='{METADATA}'>{info}</metadata>"),), "open"),
        Node(DATA, (Item(id_, f"<data xmlns='{DATA}'>{text}</data>"),), "open"),
    )
    return Account(f"{name}@capulet.lit", nodes=nodes, faults=faults)


class Seen:
    """What collections saw, and how many data queries they took."""

    def __init__(self, outcomes: tuple[Outcome, ...], fetched: int) -> None:
        self.pep = {o.subject.jid.partition("@")[0]: o for o in outcomes if o.source is Source.PEP}
        self.fetched = fetched


def look(*people: Account, times: int = 1, settings: Settings | None = None, shelf: Shelf | None = None) -> Seen:
    """Collect the PEP avatars of people, in one session."""

    async def run(box: Sandbox) -> Seen:
        given = settings or Settings(timeout=5)
        async with AsyncSession(sandbox=box, settings=given, store=shelf or Shelf(), presence=False) as session:
            for _ in range(times):
                await session.roster(sources=["pep"], progress=False)
            assert session.last is not None
            assert session._pictures is not None
            return Seen(session.last.outcomes, session._pictures.fetched)

    with Sandbox(Scenario("pictures", "capulet.lit", ME.jid, (ME, *people))) as box:
        return asyncio.run(run(box))


def test_one_picture_of_many_is_fetched_once() -> None:
    shelf = Shelf()
    seen = look(*(owner(f"user{n}") for n in range(8)), times=2, shelf=shelf)
    assert seen.fetched == 1
    assert shelf.kept == {SHA1: PNG}
    assert {o.readings[0].facts.sha1 for o in seen.pep.values() if o.readings[0].facts} == {SHA1}
    assert len(seen.pep) == 8


def test_what_the_shelf_has_is_not_fetched() -> None:
    shelf = Shelf()
    shelf.put_many([(SHA1, PNG)])
    seen = look(owner("romeo"), shelf=shelf)
    assert seen.fetched == 0
    (reading,) = seen.pep["romeo"].readings
    assert (reading.image_status, reading.facts and reading.facts.sha1) == (Status.OK, SHA1)


def test_somebodys_wrong_bytes_are_not_taken_for_anothers() -> None:
    liars = [owner(f"liar{n}", OTHER) for n in range(3)]
    seen = look(*liars, owner("romeo"), *(owner(f"liar{n}", OTHER) for n in range(3, 6)))
    told = {name: outcome.readings[0].facts for name, outcome in seen.pep.items()}
    assert {facts.sha1 for name, facts in told.items() if name != "romeo" and facts} == {
        hashlib.sha1(OTHER).hexdigest()
    }
    assert told["romeo"] is not None
    assert told["romeo"].sha1 == SHA1


def test_what_was_odd_is_told_again_though_the_picture_is_known() -> None:
    seen = look(owner("chorus", wrap=True), owner("romeo"), times=3)
    assert seen.fetched == 1
    assert seen.pep["chorus"].problems == ("P84-05 white space in the base64",)
    assert seen.pep["romeo"].problems == ()


def test_what_was_odd_in_an_earlier_session_is_asked_for_again() -> None:
    """Else an audit would call a finding fixed that is not, or keep one that is."""
    shelf, odd, mended = Shelf(), owner("chorus", wrap=True), owner("chorus")
    assert look(odd, owner("nurse", OTHER, id_=hashlib.sha1(OTHER).hexdigest()), shelf=shelf).fetched == 2
    assert shelf.doubted == {SHA1}
    for _ in range(2):
        seen = look(odd, times=3, shelf=shelf)
        assert (seen.fetched, seen.pep["chorus"].problems) == (1, ("P84-05 white space in the base64",))
    seen = look(mended, shelf=shelf)
    assert (seen.fetched, seen.pep["chorus"].problems) == (1, ())
    assert shelf.doubted == set()
    assert look(mended, shelf=shelf).fetched == 0


def test_who_did_not_answer_about_an_odd_item_is_asked_until_they_do() -> None:
    """Nothing is known of the item then: it is neither mended nor as odd as before."""
    shelf = Shelf()
    shelf.put_many([(SHA1, PNG)])
    shelf.doubt({SHA1}, set())
    failing = Fault("error", on="data", condition="internal-server-error", error_type="cancel")
    seen = look(owner("chorus", wrap=True, faults=(failing,)), times=2, shelf=shelf)
    (reading,) = seen.pep["chorus"].readings
    assert (seen.fetched, reading.image_status, shelf.doubted) == (2, Status.ERROR, {SHA1})


def test_a_picture_declared_too_large_is_not_fetched() -> None:
    seen = look(owner("romeo"), settings=Settings(timeout=5, max_image_bytes=100))
    assert seen.fetched == 0
    (reading,) = seen.pep["romeo"].readings
    assert (reading.image_status, reading.image_condition) == (Status.SKIPPED, "over-limit")


def test_a_picture_found_too_large_is_looked_at_and_not_kept() -> None:
    shelf = Shelf()
    understated = owner("romeo")
    info = f"<info id='{SHA1}' bytes='9' type='image/png'/>"
    metadata = Node(METADATA, (Item(SHA1, f"<metadata xmlns='{METADATA}'>{info}</metadata>"),), "open")
    seen = look(
        replace(understated, nodes=(metadata, understated.nodes[1])),
        settings=Settings(timeout=5, max_image_bytes=100),
        shelf=shelf,
    )
    (reading,) = seen.pep["romeo"].readings
    assert (reading.image_status, reading.image_condition) == (Status.OK, "over-limit")
    assert not shelf.kept


@pytest.mark.parametrize(("times", "status"), [(1, Status.OK), (2, Status.ERROR)])
def test_a_busy_server_is_asked_again_so_often_as_settings_say(times: int, status: Status) -> None:
    busy = Fault("error", "metadata", condition="resource-constraint", error_type="wait", times=times)
    assert look(owner("romeo", faults=(busy,)), settings=Settings(timeout=5, retries=1)).pep["romeo"].status is status


def test_a_refusal_is_not_asked_again() -> None:
    once = Fault("error", "metadata", condition="forbidden", error_type="auth", times=1)
    assert look(owner("romeo", faults=(once,))).pep["romeo"].status is Status.FORBIDDEN


class Line:
    """A wire that answers with stanzas written here; an exception is raised instead."""

    took = 0.0

    def __init__(self, *answers: str | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def request(self, payload: str, **_: object) -> Element:
        self.asked.append(payload)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return fromstring(answer)


def on(line: Line, *, images: bool = True) -> Reader:
    """Return a reader on a wire of the test's."""
    settings, wire = Settings(), cast("Wire", line)
    return Reader(wire, Pictures(wire, Shelf(), settings), Breakers(3, "capulet.lit"), settings, images=images)


ROMEO = Subject("romeo@montague.lit", subscription="both")


async def test_a_lost_session_is_a_row() -> None:
    outcome = await on(Line(SessionClosed("gone"))).read(ROMEO, Source.PEP)
    assert (outcome.status, outcome.condition) == (Status.SKIPPED, "session-lost")


async def test_a_session_lost_between_metadata_and_image_keeps_the_metadata() -> None:
    items = f"<items node='{METADATA}'><item id='{SHA1}'><metadata xmlns='{METADATA}'>"
    info = f"<info id='{SHA1}' bytes='9' type='image/png'/></metadata></item></items>"
    metadata = (
        f"<iq xmlns='jabber:client'><pubsub xmlns='http://jabber.org/protocol/pubsub'>{items}{info}</pubsub></iq>"
    )
    outcome = await on(Line(metadata, SessionClosed("gone"))).read(ROMEO, Source.PEP)
    assert outcome.status is Status.OK
    assert (outcome.readings[0].image_status, outcome.readings[0].image_condition) == (Status.SKIPPED, "session-lost")


async def test_silence_has_its_word() -> None:
    outcome = await on(Line(QueryTimeout(ROMEO.jid, "PEP metadata"))).read(ROMEO, Source.PEP)
    assert (outcome.status, outcome.condition) == (Status.TIMEOUT, "timeout")
    assert outcome.elapsed_ms is not None


@pytest.mark.parametrize("kind", [Kind.ROOM, Kind.OCCUPANT])
async def test_pep_is_not_asked_through_a_room(kind: Kind) -> None:
    line = Line()
    outcome = await on(line).read(Subject("balcony@rooms.capulet.lit", kind), Source.PEP)
    assert (outcome.status, outcome.condition, line.asked) == (Status.SKIPPED, "not-in-rooms", [])


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xavatar.collect.pictures._NOTED", 3)
    made = Pictures(cast("Wire", Line()), Shelf(), Settings())
    for number in range(9):
        made._note((f"user{number}@a.lit", SHA1), ("P84-05 white space in the base64",))
    assert list(made._problems) == [(f"user{number}@a.lit", SHA1) for number in (6, 7, 8)]
