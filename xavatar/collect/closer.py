"""A closer look at one account's nodes: dearer than the audit's questions, and asked on request only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from xavatar.avatar.parse import UpdateState
from xavatar.client import PresenceBook
from xavatar.client.disco import Info, fetch_info
from xavatar.errors import QueryError
from xavatar.model import Kind, Outcome, Status, Subject
from xavatar.wire import Wire
from xavatar.wire.xml import (
    CONVERSION,
    DATA,
    DATA_FORM,
    DISCO_ITEMS,
    METADATA,
    PUBSUB,
    PUBSUB_OWNER,
    attribute,
    split,
    tag,
)

VCARD4: Final = "urn:xmpp:vcard4"
_ANSWERS: Final = frozenset({Status.OK, Status.DISABLED, Status.EMPTY, Status.MALFORMED})
_REFUSES: Final = frozenset({Status.FORBIDDEN, Status.NOT_FOUND})
_SILENT: Final = frozenset({Status.TIMEOUT, Status.UNAVAILABLE, Status.SKIPPED})


@dataclass(frozen=True, slots=True)
class NodeState:
    """An own node as its configuration tells.

    Parameters
    ----------
    node : str
    access_model : str, optional
        ``None`` when the server does not say.
    max_items : str, optional
        A number, or ``max``.
    items : tuple of str, optional
        ItemIDs; ``None`` when they could not be listed.
    """

    node: str
    access_model: str | None = None
    max_items: str | None = None
    items: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Depth:
    """What a closer look found; ``None`` is what could not be asked, or was not told.

    Parameters
    ----------
    listed : frozenset of str, optional
        Nodes that disco#items lists for this account (P84-25).
    refusal : str, optional
        Condition with which disco#items was refused.
    items : tuple of str, optional
        ItemIDs of the metadata node, asked without ``max_items`` (A-10).
    vcard4 : bool, optional
        A photo is in the vCard4 node (P292-01).
    info : Info, optional
        Identities and features of the account.
    nodes : tuple of NodeState
        Of the own account.
    """

    listed: frozenset[str] | None = None
    refusal: str | None = None
    items: tuple[str, ...] | None = None
    vcard4: bool | None = None
    info: Info | None = None
    nodes: tuple[NodeState, ...] = ()

    @property
    def converts(self) -> bool | None:
        """Whether the account's server keeps PEP and vCard the same (P398-01)."""
        return None if self.info is None else CONVERSION in self.info.features


class Closer:
    """Asks what the three sources do not tell.

    Parameters
    ----------
    wire : Wire
    book : PresenceBook, optional
        To hold the own resources' presences against XEP-0398.
    timeout : float
        Seconds for each answer.
    """

    def __init__(self, wire: Wire, book: PresenceBook | None, *, timeout: float) -> None:
        self._wire = wire
        self._book = book
        self._timeout = timeout

    async def look(self, subject: Subject, pep: Outcome, *, info: bool = False) -> Depth:
        """Ask about one account; a question without answer is ``None`` in the result.

        Parameters
        ----------
        subject : Subject
        pep : Outcome
            What its metadata node answered.
        info : bool
            Ask for its features too; the own account's are always asked for.

        Raises
        ------
        SessionClosed
        """
        if pep.status in _SILENT:
            return Depth()
        own = subject.kind is Kind.SELF
        to = None if own else subject.jid
        (listed, refusal), items, vcard4, known = await asyncio.gather(
            self._listed(subject.jid), self._items(to, pep), self._vcard4(to), self._info(subject.jid, info or own)
        )
        nodes = await asyncio.gather(*(self._node(subject.jid, node) for node in (METADATA, DATA))) if own else ()
        return Depth(listed, refusal, items, vcard4, known, tuple(node for node in nodes if node is not None))

    def problems(self, subject: Subject, pep: Outcome, depth: Depth) -> tuple[str, ...]:
        """Return what is wrong, as :attr:`xavatar.model.Outcome.problems` wants it."""
        found = [*_listing(pep, depth), *_leftovers(pep, depth)]
        if subject.kind is Kind.SELF:
            found += [*_configuration(depth), *self._injection(subject, pep, depth)]
        return tuple(found)

    def _injection(self, subject: Subject, pep: Outcome, depth: Depth) -> Iterator[str]:
        """Compare the own resources with what the server must have put into their presences (XEP-0398, 4)."""
        if not depth.converts or pep.status is not Status.OK or self._book is None:
            return
        for sighting in self._book.of(subject.jid):
            if sighting.update.state is UpdateState.ABSENT:
                yield f"P398-04 the server converts, and {sighting.resource or 'one resource'} announces no hash"

    async def _listed(self, jid: str) -> tuple[frozenset[str] | None, str | None]:
        try:
            return frozenset(await self._names(jid, None)), None
        except QueryError as error:
            silent = error.status in _SILENT
            return None, None if silent else error.condition

    async def _names(self, jid: str, node: str | None) -> list[str]:
        """Return the nodes of an account, or the items of one of its nodes."""
        which = f" node={attribute(node)}" if node else ""
        query = f'<query xmlns="{DISCO_ITEMS}"{which}/>'
        answer = await self._wire.request(query, to=jid, timeout=self._timeout, step="disco#items")
        found = (item.get("name" if node else "node") for item in answer.iter(tag(DISCO_ITEMS, "item")))
        return [name for name in found if name]

    async def _items(self, to: str | None, pep: Outcome) -> tuple[str, ...] | None:
        if pep.status not in _ANSWERS:
            return None
        query = f'<pubsub xmlns="{PUBSUB}"><items node="{METADATA}"/></pubsub>'
        try:
            answer = await self._wire.request(query, to=to, timeout=self._timeout, step="all PEP metadata")
        except QueryError:
            return None
        return tuple(item.get("id", "") for item in answer.iter(tag(PUBSUB, "item")))

    async def _vcard4(self, to: str | None) -> bool | None:
        query = f'<pubsub xmlns="{PUBSUB}"><items node="{VCARD4}" max_items="1"/></pubsub>'
        try:
            answer = await self._wire.request(query, to=to, timeout=self._timeout, step="vCard4")
        except QueryError as error:
            return False if error.status is Status.NOT_FOUND else None
        return any(split(element.tag)[1] == "photo" for element in answer.iter())

    async def _info(self, jid: str, wanted: bool) -> Info | None:
        if not wanted:
            return None
        try:
            return await fetch_info(self._wire, jid, timeout=self._timeout)
        except QueryError:
            return None

    async def _node(self, jid: str, node: str) -> NodeState | None:
        query = f'<pubsub xmlns="{PUBSUB_OWNER}"><configure node="{node}"/></pubsub>'
        items: tuple[str, ...] | None = None
        try:
            items = tuple(await self._names(jid, node))
        except QueryError as error:
            if error.status is Status.NOT_FOUND:
                return None
        try:
            answer = await self._wire.request(query, timeout=self._timeout, step=f"configuration of {node}")
        except QueryError as error:
            return None if error.status is Status.NOT_FOUND else NodeState(node, items=items)
        fields = {
            field.get("var", "").removeprefix("pubsub#"): (field.findtext(tag(DATA_FORM, "value")) or "").strip()
            for field in answer.iter(tag(DATA_FORM, "field"))
        }
        return NodeState(node, fields.get("access_model") or None, fields.get("max_items") or None, items)


def _listing(pep: Outcome, depth: Depth) -> Iterator[str]:
    if pep.status in _ANSWERS and depth.refusal is not None:
        yield f"P84-25 the metadata node answers, and disco#items is refused ({depth.refusal})"
    elif depth.listed is None:
        return
    elif pep.status in _ANSWERS and METADATA not in depth.listed:
        yield "P84-25 the metadata node answers, and disco#items does not list it"
    elif pep.status in _REFUSES and METADATA in depth.listed:
        yield f"P84-25 the metadata node is listed by disco#items, and refused ({pep.condition or pep.status})"


def _leftovers(pep: Outcome, depth: Depth) -> Iterator[str]:
    if depth.items is not None and len(depth.items) > 1:
        yield f"A-10 {len(depth.items)} items in the metadata node"
    if depth.vcard4:
        yield "P292-01 a photo in the vCard4 node"
    data = next((node for node in depth.nodes if node.node == DATA), None)
    if pep.status is Status.DISABLED and data is not None and data.items:
        yield f"A-12 switched off, and the data node still holds {len(data.items)} pictures"


def _configuration(depth: Depth) -> Iterator[str]:
    models = {node.node: node.access_model for node in depth.nodes if node.access_model}
    one, other = models.get(METADATA), models.get(DATA)
    if one and other and one != other:
        yield f"A-14 the metadata node is {one}, the data node {other}"
    elif (one or other) not in (None, "open"):
        yield f"A-14 the nodes are {one or other}; demanding open when publishing is refused until they are configured"
