"""Conversion between PEP and vCard avatars (XEP-0398, 3), at run time only.

What a scenario holds at the start is left alone: its accounts may disagree on purpose.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from hashlib import sha1
from xml.etree.ElementTree import Element, SubElement

from . import ns
from .accounts import AccountState
from .nodes import NodeConfig
from .scenario import Item
from .store import NodeStore
from .xml import attribute, children, parse_fragment, serialise

_VCARD = f"{{{ns.VCARD}}}"
_AVATAR_NODES = (ns.AVATAR_METADATA, ns.AVATAR_DATA)


class Conversion:
    """Keeps an account's vCard photo and its avatar nodes the same."""

    def __init__(self, store: NodeStore) -> None:
        self._store = store

    def published(self, account: AccountState, name: str) -> None:
        """Bring the vCard's photo into line with new metadata (XEP-0398, 3.1).

        New data alone says nothing: metadata follows it (XEP-0084, 3.2).
        """
        if name == ns.AVATAR_METADATA:
            _set_photo(account, _public_photo(account))

    def managed(self, account: AccountState, name: str) -> None:
        """Bring the vCard's photo into line with a node configured, purged or deleted."""
        if name in _AVATAR_NODES:
            _set_photo(account, _public_photo(account))

    def vcard_changed(self, account: AccountState) -> None:
        """Bring the nodes into line with the vCard's photo (XEP-0398, 3.2).

        Without a photo both nodes are purged, as Prosody does even when only the name was
        edited (A-11).
        """
        photo = _photo(account)
        if photo is None:
            for name in _AVATAR_NODES:
                if name in account.nodes:
                    self._store.purge(account, name)
            return
        image, mime = photo
        identity = sha1(image, usedforsecurity=False).hexdigest()
        data = f"<data xmlns='{ns.AVATAR_DATA}'>{b64encode(image).decode()}</data>"
        # Without a TYPE the info has none either, as on Prosody.
        info = f"<info id='{identity}' bytes='{len(image)}'{attribute('type', mime)}/>"
        metadata = f"<metadata xmlns='{ns.AVATAR_METADATA}'>{info}</metadata>"
        for name, payload in ((ns.AVATAR_DATA, data), (ns.AVATAR_METADATA, metadata)):
            node = self._store.node(account, name, NodeConfig(access_model="open"))
            node.items.clear()
            self._store.publish(account, node, Item(identity, payload))


def _public_photo(account: AccountState) -> Element | None:
    """Return the PHOTO the nodes stand for; ``None`` when there is none for everybody.

    A vCard is for all to read, so the data node has to be open (XEP-0398, 7). The info
    without url is the one whose data is in PEP (P398-02).
    """
    metadata, data = (account.nodes.get(name) for name in _AVATAR_NODES)
    if metadata is None or data is None or metadata.last is None or data.config.access_model != "open":
        return None
    infos = parse_fragment(metadata.last.payload).iterfind(f".//{{{ns.AVATAR_METADATA}}}info")
    info = next((info for info in infos if info.get("url") is None), None)
    item = data.items.get(info.get("id", "")) if info is not None else None
    if info is None or item is None:
        return None
    image = _decoded("".join(parse_fragment(item.payload).itertext()))
    if not image or sha1(image, usedforsecurity=False).hexdigest() != item.id.strip().lower():
        return None
    photo = Element(f"{_VCARD}PHOTO")
    if mime := info.get("type"):
        SubElement(photo, f"{_VCARD}TYPE").text = mime
    SubElement(photo, f"{_VCARD}BINVAL").text = b64encode(image).decode()
    return photo


def _set_photo(account: AccountState, photo: Element | None) -> None:
    if account.vcard is None and photo is None:
        return
    vcard = parse_fragment(account.vcard or f"<vCard xmlns='{ns.VCARD}'/>")[0]
    for former in list(children(vcard, ns.VCARD, "PHOTO")):
        vcard.remove(former)
    if photo is not None:
        vcard.append(photo)
    account.vcard = serialise(vcard, None)


def _photo(account: AccountState) -> tuple[bytes, str | None] | None:
    """Return the bytes and TYPE of the vCard's first photo that has bytes."""
    vcard = parse_fragment(account.vcard or "")
    for photo in vcard.iterfind(f"{_VCARD}vCard/{_VCARD}PHOTO"):
        image = _decoded(photo.findtext(f"{_VCARD}BINVAL") or "")
        if image:
            return image, (photo.findtext(f"{_VCARD}TYPE") or "").strip() or None
    return None


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text)
    except (Base64Error, ValueError):
        return b""
