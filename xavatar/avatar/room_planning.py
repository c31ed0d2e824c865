"""Plans for the avatar of a room: the photo of the room's vCard, written by an owner (XEP-0486, 3.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from xavatar.errors import Forbidden, QueryError
from xavatar.model import Descriptor, Severity, Status
from xavatar.wire import Wire
from xavatar.wire.xml import DISCO_INFO, MUC, serialize

from .account import RoomInfo, fetch_room
from .avatar_set import AvatarSet
from .cautions import too_large
from .failures import NotStored
from .parse import parse_photos
from .plan import Act, Caution, Current, PublishPlan, Step, StepKind
from .vcard import fetch_or_none, photo_id, with_photo

_OWNER: Final = f'<query xmlns="{MUC}#owner"/>'


async def fetch_room_current(wire: Wire, room: str, *, timeout: float) -> Current:
    """Ask for a room's avatar (XEP-0486, 3.4).

    Raises
    ------
    QueryError
    """
    card = await fetch_or_none(wire, room, timeout)
    photo = next((each for each in parse_photos(card) if each.data is not None), None)
    if photo is None or photo.data is None:
        return Current(Status.NOT_FOUND, stanza_bytes=wire.stanza_bytes)
    found = Descriptor(id=photo_id(card), mime=photo.mime, nbytes=len(photo.data))
    return Current(Status.OK, (found,), photo.data, stanza_bytes=wire.stanza_bytes)


async def plan_room(wire: Wire, room: str, avatar: AvatarSet | None, *, timeout: float) -> PublishPlan:
    """Plan to make a set's PNG a room's avatar, or with ``None`` to remove it; sends questions only.

    Parameters
    ----------
    wire : Wire
    room : str
        Its bare JID.
    avatar : AvatarSet or None
        Its links and uploads are left out: a room has one photo.
    timeout : float
        Seconds for each question.

    Raises
    ------
    InvalidAvatarSet
        The set has no PNG.
    QueryError
    """
    image = avatar.check() if avatar is not None else None
    info, current, owner, card = await asyncio.gather(
        fetch_room(wire, room, timeout=timeout),
        fetch_room_current(wire, room, timeout=timeout),
        _may_write(wire, room, timeout),
        fetch_or_none(wire, room, timeout),
    )
    payload = serialize(with_photo(card, image, "image/png"))
    words = "Write the photo of the room's vCard" if image else "Remove the photo of the room's vCard"
    asking = "Ask the room which hash it announces" if image else "Ask the room whether it announces none"
    steps: tuple[Step, ...] = (
        Step(StepKind.VCARD, f"{words}, and nothing else of it; read it back", payload, to=room),
        Step(StepKind.VERIFY, asking, f'<query xmlns="{DISCO_INFO}"/>', "get", to=room),
    )
    act = Act.PUBLISH if image else Act.WIPE
    if image is None and not current.descriptors:
        steps = ()
    cautions = tuple(_cautions(room, info, current, owner, steps if image else None))
    return PublishPlan(room, act, steps, cautions, current, avatar.without_uploads() if avatar else None)


async def look_at_room(wire: Wire, room: str, wanted: str | None, *, timeout: float) -> str:
    """Compare what a room announces with what was written; return it in words.

    Raises
    ------
    NotStored
        It announces another avatar.
    QueryError
    """
    hashes = (await fetch_room(wire, room, timeout=timeout)).hashes
    if hashes and wanted not in hashes:
        raise NotStored(f"The room took it, and announces {', '.join(hashes)}. Ask again, or write it again.")
    if wanted and not hashes:
        # The field is a SHOULD (P486-05).
        return "it announces none: clients see the picture when they ask, but do not hear of changes"
    return wanted or "it announces none"


async def _may_write(wire: Wire, room: str, timeout: float) -> bool:
    """Tell whether one is an owner; a room that does not say is taken to let us."""
    try:
        await wire.request(_OWNER, to=room, timeout=timeout, step="configuration of the room")
    except Forbidden:
        return False
    except QueryError:
        return True
    return True


def _cautions(
    room: str, info: RoomInfo, current: Current, owner: bool, publishing: tuple[Step, ...] | None
) -> Iterator[Caution]:
    if not info.vcard:
        yield Caution("P486-01", f"{room} offers no vCard, and so no avatar.", Severity.ERROR)
    if not owner:
        words = "Only owners change a room's avatar, and you are none. Ask one of them."
        yield Caution("P486-03", words, Severity.ERROR)
    yield from too_large(publishing or (), current)
    if publishing:
        words = "Everybody who may ask the room sees it, without being in it."
        yield Caution("P486-06", words, Severity.INFO)
    if publishing and current.descriptors:
        yield Caution("P486-08", f"It replaces the photo {current.descriptors[0].id}.", Severity.INFO)
    if publishing is None and not current.descriptors:
        yield Caution("P486-02", "The room has no avatar at the moment.", Severity.INFO)
