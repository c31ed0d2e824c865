"""A program written from the text of aioxmpp's documentation alone, run with one import changed.

It is run with aioxmpp's own module too, on the server where that works, so that it is the documentation's program and
not ours.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
from types import ModuleType
from typing import Any

import aioxmpp
import aioxmpp.connector
import aioxmpp.errors
import pytest

from tests.avatar_support import png
from tests.servers import RunningServer

SMALL, LARGE = png("peru", (48, 48)), png("peru", (512, 512))


async def program(
    avatar: ModuleType, publisher: aioxmpp.Client, watcher: aioxmpp.Client, *, by_vcard: bool = True
) -> dict[str, Any]:
    """Publish, observe, retrieve, disable and wipe; `avatar` is the module the documentation calls aioxmpp.avatar."""
    mine = publisher.summon(avatar.AvatarService)
    theirs = watcher.summon(avatar.AvatarService)
    seen: asyncio.Queue[tuple[aioxmpp.JID, Any]] = asyncio.Queue()

    def on_metadata_changed(jid: aioxmpp.JID, metadata: Any) -> None:
        if jid == publisher.local_jid.bare():
            seen.put_nowait((jid, list(metadata)))

    theirs.on_metadata_changed.connect(on_metadata_changed)
    result: dict[str, Any] = {
        "synchronize_vcard": mine.synchronize_vcard,
        "advertise_vcard": mine.advertise_vcard,
        "metadata_cache_size": mine.metadata_cache_size,
        "notify": mine.avatar_pep.notify,
    }
    mine.metadata_cache_size = 50
    mine.synchronize_vcard = True

    away = aioxmpp.PresenceState(False)
    async with publisher.connected(presence=away), watcher.connected(presence=away):
        publisher.presence = watcher.presence = aioxmpp.PresenceState(True)
        await asyncio.sleep(1)  # until the server has asked who wants notifications
        who = publisher.local_jid.bare()

        # The image/png data itself, and the same image elsewhere.
        avatar_set = avatar.AvatarSet()
        avatar_set.add_avatar_image("image/png", image_bytes=SMALL)
        avatar_set.add_avatar_image(
            "image/png",
            id_=hashlib.sha1(LARGE).hexdigest(),
            nbytes=len(LARGE),
            width=512,
            height=512,
            url="https://example.org/large.png",
        )
        for wrong in (
            {"image_bytes": SMALL},
            {"id_": "0" * 40, "nbytes": 5},
            {"url": "https://example.org/x.png", "nbytes": 5},
            {"url": "https://example.org/x.png", "id_": "0" * 40},
        ):
            with pytest.raises(RuntimeError):
                avatar_set.add_avatar_image("image/png", **wrong)
        await mine.publish_avatar_set(avatar_set)

        async def changed(to_nothing: bool) -> Any:
            while True:
                _jid, metadata = await asyncio.wait_for(seen.get(), 10)
                if (not metadata) is to_nothing and (to_nothing or len(metadata) > 1):
                    return metadata

        descriptors = await changed(to_nothing=False)
        again = await theirs.get_avatar_metadata(who)
        assert [d.normalized_id for d in again] == [d.normalized_id for d in descriptors]
        fresh = await theirs.get_avatar_metadata(who, require_fresh=True)
        assert [d.id_ for d in fresh] == [d.id_ for d in again]

        # How to work with avatar descriptors: prefer one, then by XMPP or by its url.
        cache: dict[str, bytes] = {}
        images, urls = [], []
        for descriptor in descriptors:
            assert descriptor.remote_jid == who
            assert descriptor.mime_type == "image/png"
            assert descriptor.normalized_id == avatar.normalize_id(descriptor.id_)
            if descriptor.can_get_image_bytes_via_xmpp:
                cache[descriptor.normalized_id] = await descriptor.get_image_bytes()
                images.append((descriptor.nbytes, cache[descriptor.normalized_id]))
            else:
                with pytest.raises(NotImplementedError):
                    await descriptor.get_image_bytes()
                urls.append((descriptor.url, descriptor.nbytes, descriptor.width, descriptor.height))
        result |= {"images": images, "urls": urls}

        # The vCard, for those who know no PEP.
        if by_vcard:
            (photo,) = await theirs.get_avatar_metadata(who, require_fresh=True, disable_pep=True)
            result["by vcard"] = await photo.get_image_bytes()

        await mine.disable_avatar()
        result["after disable"] = list(await changed(to_nothing=True))
        await mine.publish_avatar_set(avatar_set)
        await changed(to_nothing=False)
        try:
            await mine.wipe_avatar()
        except aioxmpp.errors.GatherError as error:
            result["wipe"] = error.exceptions
        result["after wipe"] = list(await changed(to_nothing=True))
        result["metadata after wipe"] = list(await theirs.get_avatar_metadata(who, require_fresh=True))
        return result


def client(server: RunningServer, user: str) -> aioxmpp.PresenceManagedClient:
    security = aioxmpp.make_security_layer(server.accounts[user], no_verify=True)
    peer = (server.host, server.port, aioxmpp.connector.STARTTLSConnector())
    return aioxmpp.PresenceManagedClient(aioxmpp.JID.fromstr(server.jid(user)), security, override_peer=[peer])


@pytest.mark.parametrize("module", ["xavatar.avatar", "aioxmpp.avatar"])
async def test_the_documented_program_runs_unchanged(plain_server: RunningServer, module: str) -> None:
    ours = module == "xavatar.avatar"
    sessions = client(plain_server, "walkon26"), client(plain_server, "juliet")
    # aioxmpp's own has no vCard avatar for somebody whose PEP avatar it has seen (D-01).
    result = await program(importlib.import_module(module), *sessions, by_vcard=ours)
    assert result == {
        "synchronize_vcard": False,
        "advertise_vcard": True,
        "metadata_cache_size": 200,
        "notify": True,
        "images": [(len(SMALL), SMALL)],
        "urls": [("https://example.org/large.png", len(LARGE), 512, 512)],
        **({"by vcard": SMALL} if ours else {}),
        "after disable": [],
        "after wipe": [],
        "metadata after wipe": [],
    }


async def test_and_on_servers_that_convert(real_server: RunningServer) -> None:
    module = importlib.import_module("xavatar.avatar")
    server = real_server
    # Servers copy to the vCard what everybody may see (P398-07), so that there is something to read in it.
    async with await server.raw("walkon26") as raw:
        for node in ("urn:xmpp:avatar:data", "urn:xmpp:avatar:metadata"):
            await raw.publish(node, "x", f"<{node.split(':')[-1]} xmlns='{node}'/>", "open")
    result = await program(module, client(server, "walkon26"), client(server, "juliet"))
    assert result["images"] == [(len(SMALL), SMALL)]
    assert result["by vcard"] == SMALL
    assert result["after wipe"] == result["metadata after wipe"] == []
