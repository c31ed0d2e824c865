"""How a plan, and what came of it, shows itself in a terminal and in a notebook."""

from __future__ import annotations

import base64
import re
from html import escape
from typing import TYPE_CHECKING, Final

from xavatar.imaging import thumbnail

if TYPE_CHECKING:
    from .plan import Current, PublishPlan, StepResult

_BASE64: Final = re.compile(r"[A-Za-z0-9+/=]{121,}")
_MARKS: Final = {"planned": "·", "under way": "…", "done": "✓", "failed": "✗", "skipped": "-"}
_TITLES: Final = {"publish": "Publish an avatar", "unpublish": "Switch off the avatar", "wipe": "Wipe the avatar"}

# light-dark() follows the notebook's theme where it sets color-scheme; the first value is for front ends without it.
_STYLE: Final = """
<style>
.xav-plan{font:14px/1.45 system-ui,sans-serif;max-width:56rem;color:inherit}
.xav-plan h4{margin:0 0 .2rem;font-size:1.1em}
.xav-plan ul,.xav-plan ol{margin:.2rem 0;padding-left:1.4em}
.xav-plan figure{display:inline-block;margin:.3rem 1.2rem .3rem 0;vertical-align:top;font-size:.85em;
 width:14rem;overflow-wrap:anywhere}
.xav-plan img{max-width:96px;max-height:96px;display:block}
.xav-plan pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.2rem 0;padding:.4rem;border:1px solid #8884;
 background:none;color:inherit;font-size:.85em}
.xav-plan .xav-s{display:inline-block;padding:0 .5em;border-radius:.7em;font-size:.85em;border:1px solid currentColor}
.xav-plan .xav-failed,.xav-plan .xav-error{color:#b3261e;color:light-dark(#b3261e,#ff8a80)}
.xav-plan .xav-warning,.xav-plan .xav-skipped{color:#8a5300;color:light-dark(#8a5300,#ffb951)}
.xav-plan .xav-done{color:#256029;color:light-dark(#256029,#8fd694)}
.xav-plan .xav-info,.xav-plan .xav-planned{color:#3f5f8a;color:light-dark(#3f5f8a,#9cc3ff)}
</style>"""


def shortened(stanza: str) -> str:
    """Return a stanza without the bulk of its images."""
    return _BASE64.sub(lambda found: f"{found[0][:40]}… ({len(found[0]):,} characters)", stanza)


def text(plan: PublishPlan, results: tuple[StepResult, ...]) -> str:
    """Return a plan in a few lines."""
    lines = [_title(plan), f"  now: {_now(plan.current)}"]
    lines += [f"  new: {plan.avatar!r}"] if plan.avatar is not None else []
    for number, result in enumerate(results, 1):
        took = f" ({result.elapsed_ms:.0f} ms)" if result.elapsed_ms is not None else ""
        detail = f": {result.detail}" if result.detail else ""
        lines.append(f"  {_MARKS[result.progress]} {number}. {result.step.words}{detail}{took}")
    lines += [f"  ! {caution.rule} {caution.words}" for caution in plan.cautions]
    return "\n".join(lines)


def html(plan: PublishPlan, results: tuple[StepResult, ...]) -> str:
    """Return a plan as HTML that stands alone: no script, no address, everything escaped."""
    steps = "".join(_step(result) for result in results)
    cautions = "".join(
        f'<li><span class="xav-s xav-{each.severity}">{escape(each.rule)}</span> {escape(each.words)}</li>'
        for each in plan.cautions
    )
    figures = _figure(plan.current.image, f"now: {_now(plan.current)}")
    if plan.avatar is not None and plan.avatar.image_bytes is not None:
        figures += _figure(plan.avatar.image_bytes, f"new: {plan.avatar.png_id}")
    notes = f"<ul>{cautions}</ul>" if cautions else ""
    head = f"<h4>{escape(_title(plan))}</h4><div>{figures}</div>"
    return f'{_STYLE}<div class="xav-plan">{head}{notes}<ol>{steps}</ol></div>'


def _title(plan: PublishPlan) -> str:
    access = f", access model {plan.access_model}" if plan.access_model else ""
    return f"{_TITLES[plan.act]} of {plan.account}{access}"


def _now(current: Current) -> str:
    if not current.descriptors:
        return f"no avatar ({current.status.value.replace('_', ' ')})"
    first = current.descriptors[0]
    size = f"{first.width} x {first.height}, " if first.width and first.height else ""
    access = f", access model {current.access_model}" if current.access_model else ""
    return f"{first.id} ({size}{first.nbytes or '?'} bytes{access})"


def _step(result: StepResult) -> str:
    detail = f": {escape(result.detail)}" if result.detail else ""
    stanza = f"<pre>{escape(shortened(result.step.stanza))}</pre>" if result.step.stanza else ""
    told = f"<details><summary>stanza</summary>{stanza}</details>" if stanza else ""
    mark = f'<span class="xav-s xav-{result.progress.value.replace(" ", "-")}">{result.progress}</span>'
    return f"<li>{escape(result.step.words)} {mark}{detail}{told}</li>"


def _figure(image: bytes | None, caption: str) -> str:
    small = thumbnail(image, 96) if image else None
    if small is None:
        return f"<figure>{escape(caption)}</figure>"
    uri = f"data:image/png;base64,{base64.b64encode(small).decode()}"
    return f'<figure><img src="{uri}" alt="">{escape(caption)}</figure>'
