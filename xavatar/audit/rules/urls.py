"""Pictures behind addresses."""

from __future__ import annotations

from collections.abc import Iterator

from xavatar.audit.case import Breach, Case
from xavatar.audit.text import quoted
from xavatar.audit.urls import is_private, split
from xavatar.model import Severity, Source

from .registry import Level, rule


def _urls(case: Case) -> Iterator[tuple[Source, str]]:
    seen = set()
    for source, reading in case.announced():
        pair = source, reading.descriptor.url
        if pair[1] is not None and pair not in seen:
            seen.add(pair)
            yield source, pair[1]


@rule(
    "P84-14",
    "Address of the picture is not http or https",
    xep="XEP-0084",
    section="4.2.1",
    level=Level.MUST,
    severity=Severity.ERROR,
    why="Clients fetch by HTTP only; anything else is at best ignored, at worst opened on their own machine.",
    advice="Upload the picture to an https address (XEP-0363, purpose profile), or publish its bytes.",
)
def url_scheme(case: Case) -> Iterator[Breach]:
    """Look at the scheme of each address."""
    for source, url in _urls(case):
        if split(url) is None:
            yield Breach(f"The address is {quoted(url)}.", source)


@rule(
    "A-16",
    "Picture lies on a web server",
    xep="XEP-0084",
    section="3.4",
    why="Whoever runs that server learns the address, time and program of everybody who looks: a tracking pixel.",
    advice="Publish the bytes in PEP as well. xavatar listed the host and contacted nobody.",
)
def url_host(case: Case) -> Iterator[Breach]:
    """Look at the host of each address, without contacting it."""
    for source, url in _urls(case):
        parts = split(url)
        if parts is None:
            continue
        host = quoted(parts.hostname or "")
        if is_private(parts.hostname or ""):
            told = (
                f"The address leads to {host}, inside a private network; a shared machine that fetches it is misused."
            )
            yield Breach(told, source, severity=Severity.ERROR)
        elif parts.scheme == "http":
            yield Breach(f"Unencrypted, from {host}: everybody on the way sees and can change it.", source)
        else:
            yield Breach(f"From {host}.", source, severity=Severity.INFO)
