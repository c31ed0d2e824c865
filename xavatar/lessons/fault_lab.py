"""Judges of lesson 07, *Break it: a fault lab*."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xavatar.lessons.checking import exercise

if TYPE_CHECKING:
    from xavatar.audit import Diagnosis

_OLD, _NEW, _WRONG = "a" * 40, "b" * 40, "1f2c9a3e-2c55-4d0e-9c1b-8a7c3c0f5a11"


@exercise("07.1")
def _without_image(answer: Diagnosis) -> str | None:
    broken = {finding.rule for finding in answer.findings}
    if broken & {"A-09", "P84-03"}:
        return None
    if not broken:
        return "this avatar is sound, or there is none at all. The metadata must stay, and what it announces must not."
    return f"this breaks {', '.join(sorted(broken))}. Publish it soundly first, then empty the *other* node."


@exercise("07.2")
def _mended(answer: Diagnosis) -> str | None:
    if answer.findings:
        worst = answer.findings[0]
        return f"{worst.rule} is still broken: {worst.message} {worst.advice}"
    if any(view.sight != "sees it" for view in answer.views if "stranger" not in view.who):
        return f"nothing is wrong, but there is nothing to see either. {answer.verdict}"
    return None


@exercise("07.3")
def _no_storm(answer: Callable[[str, str, str], bool]) -> str | None:
    if answer(_OLD, _WRONG, _OLD) or answer(_OLD, _NEW, _OLD):
        return "the vCard has what you announced, and you announce it again. The other client does so too: a storm."
    if not answer(_OLD, _NEW, _NEW):
        return "another client has changed the picture, and nobody will hear from you. Compare what you said with it."
    if not answer(_OLD, _OLD, _NEW):
        return "what is in the vCard counts, not what the other client says of it."
    return "nothing has changed, and you speak." if answer(_OLD, _OLD, _OLD) else None
