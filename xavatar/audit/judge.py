"""From outcomes to findings: group by subject, look around, ask every rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from xavatar.errors import ConfigError
from xavatar.model import Finding, Kind, Outcome, Severity, Source, Status

from .case import Breach, Case, Face, Surroundings
from .limits import Limits
from .rules import Level, Rule
from .text import clean

_MESSAGE = 400
_MANY = frozenset({Kind.CONTACT, Kind.OCCUPANT})
# Transports take the name of the network that they lead to as the first label of their domain.
_NETWORKS = frozenset(
    (
        *("aim", "discord", "facebook", "gadugadu", "gg", "icq", "instagram", "irc", "line", "linphone", "matrix"),
        *("mattermost", "messenger", "mumble", "rocketchat", "signal", "skype", "slack", "sms", "steam", "teams"),
        *("telegram", "twitter", "viber", "wechat", "whatsapp", "zulip"),
    )
)
# Where a whole domain refuses, A-26 says so; that its nodes are listed all the same adds nothing.
_TOLD_OF_DOMAINS = frozenset({"P84-25"})
_ORDER = {severity: rank for rank, severity in enumerate(Severity)}


def cases(
    outcomes: Iterable[Outcome], limits: Limits, beside: Iterable[Outcome] = (), previous: Iterable[Outcome] = ()
) -> tuple[Case, ...]:
    """Put each subject's outcomes together, in the order the subjects first appear.

    Parameters
    ----------
    outcomes : iterable of Outcome
    limits : Limits
    beside : iterable of Outcome
        Of other snapshots: not judged, only to compare occupants with (A-24).
    previous : iterable of Outcome
        Of the snapshot before, to tell which of two pictures is newer.
    """
    found = _grouped(outcomes, limits)
    around = _surroundings(found, _grouped(beside, limits), limits)
    earlier = {case.subject.jid: case for case in _grouped(previous, limits)}
    return tuple(replace(case, around=around, earlier=earlier.get(case.subject.jid)) for case in found)


def _grouped(outcomes: Iterable[Outcome], limits: Limits) -> tuple[Case, ...]:
    grouped: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        grouped[outcome.subject.jid].append(outcome)
    return tuple(_case(group, limits) for group in grouped.values())


def _case(group: list[Outcome], limits: Limits) -> Case:
    by_source = {source: [outcome for outcome in group if outcome.source is source] for source in Source}
    pep, vcard = by_source[Source.PEP], by_source[Source.VCARD]
    return Case(
        subject=group[0].subject,
        pep=pep[-1] if pep else None,
        vcard=vcard[-1] if vcard else None,
        presences=tuple(by_source[Source.PRESENCE]),
        limits=limits,
    )


def _surroundings(found: tuple[Case, ...], beside: tuple[Case, ...], limits: Limits) -> Surroundings:
    own, known = set[str](), set[tuple[str, str]]()
    for case in (*found, *beside):
        hashes = case.hashes(Source.PEP) | case.hashes(Source.VCARD) | case.advertised
        if case.subject.kind is Kind.SELF:
            own |= hashes
        elif case.subject.kind is Kind.CONTACT and limits.join_occupants:
            known |= {(sha1, case.subject.jid) for sha1 in hashes}
    return Surroundings(
        refusing=frozenset(_refusing(found, limits)),
        own=frozenset(own),
        known=frozenset(known),
        faces=tuple(_faces((*found, *beside))),
        gateways=frozenset(_gateways(found)),
        older=frozenset(_older(found)),
    )


def _faces(found: tuple[Case, ...]) -> Iterator[Face]:
    for case in found:
        hashes = case.hashes(Source.PEP) | case.hashes(Source.VCARD) | case.advertised
        if case.subject.kind is Kind.CONTACT and hashes:
            names = {case.subject.name or "", case.subject.jid.partition("@")[0]}
            yield Face(case.subject.jid, frozenset(name.casefold() for name in names if name), hashes)


def _gateways(found: tuple[Case, ...]) -> Iterator[tuple[str, int, int]]:
    """Yield the domains named after another network, with their contacts and how many have a picture."""
    contacts: dict[str, list[bool]] = defaultdict(list)
    for case in found:
        if case.subject.kind is Kind.CONTACT and case.place.partition(".")[0].lower() in _NETWORKS:
            contacts[case.place].append(bool(case.hashes(Source.PEP) or case.hashes(Source.VCARD)))
    for domain, pictured in contacts.items():
        yield domain, len(pictured), sum(pictured)


def _older(found: tuple[Case, ...]) -> Iterator[tuple[str, int]]:
    saying: dict[str, list[str]] = defaultdict(list)
    for case in found:
        vcard = case.vcard if case.subject.kind is Kind.CONTACT else None
        if vcard is not None and (vcard.status, vcard.condition) == (Status.NOT_FOUND, "item-not-found"):
            saying[case.place].append(case.subject.jid)
    yield from ((jids[0], len(jids)) for jids in saying.values())


def _refusing(found: tuple[Case, ...], limits: Limits) -> Iterator[tuple[str, int]]:
    """Yield the domains and rooms that refused everybody asked there, with how many that were."""
    answers: dict[str, list[Status]] = defaultdict(list)
    for case in found:
        outcome = case.vcard if case.subject.kind is Kind.OCCUPANT else case.pep
        if outcome is not None and outcome.status is not Status.SKIPPED and case.subject.kind in _MANY:
            answers[case.place].append(outcome.status)
    for place, statuses in answers.items():
        if len(statuses) >= limits.many and set(statuses) == {Status.FORBIDDEN}:
            yield place, len(statuses)


def judge(
    found: Iterable[Case],
    rules: Mapping[str, Rule],
    severities: Mapping[str, Severity],
    off: Collection[str],
) -> tuple[Finding, ...]:
    """Ask every rule about every case; the heaviest findings come first, then by rule and JID.

    Parameters
    ----------
    found : iterable of Case
    rules : mapping of str to Rule
    severities : mapping of str to Severity
        By canonical rule id, instead of the rule's own and of its breaches'.
    off : collection of str
        Canonical ids of rules that are not asked.
    """
    active = [rule for rule in rules.values() if rule.id not in off]
    findings: list[Finding] = []
    for case in found:
        checked = list(_checked(case, active, severities))
        # What the reader noted and a rule found again is told once, in the rule's words.
        told = {(finding.rule, finding.source) for finding in checked}
        noted = (finding for finding in _noted(case, rules, severities) if finding.rule not in off)
        findings += checked + [finding for finding in noted if (finding.rule, finding.source) not in told]
    return tuple(sorted(dict.fromkeys(findings), key=lambda each: (_ORDER[each.severity], each.rule, each.jid)))


def _checked(case: Case, active: list[Rule], severities: Mapping[str, Severity]) -> Iterator[Finding]:
    for rule in active:
        if rule.check is None:
            continue
        try:
            for breach in rule.check(case):
                yield _finding(case, rule, breach, severities)
        except Exception as error:  # a rule may be anybody's
            told = f"{type(error).__name__}: {error}"
            raise ConfigError(
                f"Rule {rule.id} failed on {case.subject.jid}: {told}. It must take a Case and yield Breach values; "
                "mend it, or leave it out with `off`."
            ) from error


def _noted(case: Case, rules: Mapping[str, Rule], severities: Mapping[str, Severity]) -> Iterator[Finding]:
    for outcome in case.outcomes:
        for problem in outcome.problems:
            key, _, words = problem.partition(" ")
            rule = rules[key] if key in rules else unknown(key)
            if rule.id in _TOLD_OF_DOMAINS and case.around.refused_by(case.place):
                continue
            told = words.strip() or rule.title
            yield _finding(case, rule, Breach(f"{told[:1].upper()}{told[1:]}.", outcome.source), severities)


def _finding(case: Case, rule: Rule, breach: Breach, severities: Mapping[str, Severity]) -> Finding:
    return Finding(
        rule=rule.id,
        severity=severities.get(rule.id) or Severity(breach.severity or rule.severity),
        jid=case.subject.jid,
        source=breach.source,
        message=clean(breach.message, _MESSAGE),
        advice=breach.advice or rule.advice,
    )


def unknown(key: str) -> Rule:
    """Return a rule for an id that no registry has, so that what a reader noted is never lost."""
    return Rule(
        id=clean(key, 20),
        title="Breach seen while reading",
        xep="",
        section="",
        level=Level.MUST,
        severity=Severity.WARNING,
        why="Strict readers may refuse what was sent.",
        advice="Report this to the authors of the client, or of the server, that wrote it.",
    )
