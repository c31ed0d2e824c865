"""Sets made of one's own picture, and what uploading does to them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from PIL import Image

from tests.unit.hostile import exif, picture, saved
from xavatar.avatar import AvatarSet, UrlPolicy, UrlRefused
from xavatar.avatar.parse import parse_metadata
from xavatar.errors import ConfigError, ImageError, TooLarge
from xavatar.imaging import inspect, variant


def test_a_photo_becomes_a_set() -> None:
    avatar = AvatarSet.from_image(saved(picture((640, 480)), "JPEG", exif=exif(6, gps=True, camera="SECRET")))
    image = avatar.check()
    facts = inspect(image)
    assert (facts.format, facts.width, facts.height, facts.has_exif, facts.error) == ("png", 192, 192, False, None)
    assert avatar.size == (192, 192)
    assert avatar.png_id == facts.sha1
    assert b"SECRET" not in image
    assert avatar.ladder is not None
    assert avatar.ladder.chosen.data == image
    assert avatar.ladder.why in repr(avatar.ladder)
    assert "<table>" in avatar._repr_html_()
    assert AvatarSet().size == (0, 0)
    assert AvatarSet().ladder is None


def test_crop_size_and_square() -> None:
    avatar = AvatarSet.from_image(picture((640, 480)), crop=(0, 0, 200, 100), size=100, square=False)
    assert avatar.size == (100, 50)
    assert AvatarSet.from_image(picture((640, 480)), max_bytes=1100).size[0] < 192


def test_large_formats_wait_to_be_uploaded(tmp_path: Path) -> None:
    path = tmp_path / "face.png"
    path.write_bytes(saved(picture((640, 480)), "PNG"))
    avatar = AvatarSet.from_image(path, large=400, formats=("webp", "jpeg"))
    webp, jpeg = avatar.uploads
    assert [inspect(each.data).format for each in avatar.uploads] == ["webp", "jpeg"]
    assert {(each.width, each.height) for each in avatar.uploads} == {(400, 400)}
    assert "2 to upload" in repr(avatar)
    assert len(parse_metadata(fromstring(avatar.to_xml())).descriptors) == 1  # P84-14: nothing before it is there

    done = avatar.uploaded(webp, "https://capulet.lit/w").uploaded(jpeg, "https://capulet.lit/j")
    assert (done.uploads, done.links) == ((), ("https://capulet.lit/w", "https://capulet.lit/j"))
    assert avatar.uploads == (webp, jpeg)
    read = parse_metadata(fromstring(done.to_xml()))
    assert read.problems == ()
    assert [(each.id, each.nbytes, each.mime) for each in read.descriptors[1:]] == [
        (webp.sha1, webp.nbytes, "image/webp"),
        (jpeg.sha1, jpeg.nbytes, "image/jpeg"),
    ]
    assert done.png_id == avatar.png_id


def test_nothing_large_of_a_small_picture() -> None:
    assert AvatarSet.from_image(picture((150, 150)), large=512).uploads == ()
    assert AvatarSet.from_image(picture((150, 150)), large=512).size == (150, 150)


def test_uploads_can_be_added_and_left_out() -> None:
    avatar = AvatarSet.from_image(picture())
    avatar.add_pointer("<x xmlns='urn:game'/>")
    avatar.add_upload(variant(picture((300, 300)), size=256, format="webp"))
    assert len(avatar.uploads) == 1
    without = avatar.without_uploads()
    assert (without.uploads, without.png_id) == ((), avatar.png_id)
    assert without.to_xml() == avatar.to_xml()


def test_what_cannot_become_a_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        AvatarSet.from_image(tmp_path / "nothing")
    with pytest.raises(ImageError):
        AvatarSet.from_image(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(TooLarge):
        AvatarSet.from_image(Image.new("1", (9000, 9000)))


@pytest.mark.parametrize(
    "url", ["http://capulet.lit/face.png", "https://127.0.0.1/face.png", "https://u:p@capulet.lit/"]
)
async def test_urls_are_fetched_with_care(url: str) -> None:
    """Inside a running loop too, as in a notebook's cell."""
    with pytest.raises(UrlRefused):
        AvatarSet.from_image(url)
    with pytest.raises(UrlRefused):
        await asyncio.to_thread(AvatarSet.from_image, url, policy=UrlPolicy(timeout=1))
