"""How far an avatar's PEP nodes reach, as far as one account can see (XEP-0060, 4.5)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from xavatar.collect.closer import Depth
from xavatar.model import Kind, Source, Status

from .case import Case
from .diagnose import PEP_USERS
from .diagnosis import Sight, View

_SUBSCRIBED = frozenset({"both", "to"})
_READABLE = frozenset({Status.OK, Status.DISABLED, Status.EMPTY, Status.MALFORMED})


class Reach(StrEnum):
    """Who may read the nodes."""

    OPEN = "open to everybody"
    SUBSCRIBER = "open, or for contacts only: this account is a contact, and both look the same to it"
    CONTACTS = "for contacts only (access model presence)"
    GROUPS = "for certain roster groups of the owner's (access model roster)"
    LISTED = "for those on the owner's list (access model whitelist)"
    CLOSED = "closed to this account; the server does not say why"
    UNKNOWN = "not to be told from here"


_MODELS = {
    "open": Reach.OPEN,
    "presence": Reach.CONTACTS,
    "roster": Reach.GROUPS,
    "whitelist": Reach.LISTED,
    "authorize": Reach.LISTED,
}
_REFUSALS = {
    "closed-node": Reach.LISTED,
    "presence-subscription-required": Reach.CONTACTS,
    "not-in-roster-group": Reach.GROUPS,
}
_NARROW = tuple(_MODELS)
_INSIDE = {
    Reach.SUBSCRIBER: "A contact with a modern client (PEP)",
    Reach.CONTACTS: "A contact with a modern client (PEP)",
    Reach.GROUPS: "A contact in the chosen groups with a modern client (PEP)",
    Reach.LISTED: "Somebody on the owner's list with a modern client (PEP)",
}
_OUTSIDE = {Reach.SUBSCRIBER: "A stranger with a modern client (PEP)", Reach.CONTACTS: "Everybody else by PEP"}


def is_subscribed(case: Case) -> bool:
    """Tell whether this account sees the subject's presence, by its own roster."""
    return case.subject.subscription in _SUBSCRIBED


def reach_of(case: Case, depth: Depth) -> Reach:
    """Return how far the nodes reach: by their configuration, else by how they answered."""
    models = [node.access_model for node in depth.nodes if node.access_model in _MODELS]
    if models:
        return _MODELS[max(models, key=lambda model: _NARROW.index(model or ""))]
    if case.pep is None or case.subject.kind is Kind.SELF:
        return Reach.UNKNOWN
    closed = any(reading.image_status is Status.FORBIDDEN for reading in case.readings(Source.PEP))
    if case.pep.status is Status.FORBIDDEN or closed:
        # The reader puts the application-specific condition before the server's own words.
        application = (case.pep.text or "").partition(";")[0]
        return _REFUSALS.get(application, Reach.CLOSED)
    if case.pep.status not in _READABLE:
        return Reach.UNKNOWN
    return Reach.SUBSCRIBER if is_subscribed(case) else Reach.OPEN


def split(view: View, reach: Reach, *, refused: bool) -> Iterator[View]:
    """Yield the views of those within the nodes' reach and of those without, for what PEP shows."""
    if view.who != PEP_USERS or reach not in _INSIDE or (view.sight is Sight.NO and not refused):
        yield view
        return
    because = "this account was refused, and cannot look" if refused else view.because
    yield View(_INSIDE[reach], view.sight, because)
    doubt = reach is Reach.SUBSCRIBER
    yield View(
        _OUTSIDE.get(reach, "Everybody else by PEP"),
        Sight.UNKNOWN if doubt else Sight.NO,
        "this account is a contact, and cannot tell open from contacts only" if doubt else f"the nodes are {reach}",
    )
