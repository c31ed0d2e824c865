"""What an audit cannot say, and why: a report that hides it would claim too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from xavatar.audit import Audit
from xavatar.audit.text import clean, count
from xavatar.audit.urls import hosts
from xavatar.model import Kind, Source, Status

_UNSEEN = {
    Status.FORBIDDEN: "closed to this account",
    Status.TIMEOUT: "gave no answer in time",
    Status.UNAVAILABLE: "could not be reached",
    Status.ERROR: "answered with an error",
    Status.SKIPPED: "were not asked",
}


def unseen(audit: Audit) -> list[str]:
    """Return sentences on what could not be seen, the most important first."""
    return list(_sentences(audit))


def _sentences(audit: Audit) -> Iterator[str]:
    if not audit.snapshot.complete:
        yield "The collection ended early; whoever is missing here was not asked. Repeat the audit for a full picture."
    for source in (Source.PEP, Source.VCARD):
        statuses = Counter(case.status(source) for case in audit.cases)
        for status, words in _UNSEEN.items():
            if number := statuses[status]:
                yield f"{source.label} of {count(number, 'subject')}: {words}."
    if refusing := sorted({place for case in audit.cases for place, _ in case.around.refusing}):
        yield f"Refused for everybody asked there: {', '.join(clean(place, 80) for place in refusing)}."
    pictures = [reading for case in audit.cases for _, reading in case.announced() if reading.facts is None]
    inband = sum(reading.descriptor.url is None for reading in pictures)
    if inband:
        yield f"{count(inband, 'announced picture')} not fetched, or not to be had; nothing is said of their content."
    if listed := hosts(audit.cases):
        shown = ", ".join(f"{clean(host, 60)} ({number})" for host, number in listed.most_common(12))
        yield f"Pictures behind addresses were not fetched, and no server was contacted: {shown}."
    silent = sum(not case.heard for case in audit.cases if case.subject.kind is not Kind.ROOM)
    if silent:
        yield f"{count(silent, 'subject')} sent no presence here; what their clients advertise is unknown."
