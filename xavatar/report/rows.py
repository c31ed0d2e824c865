"""The table of the report: each contact with its three sources, declared against real."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xavatar.audit import Audit, Case, Step, View
from xavatar.audit.case import is_sha1, normal
from xavatar.audit.diagnose import advice, views_of
from xavatar.audit.text import size
from xavatar.frames.people import Verdict
from xavatar.frames.text import person_label
from xavatar.model import Descriptor, Finding, ImageFacts, Kind, Outcome, Reading, Severity, Source, Status

from .words import CONDITIONS, STATUSES

_IMAGE_MISSING = {
    Status.SKIPPED: "not fetched",
    Status.EMPTY: "missing",
    Status.NOT_FOUND: "missing",
    Status.FORBIDDEN: "forbidden",
    Status.TIMEOUT: "no answer",
    Status.UNAVAILABLE: "unavailable",
    Status.MALFORMED: "unreadable",
}


@dataclass(frozen=True, slots=True)
class Part:
    """A few words about a picture; `wrong` where declared and real differ."""

    words: str
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One announced picture, or why there is none.

    Parameters
    ----------
    source : str
    status : Status
    told : str
        The status in words.
    detail : str
        Resource, condition or text.
    declared, real : sequence of Part
    """

    source: str
    status: Status
    told: str
    detail: str
    declared: Sequence[Part] = ()
    real: Sequence[Part] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """One subject of the report.

    Parameters
    ----------
    number : int
        From 1; the anchor of its rows.
    jid, label : str
    key : str
        What its colour is made of (XEP-0392).
    kind : Kind
    verdict : Verdict
    sha1 : str, optional
        Its best picture.
    animated : bool
    findings : sequence of (str, Severity)
        Rules it breaks, once each, the heaviest first.
    lines : sequence of Line
    views : sequence of View
        Who sees what.
    told : sequence of Finding
        All that was found, the heaviest first.
    steps : sequence of Step
        What to do.
    """

    number: int
    jid: str
    label: str
    key: str
    kind: Kind
    verdict: Verdict
    sha1: str | None
    animated: bool
    findings: Sequence[tuple[str, Severity]]
    lines: Sequence[Line]
    views: Sequence[View] = ()
    told: Sequence[Finding] = ()
    steps: Sequence[Step] = ()


def contacts(audit: Audit) -> list[Contact]:
    """Return everybody, in the snapshot's order."""
    folded = audit.people
    best = zip(
        folded["jid"], folded["verdict"], folded["sha1"].astype(object).where(folded["sha1"].notna(), None),
        folded["frames"].fillna(1), strict=True,
    )  # fmt: skip
    by_jid = {jid: (Verdict(verdict), sha1, frames > 1) for jid, verdict, sha1, frames in best}
    found = []
    for number, case in enumerate(audit.cases, start=1):
        subject = case.subject
        verdict, sha1, animated = by_jid[subject.jid]
        # Rooms may hide the JID; XEP-0392 then takes the nickname.
        key = subject.nick if subject.kind is Kind.OCCUPANT and subject.nick else subject.jid
        label = person_label(subject.name, subject.nick, subject.jid)
        told = audit.about(subject.jid)
        broken: dict[str, Severity] = {}
        for finding in told:
            broken.setdefault(finding.rule, finding.severity)
        found.append(
            Contact(
                number, subject.jid, label, key, subject.kind, verdict, sha1, animated, tuple(broken.items()),
                tuple(_lines(case)), tuple(views_of(case)), told, tuple(advice(told)),
            )
        )  # fmt: skip
    return found


def _lines(case: Case) -> Iterator[Line]:
    for outcome in case.outcomes:
        told = CONDITIONS.get(outcome.condition or "", STATUSES[outcome.status])
        line = Line(outcome.source.label, outcome.status, told, _detail(outcome))
        if not outcome.readings:
            yield line
        for reading in outcome.readings:
            declared, real = _compare(outcome.source, reading)
            yield replace(line, declared=declared, real=real)


def _detail(outcome: Outcome) -> str:
    condition = outcome.condition if outcome.condition not in CONDITIONS else None
    return " · ".join(part for part in (outcome.resource, condition) if part)


def _compare(source: Source, reading: Reading) -> tuple[list[Part], list[Part]]:
    declared, facts = reading.descriptor, reading.facts
    said = [Part(words) for words in _declared(declared)]
    if facts is not None:
        return said, list(_real(declared, facts))
    if source is Source.PRESENCE:
        return said, []
    words = (
        "blocked"
        if reading.image_condition == "blocked"
        else _IMAGE_MISSING.get(reading.image_status, STATUSES[reading.image_status])
    )
    return said, [Part(words, reading.image_status not in (Status.SKIPPED, Status.OK))]


def _declared(declared: Descriptor) -> Iterator[str]:
    if declared.mime:
        yield declared.mime
    if declared.nbytes is not None:
        yield size(declared.nbytes)
    if declared.width or declared.height:
        yield f"{declared.width or '?'} × {declared.height or '?'}"
    if declared.id:
        yield f"{normal(declared.id)[:8]}…" if is_sha1(declared.id) else declared.id
    if declared.url:
        yield declared.url


def _real(declared: Descriptor, facts: ImageFacts) -> Iterator[Part]:
    mime = normal(declared.mime).replace("image/jpg", "image/jpeg")
    yield Part(
        (facts.format or "unknown").upper(), bool(mime and facts.mime and mime != facts.mime) or not facts.format
    )
    yield Part(size(facts.nbytes), declared.nbytes not in (None, facts.nbytes))
    if facts.width and facts.height:
        differs = declared.width not in (None, facts.width) or declared.height not in (None, facts.height)
        yield Part(f"{facts.width} × {facts.height}", differs)
    yield Part(f"{facts.sha1[:8]}…", declared.id is not None and normal(declared.id) != facts.sha1)
    if facts.error:
        yield Part(facts.error, True)
