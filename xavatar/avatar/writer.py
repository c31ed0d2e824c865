"""Writing avatars: PEP before the vCard, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aioxmpp.errors

from xavatar.errors import QueryError, XavatarError
from xavatar.wire import Wire

from .account import Account, fetch_account, fetch_room
from .advertise import Advertiser
from .avatar_set import AvatarSet
from .failures import NoProtocol, documented, documented_errors
from .publish import publish_in_pep
from .reader import Reader
from .remove import disable_in_pep, wipe_from_pep
from .vcard import write_photo


class Writer:
    """Changes the avatars of one's own account and rooms.

    Parameters
    ----------
    wire : Wire
    reader : Reader
        Learns what was written.
    advertiser : Advertiser
        Learns the photo of the vCard.
    to_rooms : callable
        Sends the own presence to the rooms one is in.

    Attributes
    ----------
    synchronize_vcard : bool
    """

    def __init__(self, wire: Wire, reader: Reader, advertiser: Advertiser, to_rooms: Callable[[], None]) -> None:
        self.synchronize_vcard = False
        self._wire = wire
        self._reader = reader
        self._advertiser = advertiser
        self._to_rooms = to_rooms
        self._account: Account | None = None
        self._turn = asyncio.Lock()

    async def account(self) -> Account:
        """Return the account's features, asked for once per stream.

        Raises
        ------
        QueryError
        SessionClosed
        """
        if self._account is None:
            self._account = await fetch_account(self._wire, str(self._own), timeout=self._reader.timeout)
        return self._account

    def forget_account(self) -> None:
        """Forget the features: the next stream may lead to another server."""
        self._account = None

    async def publish(self, avatar_set: AvatarSet, access_model: str | None) -> None:
        """Publish a set; see :meth:`AvatarService.publish_avatar_set`."""
        image = avatar_set.check()
        async with self._turn:
            account = await self.account()
            in_vcard = self.synchronize_vcard and not account.converts
            if not account.pep and not in_vcard:
                raise NoProtocol(
                    "The avatar was not published: the server offers no PEP. Set synchronize_vcard to publish it in "
                    "the vCard."
                )
            if account.pep:
                metadata = await publish_in_pep(
                    self._wire, account, avatar_set, access_model=access_model, timeout=self._reader.timeout
                )
                self._reader.published(self._own, metadata)
            if in_vcard:
                await self._store(image)
            elif account.converts:
                self._to_rooms()

    async def disable(self) -> None:
        """Switch the avatar off; see :meth:`AvatarService.disable_avatar`."""
        await self._remove("disable_avatar", lambda account: disable_in_pep(self._wire, account, timeout=self._timeout))

    async def wipe(self) -> None:
        """Remove the avatar; see :meth:`AvatarService.wipe_avatar`."""
        await self._remove("wipe_avatar", lambda _: wipe_from_pep(self._wire, timeout=self._timeout))

    async def write_room(self, room: Any, image: bytes | None, mime: str) -> None:
        """Set or remove a room's avatar (XEP-0486, 3.2)."""
        info = await fetch_room(self._wire, str(room), timeout=self._timeout)
        if not info.vcard:
            raise NoProtocol(f"{room} offers no vCard, and so no avatar (XEP-0486, 3.1).")
        await write_photo(self._wire, str(room), image, mime, timeout=self._timeout)

    @property
    def _own(self) -> Any:
        return self._wire.client.local_jid.bare()

    @property
    def _timeout(self) -> float:
        return self._reader.timeout

    async def _store(self, image: bytes | None) -> None:
        self._advertiser.stored(await write_photo(self._wire, None, image, "image/png", timeout=self._timeout))
        self._to_rooms()

    async def _remove(self, what: str, from_pep: Callable[[Account], Awaitable[None]]) -> None:
        """Remove from PEP and vCard; each is tried whatever becomes of the other (D-28)."""
        errors: list[BaseException] = []
        converts = False
        async with self._turn:
            try:
                with documented_errors():
                    account = await self.account()
                    converts = account.converts
                    if account.pep:
                        await from_pep(account)
                        self._reader.removed(self._own)
            except XavatarError as error:
                errors.append(error)
            except ExceptionGroup as group:
                errors.extend(documented(each) for each in group.exceptions if isinstance(each, QueryError))
            try:
                with documented_errors():
                    if self.synchronize_vcard and not converts:
                        await self._store(None)
                    else:
                        self._to_rooms()
            except XavatarError as error:
                errors.append(error)
        if errors:
            raise aioxmpp.errors.GatherError(what, errors)
