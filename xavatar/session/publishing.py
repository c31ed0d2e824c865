"""Publishing from a session: plan, do, and the publisher that a widget drives."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from xavatar.avatar import AvatarService, AvatarSet
from xavatar.avatar.carry_out import Written, carry_out
from xavatar.avatar.plan import Current, Publication, PublishPlan, Tell
from xavatar.avatar.planning import fetch_current, plan_publication, plan_removal
from xavatar.avatar.upload import UploadService
from xavatar.client import Connection, fetch_features
from xavatar.client.connector import Security
from xavatar.errors import ConfigError, NotSupported
from xavatar.imaging import Box, ImageSource
from xavatar.imaging.variant import SIZE
from xavatar.model import Severity
from xavatar.runtime import BorrowedLoop, Portal

from .connected import Connected

if TYPE_CHECKING:
    from .asynchronous import AsyncSession
    from .blocking import Session


async def plan(
    session: AsyncSession, image: ImageSource | AvatarSet, *, access_model: str | None, vcard: bool
) -> PublishPlan:
    """Plan to publish; see :meth:`.AsyncSession.plan`."""
    connection = session._online()
    avatar = image if isinstance(image, AvatarSet) else await made(session, image)
    return await plan_publication(
        connection.wire,
        connection.bare,
        avatar,
        access_model=access_model,
        vcard=vcard,
        service=await _service(session, connection) if avatar.uploads else None,
        timeout=session.settings.timeout,
    )


async def made(session: AsyncSession, image: ImageSource, **options: Any) -> AvatarSet:
    """Make the set to publish of a picture, as large as the server takes it; see :meth:`.AvatarSet.from_image`."""
    return await asyncio.to_thread(AvatarSet.from_image, image, stanza_bytes=session.stanza_bytes, **options)


async def removal(session: AsyncSession, *, wipe: bool, vcard: bool) -> PublishPlan:
    """Plan to switch the avatar off, or to remove it."""
    connection = session._online()
    timeout = session.settings.timeout
    return await plan_removal(connection.wire, connection.bare, wipe=wipe, vcard=vcard, timeout=timeout)


async def perform(session: AsyncSession, plan: PublishPlan, *, tell: Tell | None = None) -> Publication:
    """Do what a plan says.

    Raises
    ------
    ConfigError
        It is a plan for another account.
    NotSupported
        The plan tells itself that it cannot succeed.
    PublicationFailed
    """
    connection = session._online()
    check(plan, connection.bare)
    uploads = plan.avatar is not None and plan.avatar.uploads
    return await carry_out(
        connection.wire,
        plan,
        timeout=session.settings.timeout,
        service=await _service(session, connection) if uploads else None,
        tell=tell,
        written=_noticed_by(connection),
    )


def check(plan: PublishPlan, account: str) -> None:
    """Refuse a plan for somebody else, and one that tells itself that it cannot succeed; raises as `perform` does."""
    if plan.account != account:
        raise ConfigError(f"The plan is one of {plan.account}, but the session is one of {account}.")
    grave = next((each for each in plan.cautions if each.severity is Severity.ERROR), None)
    if grave is not None:
        raise NotSupported(f"Nothing was changed for {plan.account}. {grave.words}")


async def current(session: AsyncSession) -> Current:
    """Ask for the own avatar."""
    return await fetch_current(session._online().wire, timeout=session.settings.timeout)


async def _service(session: AsyncSession, connection: Connection) -> UploadService | None:
    features = await fetch_features(connection.wire, connection.bare, timeout=session.settings.timeout)
    if features.upload is None:
        return None
    access, sandbox = session._access, session.sandbox
    ca_file = access.ca_file if sandbox is None else next(iter(sandbox.logins.values())).ca_file
    context = await asyncio.to_thread(Security(access.verify, ca_file).context)
    return UploadService(features.upload, features.upload_profile, context)


def _noticed_by(connection: Connection) -> Written | None:
    """Return who says the new hash in presences; a borrowed client's program sees to its own."""
    if not (connection._owned and connection.visible):
        return None
    service: AvatarService = connection.client.summon(AvatarService)
    return service.notice


class SessionPublisher:
    """Publishes for a session, without blocking; see :class:`xavatar.avatar.plan.Publisher`.

    Parameters
    ----------
    session : Session or AsyncSession
        The latter on the loop where this is made.
    """

    def __init__(self, session: Session | AsyncSession) -> None:
        self._portal: Portal
        if isinstance(session, Connected):
            self._portal, self._twin = BorrowedLoop(asyncio.get_running_loop()), session
        else:
            self._portal, self._twin = session._portal, session._twin

    @property
    def account(self) -> str:
        """The account's bare JID."""
        return self._twin.jid.partition("/")[0]

    def current(self) -> Future[Current]:
        """Ask for the avatar that is there now."""
        return self._portal.submit(current(self._twin))

    def prepare(
        self, source: ImageSource, *, crop: Box | None = None, size: int = SIZE, large: int | None = None
    ) -> Future[AvatarSet]:
        """Make the set to publish."""
        return self._portal.submit(made(self._twin, source, crop=crop, size=size, large=large))

    def plan(
        self, avatar: AvatarSet | ImageSource, *, access_model: str | None = None, vcard: bool = False
    ) -> Future[PublishPlan]:
        """Plan to publish."""
        return self._portal.submit(plan(self._twin, avatar, access_model=access_model, vcard=vcard))

    def plan_removal(self, *, wipe: bool = False, vcard: bool = False) -> Future[PublishPlan]:
        """Plan to switch the avatar off, or to remove it."""
        return self._portal.submit(removal(self._twin, wipe=wipe, vcard=vcard))

    def carry_out(self, plan: PublishPlan, *, tell: Tell | None = None) -> Future[Publication]:
        """Do what a plan says."""
        return self._portal.submit(perform(self._twin, plan, tell=tell))
