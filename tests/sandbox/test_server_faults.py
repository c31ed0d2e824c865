"""What goes wrong on purpose."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from binascii import Error as Base64Error

import pytest

from tests.sandbox.conftest import BASE64, DATA, IMAGE, METADATA, SHA1, VCARD, Enter, Serve, avatar, scenario
from tests.servers.rawclient import RawClient, condition
from tests.support import patience
from xavatar.errors import SandboxError
from xavatar.sandbox import Account, Fault, Server

ROMEO = "romeo@montague.lit"
DISCO = "<query xmlns='http://jabber.org/protocol/disco#info'/>"


async def image(client: RawClient) -> str:
    return (await client.items(DATA, ROMEO, SHA1)).findtext(f".//{{{DATA}}}data", "")


async def vcard_image(client: RawClient) -> str:
    answer = await client.iq("get", "<vCard xmlns='vcard-temp'/>", ROMEO)
    return answer.findtext(".//{vcard-temp}BINVAL", "")


async def test_silence(server: Server, juliet: RawClient) -> None:
    server.state.faults.add(ROMEO, Fault("silence"))
    with pytest.raises(TimeoutError):
        await juliet.iq("get", DISCO, ROMEO, timeout=0.3)
    assert condition(await juliet.items(METADATA, "nurse@capulet.lit")) is None


async def test_delay_holds_up_nobody_else(server: Server, juliet: RawClient) -> None:
    server.state.faults.add(ROMEO, Fault("delay", "metadata", seconds=patience(0.4)))
    started = time.monotonic()
    slow = asyncio.create_task(juliet.items(METADATA, ROMEO))
    await asyncio.sleep(0)
    await slow
    assert patience(0.4) <= time.monotonic() - started < patience(2)
    started = time.monotonic()
    await juliet.items(DATA, ROMEO)
    assert time.monotonic() - started < patience(0.3)


async def test_a_delayed_answer_does_not_outlive_the_server(serve: Serve, enter: Enter) -> None:
    server = await serve()
    client = await enter(server)
    server.state.faults.add(ROMEO, Fault("delay", seconds=60))
    with pytest.raises(TimeoutError):
        await client.iq("get", DISCO, ROMEO, timeout=0.1)
    await server.stop()
    assert not server.state.responder._timers


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("error", condition="remote-server-timeout", error_type="wait"), ("remote-server-timeout", "wait")),
        (Fault("error", condition="forbidden"), ("forbidden", "auth")),
        (Fault("error"), ("internal-server-error", "wait")),
    ],
)
async def test_error(server: Server, juliet: RawClient, fault: Fault, expected: tuple[str, str]) -> None:
    server.state.faults.add(ROMEO, fault)
    answer = await juliet.items(METADATA, ROMEO)
    error = answer.find("{jabber:client}error")
    assert error is not None
    assert (condition(answer), error.get("type")) == expected


async def test_a_fault_is_on_what_it_names_and_so_often(serve: Serve, enter: Enter) -> None:
    failing = Account(ROMEO, nodes=avatar(), vcard=VCARD, faults=(Fault("error", "vcard", condition="gone", times=2),))
    client = await enter(await serve(scenario(failing)))
    assert condition(await client.items(METADATA, ROMEO)) is None
    answers = [condition(await client.iq("get", "<vCard xmlns='vcard-temp'/>", ROMEO)) for _ in range(3)]
    assert answers == ["gone", "gone", None]


async def test_malformed_metadata(server: Server, juliet: RawClient) -> None:
    server.state.faults.add(ROMEO, Fault("malformed-metadata"))
    info = (await juliet.items(METADATA, ROMEO)).find(f".//{{{METADATA}}}info")
    assert info is not None
    assert "bytes" not in info.attrib
    assert "type" not in info.attrib
    assert info.get("width") == "64px"
    assert await image(juliet) == BASE64


async def test_wrong_hash(server: Server, juliet: RawClient) -> None:
    server.state.faults.add(ROMEO, Fault("wrong-hash"))
    for found in (await image(juliet), await vcard_image(juliet)):
        data = base64.b64decode(found, validate=True)
        assert data.startswith(IMAGE)
        assert hashlib.sha1(data).hexdigest() != SHA1
    info = (await juliet.items(METADATA, ROMEO)).find(f".//{{{METADATA}}}info")
    assert info is not None
    assert info.get("id") == SHA1


async def test_wrong_hash_in_the_metadata_alone(server: Server, juliet: RawClient) -> None:
    server.state.faults.add(ROMEO, Fault("wrong-hash", "metadata"))
    info = (await juliet.items(METADATA, ROMEO)).find(f".//{{{METADATA}}}info")
    assert info is not None
    assert info.get("id") == "0" * 40
    assert await image(juliet) == BASE64


async def test_broken_base64(server: Server, juliet: RawClient) -> None:
    server.state.faults.add(ROMEO, Fault("broken-base64"))
    for found in (await image(juliet), await vcard_image(juliet)):
        with pytest.raises(Base64Error):
            base64.b64decode(found)


async def test_oversized(server: Server, juliet: RawClient) -> None:
    server.state.faults.add(ROMEO, Fault("oversized", "data"))
    assert len(await image(juliet)) > 512 * 1024
    assert await vcard_image(juliet) == BASE64


async def test_faults_are_lifted(server: Server, juliet: RawClient) -> None:
    for jid in (ROMEO, "nurse@capulet.lit"):
        server.state.faults.add(jid, Fault("error", condition="gone"))
    server.state.faults.clear(ROMEO)
    assert condition(await juliet.items(METADATA, ROMEO)) is None
    assert condition(await juliet.items(METADATA, "nurse@capulet.lit")) == "gone"
    server.state.faults.clear()
    assert condition(await juliet.items(METADATA, "nurse@capulet.lit")) is None


@pytest.mark.parametrize(
    "fault",
    [Fault("explode"), Fault("delay", "presence"), Fault("delay", seconds=-1), Fault("malformed-metadata", "vcard")],
)
def test_faults_that_cannot_be(fault: Fault) -> None:
    with pytest.raises(SandboxError, match=ROMEO):
        Server(scenario(Account(ROMEO, faults=(fault,))))
