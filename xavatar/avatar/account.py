"""What one's own account offers for avatars (XEP-0163, 6.1; XEP-0398, 2), and rooms (XEP-0486, 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from xavatar.wire import Wire
from xavatar.wire.xml import CONVERSION, DATA_FORM, DISCO_INFO, VCARD, tag

from .ids import is_sha1

_INFO: Final = f'<query xmlns="{DISCO_INFO}"/>'
_OPTIONS: Final = "http://jabber.org/protocol/pubsub#publish-options"
_HASHES: Final = ("muc#roominfo_avatarhash", "{http://modules.prosody.im/mod_vcard_muc}avatar#sha1")


@dataclass(frozen=True, slots=True)
class Account:
    """Features of the own account.

    Parameters
    ----------
    pep : bool
        It is a PEP service (P163-02).
    converts : bool
        The server keeps PEP and vCard the same and says the hash itself (P398-01).
    publish_options : bool
        Access models can be demanded when publishing.
    """

    pep: bool
    converts: bool
    publish_options: bool


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """What a room says of its avatar.

    Parameters
    ----------
    vcard : bool
        It has a vCard (P486-01).
    hashes : tuple of str
        Of the photos in it, as announced (P486-05).
    """

    vcard: bool
    hashes: tuple[str, ...]


async def fetch_account(wire: Wire, jid: str, *, timeout: float) -> Account:
    """Ask the own account, by its bare JID.

    Raises
    ------
    QueryError
    """
    answer = await wire.request(_INFO, to=jid, timeout=timeout, step="features of the account")
    pep = any(
        identity.get("category") == "pubsub" and identity.get("type") == "pep"
        for identity in answer.iter(tag(DISCO_INFO, "identity"))
    )
    features = _features(answer)
    return Account(pep, CONVERSION in features, _OPTIONS in features)


async def fetch_room(wire: Wire, room: str, *, timeout: float) -> RoomInfo:
    """Ask a room, by its bare JID (XEP-0486, 3.3).

    Raises
    ------
    QueryError
    """
    answer = await wire.request(_INFO, to=room, timeout=timeout, step="features of the room")
    values = [
        (value.text or "").strip()
        for field in answer.iter(tag(DATA_FORM, "field"))
        if field.get("var") in _HASHES
        for value in field.iterfind(tag(DATA_FORM, "value"))
    ]
    return RoomInfo(VCARD in _features(answer), tuple(dict.fromkeys(value for value in values if is_sha1(value))))


def _features(answer: Element) -> frozenset[str]:
    return frozenset(feature.get("var", "") for feature in answer.iter(tag(DISCO_INFO, "feature")))
