from __future__ import annotations

import base64
from hashlib import sha1
from xml.etree.ElementTree import fromstring

from hypothesis import given
from hypothesis import strategies as st

from xavatar.avatar.parse import parse_photos
from xavatar.avatar.vcard import photo_id, with_photo
from xavatar.wire.xml import parse, serialize

IMAGE = b"\x89PNG image"
CARD = """<vCard xmlns='vcard-temp' version='3.0'><FN>Juliet &amp; "co"</FN>
  <PHOTO><TYPE>image/gif</TYPE><BINVAL>AAAA</BINVAL></PHOTO><N><GIVEN> Juliet </GIVEN></N>
  <PHOTO><EXTVAL>http://x</EXTVAL></PHOTO><x xmlns='urn:odd' a='1'><y xmlns=''>text</y>tail</x></vCard>"""


def others(card: object) -> list[str]:
    return [serialize(child) for child in card if not child.tag.endswith("}PHOTO")]


def test_the_photo_is_replaced_and_nothing_else_is_touched() -> None:  # D-14, D-42
    card = fromstring(CARD)
    before = serialize(card)
    changed = with_photo(card, IMAGE, "image/png")
    assert serialize(card) == before
    (photo,) = parse_photos(changed)
    assert (photo.data, photo.mime, photo.problems) == (IMAGE, "image/png", ())
    assert others(changed) == others(card)
    assert changed.attrib == {"version": "3.0"}
    assert [child.tag.split("}")[1] for child in changed][:2] == ["FN", "PHOTO"]
    assert photo_id(changed) == sha1(IMAGE).hexdigest()


def test_all_photos_are_removed() -> None:
    changed = with_photo(fromstring(CARD), None, "")
    assert parse_photos(changed) == ()
    assert others(changed) == others(fromstring(CARD))
    assert photo_id(changed) == ""


def test_a_first_card() -> None:
    assert serialize(with_photo(None, IMAGE, "image/png")) == (
        '<vCard xmlns="vcard-temp"><PHOTO><TYPE>image/png</TYPE><BINVAL>'
        f"{base64.b64encode(IMAGE).decode()}</BINVAL></PHOTO></vCard>"
    )


TEXT = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Cn")), max_size=20)
FIELDS = st.lists(st.tuples(st.sampled_from(["FN", "NICKNAME", "PHOTO", "X-ODD"]), TEXT), max_size=6)


@given(FIELDS)
def test_every_other_field_survives_the_wire(fields: list[tuple[str, str]]) -> None:
    card = parse("<vCard xmlns='vcard-temp'/>")
    for name, text in fields:
        child = parse(f"<{name} xmlns='vcard-temp'/>")
        child.text = text
        card.append(child)
    sent = parse(serialize(with_photo(card, IMAGE, "image/png")))
    assert [(c.tag, c.text or "") for c in sent if not c.tag.endswith("}PHOTO")] == [
        (c.tag, c.text or "") for c in card if not c.tag.endswith("}PHOTO")
    ]
    assert photo_id(sent) == sha1(IMAGE).hexdigest()
