"""The hash in outgoing presence (XEP-0398, 4), injected as Prosody does it."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from . import ns
from .accounts import AccountState
from .xml import content, parse_fragment

_X = f"{{{ns.VCARD_UPDATE}}}x"
_PHOTO = f"{{{ns.VCARD_UPDATE}}}photo"


def current_hash(account: AccountState) -> str:
    """Return what is injected: the ItemID of the last metadata item, hash or not (A-01, A-03)."""
    node = account.nodes.get(ns.AVATAR_METADATA)
    last = node.last if node is not None else None
    return last.id if last is not None else ""


def inject(presence: Element, account: AccountState) -> None:
    """Put the current hash into a presence.

    An empty ``<x/>`` is filled, an absent one added; any ``<photo/>``, empty or not, is the
    client's own word and stays.
    """
    update = presence.find(_X)
    if update is None:
        update = SubElement(presence, _X)
    elif update.find(_PHOTO) is not None:
        return
    SubElement(update, _PHOTO).text = current_hash(account) or None


def inject_text(children: str, account: AccountState) -> str:
    """Put the current hash into a played presence's children; the rest stays verbatim."""
    root = parse_fragment(children)
    if root.find(_X) is None:
        added = Element(f"{{{ns.CLIENT}}}presence")
        inject(added, account)
        return children + content(added)
    if root.find(f"{_X}/{_PHOTO}") is not None:
        return children
    inject(root, account)
    return content(root)
