"""What became of one avatar, as a value and as people read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from html import escape
from typing import Any

from xavatar.collect.recorder import Exchange
from xavatar.model import Finding

from .text import clean, count


class Sight(StrEnum):
    """Whether some people see a picture."""

    YES = "sees it"
    NO = "sees none"
    UNKNOWN = "may see it, or not"


class Role(StrEnum):
    """Who can do something about it."""

    OWNER = "owner"
    ADMIN = "admin"
    """Who runs the server, the gateway or the room."""
    READER = "reader"
    """Who asks."""


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


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do.

    Parameters
    ----------
    who : Role
    words : str
    """

    who: Role
    words: str

    def __str__(self) -> str:
        return f"{_DOERS[self.who]}: {self.words}"


_DOERS = {Role.OWNER: "The owner", Role.ADMIN: "The admin", Role.READER: "You"}
_TONES = {Sight.YES: "yes", Sight.NO: "no", Sight.UNKNOWN: "unknown"}

# As in an audit's display: light-dark() follows the notebook's theme, the first value is for those without it.
_STYLE = """
<style>
.xav-diag{font:14px/1.45 system-ui,sans-serif;max-width:56rem;color:inherit}
.xav-diag h4{margin:0 0 .2rem;font-size:1.1em}
.xav-diag h5{margin:.8rem 0 .2rem;font-size:1em}
.xav-diag ul,.xav-diag ol{margin:.2rem 0;padding-left:1.4em}
.xav-diag pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.3rem 0;padding:.5rem;border:1px solid #8884;
 background:none;color:inherit}
.xav-diag .xav-s{display:inline-block;padding:0 .5em;border-radius:.7em;font-size:.85em;border:1px solid currentColor}
.xav-diag .xav-no,.xav-diag .xav-error{color:#b3261e;color:light-dark(#b3261e,#ff8a80)}
.xav-diag .xav-unknown,.xav-diag .xav-warning{color:#8a5300;color:light-dark(#8a5300,#ffb951)}
.xav-diag .xav-yes{color:#256029;color:light-dark(#256029,#8fd694)}
.xav-diag .xav-info{color:#3f5f8a;color:light-dark(#3f5f8a,#9cc3ff)}
</style>"""


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What became of one avatar.

    Parameters
    ----------
    jid : str
    verdict : str
        One or two sentences.
    views : tuple of View
        Who sees what.
    evidence : tuple of str
        What each source said.
    findings : tuple of Finding
        The heaviest first.
    steps : tuple of Step
        What to do and who can, the most useful first.
    facts : tuple of str
        What else was told: by the account's server, and, for one's own account, by its nodes.
    exchanges : tuple of Exchange
        The questions and answers themselves, as XML; none for a stored snapshot.
    """

    jid: str
    verdict: str
    views: tuple[View, ...]
    evidence: tuple[str, ...]
    findings: tuple[Finding, ...]
    steps: tuple[Step, ...]
    facts: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, fit for JSON."""
        return asdict(self)

    def __repr__(self) -> str:
        lines = [f"{clean(self.jid)}: {self.verdict}"]
        lines += [f"  {view.who} {view.sight}: {view.because}" for view in self.views]
        lines += ["Evidence:", *(f"  {words}" for words in self.evidence)]
        lines += ["Also:", *(f"  {words}" for words in self.facts)] if self.facts else []
        lines += ["Findings:", *(f"  {_finding(each)}" for each in self.findings)] if self.findings else []
        lines += ["What to do:", *(f"  {n}. {step}" for n, step in enumerate(self.steps, 1))] if self.steps else []
        lines += [f"({count(len(self.exchanges), 'stanza')} in .exchanges)"] if self.exchanges else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        views = (
            f'<li>{escape(view.who)} <span class="xav-s xav-{_TONES[view.sight]}">{view.sight}</span> '
            f"{escape(view.because)}</li>"
            for view in self.views
        )
        findings = (
            f'<li><span class="xav-s xav-{each.severity}">{each.rule}</span> {escape(each.message)}</li>'
            for each in self.findings
        )
        head = f"<h4><bdi>{escape(clean(self.jid))}</bdi></h4><p><b>{escape(self.verdict)}</b></p>"
        parts = [f"<ul>{''.join(views)}</ul>", _section("What to do", "ol", map(str, self.steps))]
        parts += [f"<h5>Findings</h5><ul>{''.join(findings)}</ul>"] if self.findings else []
        parts += [_section("Evidence", "ul", self.evidence), _section("Also", "ul", self.facts)]
        return f'{_STYLE}<div class="xav-diag">{head}{"".join(parts)}{self._stanzas()}</div>'

    def _stanzas(self) -> str:
        told = (
            f"<h5>{escape(each.step)}: {each.status}</h5><pre>{escape(_harmless(each.request))}</pre>"
            f"<pre>{escape(_harmless(each.answer) or 'no answer')}</pre>"
            for each in self.exchanges
        )
        summary = f"<summary>{count(len(self.exchanges), 'stanza')} asked</summary>"
        return f"<details>{summary}{''.join(told)}</details>" if self.exchanges else ""


def _finding(finding: Finding) -> str:
    where = f", {finding.source}" if finding.source else ""
    return f"{finding.rule} ({finding.severity}{where}): {finding.message}"


def _harmless(xml: str) -> str:
    return "\n".join(clean(line) for line in xml.splitlines())


def _section(title: str, tag: str, items: Iterable[str]) -> str:
    told = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<h5>{title}</h5><{tag}>{told}</{tag}>" if told else ""
