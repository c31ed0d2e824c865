"""Questions to a room itself: discovery, its avatar, its configuration."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree.ElementTree import Element

from . import ns
from .dataform import read_form, write_form
from .muc_avatar import FIELD
from .muc_occupant import MUC, OCCUPANT_ID
from .muc_room import LiveRoom
from .stanza import Stanza, StanzaError
from .xml import attribute, children, escape

OWNER = f"{MUC}#owner"
ROOM_CONFIG = f"{MUC}#roomconfig"
SELF_PING = f"{MUC}#self-ping-optimization"
WHOIS = {"anyone": "non", "moderators": "semi"}
SHOWN, HIDDEN = 172, 173  # real JIDs, from now on (XEP-0045, 15.6)

Handler = Callable[[LiveRoom, Stanza, Element], str]


def answer(room: LiveRoom, stanza: Stanza) -> str:
    """Answer a question to a room.

    Raises
    ------
    StanzaError
        Refused, or nothing a room knows.
    """
    payload = stanza.element[0]
    handler = _HANDLERS.get((stanza.type, payload.tag))
    if handler is None or payload.get("node"):
        raise StanzaError("service-unavailable" if handler is None else "item-not-found")
    return handler(room, stanza, payload)


def _info(room: LiveRoom, stanza: Stanza, query: Element) -> str:
    features = [MUC, ns.DISCO_INFO, ns.DISCO_ITEMS, OCCUPANT_ID, SELF_PING, "muc_open", "muc_public", "muc_unmoderated"]
    features += ["muc_unsecured", "muc_persistent" if room.persistent else "muc_temporary"]
    features += ["muc_nonanonymous" if room.anonymity == "non" else "muc_semianonymous"]
    features += [ns.VCARD] if room.avatar.supported else []
    fields = {
        "muc#roomconfig_roomname": [room.name],
        "muc#roominfo_description": [room.name],
        "muc#roominfo_occupants": [str(len(room.occupants))],
    }
    if room.avatar.supported and room.avatar.hashes:  # no field means no avatar (XEP-0486, 3.3)
        fields[FIELD] = list(room.avatar.hashes)
    known = "".join(f"<feature var='{feature}'/>" for feature in features)
    identity = f"<identity category='conference' type='text'{attribute('name', room.name or None)}/>"
    return f"<query xmlns='{ns.DISCO_INFO}'>{identity}{known}{write_form(f'{MUC}#roominfo', 'result', fields)}</query>"


def _items(room: LiveRoom, stanza: Stanza, query: Element) -> str:
    found = (f"<item jid='{escape(f'{room.jid}/{nick}')}' name='{escape(nick)}'/>" for nick in room.occupants)
    return f"<query xmlns='{ns.DISCO_ITEMS}'>{''.join(found)}</query>"


def _read_vcard(room: LiveRoom, stanza: Stanza, vcard: Element) -> str:
    return room.avatar.read()


def _write_vcard(room: LiveRoom, stanza: Stanza, vcard: Element) -> str:
    if room.avatar.supported:
        room.require_owner(stanza.sender.bare)
    if room.avatar.write(vcard):
        room.announce_avatar()
    return ""


def _read_config(room: LiveRoom, stanza: Stanza, query: Element) -> str:
    room.require_owner(stanza.sender.bare)
    fields = {
        "muc#roomconfig_roomname": [room.name],
        "muc#roomconfig_persistentroom": [str(int(room.persistent))],
        "muc#roomconfig_whois": ["anyone" if room.anonymity == "non" else "moderators"],
        "allow_query_users": [str(int(room.allow_query_users))],  # ejabberd's name for it
    }
    return f"<query xmlns='{OWNER}'>{write_form(ROOM_CONFIG, 'form', fields)}</query>"


def _write_config(room: LiveRoom, stanza: Stanza, query: Element) -> str:
    room.require_owner(stanza.sender.bare)
    destroy = next(children(query, OWNER, "destroy"), None)
    if destroy is not None:
        room.destroy(destroy.findtext(f"{{{OWNER}}}reason") or "")
        room.persistent = False
        return ""
    form = {name: values[0].strip() for name, values in read_form(query).items() if values}
    anonymity = WHOIS.get(form.get("muc#roomconfig_whois", ""), room.anonymity)
    codes = () if anonymity == room.anonymity else (SHOWN if anonymity == "non" else HIDDEN,)
    room.anonymity = anonymity
    room.name = form.get("muc#roomconfig_roomname", room.name)
    room.persistent = _flag(form, "muc#roomconfig_persistentroom", room.persistent)
    room.allow_query_users = _flag(form, "allow_query_users", room.allow_query_users)
    if form.keys() - {"FORM_TYPE"}:
        room.announce(*codes)
    return ""


def _flag(form: dict[str, str], name: str, former: bool) -> bool:
    return {"1": True, "true": True, "0": False, "false": False}.get(form.get(name, ""), former)


_HANDLERS: dict[tuple[str, str], Handler] = {
    ("get", f"{{{ns.DISCO_INFO}}}query"): _info,
    ("get", f"{{{ns.DISCO_ITEMS}}}query"): _items,
    ("get", f"{{{ns.VCARD}}}vCard"): _read_vcard,
    ("set", f"{{{ns.VCARD}}}vCard"): _write_vcard,
    ("get", f"{{{OWNER}}}query"): _read_config,
    ("set", f"{{{OWNER}}}query"): _write_config,
}
