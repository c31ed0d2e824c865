"""Sessions with an AvatarService, on whichever server."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from xml.etree.ElementTree import Element

import aioxmpp
from PIL import Image

from tests.servers import RunningServer
from tests.support import patience
from xavatar.avatar import AvatarSet
from xavatar.avatar.service import AvatarService
from xavatar.client.connection import Connection
from xavatar.client.credentials import Secret
from xavatar.client.login import Login
from xavatar.errors import XavatarError

T = TypeVar("T")


def png(color: str = "teal", size: tuple[int, int] = (64, 64)) -> bytes:
    """Return a small PNG."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


def avatar_set(image: bytes) -> AvatarSet:
    """Return a set of one PNG."""
    avatar = AvatarSet()
    avatar.add_avatar_image("image/png", image_bytes=image)
    return avatar


class Watched:
    """A session, its service, and what the service told."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.client = connection.client
        self.wire = connection.wire
        self.service: AvatarService = connection.client.summon(AvatarService)
        self.told: list[tuple[aioxmpp.JID, list[Any]]] = []
        self.presences: list[Element] = []
        self.service.on_metadata_changed.connect(self._changed)
        self.wire.observe("presence", self.presences.append)

    def _changed(self, jid: aioxmpp.JID, metadata: list[Any]) -> None:
        self.told.append((jid, metadata))

    def ids(self, jid: str) -> list[list[str]]:
        """Return the normalised ids told of a JID, one list for each signal."""
        return [[each.normalized_id for each in metadata] for who, metadata in self.told if str(who) == jid]

    def sent_photos(self, listener: list[Element]) -> list[str | None]:
        """Return what our presences said, as `listener` saw them: None without ``<photo/>``."""
        own = [each for each in listener if each.get("from") == str(self.client.local_jid) and each.get("type") is None]
        return [photo_of(each) for each in own]


def photo_of(presence: Element) -> str | None:
    """Return what a presence says of the photo: ``-`` without ``<x/>``, None without ``<photo/>``."""
    update = presence.find("{vcard-temp:x:update}x")
    if update is None:
        return "-"
    return update.findtext("{vcard-temp:x:update}photo")


@asynccontextmanager
async def session(
    jid: str,
    password: str,
    host: str,
    port: int,
    ca_file: Path,
    *,
    visible: bool = True,
    setup: Callable[[Watched], object] | None = None,
) -> AsyncIterator[Watched]:
    """Log in with an AvatarService."""
    connection = Connection.to(Login(jid, Secret(password), host, port, ca_file=ca_file), presence=visible)
    watched = Watched(connection)
    if setup is not None:
        setup(watched)
    await connection.open()
    try:
        yield watched
    finally:
        await connection.close()


def online(server: RunningServer, user: str, resource: str = "", **options: Any) -> Any:
    """Log a user of the shared cast in."""
    jid = server.jid(user) + (f"/{resource}" if resource else "")
    return session(jid, server.accounts[user], server.host, server.port, server.ca_file, **options)


async def until(
    value: Callable[[], T | Awaitable[T]], wanted: Callable[[T], object] = bool, *, seconds: float = 8.0
) -> T:
    """Return a value as soon as it is as wanted."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience(seconds)
    while True:
        found = value()
        if asyncio.iscoroutine(found):
            found = await found
        if wanted(found):
            return found
        if loop.time() > deadline:
            raise AssertionError(f"never came; last: {found!r}")
        await asyncio.sleep(0.02)


def jid(text: str) -> aioxmpp.JID:
    """Return a JID."""
    return aioxmpp.JID.fromstr(text)


def enter(box: Any, user: str = "juliet@capulet.lit", resource: str = "", **options: Any) -> Any:
    """Log in to a sandbox."""
    login = box.logins[user]
    return session(user + (f"/{resource}" if resource else ""), login.password, login.host, login.port, login.ca_file,
                   **options)  # fmt: skip


async def settled(*watched: Watched) -> None:
    """Return when the server has said all it had to say, and signals have fired."""
    for each in watched:
        with contextlib.suppress(XavatarError):
            await each.wire.request("<ping xmlns='urn:xmpp:ping'/>", to=each.client.local_jid.domain)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
