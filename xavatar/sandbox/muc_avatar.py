"""A room's own avatar (XEP-0486)."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from hashlib import sha1
from xml.etree.ElementTree import Element

from . import ns
from .scenario import Room
from .stanza import StanzaError
from .xml import parse_fragment, serialise

FIELD = "muc#roominfo_avatarhash"
_PHOTO = f"{{{ns.VCARD}}}PHOTO"
_BINVAL = f"{{{ns.VCARD}}}BINVAL"


class RoomAvatar:
    """The vCard of a room and the hashes it announces.

    Parameters
    ----------
    room : Room
        Its vCard, and the hashes it claims until the vCard is written anew.
    """

    def __init__(self, room: Room) -> None:
        self.supported = room.vcards
        self.legacy = room.legacy_presence
        self._vcard = room.vcard
        self._claimed = room.hashes

    @property
    def hashes(self) -> tuple[str, ...]:
        """What the room announces: one hash for each PHOTO (XEP-0486, 5.1)."""
        return self._claimed if self._claimed is not None else _hashes(self._vcard)

    def read(self) -> str:
        """Return the vCard as stored.

        Prosody and ejabberd answer ``item-not-found`` until the first one is set, and what was
        set from then on, empty or not.
        """
        self._require()
        if self._vcard is None:
            raise StanzaError("item-not-found")
        return self._vcard

    def write(self, vcard: Element) -> bool:
        """Replace the vCard; return whether the announced hashes changed."""
        self._require()
        former = self.hashes
        vcard.tail = None
        self._vcard = serialise(vcard, None)
        self._claimed = None
        return former != self.hashes

    def _require(self) -> None:
        if not self.supported:
            raise StanzaError("service-unavailable")


def _hashes(vcard: str | None) -> tuple[str, ...]:
    images = (_decoded(binval.text or "") for binval in parse_fragment(vcard or "").iterfind(f".//{_PHOTO}/{_BINVAL}"))
    return tuple(sha1(image, usedforsecurity=False).hexdigest() for image in images if image)


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text)
    except (Base64Error, ValueError):
        return b""
