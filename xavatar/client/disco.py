"""What an entity says it can do (XEP-0030)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from xavatar.errors import QueryError
from xavatar.wire import Wire
from xavatar.wire.xml import CONVERSION, DATA_FORM, DISCO_INFO, DISCO_ITEMS, tag

_INFO: Final = f'<query xmlns="{DISCO_INFO}"/>'
_ITEMS: Final = f'<query xmlns="{DISCO_ITEMS}"/>'
UPLOAD: Final = "urn:xmpp:http:upload:0"
PROFILE_UPLOAD: Final = "urn:xmpp:http:upload:purpose:0#profile"


@dataclass(frozen=True, slots=True)
class Info:
    """An answer to disco#info.

    Parameters
    ----------
    identities : frozenset of (str, str)
        Category and type.
    features : frozenset of str
    fields : dict of str to tuple of str
        The fields of all forms (XEP-0128), by their names.
    name : str, optional
        Of the first identity that has one.
    """

    identities: frozenset[tuple[str, str]]
    features: frozenset[str]
    fields: dict[str, tuple[str, ...]]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Features:
    """What the account's server offers for avatars.

    Parameters
    ----------
    pep : bool
        Identity pubsub/pep on the account (P163-02).
    pep_vcard_conversion : bool
        XEP-0398 on the account (P398-01): publishing in PEP is enough.
    publish_options, purge_nodes, delete_nodes, persistent_items : bool
        Features of XEP-0060 on the account.
    vcard : bool
        ``vcard-temp`` on the server or the account.
    upload : str, optional
        JID of the HTTP upload service (XEP-0363).
    upload_profile : bool
        It takes purpose `profile` (P363-01).
    rooms : tuple of str
        JIDs of the server's chat room services.
    software : str, optional
        What the server's identity calls itself.
    """

    pep: bool = False
    pep_vcard_conversion: bool = False
    publish_options: bool = False
    purge_nodes: bool = False
    delete_nodes: bool = False
    persistent_items: bool = False
    vcard: bool = False
    upload: str | None = None
    upload_profile: bool = False
    rooms: tuple[str, ...] = ()
    software: str | None = None


async def fetch_info(wire: Wire, jid: str, *, timeout: float) -> Info:
    """Ask an entity for identities, features and forms.

    Raises
    ------
    QueryError
    """
    answer = await wire.request(_INFO, to=jid, timeout=timeout, step="disco#info")
    identities: set[tuple[str, str]] = set()
    features: set[str] = set()
    name: str | None = None
    for element in answer.iter():
        if element.tag == tag(DISCO_INFO, "identity"):
            identities.add((element.get("category", ""), element.get("type", "")))
            name = name or element.get("name")
        elif element.tag == tag(DISCO_INFO, "feature"):
            features.add(element.get("var", ""))
    fields = {
        field.get("var", ""): tuple((value.text or "").strip() for value in field.findall(tag(DATA_FORM, "value")))
        for field in answer.iter(tag(DATA_FORM, "field"))
    }
    return Info(frozenset(identities), frozenset(features), fields, name)


async def fetch_items(wire: Wire, jid: str, *, timeout: float) -> tuple[str, ...]:
    """Return the JIDs that an entity lists (disco#items).

    Raises
    ------
    QueryError
    """
    answer = await wire.request(_ITEMS, to=jid, timeout=timeout, step="disco#items")
    return tuple(item.get("jid", "") for item in answer.iter(tag(DISCO_ITEMS, "item")) if item.get("jid"))


async def fetch_features(wire: Wire, account: str, *, timeout: float) -> Features:
    """Ask the account, its server and the server's components what they offer for avatars.

    Parameters
    ----------
    wire : Wire
    account : str
        Own bare JID.
    timeout : float
        Seconds for each question.

    Raises
    ------
    QueryError
        The account itself did not answer.
    """
    own = await fetch_info(wire, account, timeout=timeout)
    domain = account.partition("@")[2]
    server = await _info_or_nothing(wire, domain, timeout)
    components = {jid: await _info_or_nothing(wire, jid, timeout) for jid in await _components(wire, domain, timeout)}
    upload = next((jid for jid, info in components.items() if UPLOAD in info.features), None)
    pubsub = "http://jabber.org/protocol/pubsub#"
    return Features(
        pep=("pubsub", "pep") in own.identities,
        pep_vcard_conversion=CONVERSION in own.features,
        publish_options=pubsub + "publish-options" in own.features,
        purge_nodes=pubsub + "purge-nodes" in own.features,
        delete_nodes=pubsub + "delete-nodes" in own.features,
        persistent_items=pubsub + "persistent-items" in own.features,
        vcard="vcard-temp" in own.features | server.features,
        upload=upload,
        upload_profile=upload is not None and PROFILE_UPLOAD in components[upload].features,
        rooms=tuple(jid for jid, info in components.items() if ("conference", "text") in info.identities),
        software=server.name,
    )


async def _components(wire: Wire, domain: str, timeout: float) -> tuple[str, ...]:
    try:
        return (await fetch_items(wire, domain, timeout=timeout))[:20]
    except QueryError:
        return ()


async def _info_or_nothing(wire: Wire, jid: str, timeout: float) -> Info:
    try:
        return await fetch_info(wire, jid, timeout=timeout)
    except QueryError:
        return Info(frozenset(), frozenset(), {})
