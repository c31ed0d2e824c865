"""What a sandbox server holds when it starts: frozen values, read from a TOML file.

Wire content is kept as XML text, exactly as the server will send it, so that a scenario can
hold anything a real server can hold, malformed included.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a PEP node.

    Parameters
    ----------
    id : str
        ItemID.
    payload : str
        The item's child as XML text; ``""`` for an item without one.
    """

    id: str
    payload: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """One PEP node of an account.

    Parameters
    ----------
    name : str
        As ``urn:xmpp:avatar:metadata``.
    items : tuple of Item
        Oldest first.
    access_model : str
        open, presence, roster or whitelist (XEP-0060, 4.5).
    max_items : int
    """

    name: str
    items: tuple[Item, ...] = ()
    access_model: str = "presence"
    max_items: int = 1


@dataclass(frozen=True, slots=True)
class Resource:
    """A contact's connected client, played by the server.

    Parameters
    ----------
    name : str
    children : str
        XML text of the presence's children, as ``<x xmlns='vcard-temp:x:update'/>``.
        ``None`` is a client that knows nothing of XEP-0153 on a server that injects nothing.
    inject : bool
        Let the server inject the current hash where XEP-0398, 4 says so.
    """

    name: str
    children: str = ""
    inject: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong for one account's requests.

    Parameters
    ----------
    kind : str
        silence, delay, error, malformed-metadata, wrong-hash, broken-base64, oversized.
    on : str
        metadata, data, vcard, disco or any.
    condition, error_type : str, optional
        For ``error``: the stanza error to send.
    seconds : float
        For ``delay``.
    times : int
        How many requests it hits; 0 is all.
    """

    kind: str
    on: str = "any"
    condition: str | None = None
    error_type: str | None = None
    seconds: float = 0.0
    times: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the sandbox, or of a remote domain the sandbox speaks for.

    Parameters
    ----------
    jid : str
        Bare JID.
    password : str, optional
        ``None``: nobody can log in as it.
    name : str, optional
        Its name in the user's roster.
    groups : tuple of str
    subscription : str, optional
        In the user's roster; ``None`` when it is not in it.
    nodes : tuple of Node
    vcard : str, optional
        XML text of the ``<vCard/>``.
    resources : tuple of Resource
    faults : tuple of Fault
    plants : tuple of str
        Ids of the anomalies and rules this account shows on purpose (DOMAIN 1 and 2).
    note : str
        Why it is here, for people.
    exists : bool
        False for a roster entry whose account is gone.
    """

    jid: str
    password: str | None = None
    name: str | None = None
    groups: tuple[str, ...] = ()
    subscription: str | None = "both"
    nodes: tuple[Node, ...] = ()
    vcard: str | None = None
    resources: tuple[Resource, ...] = ()
    faults: tuple[Fault, ...] = ()
    plants: tuple[str, ...] = ()
    note: str = ""
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Occupant:
    """Somebody in a room, played by the server.

    Parameters
    ----------
    nick : str
    jid : str
        Bare JID of an account of the scenario; its vCard answers through the room.
    children : str
        XML text of XEP-0153 children of the occupant's presence.
    inject : bool
        Let the server inject the account's current hash (XEP-0398, 4).
    role, affiliation : str
    plants : tuple of str
    note : str
    """

    nick: str
    jid: str
    children: str = ""
    inject: bool = False
    role: str = "participant"
    affiliation: str = "none"
    plants: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Room:
    """A chat room.

    Parameters
    ----------
    jid : str
    name : str
    occupants : tuple of Occupant
    vcard : str, optional
        XML text of the room's ``<vCard/>`` (XEP-0486).
    hashes : tuple of str, optional
        What ``muc#roominfo_avatarhash`` claims; ``None``: computed from the vCard.
    anonymity : str
        ``semi`` or ``non``.
    allow_query_users : bool
        False: requests to occupants are refused (A-25).
    owner : str, optional
        Bare JID that may change the room's avatar.
    vcards : bool
        False: no ``vcard-temp`` for this room, requests get ``service-unavailable`` (P486-01, P486-03).
    legacy_presence : bool
        Also announce the avatar by a presence from the room's bare JID, as ejabberd and
        Prosody do (P486-09).
    plants : tuple of str
    note : str
    """

    jid: str
    name: str = ""
    occupants: tuple[Occupant, ...] = ()
    vcard: str | None = None
    hashes: tuple[str, ...] | None = None
    anonymity: str = "semi"
    allow_query_users: bool = True
    owner: str | None = None
    vcards: bool = True
    legacy_presence: bool = False
    plants: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """Habits of the server.

    Parameters
    ----------
    conversion : bool
        XEP-0398: announce it and convert between PEP and vCard.
    injection : bool
        Inject the presence hash (XEP-0398, 4). Goes with `conversion` on real servers.
    push_on_presence : bool
        Send the last item to a newly available ``+notify`` resource, as Prosody does and
        ejabberd does not.
    forbid_unknown : bool
        Answer ``forbidden`` for accounts that do not exist, as Prosody does (P60-02);
        otherwise ``service-unavailable`` or ``item-not-found``.
    stream_management : bool
        XEP-0198 with resumption.
    uploads : bool
        A service for HTTP uploads (XEP-0363), at ``upload.`` and the domain.
    """

    conversion: bool = True
    injection: bool = True
    push_on_presence: bool = True
    forbid_unknown: bool = True
    stream_management: bool = True
    uploads: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """A cast and its server.

    Parameters
    ----------
    name, title, description : str
    domain : str
    user : str
        Bare JID of the account a session logs in to; among `accounts`.
    accounts : tuple of Account
    rooms : tuple of Room
    rooms_domain : str
        Domain of the rooms' service.
    options : Options

    Examples
    --------
    >>> from xavatar.sandbox import Account, Scenario
    >>> cast = (Account("juliet@capulet.lit", password="pw"), Account("romeo@montague.lit", name="Romeo"))
    >>> scenario = Scenario("tiny", "capulet.lit", "juliet@capulet.lit", cast)
    >>> with xa.sandbox(scenario) as box, xa.connect(sandbox=box) as session:
    ...     session.roster()["jid"].unique().tolist()
    ['romeo@montague.lit']
    """

    name: str
    domain: str
    user: str
    accounts: tuple[Account, ...] = ()
    rooms: tuple[Room, ...] = ()
    rooms_domain: str = ""
    title: str = ""
    description: str = ""
    options: Options = field(default_factory=Options)

    def account(self, jid: str) -> Account:
        """Return the account with this bare JID; raise KeyError when there is none."""
        for account in self.accounts:
            if account.jid == jid:
                return account
        raise KeyError(jid)
