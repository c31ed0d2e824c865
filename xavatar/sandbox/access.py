"""Who may read a node (XEP-0060, 4.5), and how the others are refused (6.5.9)."""

from __future__ import annotations

from .accounts import AccountState
from .nodes import PepNode
from .scenario import Options
from .stanza import StanzaError, pubsub_error


def refusal(account: AccountState, node: PepNode, requester: str, options: Options) -> StanzaError | None:
    """Return why this bare JID may not read the node, or ``None`` when it may.

    A stranger's refusal by `presence` depends on the server: ejabberd's and the XEP's
    ``presence-subscription-required``, or Prosody's ``forbidden``, which also stands for
    nodes and accounts that do not exist (P60-01, P60-02).
    """
    if requester == account.jid:
        return None
    affiliation = node.affiliations.get(requester)
    if affiliation == "outcast":
        return StanzaError("forbidden")
    model = node.config.access_model
    if affiliation is not None or model == "open":
        return None
    if model == "whitelist":
        return StanzaError("not-allowed", application=pubsub_error("closed-node"))
    if model == "roster":
        contact = account.roster.get(requester)
        if contact is not None and set(contact.groups) & set(node.config.roster_groups_allowed):
            return None
        return StanzaError("not-authorized", application=pubsub_error("not-in-roster-group"))
    if account.shows_presence_to(requester):
        return None
    if options.forbid_unknown:
        return StanzaError("forbidden")
    return StanzaError("not-authorized", application=pubsub_error("presence-subscription-required"))


def absent_node(account: AccountState, requester: str, options: Options) -> StanzaError:
    """Return how a request for a node that does not exist is refused."""
    stranger = requester != account.jid and not account.shows_presence_to(requester)
    return StanzaError("forbidden" if stranger and options.forbid_unknown else "item-not-found")


def absent_account(options: Options) -> StanzaError:
    """Return how a PEP request to an account that does not exist is refused."""
    return StanzaError("forbidden" if options.forbid_unknown else "item-not-found")
