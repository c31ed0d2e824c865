"""What presences say (XEP-0153, 4)."""

from __future__ import annotations

from collections.abc import Iterator

from xavatar.audit.case import NOT_READY, Breach, Case, is_sha1, normal
from xavatar.audit.text import count, quoted
from xavatar.model import Kind, Outcome, Severity, Source, Status

from .registry import Level, rule

_HOLDERS = (Source.PEP, Source.VCARD)


def _names(outcomes: list[Outcome]) -> str:
    """Name resources; an occupant's client is known by the occupant only."""
    return ", ".join(quoted(outcome.resource, 30) if outcome.resource else "their client" for outcome in outcomes)


@rule(
    "P153-03",
    "A client says nothing about avatars",
    xep="XEP-0153",
    section="4.1.1",
    level=Level.MUST,
    severity=Severity.INFO,
    why="Contacts with older clients, and rooms, learn of no picture from this one.",
    advice="Nothing, if the client is a bot; else switch its vCard avatars on, or use a server that adds the hash.",
)
def no_update_element(case: Case) -> Iterator[Breach]:
    """Look for resources without an update element."""
    silent = [outcome for outcome in case.presences if outcome.status is Status.UNSUPPORTED]
    if silent and case.subject.kind is not Kind.ROOM:
        yield Breach(f"No XEP-0153 element from {_names(silent)}.", Source.PRESENCE)


@rule(
    "P153-05",
    "Presence says there is no picture, but there is one",
    xep="XEP-0153",
    section="4.1.3",
    level=Level.MUST,
    why="Clients that go by presence show none, the others do.",
    advice="Log the client in again; if it stays, it does not know the vCard it speaks for.",
)
def denies_picture(case: Case) -> Iterator[Breach]:
    """Look for an empty photo element in all presences beside a picture elsewhere."""
    denying = [outcome for outcome in case.heard if outcome.status is Status.EMPTY]
    holding = [source.label for source in _HOLDERS if case.hashes(source)]
    if denying and len(denying) == len(case.heard) and holding:
        yield Breach(f"Empty <photo/> from {_names(denying)}, a picture in {' and '.join(holding)}.", Source.PRESENCE)


@rule(
    "P153-04",
    "A client is not ready",
    xep="XEP-0153",
    section="4.1.2",
    level=Level.SHOULD,
    severity=Severity.INFO,
    why="An empty update element means: wait for more. While it stays, nobody learns by presence whether there is one.",
    advice="Nothing right after its login; log the client in again when it stays so.",
    also=("P153-06",),
)
def not_ready(case: Case) -> Iterator[Breach]:
    """Look for update elements without a photo."""
    waiting = [outcome for outcome in case.presences if outcome.condition == NOT_READY]
    if waiting:
        holding = [source.label for source in _HOLDERS if case.hashes(source)]
        rest = f", though {' and '.join(holding)} has a picture" if holding else ""
        yield Breach(f"Empty update element from {_names(waiting)}{rest}.", Source.PRESENCE)


@rule(
    "A-23",
    "Resources disagree",
    xep="XEP-0153",
    section="4.3.2",
    level=Level.MUST,
    why="Which picture others see depends on which client spoke last; it flaps.",
    advice="Update or switch off the client that is alone with its answer; one that is not ready may just need time.",
)
def resources_disagree(case: Case) -> Iterator[Breach]:
    """Compare what a contact's resources advertise."""
    if case.subject.kind is not Kind.SELF:
        yield from _disagreements(case)


@rule(
    "P153-10",
    "Your clients disagree",
    xep="XEP-0153",
    section="4.3.2",
    level=Level.MUST,
    why="Each of them speaks for the account: contacts see the picture of the one that spoke last.",
    advice="Log in again with the client that advertises the wrong one; it must read the vCard and follow it.",
)
def own_resources_disagree(case: Case) -> Iterator[Breach]:
    """Compare what one's own resources advertise."""
    if case.subject.kind is Kind.SELF:
        yield from _disagreements(case)


def _disagreements(case: Case) -> Iterator[Breach]:
    said: dict[str, list[Outcome]] = {}
    for outcome in case.presences:
        if outcome.status is Status.OK and outcome.readings:
            said.setdefault(normal(outcome.readings[0].descriptor.id), []).append(outcome)
        elif outcome.status is Status.EMPTY:
            said.setdefault("", []).append(outcome)
    if len(said) > 1:
        told = "; ".join(
            f"{_names(group)} {_value(value)}" for value, group in sorted(said.items(), key=lambda pair: -len(pair[1]))
        )
        yield Breach(f"{count(len(said), 'different answer')}: {told}.", Source.PRESENCE)


def _value(value: str) -> str:
    if not value:
        return "no picture"
    return f"{value[:12]}…" if is_sha1(value) else quoted(value, 20)


@rule(
    "P153-09",
    "One of your clients makes the others stop",
    xep="XEP-0153",
    section="4.3.1",
    level=Level.MUST,
    severity=Severity.INFO,
    why="A client without vCard avatars obliges your other clients to stop advertising the picture.",
    advice="Update that client, or move to a server that adds the hash itself (XEP-0398).",
)
def own_silent_client(case: Case) -> Iterator[Breach]:
    """Look for own resources without an update element beside others that have one."""
    silent = [outcome for outcome in case.presences if outcome.status is Status.UNSUPPORTED]
    if case.subject.kind is Kind.SELF and silent and len(case.heard) > len(silent):
        yield Breach(f"{_names(silent)} knows nothing of XEP-0153.", Source.PRESENCE)
