"""A wiped image is gone by its hash too (D-27), where nodes keep several items, on Prosody and ejabberd."""

from __future__ import annotations

from hashlib import sha1
from xml.etree.ElementTree import Element

import aioxmpp
import pytest

from tests.avatar_support import avatar_set, jid, online, png
from tests.servers import RawClient, RunningServer
from tests.servers.cast import DATA, METADATA
from tests.servers.rawclient import PUBSUB, condition

COLORS = ("navy", "maroon", "olive")


async def make_node(client: RawClient, node: str) -> None:
    fields = {"FORM_TYPE": f"{PUBSUB}#node_config", "pubsub#max_items": "10", "pubsub#access_model": "open"}
    form = "".join(f"<field var='{name}'><value>{value}</value></field>" for name, value in fields.items())
    form = f"<configure><x xmlns='jabber:x:data' type='submit'>{form}</x></configure>"
    answer = await client.iq("set", f"<pubsub xmlns='{PUBSUB}'><create node='{node}'/>{form}</pubsub>")
    assert condition(answer) is None


def bodies(answer: Element) -> list[Element]:
    """Return the items of an answer; an error repeats the question's, which are none."""
    return [] if condition(answer) else list(answer.iter(f"{{{PUBSUB}}}item"))


async def test_nothing_is_left_by_any_id(real_server: RunningServer) -> None:
    server, owner = real_server, real_server.jid("walkon25")
    images = [png(color) for color in COLORS]
    ids = [sha1(image).hexdigest() for image in images]
    async with await server.raw("walkon25") as raw:
        for node in (DATA, METADATA):
            await make_node(raw, node)
    async with (
        online(server, "walkon25") as publisher,
        online(server, "sampson") as stranger,
        await server.raw("gregory") as reader,
    ):
        for image in images:
            await publisher.service.publish_avatar_set(avatar_set(image))
        for id_ in ids:  # all three are there, as the server was told to keep them
            assert len(bodies(await reader.items(DATA, owner, id_))) == 1
        (found,) = await stranger.service.get_avatar_metadata(jid(owner))
        assert await found.get_image_bytes() == images[-1]
        await publisher.service.wipe_avatar()
        for id_ in (*ids, ""):
            assert bodies(await reader.items(DATA, owner, id_)) == []
        assert bodies(await reader.items(METADATA, owner)) == []
        answer = await reader.iq("get", "<vCard xmlns='vcard-temp'/>", owner)
        assert answer.find(".//{vcard-temp}BINVAL") is None
        with pytest.raises((RuntimeError, aioxmpp.XMPPCancelError)):
            await found.get_image_bytes()
