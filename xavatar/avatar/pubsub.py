"""The requests to one's own PEP nodes, and subscriptions to others' (XEP-0060, XEP-0163)."""

from __future__ import annotations

import asyncio
from typing import Final

from xavatar.errors import NotFound, QueryError
from xavatar.wire import Wire
from xavatar.wire.xml import DATA_FORM, PUBSUB, PUBSUB_OWNER, attribute, tag, text

_ACCESS: Final = "pubsub#access_model"
_OPTIONS: Final = "http://jabber.org/protocol/pubsub#publish-options"
_NODE_CONFIG: Final = "http://jabber.org/protocol/pubsub#node_config"
_ATTEMPTS: Final = 4


async def publish(
    wire: Wire, node: str, payload: str, *, id_: str | None, access_model: str | None, timeout: float
) -> None:
    """Publish an item in a node of one's own.

    Parameters
    ----------
    wire : Wire
    node : str
    payload : str
        The item's child as XML text.
    id_ : str, optional
        ItemID; left out, the server makes one.
    access_model : str, optional
        Demand this access model; a node that has another one is reconfigured (A-14).
    timeout : float
        Seconds for each request.

    Raises
    ------
    QueryError
    """
    options = f"<publish-options>{_form(_OPTIONS, access_model)}</publish-options>" if access_model else ""
    identity = f" id={attribute(id_)}" if id_ else ""
    request = (
        f'<pubsub xmlns="{PUBSUB}"><publish node={attribute(node)}><item{identity}>{payload}</item></publish>'
        f"{options}</pubsub>"
    )
    try:
        await _send(wire, request, f"publishing in {node}", timeout)
    except QueryError as error:
        if access_model is None or error.application != "precondition-not-met":
            raise
        await set_access_model(wire, node, access_model, timeout=timeout)
        await _send(wire, request, f"publishing in {node}", timeout)


async def retract(wire: Wire, node: str, id_: str, *, timeout: float) -> None:
    """Remove one item and tell subscribers."""
    item = f'<retract node={attribute(node)} notify="true"><item id={attribute(id_)}/></retract>'
    await _send(wire, f'<pubsub xmlns="{PUBSUB}">{item}</pubsub>', f"retracting from {node}", timeout)


async def purge(wire: Wire, node: str, *, timeout: float) -> None:
    """Remove all items of a node."""
    await _owner(wire, f"<purge node={attribute(node)}/>", f"purging {node}", timeout)


async def delete(wire: Wire, node: str, *, timeout: float) -> None:
    """Remove a node."""
    await _owner(wire, f"<delete node={attribute(node)}/>", f"deleting {node}", timeout)


async def create(wire: Wire, node: str, *, access_model: str | None, timeout: float) -> None:
    """Make a node without items."""
    configure = f"<configure>{_form(_NODE_CONFIG, access_model)}</configure>" if access_model else ""
    request = f'<pubsub xmlns="{PUBSUB}"><create node={attribute(node)}/>{configure}</pubsub>'
    await _send(wire, request, f"creating {node}", timeout)


async def access_model_of(wire: Wire, node: str, *, timeout: float) -> str | None:
    """Return a node's access model, ``None`` when the server does not say.

    Raises
    ------
    QueryError
    """
    request = f'<pubsub xmlns="{PUBSUB_OWNER}"><configure node={attribute(node)}/></pubsub>'
    answer = await wire.request(request, timeout=timeout, step=f"configuration of {node}")
    for field in answer.iter(tag(DATA_FORM, "field")):
        if field.get("var") == _ACCESS:
            return field.findtext(tag(DATA_FORM, "value"), "").strip() or None
    return None


async def set_access_model(wire: Wire, node: str, access_model: str, *, timeout: float) -> None:
    """Change a node's access model."""
    configure = f"<configure node={attribute(node)}>{_form(_NODE_CONFIG, access_model)}</configure>"
    await _owner(wire, configure, f"configuring {node}", timeout)


async def subscribe(wire: Wire, jid: str, node: str, *, subscriber: str, timeout: float) -> None:
    """Subscribe to somebody's node."""
    request = f"<subscribe node={attribute(node)} jid={attribute(subscriber)}/>"
    await _subscription(wire, jid, request, f"subscribing to {node}", timeout)


async def unsubscribe(wire: Wire, jid: str, node: str, *, subscriber: str, timeout: float) -> None:
    """End a subscription."""
    request = f"<unsubscribe node={attribute(node)} jid={attribute(subscriber)}/>"
    await _subscription(wire, jid, request, f"unsubscribing from {node}", timeout)


async def _subscription(wire: Wire, jid: str, request: str, step: str, timeout: float) -> None:
    await wire.request(f'<pubsub xmlns="{PUBSUB}">{request}</pubsub>', to=jid, kind="set", timeout=timeout, step=step)


async def _owner(wire: Wire, request: str, step: str, timeout: float) -> None:
    await _send(wire, f'<pubsub xmlns="{PUBSUB_OWNER}">{request}</pubsub>', step, timeout)


async def _send(wire: Wire, request: str, step: str, timeout: float) -> None:
    """Send a request to one's own account; ejabberd answers item-not-found while it makes a node."""
    attempts = _ATTEMPTS if "<publish " in request else 1
    for attempt in range(1, attempts + 1):
        try:
            await wire.request(request, kind="set", timeout=timeout, step=step)
        except NotFound:
            if attempt == attempts:
                raise
            await asyncio.sleep(0.1 * attempt)
        else:
            return


def _form(form_type: str, access_model: str | None) -> str:
    return (
        f'<x xmlns="{DATA_FORM}" type="submit">'
        f'<field var="FORM_TYPE" type="hidden"><value>{form_type}</value></field>'
        f'<field var="{_ACCESS}"><value>{text(access_model or "")}</value></field></x>'
    )
