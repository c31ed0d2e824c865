"""Why can one not see this avatar? Verdict, who sees what, evidence, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from xavatar.model import Finding, Kind, Outcome, Reading, Severity, Source, Status

from .case import Case, is_sha1, normal
from .text import clean, size


class Sight(StrEnum):
    """Whether some people see a picture."""

    YES = "sees it"
    NO = "sees none"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True, slots=True)
class View:
    """How the avatar looks to one kind of onlooker.

    Parameters
    ----------
    who : str
    sight : Sight
    because : str
    """

    who: str
    sight: Sight
    because: str


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What became of one avatar.

    Parameters
    ----------
    jid : str
    verdict : str
        One sentence.
    views : tuple of View
        Who sees what.
    evidence : tuple of str
        What each source said.
    findings : tuple of Finding
        The heaviest first.
    steps : tuple of str
        What to do, the most useful first.
    """

    jid: str
    verdict: str
    views: tuple[View, ...]
    evidence: tuple[str, ...]
    findings: tuple[Finding, ...]
    steps: tuple[str, ...]

    def __repr__(self) -> str:
        lines = [f"{clean(self.jid)}: {self.verdict}"]
        lines += [f"  {view.who} {view.sight}: {view.because}" for view in self.views]
        lines += ["Evidence:", *(f"  {words}" for words in self.evidence)]
        lines += (
            ["Findings:", *(f"  {f.rule} ({f.severity}): {f.message}" for f in self.findings)] if self.findings else []
        )
        lines += ["What to do:", *(f"  {n}. {step}" for n, step in enumerate(self.steps, 1))] if self.steps else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        views = _list("ul", [f"{view.who} {view.sight}: {view.because}" for view in self.views])
        findings = _list("ul", [f"{f.rule} ({f.severity}): {f.message}" for f in self.findings])
        told = f"<p><b><bdi>{escape(clean(self.jid))}</bdi></b>: {escape(self.verdict)}</p>{views}"
        told += f"<p>Evidence</p>{_list('ul', self.evidence)}"
        told += f"<p>Findings</p>{findings}" if self.findings else ""
        told += f"<p>What to do</p>{_list('ol', self.steps)}" if self.steps else ""
        return f"<div>{told}</div>"


def diagnose(case: Case, findings: tuple[Finding, ...]) -> Diagnosis:
    """Tell what became of one avatar, from a case and its findings."""
    views = tuple(_views(case))
    steps = dict.fromkeys(f.advice for f in findings if f.severity is not Severity.INFO)
    # Notes are worth a step only when nothing graver explains what is seen.
    steps = steps or dict.fromkeys(f.advice for f in findings)
    return Diagnosis(case.subject.jid, _verdict(views), views, tuple(_evidence(case)), findings, tuple(steps))


def _verdict(views: tuple[View, ...]) -> str:
    seen = {view.sight for view in views}
    if not views or seen == {Sight.UNKNOWN}:
        return "This account cannot tell whether there is an avatar."
    if seen == {Sight.YES}:
        return "Everybody who may look sees the avatar."
    if Sight.YES in seen:
        return "Some see the avatar, others do not."
    return "Nobody is known to see an avatar." if Sight.UNKNOWN in seen else "There is no avatar to see."


def _views(case: Case) -> Iterator[View]:
    if case.pep is not None and case.subject.kind not in (Kind.OCCUPANT, Kind.ROOM):
        yield View("Whoever uses a modern client (PEP)", *_sight(case.pep))
    if case.vcard is not None:
        sight, because = _sight(case.vcard)
        said, held = case.advertised, case.hashes(Source.VCARD)
        if sight is Sight.YES and case.heard and case.subject.kind is not Kind.ROOM and not said & held:
            because = "the vCard has a picture, but presence does not advertise it; they look only when told to"
            sight = Sight.NO
        yield View("Whoever goes by vCards (rooms, older clients)", sight, because)


def _sight(outcome: Outcome) -> tuple[Sight, str]:
    match outcome.status:
        case Status.OK:
            told = [_of_reading(outcome.source, reading) for reading in outcome.readings]
            best = next((each for each in told if each[0] is Sight.YES), None)
            return best or next(iter(told), (Sight.NO, "nothing is announced"))
        case Status.DISABLED:
            return Sight.NO, "switched off on purpose"
        case Status.EMPTY | Status.NOT_FOUND:
            return Sight.NO, "nothing is published there"
        case Status.FORBIDDEN:
            return Sight.UNKNOWN, "closed to this account; some servers answer so for accounts that do not exist, too"
        case Status.MALFORMED:
            return Sight.NO, "what is published cannot be read"
        case Status.UNSUPPORTED:
            return Sight.NO, "the server does not offer it"
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


def _evidence(case: Case) -> Iterator[str]:
    names = {Source.PEP: "PEP", Source.VCARD: "vCard", Source.PRESENCE: "Presence"}
    for outcome in case.outcomes:
        where = (
            f"{names[outcome.source]} of {clean(outcome.resource, 30)}" if outcome.resource else names[outcome.source]
        )
        why = ", ".join(clean(part, 80) for part in (outcome.condition, outcome.text) if part)
        took = f" in {outcome.elapsed_ms:.0f} ms" if outcome.elapsed_ms is not None else ""
        said = "; ".join(f"id {clean(r.descriptor.id, 44)}" for r in outcome.readings if r.descriptor.id)
        yield f"{where}: {outcome.status}{f' ({why})' if why else ''}{took}{f', {said}' if said else ''}."


def _list(tag: str, items: list[str] | tuple[str, ...]) -> str:
    return f"<{tag}>{''.join(f'<li>{escape(item)}</li>' for item in items)}</{tag}>"
