"""Publishing the avatar of a room one owns, from a session (XEP-0486)."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING

from xavatar.avatar import AvatarSet
from xavatar.avatar.carry_out import carry_out
from xavatar.avatar.plan import Current, Publication, PublishPlan, Tell
from xavatar.avatar.room_planning import fetch_room_current, plan_room
from xavatar.client.rooms import room_jid
from xavatar.imaging import ImageSource

from .publishing import SessionPublisher, check, made

if TYPE_CHECKING:
    from .asynchronous import AsyncSession
    from .blocking import Session


class RoomPublisher(SessionPublisher):
    """Publishes for a room, without blocking; see :class:`xavatar.avatar.plan.Publisher`.

    A room has one photo, which everybody may see: access models, vCards and switching off mean
    nothing here, and whatever removes the avatar wipes it.

    Parameters
    ----------
    session : Session or AsyncSession
    room : str
        Its bare JID.

    Raises
    ------
    ConfigError
        `room` is none.
    """

    def __init__(self, session: Session | AsyncSession, room: str) -> None:
        super().__init__(session)
        self._room = room_jid(room)

    @property
    def account(self) -> str:
        """The room's bare JID."""
        return self._room

    def current(self) -> Future[Current]:
        """Ask for the avatar that is there now."""
        return self._portal.submit(self._current())

    def plan(
        self, avatar: AvatarSet | ImageSource, *, access_model: str | None = None, vcard: bool = False
    ) -> Future[PublishPlan]:
        """Plan to publish."""
        return self._portal.submit(self._plan(avatar))

    def plan_removal(self, *, wipe: bool = False, vcard: bool = False) -> Future[PublishPlan]:
        """Plan to remove the avatar."""
        return self._portal.submit(self._plan(None))

    def carry_out(self, plan: PublishPlan, *, tell: Tell | None = None) -> Future[Publication]:
        """Do what a plan says."""
        return self._portal.submit(self._carry_out(plan, tell))

    async def _current(self) -> Current:
        return await fetch_room_current(self._twin._online().wire, self._room, timeout=self._twin.settings.timeout)

    async def _plan(self, source: AvatarSet | ImageSource | None) -> PublishPlan:
        avatar = source
        if avatar is not None and not isinstance(avatar, AvatarSet):
            avatar = await made(self._twin, avatar)
        return await plan_room(self._twin._online().wire, self._room, avatar, timeout=self._twin.settings.timeout)

    async def _carry_out(self, plan: PublishPlan, tell: Tell | None) -> Publication:
        check(plan, self._room)
        return await carry_out(self._twin._online().wire, plan, timeout=self._twin.settings.timeout, tell=tell)
