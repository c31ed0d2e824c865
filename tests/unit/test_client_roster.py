"""A roster's stanza becomes subjects, whatever a server puts into it."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest

from xavatar.client.roster import fetch_roster
from xavatar.model import Kind, Subject


class Answering:
    """A wire that has one answer."""

    def __init__(self, content: str) -> None:
        self.content = content

    async def request(self, payload: str, **options: Any) -> Element:
        assert payload == '<query xmlns="jabber:iq:roster"/>'
        return fromstring(f'<iq xmlns="jabber:client" type="result">{self.content}</iq>')


def contact(jid: str, *groups: str, name: str | None = None, subscription: str = "none") -> Subject:
    return Subject(jid, Kind.CONTACT, name=name, groups=groups, subscription=subscription)


@pytest.mark.parametrize(
    ("items", "subjects"),
    [
        ("", []),
        ('<item jid="romeo@montague.lit"/>', [contact("romeo@montague.lit")]),
        ('<item jid=" romeo@montague.lit "/>', [contact("romeo@montague.lit")]),
        (
            '<item jid="a@b.lit" name="A" subscription="both"><group>V</group><group> F </group><group/></item>',
            [contact("a@b.lit", "F", "V", name="A", subscription="both")],
        ),
        ('<item jid="a@b.lit" name="" subscription=""/>', [contact("a@b.lit")]),
        ('<item jid="b@b.lit"/><item jid="a@b.lit"/>', [contact("b@b.lit"), contact("a@b.lit")]),
        ('<item jid="a@b.lit"/><item jid="a@b.lit" name="Again"/>', [contact("a@b.lit", name="Again")]),
        ('<item jid="a@b.lit" subscription="remove"/>', []),
        ('<item name="Nobody"/><item jid=""/><item jid=" "/>', []),
    ],
)
async def test_items_are_subjects(items: str, subjects: list[Subject]) -> None:
    wire: Any = Answering(f'<query xmlns="jabber:iq:roster">{items}</query>')
    assert list(await fetch_roster(wire, timeout=1)) == subjects


async def test_an_answer_without_a_roster_has_nobody() -> None:
    wire: Any = Answering("")
    assert await fetch_roster(wire, timeout=1) == ()
