"""How an audit shows itself in a terminal and in a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from xavatar.frames.people import SHOWN
from xavatar.model import Severity

from .text import clean, count

if TYPE_CHECKING:
    from .audit import Audit

_ROWS = 12
_WORST = 6
_MARKS = {Severity.ERROR: "✗", Severity.WARNING: "!", Severity.INFO: "·"}

# light-dark() follows the notebook's theme where it sets color-scheme; the first value is for front ends without it.
_STYLE = """
<style>
.xav-audit{font:14px/1.45 system-ui,sans-serif;max-width:60rem;color:inherit}
.xav-audit h4{margin:0 0 .2rem;font-size:1.1em}
.xav-audit p{margin:.2rem 0;opacity:.75}
.xav-audit .xav-n{display:flex;flex-wrap:wrap;gap:.2rem 1.6rem;margin:.7rem 0;padding:0;list-style:none}
.xav-audit .xav-n b{display:block;font-size:1.6em;font-weight:600;font-variant-numeric:tabular-nums;line-height:1.2}
.xav-audit table{border-collapse:collapse;margin:.4rem 0}
.xav-audit th,.xav-audit td{text-align:left!important;padding:.22rem .8rem .22rem 0;background:none!important;
 border-bottom:1px solid #8884;vertical-align:top;white-space:normal}
.xav-audit td.xav-c{text-align:right!important;font-variant-numeric:tabular-nums}
.xav-audit .xav-s{display:inline-block;padding:0 .5em;border-radius:.7em;font-size:.85em;border:1px solid currentColor}
.xav-audit .xav-error{color:#b3261e;color:light-dark(#b3261e,#ff8a80)}
.xav-audit .xav-warning{color:#8a5300;color:light-dark(#8a5300,#ffb951)}
.xav-audit .xav-info{color:#3f5f8a;color:light-dark(#3f5f8a,#9cc3ff)}
</style>"""


def subtitle(audit: Audit) -> str:
    """Return who looked at what and when, in one line."""
    taken = f"{audit.snapshot.taken_at:%Y-%m-%d %H:%M} UTC"
    return f"{clean(audit.snapshot.scope, 80)}, seen by {clean(audit.snapshot.account, 80)}, {taken}"


def numbers(audit: Audit) -> list[tuple[str, str]]:
    """Return the headline as (value, label) pairs, without those that are zero and unsurprising."""
    line = audit.headline
    told = [(f"{line.subjects:,}", "subject" if line.subjects == 1 else "subjects")]
    told.append((f"{line.coverage:.0%}", "with a picture to see"))
    told += [(f"{number:,}", each.value) for each, number in line.verdicts if number and each not in SHOWN]
    told += [(f"{line.leaking:,}", "telling a position")] if line.leaking else []
    told += [(f"{line.diverging:,}", "with differing sources")] if line.diverging else []
    return told


def text(audit: Audit) -> str:
    """Return the audit in a few lines."""
    lines = [f"Audit of {subtitle(audit)}{'' if audit.snapshot.complete else ' (incomplete)'}"]
    lines.append("  " + ", ".join(f"{value} {label}" for value, label in numbers(audit)))
    for row in audit.summary.head(_ROWS).itertuples():
        mark = _MARKS[Severity(str(row.severity))]
        lines.append(f"  {mark} {row.severity!s:<8}{row.subjects:>5}  {row.rule!s:<8} {row.title}")
    if len(audit.summary) > _ROWS:
        lines.append(f"  … and {count(len(audit.summary) - _ROWS, 'more rule')}: see .summary")
    if audit.summary.empty:
        lines.append("  No finding.")
    return "\n".join(lines)


def html(audit: Audit) -> str:
    """Return the audit in short as HTML that stands alone: no script, no address, everything escaped."""
    cells = "".join(f"<li><b>{escape(value)}</b>{escape(label)}</li>" for value, label in numbers(audit))
    worst = audit.summary.head(_WORST)
    rows = "".join(
        f'<tr><td><span class="xav-s xav-{row.severity}">{row.severity}</span></td>'
        f'<td class="xav-c">{row.subjects}</td><td>{escape(str(row.title))} <small>{escape(str(row.rule))}</small><br>'
        f"<small>{escape(audit.rule(str(row.rule)).advice)}</small></td></tr>"
        for row in worst.itertuples()
    )
    head = "<tr><th>Severity</th><th>Subjects</th><th>Finding, and what to do</th></tr>"
    table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else "<p>No finding.</p>"
    left = len(audit.summary) - len(worst)
    more = f"<p>… and {count(left, 'more rule')} broken.</p>" if left > 0 else ""
    partial = (
        "" if audit.snapshot.complete else "<p><b>Incomplete:</b> the collection ended before everybody answered.</p>"
    )
    return (
        f'{_STYLE}<div class="xav-audit"><h4>Avatar audit</h4><p>{escape(subtitle(audit))}</p>{partial}'
        f'<ul class="xav-n">{cells}</ul>{table}{more}{_next(audit)}</div>'
    )


def _next(audit: Audit) -> str:
    """Return what somebody may want to see after this."""
    ways = [("report(&quot;audit.html&quot;)", "everything, for people"), ("duplicates", "shared pictures")]
    if audit.results:
        ways = [("findings", "who breaks which rule"), ("diagnose(jid)", "why one avatar is not seen"), *ways]
    if audit.previous is not None:
        ways.append(("changes", "since the snapshot before"))
    told = " · ".join(f"<code>.{name}</code> {escape(words)}" for name, words in ways)
    return f"<p>Next: {told}</p>"
