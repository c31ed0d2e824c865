"""Publishing in PEP: data before metadata, looked at afterwards, withdrawn when half of it failed."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Final

from xavatar.errors import NotFound, QueryError
from xavatar.model import Descriptor
from xavatar.wire import Wire
from xavatar.wire.xml import DATA, METADATA

from . import pubsub
from .account import Account
from .avatar_set import AvatarSet
from .failures import NotStored
from .ids import normalize_id, sha1
from .parse import Metadata
from .read import fetch_data, fetch_metadata

ACCESS_MODELS: Final = ("open", "presence", "roster", "whitelist", "authorize")


async def publish_in_pep(
    wire: Wire, account: Account, avatar: AvatarSet, *, access_model: str | None, timeout: float
) -> Metadata:
    """Publish a set and return the metadata that is there afterwards.

    Parameters
    ----------
    wire : Wire
    account : Account
    avatar : AvatarSet
    access_model : str, optional
        For both nodes; ``None`` leaves them as they are.
    timeout : float
        Seconds for each request.

    Raises
    ------
    QueryError
        A step was refused. A note tells what became of the image.
    NotStored
        The server took the image and does not have it.
    """
    image, id_ = avatar.check(), avatar.png_id or ""
    demanded = access_model if account.publish_options else None
    data = f'<data xmlns="{DATA}">{base64.b64encode(image).decode()}</data>'
    await pubsub.publish(wire, DATA, data, id_=id_, access_model=demanded, timeout=timeout)
    try:
        await pubsub.publish(wire, METADATA, avatar.to_xml(), id_=id_, access_model=demanded, timeout=timeout)
    except QueryError as error:
        error.add_note(await withdraw(wire, id_, timeout))
        raise
    if access_model is not None and demanded is None:
        for node in (DATA, METADATA):
            await pubsub.set_access_model(wire, node, access_model, timeout=timeout)
    await look_at(wire, id_, timeout)
    return await fetch_metadata(wire, None, timeout=timeout)


async def look_at(wire: Wire, id_: str, timeout: float) -> None:
    """Read a published image back; raise :class:`NotStored` when it is not there (D-45)."""
    try:
        stored = (await fetch_data(wire, None, id_, timeout=timeout)).data
    except NotFound:
        stored = None
    if stored is None or sha1(stored) != id_:
        found = "nothing" if stored is None else "another image"
        raise NotStored(
            f"The server took the image {id_} and has {found} at that id. Publish again, or tell its admin."
        )


async def withdraw(wire: Wire, id_: str, timeout: float) -> str:
    """Remove an image that no metadata announces (D-45); say what was done."""
    announced: tuple[Descriptor, ...] = ()
    try:
        with suppress(NotFound):
            announced = (await fetch_metadata(wire, None, timeout=timeout)).descriptors
        if any(normalize_id(each.id or "") == id_ for each in announced):
            return f"The image {id_} is stored, and announced already."
        await pubsub.retract(wire, DATA, id_, timeout=timeout)
    except QueryError as error:
        return f"The image {id_} is stored, but not announced, and could not be withdrawn: {error}"
    return f"The image {id_} was withdrawn again."
