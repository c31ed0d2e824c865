from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest

from xavatar.avatar.events import Happened, read_event, tells_room_change
from xavatar.model import Status
from xavatar.wire.xml import MUC_USER

NODE = "urn:xmpp:avatar:metadata"
INFO = "<info bytes='1' id='a' type='image/png'/>"


def message(event: str, attributes: str = "from='romeo@montague.lit'") -> object:
    event = f"<event xmlns='http://jabber.org/protocol/pubsub#event'>{event}</event>"
    return read_event(fromstring(f"<message xmlns='jabber:client' {attributes}>{event}</message>"))


def items(content: str, node: str = NODE) -> str:
    return f"<items node='{node}'>{content}</items>"


def test_a_published_item() -> None:
    event = message(items(f"<item id='i'><metadata xmlns='{NODE}'>{INFO}</metadata></item>"))
    assert event.happened is Happened.PUBLISHED
    assert event.metadata.status is Status.OK
    assert event.metadata.item_id == "i"


def test_an_avatar_switched_off() -> None:
    event = message(items(f"<item id='i'><metadata xmlns='{NODE}'/></item>"))
    assert event.metadata.status is Status.DISABLED


def test_the_ways_of_removal() -> None:  # D-08, A-12
    assert message(f"<purge node='{NODE}'/>").happened is Happened.CLEARED
    assert message(f"<delete node='{NODE}'/>").happened is Happened.DELETED
    retracted = message(items("<retract id='i'/><retract id='j'/>"))
    assert retracted.happened is Happened.RETRACTED
    assert retracted.items == ("i", "j")


def test_an_item_of_which_nothing_is_said() -> None:
    assert message(items("<item id='i'/>")).happened is Happened.TOUCHED


@pytest.mark.parametrize(
    "event",
    [
        items("<item id='i'><data xmlns='urn:xmpp:avatar:data'>AAAA</data></item>"),
        items("<item id='i'><metadata xmlns='urn:other'/></item>"),
        items("<item/>", node="urn:xmpp:mood"),
        items(""),
        "<purge node='urn:xmpp:avatar:data'/>",
        "<purge/>",
        "",
    ],
)
def test_what_is_none(event: str) -> None:  # P163-03
    assert message(event) is None


@pytest.mark.parametrize(
    "attributes",
    ["from='romeo@montague.lit/orchard'", "from='room@x/nick' type='groupchat'", "from='a@b' type='error'"],
)
def test_what_is_somebodys_own_writing(attributes: str) -> None:
    assert message(f"<delete node='{NODE}'/>", attributes) is None


def test_a_malformed_info_is_read_as_far_as_it_goes() -> None:  # D-12
    event = message(items(f"<item><metadata xmlns='{NODE}'><info id='a' bytes='' width='64px'/></metadata></item>"))
    assert event.happened is Happened.PUBLISHED
    assert [each.id for each in event.metadata.descriptors] == ["a"]


@pytest.mark.parametrize(
    ("attributes", "code", "tells"),
    [
        ("type='groupchat' from='room@x'", "104", True),
        ("type='groupchat' from='room@x'", "100", False),
        ("type='groupchat' from='room@x/nick'", "104", False),
        ("from='room@x'", "104", False),
    ],
)
def test_a_room_says_it_changed(attributes: str, code: str, tells: bool) -> None:
    text = f"<message xmlns='jabber:client' {attributes}><x xmlns='{MUC_USER}'><status code='{code}'/></x></message>"
    assert tells_room_change(fromstring(text), MUC_USER) is tells
