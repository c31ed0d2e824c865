"""``df.xavatar``: what it takes, finds, and shows."""

from __future__ import annotations

import base64
import gc
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pandas as pd
import pytest
from PIL import Image

from tests.unit.hostile import exif, picture, saved
from xavatar.errors import FrameError, StoreError
from xavatar.frames import ImageSource, frame, images
from xavatar.imaging import color, inspect
from xavatar.model import Descriptor, Outcome, Reading, Source, Status, Subject

EVIL = '"><img src=x onerror=alert(1)><script>alert(2)</script>'


class Memory(dict[str, bytes]):
    """The smallest source of images."""

    def add(self, data: bytes) -> Reading:
        facts = inspect(data)
        self[facts.sha1] = data
        return Reading(Descriptor(id=facts.sha1), facts, Status.OK)


@pytest.fixture
def memory() -> Iterator[Memory]:
    source = Memory()
    images.register(source)
    yield source
    images.unregister(source)


def pep(jid: str, *readings: Reading, name: str | None = None) -> Outcome:
    status = Status.OK if readings else Status.NOT_FOUND
    return Outcome(Subject(jid, name=name), Source.PEP, status, readings=readings)


def test_a_frame_of_others_is_refused() -> None:
    with pytest.raises(FrameError, match="jid, kind, nick"):
        pd.DataFrame({"a": [1]}).xavatar.people()
    with pytest.raises(FrameError, match="dhash missing"):
        frame([]).drop(columns="dhash").xavatar.coverage()
    assert not hasattr(pd.DataFrame(), "xavatar")


def test_filtered_rows_and_added_columns_are_fine() -> None:
    table = frame([pep("a@x.lit"), pep("b@x.lit")]).assign(mine=1)
    assert table[table["jid"] == "b@x.lit"].xavatar.people()["jid"].tolist() == ["b@x.lit"]


def test_images_are_looked_up_by_key(memory: Memory) -> None:
    one, other = saved(picture(), "PNG"), saved(picture(shift=9), "PNG")
    table = frame([pep("a@x.lit", memory.add(one)), pep("b@x.lit", memory.add(other))])
    found = table.head(1).xavatar.images()
    assert dict(found) == {inspect(one).sha1: one}
    assert len(table.xavatar.images()) == 2
    assert repr(found) == "<Images: 1 of 1 at hand>"
    with pytest.raises(KeyError):
        found[inspect(other).sha1]
    memory.clear()
    assert dict(table.xavatar.images()) == {}


def test_sources_are_weak_and_the_newest_first(memory: Memory) -> None:
    data = saved(picture(), "PNG")
    sha1 = memory.add(data).descriptor.id or ""
    asked: list[str] = []

    class Spy:
        def get(self, sha1: str) -> bytes | None:
            asked.append(sha1)
            return None

    spy = Spy()
    assert isinstance(spy, ImageSource)
    images.register(spy)
    images.register(spy)
    assert images.lookup(sha1) == data
    assert asked == [sha1]
    del spy
    gc.collect()
    assert images.lookup(sha1) == data
    assert asked == [sha1]


def test_a_source_that_lies_or_is_closed(memory: Memory) -> None:
    sha1 = "a" * 40
    memory[sha1] = b"another's face"
    assert images.lookup(sha1) is None

    class Closed:
        def get(self, sha1: str) -> bytes | None:
            raise StoreError("closed")

    closed = Closed()
    images.register(closed)
    assert images.lookup(sha1) is None


class Reader(HTMLParser):
    """Collects elements, as a browser would see them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def pictures(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == "img"]


def shown(source: str | None) -> Image.Image:
    match = re.fullmatch(r"data:image/(png|webp);base64,([A-Za-z0-9+/=]+)", source or "")
    assert match
    return Image.open(io.BytesIO(base64.b64decode(match[2])))


def test_thumbnails_are_ours_and_escaped(memory: Memory) -> None:
    secret = saved(picture((300, 150)), "JPEG", exif=exif(6, gps=True, camera="SECRET"), comment=b"SECRET")
    table = frame(
        [
            pep("a@x.lit", memory.add(secret), name=EVIL),
            pep(f"{EVIL}@x.lit"),
            pep("c@x.lit", memory.add(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(3)</script></svg>")),
        ]
    )
    html = table.xavatar.thumbnails()._repr_html_()
    page = Reader(html)
    assert {tag for tag, _ in page.elements} <= {"div", "figure", "figcaption", "img", "span"}
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "".join(page.text).count("<script>") == 2  # as text, of the name and of the JID
    first, second, third = page.pictures
    assert first["alt"] == f"avatar of {EVIL}"
    assert second["alt"] == f"no avatar of {EVIL}@x.lit to show: none"
    assert third["alt"] == "no avatar of c@x.lit to show: broken"
    assert shown(first["src"]).size == (32, 64)
    assert (first["width"], first["height"]) == ("32", "64")
    assert b"SECRET" not in base64.b64decode((first["src"] or "").partition(",")[2])


def test_thumbnails_are_not_scaled_up(memory: Memory) -> None:
    """P84-21."""
    table = frame([pep("a@x.lit", memory.add(saved(picture((20, 10)), "PNG")))])
    (image,) = Reader(table.xavatar.thumbnails(size=64)._repr_html_()).pictures
    assert (image["width"], image["height"]) == ("20", "10")


def test_thumbnails_are_limited(memory: Memory) -> None:
    table = frame([pep(f"u{i}@x.lit", memory.add(saved(picture(shift=i % 9), "PNG"))) for i in range(30)])
    faces = table.xavatar.thumbnails(limit=10)
    assert len(Reader(faces._repr_html_()).pictures) == 10
    assert "showing 10 of 30" in faces._repr_html_()
    assert repr(faces) == "<Thumbnails: showing 10 of 30>"
    assert len(str(faces).splitlines()) == 11


def test_a_notebook_stays_small(memory: Memory) -> None:
    """200 faces under half a megabyte, whatever the pictures weigh."""
    noise = Image.effect_noise((512, 512), 90).convert("RGB")
    table = frame([pep(f"u{i}@x.lit", memory.add(saved(noise.rotate(i), "JPEG", quality=95))) for i in range(40)])
    assert len(table.xavatar.thumbnails()._repr_html_()) < 40 * 6000


def test_mimebundle() -> None:
    faces = frame([pep("a@x.lit")]).xavatar.thumbnails()
    assert faces._repr_mimebundle_()["text/plain"] == "a@x.lit  none\nshowing 1 of 1"
    assert set(faces._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert set(faces._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert set(faces._repr_mimebundle_(exclude={"text/plain"})) == {"text/html"}


def test_thumbnails_of_nobody() -> None:
    assert "showing 0 of 0" in frame([]).xavatar.thumbnails()._repr_html_()


def test_contact_sheet(memory: Memory) -> None:
    table = frame([pep("a@x.lit", memory.add(saved(picture(), "PNG"))), pep("b@x.lit")])
    sheet = table.xavatar.contact_sheet(tile=32, columns=2)
    with Image.open(io.BytesIO(sheet._repr_png_())) as image:
        assert image.size == (70, 36)
    assert isinstance(sheet, bytes)
    assert repr(sheet) == f"<ContactSheet: PNG, {len(sheet):,} bytes>"


def test_a_contact_sheet_shows_the_same_placeholders() -> None:
    """The colour is the JID's, so two of one name differ (XEP-0392, 6.2)."""
    table = frame([pep("a@x.lit", name="Ann"), pep("b@x.lit", name="Ann"), pep("c@x.lit")])
    with Image.open(io.BytesIO(table.xavatar.contact_sheet(tile=32, columns=2, limit=2))) as sheet:
        assert sheet.size == (70, 36)
        first, second = sheet.getpixel((3, 3)), sheet.getpixel((3 + 34, 3))
    assert [f"#{r:02x}{g:02x}{b:02x}" for r, g, b, _ in (first, second)] == [color("a@x.lit"), color("b@x.lit")]


def test_problems(memory: Memory) -> None:
    good, gps = saved(picture(), "PNG"), saved(picture(shift=9), "JPEG", exif=exif(gps=True))
    broken = good[:300]
    wrong = Reading(Descriptor(id="b" * 40), inspect(good), Status.OK)
    named = Reading(Descriptor(id="current"), None, Status.NOT_FOUND, "item-not-found")
    jid = "a@x.lit"
    outcomes = [
        pep(jid, memory.add(good)),
        pep(jid, memory.add(broken)),
        pep(jid, memory.add(gps)),
        pep(jid, wrong),
        pep(jid, named),
        Outcome(Subject(jid), Source.VCARD, Status.TIMEOUT, condition="no-answer"),
        Outcome(Subject(jid), Source.PEP, Status.OK, problems=("P84-16 pointer", "P84-15 text")),
        Outcome(Subject(jid), Source.PRESENCE, Status.UNAVAILABLE),
    ]
    texts = [frame([outcome]).xavatar.problems()["problem"].tolist() for outcome in outcomes]
    assert texts == [
        [],
        ["image error: truncated: the file stops before the picture's end"],
        ["image tells a position"],
        ["image is not the one the id promises"],
        ["image not found: item-not-found", "id is no SHA-1: current"],
        ["timeout: no-answer"],
        ["P84-16 pointer", "P84-15 text"],
        [],
    ]


def test_problems_say_who_disagrees() -> None:
    ann = Subject("a@x.lit", name="Ann")
    announced = (Reading(Descriptor("c" * 40)),)
    told = frame(
        [
            Outcome(ann, Source.PEP, Status.DISABLED),
            Outcome(ann, Source.PRESENCE, Status.OK, resource="r", readings=announced),
        ]
    ).xavatar.problems()
    assert told.fillna("-").to_dict("list") == {
        "jid": ["a@x.lit"] * 2,
        "name": ["Ann"] * 2,
        "source": ["pep", "presence"],
        "resource": ["-", "r"],
        "problem": ["sources disagree"] * 2,
    }


def test_a_condition_that_says_the_same_is_told_once() -> None:
    silent = Outcome(Subject("a@x.lit"), Source.PEP, Status.TIMEOUT, "timeout")
    refused = Outcome(Subject("b@x.lit"), Source.PEP, Status.FORBIDDEN, "not-authorized")
    assert frame([silent, refused]).xavatar.problems()["problem"].tolist() == ["timeout", "forbidden: not-authorized"]
