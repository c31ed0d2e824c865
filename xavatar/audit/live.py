"""A diagnosis of an avatar that was just asked about: whom it reaches, what its server tells, what to do."""

from __future__ import annotations

from collections.abc import Iterator

from xavatar.collect.closer import Depth
from xavatar.collect.probe import Probe
from xavatar.model import Kind, Severity, Source, Status
from xavatar.wire.xml import DATA, METADATA

from . import judge
from .case import PERMANENT, UNREACHED, Case, is_sha1, normal
from .diagnose import PEP_USERS, VCARD_USERS, advice, clients, evidence, two_pictures, verdict, views_of
from .diagnosis import Diagnosis, Role, Sight, Step, View
from .limits import Limits
from .reach import Reach, is_subscribed, reach_of, split
from .rules import RULES
from .text import clean, count

_NOTHING = PERMANENT | {Status.FORBIDDEN, Status.UNSUPPORTED}
_SHORT = {METADATA: "metadata node", DATA: "data node"}


def diagnose_live(probe: Probe, account: str) -> Diagnosis:
    """Tell what became of an avatar that was just asked about.

    Parameters
    ----------
    probe : Probe
    account : str
        Bare JID of who asked.
    """
    (case,) = judge.cases(probe.outcomes, Limits())
    findings = judge.judge((case,), RULES, {}, ())
    reach = reach_of(case, probe.depth)
    refused = case.status(Source.PEP) is Status.FORBIDDEN
    general = tuple(views_of(case))
    views = tuple(part for view in general for part in split(view, reach, refused=refused))
    look = _Look(case, probe.depth, reach, general)
    steps = tuple(look.steps(account))
    # What is said of this one makes the general advice of notes needless.
    grave = tuple(finding for finding in findings if finding.severity is not Severity.INFO)
    steps = (*steps, *advice(grave if steps else findings))
    told = two_pictures(case, general) or look.verdict() or verdict(views)
    facts = (*look.facts(), *(_own(case, probe.depth) if case.subject.kind is Kind.SELF else ()))
    return Diagnosis(case.subject.jid, told, views, tuple(evidence(case)), findings, steps, facts, probe.exchanges)


class _Look:
    """What the answers mean together."""

    def __init__(self, case: Case, depth: Depth, reach: Reach, views: tuple[View, ...]) -> None:
        self._case = case
        self._depth = depth
        self._reach = reach
        sights = {view.who: view for view in views}
        self._pep, self._vcard = sights.get(PEP_USERS), sights.get(VCARD_USERS)
        self._status = case.status(Source.PEP)

    @property
    def _in_vcard(self) -> bool:
        return self._vcard is not None and self._vcard.sight is Sight.YES

    @property
    def _unreachable(self) -> bool:
        asked = [outcome.status for outcome in (self._case.pep, self._case.vcard) if outcome is not None]
        return bool(asked) and all(status in UNREACHED for status in asked)

    @property
    def _absent(self) -> bool:
        """Nothing at all answers: what a server says of accounts that it does not have (P60-02, P54-01)."""
        case, depth = self._case, self._depth
        if case.subject.kind is not Kind.CONTACT or case.heard:
            return False
        silent = depth.info is None and depth.listed is None and case.status(Source.VCARD) in _NOTHING
        plain = self._status in _NOTHING and self._reach in (Reach.CLOSED, Reach.UNKNOWN)
        # An account that exists answers its contacts; strangers it refuses in the same words.
        return silent and plain and (is_subscribed(case) or self._status is Status.UNSUPPORTED)

    def verdict(self) -> str | None:
        """Return the case's name in words; ``None`` when the views say it best."""
        if self._unreachable:
            return f"{clean(self._case.place, 80)} gives no answer now: nothing can be said about the avatar."
        if self._absent:
            return "Nothing answers there: no such account, or a server or gateway without avatars and vCards."
        if self._status is Status.FORBIDDEN:
            also = " Its vCard shows a picture all the same." if self._in_vcard else ""
            return self._closed() + also
        if self._status is Status.DISABLED:
            if self._in_vcard:
                return "Switched off in PEP, and still in the vCard: rooms and older clients see it."
            return "There is no avatar to see: its owner switched it off."
        if self._status in PERMANENT:
            if self._in_vcard:
                return "In the vCard only: rooms and older clients see it, clients that know PEP alone do not."
            if self._case.status(Source.VCARD) in PERMANENT:
                return "There is no avatar to see: neither PEP nor the vCard has one."
            return None
        return self._shown()

    def _shown(self) -> str | None:
        if self._pep is None or self._pep.sight is Sight.UNKNOWN:
            return None
        if self._pep.sight is Sight.NO:
            return f"What PEP announces is not shown by clients: {self._pep.because}."
        rest = "" if self._in_vcard else "; rooms and older clients, which go by the vCard, see none"
        match self._reach:
            case Reach.SUBSCRIBER:
                return f"Contacts see the avatar{rest or ', and so do rooms and older clients, by the vCard'}."
            case Reach.CONTACTS | Reach.GROUPS | Reach.LISTED:
                return f"The avatar is {self._reach}{rest or '; the vCard shows it to the others'}."
            case _:
                return None if self._in_vcard else f"Whoever looks in PEP sees the avatar{rest}."

    def _closed(self) -> str:
        match self._reach:
            case Reach.LISTED:
                return "Closed: only those on the owner's list see the avatar in PEP, and this account is not on it."
            case Reach.GROUPS:
                return "Closed: only contacts in certain roster groups see the avatar in PEP; this account is in none."
            case Reach.CONTACTS:
                return "For contacts only: this account is not subscribed to their presence."
            case _ if is_subscribed(self._case):
                if self._depth.listed is not None and METADATA not in self._depth.listed:
                    return (
                        "Refused, although this account is subscribed to their presence, and no node is listed: "
                        "most likely the account is gone."
                    )
                return "Closed to this account, although it is subscribed to their presence."
            case _:
                return (
                    "Closed to this account, which is not subscribed to their presence; some servers answer the same "
                    "for accounts that do not exist."
                )

    def steps(self, account: str) -> Iterator[Step]:
        """Yield what the answers suggest, before what the broken rules advise."""
        if self._unreachable:
            yield Step(Role.READER, "Ask again later; no answer is no evidence that there is no picture.")
            yield Step(Role.ADMIN, f"Look whether your server reaches {clean(self._case.place, 80)} (s2s, DNS, TLS).")
        elif self._absent:
            yield Step(Role.READER, "Check the address; when the account is gone, remove it from the roster.")
        elif self._status is Status.FORBIDDEN:
            yield from self._to_be_let_in(account)
        elif self._status in PERMANENT and not self._in_vcard:
            yield Step(Role.OWNER, "Publish a picture; xavatar's publish, or any modern client, does it.")
        elif self._status in PERMANENT and self._depth.converts is False:
            yield Step(
                Role.ADMIN, "Let the server convert: Prosody's mod_vcard_legacy, ejabberd's mod_avatar (XEP-0398)."
            )

    def _to_be_let_in(self, account: str) -> Iterator[Step]:
        if self._reach is Reach.LISTED:
            yield Step(Role.OWNER, f"Put {clean(account, 80)} on the list of both avatar nodes, or open them.")
        elif self._reach is Reach.GROUPS:
            yield Step(Role.OWNER, f"Put {clean(account, 80)} into one of the groups that may look, or open the nodes.")
        elif is_subscribed(self._case):
            yield Step(Role.OWNER, "Set the access model of both avatar nodes to presence or open.")
        else:
            yield Step(Role.READER, "Subscribe to their presence, and ask again when they have agreed.")
            yield Step(Role.OWNER, "Open both avatar nodes, if strangers and rooms shall see the picture.")

    def facts(self) -> Iterator[str]:
        """Yield what the account's server told besides."""
        depth = self._depth
        if self._status is not None and self._status not in UNREACHED:
            yield f"PEP nodes: {'there are none' if self._status is Status.NOT_FOUND else self._reach}."
        if self._case.subject.kind in (Kind.SELF, Kind.CONTACT):
            said = {True: "offered, the server keeps both the same", False: "no", None: "the server does not tell"}
            yield f"Conversion between PEP and vCard (XEP-0398): {said[depth.converts]}."
        if depth.listed is not None:
            shown = [name for node, name in _SHORT.items() if node in depth.listed]
            yield f"disco#items lists {' and '.join(shown) or 'neither avatar node'}."
        elif depth.refusal is not None:
            yield f"disco#items is refused ({clean(depth.refusal, 60)})."
        if depth.items is not None and len(depth.items) > 1:
            yield f"The metadata node holds {len(depth.items)} items; only the newest counts."


def _own(case: Case, depth: Depth) -> Iterator[str]:
    """Yield what only the owner can see, and what publishing would do."""
    for node in depth.nodes:
        held = count(len(node.items), "item") if node.items is not None else "items not listed"
        limit = f", at most {clean(node.max_items, 20)}" if node.max_items else ""
        model = clean(node.access_model or "not told", 30)
        yield f"{_SHORT[node.node].capitalize()}: access model {model}, {held}{limit}."
    announced = {normal(reading.descriptor.id) for reading in case.readings(Source.PEP)}
    data = next((node.items for node in depth.nodes if node.node == DATA), None)
    idle = [item for item in data or () if normal(item) not in announced]
    if idle:
        yield f"The data node holds {count(len(idle), 'picture')} that nothing announces; wiping removes them."
    yield from _leftovers(case, depth)
    yield from clients(case)
    yield f"On publishing: {_forecast(depth)}"


def _leftovers(case: Case, depth: Depth) -> Iterator[str]:
    """Yield what removing and replacing pictures left behind (A-03, A-10, A-12)."""
    odd = [item for item in depth.items or () if not is_sha1(item)]
    if odd and depth.converts:
        yield (
            f"The metadata node has the item {clean(odd[0], 44)}, which is no hash; some servers put it into every "
            "presence (A-03). Purging the node removes it."
        )
    if case.status(Source.PEP) is Status.DISABLED and case.hashes(Source.VCARD):
        yield "PEP is switched off, and the vCard still holds a picture (A-12); wiping removes it."


def _forecast(depth: Depth) -> str:
    if depth.info is None:
        return "the server does not tell what it offers."
    if ("pubsub", "pep") not in depth.info.identities:
        return "the server offers no PEP, so only the vCard can hold a picture."
    told = "one publication in PEP is enough, the server writes vCard and presence hash itself"
    if not depth.converts:
        told = "PEP takes the picture; the vCard has to be written beside it, for rooms and older clients"
    models = {node.access_model for node in depth.nodes if node.access_model}
    if "http://jabber.org/protocol/pubsub#publish-options" not in depth.info.features:
        told += "; an access model cannot be demanded along with it, the nodes are configured afterwards"
    elif models - {"open"}:
        narrow = ", ".join(sorted(models - {"open"}))
        told += f"; demanding access model open meets {narrow} nodes, is refused, and the nodes are configured first"
    return f"{told}."
