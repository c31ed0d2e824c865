"""Removing an avatar from PEP so that everybody understands it.

Some clients understand an empty ``<metadata/>`` only, some the removal of the items, some that of
the node only (dino#1039); so all of it is sent. A server that injects the presence hash takes an
empty item's id for it (A-03): there no item is left. Elsewhere the empty item stays, which tells
"switched off" (XEP-0084, 3.5) from "never had one".
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from xavatar.errors import NotFound, QueryError
from xavatar.wire import Wire
from xavatar.wire.xml import DATA, METADATA

from . import pubsub
from .account import Account

_EMPTY: Final = f'<metadata xmlns="{METADATA}"/>'


async def disable_in_pep(wire: Wire, account: Account, *, timeout: float) -> None:
    """Switch the avatar off; its image stays, as do the nodes' access models.

    Raises
    ------
    QueryError
    """
    try:
        access_model = await pubsub.access_model_of(wire, METADATA, timeout=timeout)
    except NotFound:
        if account.converts:
            return
        access_model = None
    except QueryError:
        access_model = None
    if account.converts:
        await _publish_empty(wire, None, timeout)
    with suppress(NotFound):
        await pubsub.delete(wire, METADATA, timeout=timeout)
    if account.converts:
        await pubsub.create(wire, METADATA, access_model=access_model, timeout=timeout)
    else:
        await _publish_empty(wire, access_model if account.publish_options else None, timeout)


async def wipe_from_pep(wire: Wire, *, timeout: float) -> None:
    """Remove metadata and images, every one of them (D-27).

    Raises
    ------
    ExceptionGroup
        The steps that were refused; the others were done.
    """
    refused: list[Exception] = []
    try:
        await _publish_empty(wire, None, timeout)
    except QueryError as error:
        refused.append(error)
    for node in (METADATA, DATA):
        try:
            await _purge_and_delete(wire, node, timeout)
        except QueryError as error:
            refused.append(error)
    if refused:
        raise ExceptionGroup("wiping the avatar", refused)


async def _purge_and_delete(wire: Wire, node: str, timeout: float) -> None:
    """Empty a node, then remove it: a server that cannot do the one may do the other."""
    emptied = True
    try:
        await pubsub.purge(wire, node, timeout=timeout)
    except NotFound:
        return
    except QueryError:
        emptied = False
    try:
        await pubsub.delete(wire, node, timeout=timeout)
    except QueryError:
        if not emptied:
            raise


async def _publish_empty(wire: Wire, access_model: str | None, timeout: float) -> None:
    await pubsub.publish(wire, METADATA, _EMPTY, id_=None, access_model=access_model, timeout=timeout)
