"""Tables for a terminal. Everything from the wire goes in as plain text, cleaned, never as markup."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from xavatar.audit import Audit, Rule, duplicate_groups
from xavatar.audit.display import numbers, subtitle
from xavatar.audit.text import clean, count
from xavatar.model import Severity, Source
from xavatar.report.figures import VERDICT_TONES
from xavatar.report.rows import Contact, Part, contacts
from xavatar.report.shared import LABELS
from xavatar.report.words import VERDICTS

_TONES = {"good": "green", "mild": "blue", "warn": "yellow", "bad": "red", "dim": "dim", "plain": ""}
_SEVERITIES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}
_ROWS = 40
_GROUPS = 10
_PIPE = 200


def console() -> Console:
    """Return a console for stdout: as wide as the terminal, and wide enough for whoever reads a pipe."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_PIPE)


def head(out: Console, audit: Audit) -> None:
    """Print who was looked at, and the headline numbers."""
    out.print(Text(f"Avatars of {subtitle(audit)}", style="bold"))
    if not audit.snapshot.complete:
        out.print(Text("Incomplete: the collection ended before everybody had answered.", style="yellow"))
    out.print(Text(", ".join(f"{value} {label}" for value, label in numbers(audit))))


def people(out: Console, audit: Audit, *, everybody: bool) -> None:
    """Print one row per subject: verdict, sources, the picture, the rules it breaks."""
    made = table("Who", "Avatar", "PEP", "vCard", "Presence", "Picture", "Findings")
    rows = contacts(audit)
    shown = rows if everybody else _most_telling(rows)
    for row in shown:
        made.add_row(_who(row), _verdict(row), *_statuses(row), _picture(row), _rules(row.findings))
    out.print(made)
    for rule, severity in dict(sorted(pair for row in shown for pair in row.findings)).items():
        out.print(Text.assemble((f"{rule:<8}", _SEVERITIES[severity]), " ", audit.rule(rule).title))
    _more(out, len(rows) - len(shown), "subject")


def sources(out: Console, audit: Audit) -> None:
    """Print one row per source and picture: what it declares, what the bytes are."""
    made = table("Source", "Answer", "Declared", "Real")
    for row in contacts(audit):
        for line in row.lines:
            answer = clean(f"{line.told} {line.detail}".strip(), 60)
            made.add_row(line.source, Text(answer), _parts(line.declared), _parts(line.real))
    out.print(made)


def features(out: Console, offered: Mapping[str, Any]) -> None:
    """Print what the account's server offers for avatars."""
    if not offered:
        out.print(Text("The server does not tell what it offers.", style="dim"))
        return
    out.print(Text(f"Server: {clean(offered['software'] or 'unnamed', 60)}"))
    for name, words in _FEATURES.items():
        has = bool(offered[name])
        out.print(Text(f"  {'yes' if has else 'no':<4}{words}", style="" if has else "dim"))


_FEATURES = {
    "pep": "PEP (XEP-0163): avatars can be published",
    "pep_vcard_conversion": "conversion between PEP and vCard (XEP-0398): one publication is enough",
    "publish_options": "publish-options: the access model can be set while publishing",
    "vcard": "vCard (XEP-0054)",
    "upload": "HTTP upload (XEP-0363)",
}


def findings(out: Console, audit: Audit, *, everybody: bool) -> None:
    """Print how many subjects break which rule, then who breaks the graver ones, and how."""
    if not audit.results:
        out.print(Text("No finding.", style="green"))
        return
    made = table("Severity", "Subjects", "Rule", "Finding")
    for row in audit.summary.itertuples():
        severity = Severity(str(row.severity))
        made.add_row(_severity(severity), str(row.subjects), str(row.rule), Text(str(row.title)))
    out.print(made)
    told = [finding for finding in audit.results if everybody or finding.severity is not Severity.INFO]
    details = table("Rule", "Who", "Where", "What")
    for finding in told if everybody else told[:_ROWS]:
        rule = Text(finding.rule, style=_SEVERITIES[finding.severity])
        where = finding.source.label if finding.source else "together"
        details.add_row(rule, Text(clean(finding.jid, 60)), where, Text(clean(finding.message)))
    if told:
        out.print(details)
    _more(out, len(audit.results) - details.row_count, "finding")


def duplicates(out: Console, audit: Audit, *, everybody: bool) -> None:
    """Print who shows the same picture as others, or nearly."""
    groups = duplicate_groups(audit.duplicates)
    if groups.empty:
        return
    made = table("Shared picture", "Subjects", "Pictures", "Who")
    # The same bytes are a fact, a likeness is only near.
    groups = groups.sort_values("distance", kind="stable")
    for row in groups.head(len(groups) if everybody else _GROUPS).itertuples():
        made.add_row(LABELS[str(row.label)], str(row.subjects), str(row.pictures), Text(clean(str(row.jids), 120)))
    out.print(made)
    _more(out, len(groups) - made.row_count, "group")


def changes(out: Console, audit: Audit) -> None:
    """Print how much changed since the snapshot before, when there is one."""
    if audit.changes is not None:
        out.print(Text(repr(audit.changes).partition("\n")[0]))
        out.print(Text("`xavatar diff` tells what changed.", style="dim"))


def rules(out: Console, listed: Iterable[Rule]) -> None:
    """Print rules, one row each."""
    made = table("Rule", "Severity", "Level", "Where", "Breach", "Also")
    for rule in listed:
        made.add_row(
            rule.id, _severity(rule.severity), rule.level.value, rule.reference, rule.title, ", ".join(rule.also)
        )
    out.print(made)


def rule(out: Console, one: Rule) -> None:
    """Print all that is known of a rule."""
    out.print(Text.assemble((one.id, "bold"), "  ", one.title, "  ", _severity(one.severity)))
    grid = Table.grid(padding=(0, 2))
    grid.add_row("Where", f"{one.reference} ({one.level.value})")
    if one.also:
        grid.add_row("Also", ", ".join(one.also))
    grid.add_row("Why", one.why)
    grid.add_row("What to do", one.advice)
    grid.add_row("How it is seen", one.how)
    out.print(grid)
    out.print()


def table(*names: str) -> Table:
    """Return an empty table with these columns."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for name in names:
        side: Literal["left", "right"] = "right" if name in ("Subjects", "Accounts", "Pictures") else "left"
        made.add_column(name, justify=side, overflow="fold", no_wrap=name in _NARROW)
    return made


_NARROW = frozenset({"Severity", "Subjects", "Rule", "PEP", "vCard", "Presence", "Level", "Where"})


def _most_telling(rows: Sequence[Contact]) -> Sequence[Contact]:
    """Return the first rows; of very many those with the gravest findings, in their own order."""
    if len(rows) <= _ROWS:
        return rows
    rank = list(Severity)
    worst = {row.number: min((rank.index(s) for _, s in row.findings), default=len(rank)) for row in rows}
    chosen = {row.number for row in sorted(rows, key=lambda row: (worst[row.number], row.number))[:_ROWS]}
    return [row for row in rows if row.number in chosen]


def _more(out: Console, left: int, noun: str) -> None:
    if left > 0:
        out.print(Text(f"… and {count(left, 'more ' + noun)}; --all shows them, --out writes them.", style="dim"))


def _who(row: Contact) -> Text:
    if row.label == row.jid:
        return Text(clean(row.jid, 60))
    return Text.assemble(clean(row.label, 30), " ", (clean(row.jid, 60), "dim"))


def _verdict(row: Contact) -> Text:
    return Text(VERDICTS[row.verdict], style=_TONES[VERDICT_TONES[row.verdict]])


def _statuses(row: Contact) -> list[str]:
    told: dict[str, list[str]] = {source.label: [] for source in Source}
    for line in row.lines:
        told[line.source].append(line.told)
    return ["/".join(dict.fromkeys(words)) or "-" for words in told.values()]


def _picture(row: Contact) -> Text:
    best = next((line.real for line in row.lines if len(line.real) > 1), ())
    return _parts(best[:3])


def _parts(parts: Sequence[Part]) -> Text:
    joined = [Text(clean(part.words, 80), style="red" if part.wrong else "") for part in parts]
    return Text(" ").join(joined)


def _rules(broken: Sequence[tuple[str, Severity]]) -> Text:
    return Text(" ").join(Text(rule, style=_SEVERITIES[severity]) for rule, severity in broken)


def _severity(severity: Severity) -> Text:
    return Text(severity.value, style=_SEVERITIES[severity])
