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
    request = publish_request(node, payload, id_=id_, access_model=access_model)
    try:
        await send(wire, request, f"publishing in {node}", timeout)
    except QueryError as error:
        if access_model is None or error.application != "precondition-not-met":
            raise
        await set_access_model(wire, node, access_model, timeout=timeout)
        await send(wire, request, f"publishing in {node}", timeout)


def publish_request(node: str, payload: str, *, id_: str | None, access_model: str | None) -> str:
    """Return what :func:`publish` sends."""
    options = f"<publish-options>{_form(_OPTIONS, access_model)}</publish-options>" if access_model else ""
    identity = f" id={attribute(id_)}" if id_ else ""
    item = f"<publish node={attribute(node)}><item{identity}>{payload}</item></publish>"
    return f'<pubsub xmlns="{PUBSUB}">{item}{options}</pubsub>'


async def retract(wire: Wire, node: str, id_: str, *, timeout: float) -> None:
    """Remove one item and tell subscribers."""
    item = f'<retract node={attribute(node)} notify="true"><item id={attribute(id_)}/></retract>'
    await send(wire, f'<pubsub xmlns="{PUBSUB}">{item}</pubsub>', f"retracting from {node}", timeout)


async def purge(wire: Wire, node: str, *, timeout: float) -> None:
    """Remove all items of a node."""
    await send(wire, purge_request(node), f"purging {node}", timeout)


def purge_request(node: str) -> str:
    """Return what :func:`purge` sends."""
    return _owner(f"<purge node={attribute(node)}/>")


async def delete(wire: Wire, node: str, *, timeout: float) -> None:
    """Remove a node."""
    await send(wire, delete_request(node), f"deleting {node}", timeout)


def delete_request(node: str) -> str:
    """Return what :func:`delete` sends."""
    return _owner(f"<delete node={attribute(node)}/>")


async def create(wire: Wire, node: str, *, access_model: str | None, timeout: float) -> None:
    """Make a node without items."""
    await send(wire, create_request(node, access_model=access_model), f"creating {node}", timeout)


def create_request(node: str, *, access_model: str | None) -> str:
    """Return what :func:`create` sends."""
    configure = f"<configure>{_form(_NODE_CONFIG, access_model)}</configure>" if access_model else ""
    return f'<pubsub xmlns="{PUBSUB}"><create node={attribute(node)}/>{configure}</pubsub>'


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
    await send(wire, configure_request(node, access_model), f"configuring {node}", timeout)


def configure_request(node: str, access_model: str) -> str:
    """Return what :func:`set_access_model` sends."""
    return _owner(f"<configure node={attribute(node)}>{_form(_NODE_CONFIG, access_model)}</configure>")


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


def _owner(request: str) -> str:
    return f'<pubsub xmlns="{PUBSUB_OWNER}">{request}</pubsub>'


async def send(wire: Wire, request: str, step: str, timeout: float) -> None:
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
