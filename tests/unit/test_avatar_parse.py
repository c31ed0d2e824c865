from __future__ import annotations

import io
from xml.etree.ElementTree import Element, SubElement, fromstring

import aioxmpp.avatar.xso
import aioxmpp.xml
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.avatar_xml import CARD, DATA, META, SHA, UPDATE, payload
from tests.support import examples
from xavatar.avatar import guards
from xavatar.avatar.account import fetch_room
from xavatar.avatar.describe import from_metadata, from_photos
from xavatar.avatar.events import read_event
from xavatar.avatar.parse import UpdateState, parse_data, parse_items, parse_metadata, parse_photos, parse_update
from xavatar.avatar.vcard import photo_id, with_photo
from xavatar.model import Status
from xavatar.wire.xml import serialize

MANY = settings(max_examples=examples(80))
PUBSUB = "http://jabber.org/protocol/pubsub"


def items(content: str) -> str:
    return f"<items xmlns='{PUBSUB}' node='{META}'>{content}</items>"


@MANY
@given(st.lists(payload(META, "metadata"), max_size=3))
def test_any_metadata_gives_a_value(payloads: list[str]) -> None:
    found = parse_items(fromstring(items("".join(f"<item id='i'>{each}</item>" for each in payloads))))
    assert found.status in (Status.OK, Status.DISABLED, Status.EMPTY, Status.MALFORMED)
    assert (found.status is Status.OK) == bool(found.descriptors)
    for each in from_metadata("romeo", found, fetch=lambda _: None):
        assert each.id_
        assert hash(each) == hash(each)
        assert all(number is None or 0 <= number < 2**32 for number in (each.nbytes, each.width, each.height))


USUAL = {"bytes": "309", "id": SHA, "type": "image/png", "width": "64", "height": "48", "url": "https://a.lit/b.png"}
READ = {"nbytes": 309, "id": SHA, "mime": "image/png", "width": 64, "height": 48, "url": "https://a.lit/b.png"}


@pytest.mark.parametrize(
    ("changes", "read", "rules"),
    [
        ({}, {}, []),
        ({"bytes": None}, {"nbytes": None}, ["P84-07 info 0 lacks bytes"]),
        ({"id": None}, {"id": None}, ["P84-07 info 0 lacks id"]),
        ({"type": None}, {"mime": None}, ["P84-07 info 0 lacks type"]),
        ({"width": None, "height": None, "url": None}, {"width": None, "height": None, "url": None}, []),
        ({"bytes": " "}, {"nbytes": None}, ["P84-07 info 0 lacks bytes"]),
        ({"id": " "}, {"id": " "}, ["P84-07 info 0 lacks id"]),  # shown, and asked for, as it was sent
        ({"type": " "}, {"mime": None}, ["P84-07 info 0 lacks type"]),
        ({"type": " image/png ", "width": " 64 ", "height": " 48 ", "bytes": " 309 "}, {}, []),
        ({"url": " "}, {"url": None}, []),
        ({"bytes": "-1"}, {"nbytes": None}, ["P84-09 info 0 has bytes='-1'"]),
        ({"bytes": str(2**32)}, {"nbytes": None}, ["P84-09 info 0 has bytes='4294967296'"]),
        ({"width": "65536"}, {"width": None}, ["P84-10 info 0 has width='65536'"]),
        ({"height": "\u0664\u0668"}, {"height": None}, ["P84-10 info 0 has height='\u0664\u0668'"]),
    ],
)
def test_what_an_info_declares(changes: dict[str, str | None], read: dict[str, object], rules: list[str]) -> None:
    attributes = {name: value for name, value in (USUAL | changes).items() if value is not None}
    metadata = Element(f"{{{META}}}metadata")
    SubElement(metadata, f"{{{META}}}info", attributes)
    found = parse_metadata(metadata)
    (descriptor,) = found.descriptors
    assert {name: getattr(descriptor, name) for name in READ} == READ | read
    assert list(found.problems) == rules


@MANY
@given(payload(DATA, "data"))
def test_any_data_gives_a_value(content: str) -> None:
    found = parse_data(fromstring(items(f"<item id='i'>{content}</item>")), "i")
    assert found.data is None or len(found.data) > 0


@MANY
@given(payload(CARD, "vCard"))
def test_any_vcard_gives_photos_and_can_be_written_back(content: str) -> None:
    card = fromstring(content)
    descriptors, images = from_photos("romeo", parse_photos(card), fetch=lambda _: None)
    assert [each.id_ for each in descriptors] == list(images)
    assert photo_id(card) in {"", *images}
    again = fromstring(serialize(with_photo(card, b"\x89PNG", "image/png")))
    assert len(parse_photos(again)) == 1


@MANY
@given(st.lists(payload(UPDATE, "x"), max_size=3).map("".join))
def test_any_presence_gives_an_update(children: str) -> None:
    update = parse_update(fromstring(f"<presence xmlns='jabber:client'>{children}</presence>"))
    assert (update.state is UpdateState.HASH) == (update.hash is not None)


@MANY
@given(payload(META, "metadata"), st.sampled_from(["items", "purge", "delete", "odd"]))
def test_any_event_is_read_or_left_alone(content: str, verb: str) -> None:
    event = f"<event xmlns='{PUBSUB}#event'><{verb} node='{META}'><item>{content}</item></{verb}></event>"
    read_event(fromstring(f"<message xmlns='jabber:client' from='a@b'>{event}</message>"))


# What a guard lets pass, aioxmpp reads: otherwise the stanza would be lost (D-12, D-34).
GUARDS = [
    (guards.readable_update, aioxmpp.avatar.xso.VCardTempUpdate, UPDATE, "x"),
    (guards.readable_metadata, aioxmpp.avatar.xso.Metadata, META, "metadata"),
    (guards.readable_data, aioxmpp.avatar.xso.Data, DATA, "data"),
]


@pytest.mark.parametrize(("guard", "kind", "namespace", "name"), GUARDS)
def test_guards_let_pass_only_what_aioxmpp_reads(guard, kind, namespace: str, name: str) -> None:
    @MANY
    @given(payload(namespace, name).map(fromstring).filter(lambda element: element.tag == f"{{{namespace}}}{name}"))
    @example(fromstring(f"<{name} xmlns='{namespace}' id='1'/>"))
    @example(fromstring(f"<{name} xmlns='{namespace}'>text</{name}>"))
    @example(fromstring(f"<{name} xmlns='{namespace}'><photo width='1'>{SHA}</photo></{name}>"))
    @example(fromstring(f"<{name} xmlns='{namespace}'><info id='1' type='2' bytes='٣'/></{name}>"))
    def check(element) -> None:
        if guard(element):
            aioxmpp.xml.read_single_xso(io.BytesIO(serialize(element).encode()), kind)

    check()


def test_what_is_usual_passes_the_guards() -> None:
    for text, guard in (
        (f"<x xmlns='{UPDATE}'/>", guards.readable_update),
        (f"<x xmlns='{UPDATE}'>\n <photo/>\n</x>", guards.readable_update),
        (f"<x xmlns='{UPDATE}'><photo>{SHA}</photo></x>", guards.readable_update),
        (f"<metadata xmlns='{META}'/>", guards.readable_metadata),
        (f"<metadata xmlns='{META}'><info id='a' type='b' bytes='1' width='2'/></metadata>", guards.readable_metadata),
        (f"<metadata xmlns='{META}'><info id='a' type='b' bytes='1'/><pointer/></metadata>", guards.readable_metadata),
        (f"<data xmlns='{DATA}'>AAAA</data>", guards.readable_data),
    ):
        assert guard(fromstring(text)), text


class Answering:
    """A wire that has one answer."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    async def request(self, *_: object, **__: object) -> object:
        return fromstring(self.answer)


@pytest.mark.parametrize(
    ("fields", "hashes"),
    [
        ("", ()),
        (
            f"<field var='muc#roominfo_avatarhash'><value>{SHA}</value><value>{'b' * 40}</value></field>",
            (SHA, "b" * 40),
        ),
        (f"<field var='{{http://modules.prosody.im/mod_vcard_muc}}avatar#sha1'><value> {SHA} </value></field>", (SHA,)),
        ("<field var='muc#roominfo_avatarhash'><value/><value>current</value></field>", ()),
    ],
)
async def test_hashes_of_a_room(fields: str, hashes: tuple[str, ...]) -> None:  # P486-05, P486-08
    query = f"<query xmlns='http://jabber.org/protocol/disco#info'><x xmlns='jabber:x:data'>{fields}</x></query>"
    found = await fetch_room(Answering(f"<iq xmlns='jabber:client'>{query}</iq>"), "room@x", timeout=1)
    assert (found.vcard, found.hashes) == (False, hashes)
