"""What is special about the way through aioxmpp's public interface alone."""

from __future__ import annotations

import pytest

from tests.avatar_support import online
from tests.servers import RunningServer
from xavatar.errors import ConfigError, ProtocolViolation, QueryTimeout
from xavatar.wire import seam
from xavatar.wire.xml import METADATA, PUBSUB

METADATA_QUERY = f'<pubsub xmlns="{PUBSUB}"><items node="{METADATA}" max_items="1"/></pubsub>'

WAYS = ("public",)


async def test_the_environment_decides(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async with online(server, "juliet") as juliet:
        assert not juliet.wire.raw
        assert juliet.client.stream._process_incoming.__self__ is juliet.client.stream
    monkeypatch.setenv(seam.VARIABLE, "raw")
    async with online(server, "juliet") as juliet:
        assert juliet.wire.raw
    monkeypatch.setenv(seam.VARIABLE, "cooked")
    with pytest.raises(ConfigError, match="XAVATAR_WIRE"):
        await online(server, "juliet").__aenter__()


async def test_timeouts_and_malformed_answers(server: RunningServer) -> None:
    async with online(server, "walkon8") as odd, online(server, "juliet") as juliet:
        with pytest.raises(QueryTimeout):
            await juliet.wire.request(METADATA_QUERY, to=server.jid("romeo"), timeout=0.00001)
        info = "<info bytes='many' id='1' type='image/png'/>"
        item = f"<item id='1'><metadata xmlns='{METADATA}'>{info}</metadata></item>"
        async with await server.raw("walkon8", resource="odd") as raw:
            publish = f"<publish node='{METADATA}'>{item}</publish>"
            answer = await raw.iq("set", f"<pubsub xmlns='{PUBSUB}'>{publish}</pubsub>")
            assert answer.get("type") == "result"
            with pytest.raises(ProtocolViolation):
                await juliet.wire.request(METADATA_QUERY, to=server.jid("walkon8"))
        await odd.service.wipe_avatar()
