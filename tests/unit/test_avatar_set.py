from __future__ import annotations

import hashlib
import io
from xml.etree.ElementTree import fromstring

import pytest
from PIL import Image

from xavatar.avatar.avatar_set import AvatarSet, InvalidAvatarSet
from xavatar.avatar.parse import parse_metadata
from xavatar.model import Status

URL = "https://capulet.lit/juliet.webp"
SHA = "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return out.getvalue()


PNG = picture()
ID = hashlib.sha1(PNG).hexdigest()


def test_the_png_fills_in_what_its_bytes_say() -> None:  # D-30
    avatar = AvatarSet()
    assert (avatar.png_id, avatar.image_bytes) == (None, None)
    avatar.add_avatar_image("image/png", image_bytes=PNG)
    assert (avatar.png_id, avatar.image_bytes) == (ID, PNG)
    read = parse_metadata(fromstring(avatar.to_xml()))
    assert read.status is Status.OK
    assert read.problems == ()
    only = read.descriptors[0]
    assert (only.id, only.mime, only.nbytes, only.width, only.height) == (ID, "image/png", len(PNG), 64, 48)


def test_given_values_are_checked_against_the_bytes() -> None:
    AvatarSet().add_avatar_image(" image/PNG ", image_bytes=PNG, id_=ID.upper(), nbytes=len(PNG), width=64, height=48)
    for wrong in ({"id_": SHA}, {"nbytes": 1}, {"width": 65}, {"height": 64}):
        avatar = AvatarSet()
        with pytest.raises(RuntimeError, match="that of the image bytes"):
            avatar.add_avatar_image("image/png", image_bytes=PNG, **wrong)
        assert avatar.image_bytes is None


def test_png_comes_first_urls_keep_their_order_pointers_end() -> None:  # P84-16, P84-18, P398-02
    avatar = AvatarSet()
    avatar.add_pointer("<x xmlns='urn:game'><id>1</id></x>", mime_type="image/gif", width=300, id_=SHA)
    avatar.add_avatar_image("image/webp", id_=SHA, nbytes=9, url=URL, width=512, height=512)
    avatar.add_avatar_image("image/webp", id_=SHA, nbytes=5, url=f"{URL}?small")
    avatar.add_avatar_image("image/png", image_bytes=PNG)
    avatar.add_avatar_image("image/png", id_=SHA.upper(), nbytes=7, url="http://capulet.lit/j.png")
    read = parse_metadata(fromstring(avatar.to_xml()))
    assert read.problems == ()
    assert [each.url for each in read.descriptors] == [None, URL, f"{URL}?small", "http://capulet.lit/j.png"]
    assert read.descriptors[0].pointer == "urn:game"
    assert read.descriptors[3].id == SHA
    pointer = fromstring(avatar.to_xml())[-1]
    assert pointer.attrib == {"id": SHA, "type": "image/gif", "width": "300"}
    assert [child.tag for child in pointer] == ["{urn:game}x"]


def test_metadata_is_also_aioxmpps_own_class() -> None:
    avatar = AvatarSet()
    avatar.add_avatar_image("image/png", image_bytes=PNG)
    (node,) = avatar.metadata.iter_info_nodes()
    assert (node.id_, node.mime_type, node.nbytes, node.width) == (ID, "image/png", len(PNG), 64)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"mime_type": "image/png"}, "image bytes, or a url"),
        ({"mime_type": "image/jpeg", "image_bytes": picture("JPEG")}, "must be image/png"),
        ({"mime_type": "image/png", "image_bytes": picture("JPEG")}, "not a PNG but image/jpeg"),
        ({"mime_type": "image/png", "image_bytes": b"hello"}, "nothing known"),
        ({"mime_type": "image/png", "image_bytes": b""}, "not a PNG"),
        ({"mime_type": "image/png", "image_bytes": PNG[:20]}, "not a PNG"),
        ({"mime_type": "image/png", "image_bytes": PNG, "url": URL}, "either image bytes or a url"),
        ({"mime_type": "image/webp", "url": URL, "nbytes": 9}, "id must be given"),
        ({"mime_type": "image/webp", "url": URL, "id_": SHA}, "nbytes must be given"),
        ({"mime_type": "image/webp", "url": URL}, "id and nbytes must be given"),
        ({"mime_type": "image/webp", "url": "ftp://x/y", "id_": SHA, "nbytes": 9}, "http or https"),
        ({"mime_type": "image/webp", "url": "https://[::1", "id_": SHA, "nbytes": 9}, "http or https"),
        ({"mime_type": "image/webp", "url": "https:///y", "id_": SHA, "nbytes": 9}, "http or https"),
        ({"mime_type": "image/webp", "url": URL, "id_": "current", "nbytes": 9}, "not a SHA-1"),
        ({"mime_type": "image/webp", "url": URL, "id_": SHA, "nbytes": 0}, "nbytes must be between"),
        ({"mime_type": "image/webp", "url": URL, "id_": SHA, "nbytes": -1}, "nbytes must be between"),
        ({"mime_type": "image/webp", "url": URL, "id_": SHA, "nbytes": 9, "width": 0}, "width must be between"),
        ({"mime_type": "image/webp", "url": URL, "id_": SHA, "nbytes": 9, "height": 65536}, "height must be between"),
        ({"mime_type": "image/webp", "url": URL, "id_": SHA, "nbytes": 9, "width": "64"}, "must be an integer"),
        ({"mime_type": "text/plain", "url": URL, "id_": SHA, "nbytes": 9}, "not a media type"),
        ({"mime_type": "image/", "url": URL, "id_": SHA, "nbytes": 9}, "not a media type"),
    ],
)
def test_what_a_source_must_not_be(wrong: dict[str, object], match: str) -> None:
    avatar = AvatarSet()
    with pytest.raises(InvalidAvatarSet, match=match) as caught:
        avatar.add_avatar_image(**wrong)
    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value, ValueError)
    assert fromstring(avatar.to_xml()).attrib == {}
    assert len(fromstring(avatar.to_xml())) == 0


def test_one_png_only() -> None:
    avatar = AvatarSet()
    avatar.add_avatar_image("image/png", image_bytes=PNG)
    with pytest.raises(RuntimeError, match="has its PNG already"):
        avatar.add_avatar_image("image/png", image_bytes=picture(size=(8, 8)))
    assert avatar.png_id == ID


def test_a_set_without_png_says_so_when_published() -> None:  # D-29
    avatar = AvatarSet()
    avatar.add_avatar_image("image/webp", id_=SHA, nbytes=9, url=URL)
    with pytest.raises(InvalidAvatarSet, match="no PNG image"):
        avatar.check()


@pytest.mark.parametrize("payload", ["<x/>", "<x xmlns='urn:xmpp:avatar:metadata'/>", "<x xmlns='a'", "<a/><b/>", ""])
def test_a_pointer_is_one_element_of_its_own_namespace(payload: str) -> None:
    with pytest.raises(InvalidAvatarSet):
        AvatarSet().add_pointer(payload)


def test_repr_tells_what_is_there() -> None:
    avatar = AvatarSet()
    assert repr(avatar) == "<AvatarSet no PNG, 0 urls, 0 pointers>"
    avatar.add_avatar_image("image/png", image_bytes=PNG)
    assert ID in repr(avatar)
