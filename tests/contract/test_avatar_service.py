from __future__ import annotations

from hashlib import sha1

from tests.avatar_support import avatar_set, jid, online, png, until
from tests.servers import RunningServer, picture
from xavatar.avatar import PubsubAvatarDescriptor, VCardAvatarDescriptor


def digest(image: bytes) -> str:
    return sha1(image).hexdigest()


async def test_retrieve_from_pep(server: RunningServer) -> None:
    async with online(server, "juliet") as juliet:
        found = await juliet.service.get_avatar_metadata(jid(server.jid("romeo")))
        (only,) = found
        assert isinstance(only, PubsubAvatarDescriptor)
        assert (only.id_, only.mime_type, only.nbytes) == (digest(picture(1)), "image/png", len(picture(1)))
        assert (only.width, only.height, only.item_id) == (64, 64, digest(picture(1)))
        assert await only.get_image_bytes() == picture(1)


async def test_retrieve_from_the_vcard(unconverted: RunningServer) -> None:
    async with online(unconverted, "juliet") as juliet:
        (only,) = await juliet.service.get_avatar_metadata(jid(unconverted.jid("tybalt")))
        assert isinstance(only, VCardAvatarDescriptor)
        assert (only.id_, only.mime_type, only.nbytes) == (digest(picture(3)), "image/png", len(picture(3)))
        assert await only.get_image_bytes() == picture(3)


async def test_nobody_and_nothing(server: RunningServer) -> None:
    async with online(server, "juliet") as juliet:
        for user in ("balthasar", "mercutio", "paris"):
            assert await juliet.service.get_avatar_metadata(jid(server.jid(user))) == []


async def test_publish_notify_disable_wipe(server: RunningServer) -> None:
    one, two = png("navy"), png("maroon")
    who = server.jid("walkon9")
    async with online(server, "juliet") as juliet, online(server, "walkon9") as owner:
        await owner.service.publish_avatar_set(avatar_set(one))
        await until(lambda: juliet.ids(who), lambda ids: ids[-1:] == [[digest(one)]])
        (seen,) = juliet.told[-1][1]
        assert await seen.get_image_bytes() == one
        await owner.service.publish_avatar_set(avatar_set(two))
        await until(lambda: juliet.ids(who), lambda ids: ids[-1:] == [[digest(two)]])
        await owner.service.disable_avatar()
        await until(lambda: juliet.ids(who), lambda ids: ids[-1:] == [[]])
        assert await juliet.service.get_avatar_metadata(jid(who)) == []
        assert await owner.service.get_avatar_metadata(jid(who)) == []
        await owner.service.publish_avatar_set(avatar_set(one))
        await until(lambda: juliet.ids(who), lambda ids: ids[-1:] == [[digest(one)]])
        await owner.service.wipe_avatar()
        await until(lambda: juliet.ids(who), lambda ids: ids[-1:] == [[]])
        assert await juliet.service.get_avatar_metadata(jid(who), require_fresh=True) == []
