"""Watching avatars through a session; `changes()` and `monitor()` of both sessions are made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xavatar.collect.changes import Changes
from xavatar.collect.watch import Watch
from xavatar.errors import ConfigError

from .progress import Progress

if TYPE_CHECKING:
    from .looking import Looking


async def watch(session: Looking, *, keep: int, pictures: bool, progress: Progress) -> Changes:
    """Begin to watch; see :meth:`.AsyncSession.changes`."""
    connection = session._online()
    if not session._presence:
        raise ConfigError(f"{connection.bare} is invisible, so nobody tells it of changes. Connect with presence=True.")
    assert session._pictures is not None
    await session._presences_in(connection)
    changes = Changes(keep, session._shelf.get)
    watching = Watch(connection, session._pictures, changes, timeout=session.settings.timeout)
    session._watches.add(watching)
    if pictures:
        try:
            for collect in (session.roster, session.me):
                await collect(progress=progress)
                if session.last is not None:
                    watching.learn(session.last.outcomes)
        except BaseException:
            changes.stop()
            raise
    return changes
