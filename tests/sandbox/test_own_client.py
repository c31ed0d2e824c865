"""An aioxmpp client for a program of one's own: aioxmpp's class, our certificate check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import aiosasl
import aioxmpp
import OpenSSL.SSL
import pytest

import xavatar as xa
from xavatar.errors import ConfigError, TLSError
from xavatar.sandbox import Sandbox


@pytest.fixture(scope="module")
def verona() -> Iterator[Sandbox]:
    with xa.sandbox("verona") as box:
        yield box


def entry(box: Sandbox) -> dict[str, object]:
    return {"jid": box.login.jid, "password": box.login.password, "host": box.host, "port": box.port}


async def avatars(client: aioxmpp.Client, jid: str) -> int:
    service = client.summon(xa.AvatarService)
    async with client.connected():
        return len(await service.get_avatar_metadata(aioxmpp.JID.fromstr(jid)))


async def test_it_serves_a_program(verona: Sandbox) -> None:
    client = xa.aioxmpp_client(sandbox=verona)
    assert type(client) is aioxmpp.Client
    assert not client.established
    assert await avatars(client, "romeo@montague.lit") == 1


async def test_the_certificate_is_checked(verona: Sandbox) -> None:
    account = entry(verona)
    with pytest.raises(OpenSSL.SSL.Error, match="certificate is not trusted") as caught:
        await avatars(xa.aioxmpp_client(**account), "romeo@montague.lit")
    assert isinstance(caught.value.__cause__, TLSError)
    for trust in ({"ca_file": verona.ca_file}, {"ca_file": str(verona.ca_file)}, {"verify": False}):
        assert await avatars(xa.aioxmpp_client(**account, **trust), "romeo@montague.lit") == 1


async def test_a_wrong_password_is_refused(verona: Sandbox) -> None:
    client = xa.aioxmpp_client(**entry(verona) | {"password": "wrong"}, ca_file=verona.ca_file)
    with pytest.raises(aiosasl.AuthenticationFailure):
        await avatars(client, "romeo@montague.lit")


def test_what_cannot_work_is_told_at_once(verona: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Give a JID"):
        xa.aioxmpp_client()
    with pytest.raises(ConfigError, match="cannot log in to the sandbox"):
        xa.aioxmpp_client("nobody@capulet.lit", sandbox=verona)
    with pytest.raises(ConfigError, match="a running sandbox, not 'verona'"):
        xa.aioxmpp_client(sandbox="verona")
    with pytest.raises(ConfigError, match="ca_file"):
        xa.aioxmpp_client("you@example.org", "secret", ca_file=tmp_path / "absent.pem")
