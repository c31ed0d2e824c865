"""Why can one not see this avatar? Verdict, who sees what, evidence, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from xavatar.model import Finding, Kind, Outcome, Reading, Severity, Source, Status

from .case import Case, is_sha1, normal
from .diagnosis import Diagnosis, Role, Sight, Step, View
from .text import clean, count, size

PEP_USERS = "Whoever uses a modern client (PEP)"
VCARD_USERS = "Whoever goes by vCards (rooms, older clients)"
_OFF, _NOTHING = "switched off on purpose", "nothing is published there"
_NOT_OFFERED = "the server does not offer it"
_ABSENT = frozenset({_OFF, _NOTHING, _NOT_OFFERED})
_ADMINS = frozenset({"P84-25", "P398-04", "A-25", "A-34", "P54-01"})
_READERS = frozenset({"P163-01", "A-26", "P60-02"})


def diagnose(case: Case, findings: tuple[Finding, ...]) -> Diagnosis:
    """Tell what became of one avatar, from a case and its findings."""
    views = tuple(views_of(case))
    told = two_pictures(case, views) or verdict(views)
    steps, facts = tuple(advice(findings)), tuple(clients(case))
    return Diagnosis(case.subject.jid, told, views, tuple(evidence(case)), findings, steps, facts)


def advice(findings: tuple[Finding, ...]) -> Iterator[Step]:
    """Yield what the broken rules advise, each once."""
    # Notes are worth a step only when nothing graver explains what is seen.
    grave = [finding for finding in findings if finding.severity is not Severity.INFO] or findings
    told: set[str] = set()
    for finding in grave:
        if finding.advice not in told:
            told.add(finding.advice)
            yield Step(_role(finding.rule), finding.advice)


def _role(rule: str) -> Role:
    return Role.ADMIN if rule in _ADMINS else Role.READER if rule in _READERS else Role.OWNER


def verdict(views: tuple[View, ...]) -> str:
    """Sum up what the onlookers see."""
    seen = {view.sight for view in views}
    if not views or seen == {Sight.UNKNOWN}:
        return "This account cannot tell whether there is an avatar."
    if seen == {Sight.YES}:
        return "Everybody who may look sees the avatar."
    if Sight.YES in seen:
        return "Some see the avatar, others do not."
    if Sight.UNKNOWN in seen:
        return "Nobody is known to see an avatar."
    hidden = next((view.because for view in views if view.because not in _ABSENT), None)
    return f"There is a picture, and nobody is shown it: {hidden}." if hidden else "There is no avatar to see."


def two_pictures(case: Case, views: Iterable[View]) -> str | None:
    """Return what is said of a picture in PEP and another one in the vCard, when both are seen (A-22)."""
    seeing = {view.who for view in views if view.sight is Sight.YES}
    one, other = case.hashes(Source.PEP), case.hashes(Source.VCARD)
    if not {PEP_USERS, VCARD_USERS} <= seeing or not one or not other or one & other:
        return None
    return (
        f"There is an avatar, but people see different pictures: modern clients {min(one)[:12]}… from PEP, rooms and "
        f"older clients {min(other)[:12]}… from the vCard."
    )


def views_of(case: Case) -> Iterator[View]:
    """Yield how the avatar looks by PEP, and by vCard."""
    if case.pep is not None and case.subject.kind not in (Kind.OCCUPANT, Kind.ROOM):
        yield View(PEP_USERS, *_sight(case.pep))
    if case.vcard is not None:
        sight, because = _sight(case.vcard)
        said, held = case.advertised, case.hashes(Source.VCARD)
        if sight is Sight.YES and case.heard and case.subject.kind is not Kind.ROOM and not said & held:
            because = "the vCard has a picture, but presence does not advertise it; they look only when told to"
            sight = Sight.NO
        yield View(VCARD_USERS, sight, because)


def _sight(outcome: Outcome) -> tuple[Sight, str]:
    match outcome.status:
        case Status.OK:
            told = [_of_reading(outcome.source, reading) for reading in outcome.readings]
            best = next((each for each in told if each[0] is Sight.YES), None)
            return best or next(iter(told), (Sight.NO, _NOTHING))
        case Status.DISABLED:
            return Sight.NO, _OFF
        case Status.EMPTY | Status.NOT_FOUND:
            return Sight.NO, _NOTHING
        case Status.FORBIDDEN:
            return Sight.UNKNOWN, "closed to this account; some servers answer so for accounts that do not exist, too"
        case Status.MALFORMED:
            return Sight.NO, "what is published cannot be read"
        case Status.UNSUPPORTED:
            return Sight.NO, _NOT_OFFERED
        case _:
            return Sight.UNKNOWN, f"no answer ({clean(outcome.condition or outcome.status, 60)})"


def _of_reading(source: Source, reading: Reading) -> tuple[Sight, str]:
    facts, declared = reading.facts, reading.descriptor
    if facts is None:
        if declared.url is not None:
            return Sight.UNKNOWN, "the picture lies on a web server, which was not contacted"
        if reading.image_status is Status.SKIPPED:
            return Sight.UNKNOWN, "a picture is announced, and was not fetched"
        if reading.image_status is Status.FORBIDDEN:
            return Sight.UNKNOWN, "a picture is announced, and closed to this account"
        if reading.image_status in (Status.TIMEOUT, Status.UNAVAILABLE):
            return Sight.UNKNOWN, "a picture is announced; fetching it gave no answer"
        return Sight.NO, "a picture is announced that is not there"
    # A perceptual hash is there when the picture decoded, whatever else was odd about the file.
    if facts.dhash is None:
        return Sight.NO, f"the picture does not decode ({clean(facts.error or 'unknown format', 60)})"
    if source is Source.PEP and normal(declared.id) != facts.sha1:
        wrong = "its id is another picture's hash" if is_sha1(declared.id) else "its id is no hash"
        return Sight.NO, f"{wrong}, and clients that verify it show nothing"
    return Sight.YES, f"{(facts.format or 'picture').upper()}, {facts.width} x {facts.height}, {size(facts.nbytes)}"


def evidence(case: Case) -> Iterator[str]:
    """Yield what each source said."""
    for outcome in case.outcomes:
        where = outcome.source.label + (f" of {clean(outcome.resource, 30)}" if outcome.resource else "")
        why = ", ".join(clean(part, 80) for part in (outcome.condition, outcome.text) if part)
        took = f" in {outcome.elapsed_ms:.0f} ms" if outcome.elapsed_ms is not None else ""
        said = "; ".join(f"id {clean(r.descriptor.id, 44)}" for r in outcome.readings if r.descriptor.id)
        yield f"{where}: {outcome.status}{f' ({why})' if why else ''}{took}{f', {said}' if said else ''}."


def clients(case: Case) -> Iterator[str]:
    """Yield what one's own clients announce (XEP-0153, 4.3)."""
    if case.heard and case.subject.kind is Kind.SELF:
        told = "; ".join(f"{clean(each.resource or 'one', 30)}: {_said(each)}" for each in case.heard)
        yield f"{count(len(case.heard), 'client')} of yours online, this session among them. {told}."


def _said(outcome: Outcome) -> str:
    if outcome.status is Status.OK and outcome.readings:
        value = outcome.readings[0].descriptor.id or ""
        return f"advertises {normal(value)[:12]}…" if is_sha1(value) else f"advertises {clean(value, 40)}, no hash"
    return {Status.EMPTY: "says there is no picture", Status.UNSUPPORTED: "says nothing of avatars"}.get(
        outcome.status, "is not ready"
    )
