from __future__ import annotations

import dataclasses
import warnings

import aioxmpp
import pytest

from xavatar.avatar import normalize_id
from xavatar.avatar.choose import choose
from xavatar.avatar.descriptors import (
    AbstractAvatarDescriptor,
    HttpAvatarDescriptor,
    PubsubAvatarDescriptor,
    VCardAvatarDescriptor,
)

JULIET = aioxmpp.JID.fromstr("juliet@capulet.lit")
SHA = "111f4b3c50d7b0df729d299bc6f8e9ef9066971f"


async def test_every_documented_attribute() -> None:
    descriptor = PubsubAvatarDescriptor(
        JULIET, SHA.upper(), mime_type="image/png", nbytes=12345, width=64, height=48, item_id="i", pointer="urn:game"
    )
    assert descriptor.remote_jid == JULIET
    assert descriptor.id_ == SHA.upper()
    assert descriptor.normalized_id == SHA
    assert (descriptor.nbytes, descriptor.width, descriptor.height) == (12345, 64, 48)
    assert (descriptor.mime_type, descriptor.url) == ("image/png", None)
    assert (descriptor.item_id, descriptor.info_index, descriptor.pointer) == ("i", 0, "urn:game")
    assert descriptor.can_get_image_bytes_via_xmpp
    with pytest.warns(DeprecationWarning, match="can_get_image_bytes_via_xmpp") as caught:
        assert descriptor.has_image_data_in_pubsub
    assert caught[0].filename == __file__


async def test_only_what_lies_at_a_url_cannot_come_over_xmpp() -> None:
    for kind in (HttpAvatarDescriptor, AbstractAvatarDescriptor):
        descriptor = kind(JULIET, SHA, url="https://capulet.lit/j.png")
        assert not descriptor.can_get_image_bytes_via_xmpp
        with pytest.raises(NotImplementedError):
            await descriptor.get_image_bytes()


@pytest.mark.parametrize("kind", [PubsubAvatarDescriptor, VCardAvatarDescriptor])
async def test_bytes_come_from_where_the_service_says(kind: type[AbstractAvatarDescriptor]) -> None:
    async def fetch(descriptor: AbstractAvatarDescriptor) -> bytes:
        return descriptor.id_.encode()

    assert await kind(JULIET, SHA, fetch=fetch).get_image_bytes() == SHA.encode()


def test_immutable_hashable_with_a_repr() -> None:  # D-23
    descriptor = VCardAvatarDescriptor(JULIET, SHA)
    with pytest.raises(dataclasses.FrozenInstanceError):
        descriptor.id_ = "x"
    assert len({descriptor, VCardAvatarDescriptor(JULIET, SHA)}) == 1
    assert repr(descriptor).startswith("VCardAvatarDescriptor(remote_jid=")
    assert SHA in repr(descriptor)


def test_equal_is_one_class_announcing_the_same_ids_normalised() -> None:  # D-33
    one = VCardAvatarDescriptor(JULIET, SHA)
    assert one == VCardAvatarDescriptor(JULIET, f" {SHA.upper()}\n")
    assert hash(one) == hash(VCardAvatarDescriptor(JULIET, SHA.upper()))
    assert one != PubsubAvatarDescriptor(JULIET, SHA)
    assert one != VCardAvatarDescriptor(JULIET, SHA, mime_type="image/png")
    assert one != object()
    # How the bytes are fetched is no part of what was announced.
    assert one == VCardAvatarDescriptor(JULIET, SHA, fetch=lambda _: None)


def test_normalize_id() -> None:
    assert normalize_id(f"\n{SHA.upper()} ") == SHA
    assert normalize_id("Current") == "current"


def info(id_: str, side: int | None = None, *, mime: str | None = "image/png", url: str | None = None, nbytes=None):
    kind = PubsubAvatarDescriptor if url is None else HttpAvatarDescriptor
    return kind(JULIET, id_, mime_type=mime, width=side, height=side, url=url, nbytes=nbytes)


def test_choose_nothing_of_nothing() -> None:
    assert choose([]) is None
    assert choose([info("a", mime="image/svg+xml")], mime_types=["image/png"]) is None


def test_choose_cached_first_whatever_its_size() -> None:
    far, near = info("AA", 16, url="https://x.lit/a"), info("bb", 64)
    assert choose([near, far], size=64, cached={"aa"}) is far
    assert choose([near, far], size=64, cached={" BB "}) is near
    assert choose([near, far], size=64, cached={"cc"}) is near


def test_choose_the_smallest_that_covers_then_unknown_then_the_largest_below() -> None:
    small, fit, huge, unknown = info("a", 32), info("b", 96), info("c", 512), info("d")
    assert choose([huge, small, fit, unknown], size=64) is fit
    assert choose([huge, small, fit, unknown], size=(97, 20)) is huge
    assert choose([small, unknown], size=64) is unknown
    assert choose([small, info("e", 16)], size=64) is small


def test_choose_by_the_order_of_types_unknown_last() -> None:
    png, webp, untyped = info("a", 64), info("b", 64, mime="image/WEBP"), info("c", 64, mime=None)
    assert choose([untyped, png, webp], mime_types=["image/webp", "image/png"]) is webp
    assert choose([untyped, png], mime_types=["image/webp"]) is untyped


def test_choose_xmpp_before_url_then_the_smaller() -> None:
    linked, sent, lighter = (
        info("a", 64, url="https://x.lit/a", nbytes=10),
        info("b", 64, nbytes=900),
        info("c", 64, nbytes=800),
    )
    assert choose([linked, sent, lighter], size=64) is lighter
    assert choose([linked, sent]) is sent
    assert choose([linked]) is linked


def test_warnings_are_not_raised_by_reading_attributes() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert info("a").can_get_image_bytes_via_xmpp
