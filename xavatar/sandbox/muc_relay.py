"""Questions to people in a room: answered for them, or relayed to their clients (XEP-0045, 17.4)."""

from __future__ import annotations

from itertools import count
from typing import NamedTuple
from xml.etree.ElementTree import Element

from . import ns
from .access import absent_account, absent_node, refusal
from .accounts import AccountState, Directory
from .muc_occupant import RoomOccupant
from .muc_room import LiveRoom
from .nodes import render_items
from .respond import Responder
from .router import Router
from .scenario import Options
from .stanza import Stanza, StanzaError
from .users import kind_of
from .vcard import VCards
from .xml import content, escape

MAX_PENDING = 1024
"""Relayed questions remembered while their answers are awaited."""

_VCARD, _PING, _PUBSUB = f"{{{ns.VCARD}}}vCard", f"{{{ns.PING}}}ping", f"{{{ns.PUBSUB}}}pubsub"


class _Pending(NamedTuple):
    """A question on its way: whom for, under which id, from whom the answer must come."""

    asker: str
    identity: str
    source: str
    answerer: str


class Relay:
    """Takes the IQs addressed to ``room@service/nick``.

    vCards and PEP are the accounts' own: their server answers, as real ones do. All else
    goes to the occupant's client; a played figure has none.
    """

    def __init__(
        self, directory: Directory, router: Router, responder: Responder, vcards: VCards, options: Options
    ) -> None:
        self._directory = directory
        self._router = router
        self._responder = responder
        self._vcards = vcards
        self._options = options
        self._ids = count(1)
        self._pending: dict[str, _Pending] = {}

    def ask(self, room: LiveRoom, stanza: Stanza) -> None:
        """Take a question to an occupant."""
        assert stanza.to is not None
        payload, kind = stanza.element[0], kind_of(stanza.element[0])
        asker, target = room.find(stanza.sender.full), room.occupants.get(stanza.to.resource)
        refused = _refused(room, asker, target)
        here = payload.tag in (_VCARD, _PUBSUB) or (payload.tag == _PING and target is asker)
        if refused is None and asker is not None and target is not None and target.sessions and not here:
            self._responder.counts[kind] += 1
            self._forward(room, stanza, asker, target)
            return

        def answer() -> str:
            if refused is not None:
                raise refused
            assert target is not None
            return self._answer(room, self._directory.get(target.bare), payload, stanza.type)

        subject = target.bare if target is not None and refused is None else room.jid
        self._responder.respond(stanza, subject, kind, answer)

    def answered(self, stanza: Stanza) -> None:
        """Take an occupant's answer back to who asked."""
        pending = self._pending.get(stanza.id)
        if pending is None or pending.answerer != stanza.sender.full:
            return
        del self._pending[stanza.id]
        head = f"<iq type='{stanza.type}' id='{escape(pending.identity)}'"
        head += f" from='{escape(pending.source)}' to='{escape(pending.asker)}'>"
        self._router.deliver(pending.asker, f"{head}{content(stanza.element)}</iq>")

    def _forward(self, room: LiveRoom, stanza: Stanza, asker: RoomOccupant, target: RoomOccupant) -> None:
        identity = f"relay-{next(self._ids)}"
        head = f"<iq type='{stanza.type}' id='{identity}'"
        head += f" from='{escape(f'{room.jid}/{asker.nick}')}' to='{escape(target.real)}'>"
        if not self._router.deliver(target.real, f"{head}{content(stanza.element)}</iq>"):
            self._router.refuse(stanza, StanzaError("recipient-unavailable"))
            return
        if len(self._pending) >= MAX_PENDING:
            del self._pending[next(iter(self._pending))]
        source = f"{room.jid}/{target.nick}"
        self._pending[identity] = _Pending(stanza.sender.full, stanza.id, source, target.real)

    def _answer(self, room: LiveRoom, account: AccountState | None, payload: Element, kind: str) -> str:
        if payload.tag == _VCARD and kind == "get":
            return self._vcards.read(account, room.jid)
        if payload.tag == _PUBSUB and kind == "get":
            return self._items(room, account, payload)
        if payload.tag == _PING and kind == "get":
            return ""
        raise StanzaError("forbidden" if payload.tag in (_VCARD, _PUBSUB) else "service-unavailable")

    def _items(self, room: LiveRoom, account: AccountState | None, pubsub: Element) -> str:
        """Read a node in the room's name: the account knows no such contact, so only open ones (D-43)."""
        verb = pubsub.find(f"{{{ns.PUBSUB}}}items")
        if verb is None:
            raise StanzaError("feature-not-implemented")
        if account is None:
            raise absent_account(self._options)
        name = verb.get("node", "")
        node = account.nodes.get(name)
        refused = refusal(account, node, room.jid, self._options) if node is not None else None
        if node is None or refused is not None:
            raise refused or absent_node(account, room.jid, self._options)
        limit = verb.get("max_items", "")
        found = node.newest(int(limit) if limit.isdigit() else None)
        wanted = [item.get("id", "") for item in verb]
        if wanted:
            found = [node.items[identity] for identity in wanted if identity in node.items]
        return f"<pubsub xmlns='{ns.PUBSUB}'><items node='{escape(name)}'>{render_items(found)}</items></pubsub>"


def _refused(room: LiveRoom, asker: RoomOccupant | None, target: RoomOccupant | None) -> StanzaError | None:
    """Return why the room does not let a question through, with ejabberd's conditions (A-25)."""
    if asker is None:
        return StanzaError("not-acceptable", text="Only occupants may ask occupants: join the room first.")
    if target is None:
        return StanzaError("item-not-found", text="Nobody of that nick is in the room.")
    if not room.allow_query_users and target is not asker:
        return StanzaError("not-allowed", text="This room does not let its occupants be asked.")
    return None
