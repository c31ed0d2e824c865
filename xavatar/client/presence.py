"""Presences as they come in, with what they say of the vCard photo (XEP-0153)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement

from xavatar.avatar.parse import Update, parse_update
from xavatar.wire import Wire
from xavatar.wire.xml import MUC_USER, VCARD_UPDATE, tag

from .arrivals import Arrivals

_LIMIT: Final = 100_000
_USER: Final = tag(MUC_USER, "x")


@dataclass(frozen=True, slots=True)
class Sighting:
    """The last presence of one resource.

    Parameters
    ----------
    resource : str
        ``""`` for a presence from a bare JID.
    update : Update
    at : datetime
        When it came, UTC.
    """

    resource: str
    update: Update
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


class PresenceBook:
    """Who is here, with which photo hash; rooms' occupants are not in it.

    Parameters
    ----------
    wire : Wire
    arrivals : Arrivals
        Told of each presence.
    take : bool
        Keep from aioxmpp what it makes nothing of: that somebody is away who never was here. Prosody says so of
        every contact at login, and for aioxmpp it is work all the same.
    """

    def __init__(self, wire: Wire, arrivals: Arrivals, *, take: bool = False) -> None:
        self._seen: OrderedDict[str, dict[str, Sighting]] = OrderedDict()
        self._count = 0
        self._met: set[str] = set()  # of whom aioxmpp may know something, from an earlier stream too
        self._arrivals = arrivals
        hear = wire.take if take else wire.observe
        hear("presence", self._note)
        wire.client.on_stream_destroyed.connect(self.clear)

    def of(self, bare: str) -> tuple[Sighting, ...]:
        """Return the available resources of a bare JID, by resource."""
        return tuple(self._seen.get(bare, {}).values())

    def known(self) -> dict[str, tuple[Sighting, ...]]:
        """Return the available resources of everybody, by bare JID."""
        return {bare: tuple(resources.values()) for bare, resources in self._seen.items()}

    def recall(self, stanzas: Iterable[Any]) -> None:
        """Take in presences that came before we listened, as aioxmpp kept them."""
        for stanza in stanzas:
            self._note(_element(stanza))

    def clear(self, *_: object) -> None:
        """Forget everybody: the stream that told us is gone."""
        self._seen.clear()
        self._count = 0

    def _note(self, presence: Element) -> bool:
        """Take a presence in; tell whether it says nothing that was not so before."""
        self._arrivals.note()
        bare, _, resource = presence.get("from", "").partition("/")
        kind = presence.get("type")
        if bare and bare not in self._met and len(self._met) < _LIMIT:
            if kind == "unavailable" and not resource:
                return True
            self._met.add(bare)
        if not bare or presence.find(_USER) is not None:
            return False
        if kind is None:
            self._add(bare, Sighting(resource, parse_update(presence)))
        elif kind == "unavailable" and bare in self._seen:
            self._remove(bare, resource)
        return False

    def _add(self, bare: str, sighting: Sighting) -> None:
        resources = self._seen.setdefault(bare, {})
        self._count += sighting.resource not in resources
        resources[sighting.resource] = sighting
        while self._count > _LIMIT:  # presences come from strangers too
            self._count -= len(self._seen.popitem(last=False)[1])

    def _remove(self, bare: str, resource: str) -> None:
        resources = self._seen[bare]
        if resource:
            self._count -= resources.pop(resource, None) is not None
        else:
            self._count -= len(resources)
            resources.clear()
        if not resources:
            del self._seen[bare]


def _element(stanza: Any) -> Element:
    """Write what we read of a presence; aioxmpp takes ten times as long to write all of it."""
    presence = Element("presence", {"from": str(stanza.from_)})
    if stanza.xep0045_muc_user is not None:
        SubElement(presence, _USER)
    if stanza.xep0153_x is not None:
        update = SubElement(presence, tag(VCARD_UPDATE, "x"))
        if stanza.xep0153_x.photo is not None:
            SubElement(update, tag(VCARD_UPDATE, "photo")).text = stanza.xep0153_x.photo
    return presence
