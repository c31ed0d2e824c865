"""What is there, what was made of a picture, and what is going to be done, as the publisher's page gets it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final
from xml.etree import ElementTree

from xavatar.audit.text import clean, count, size
from xavatar.avatar import AvatarSet, Current, InvalidAvatarSet, PublishPlan, StepResult
from xavatar.avatar.plan import Act
from xavatar.imaging import Ladder, Variant, inspect, mime_of, sniff
from xavatar.model import Severity
from xavatar.wire.pretty import tokens

ACCESS: Final = {
    "": "The nodes stay as they are; new ones get the server's own model, as a rule presence.",
    "open": "Everybody who knows the address sees it, in chat rooms too: there the same picture tells who you are.",
    "presence": "Contacts who may see your presence see it. Nobody else does, in chat rooms neither.",
    "roster": "Contacts in those roster groups see it that the node's configuration allows.",
    "whitelist": "Addresses on the node's own list see it; nobody, while it is empty.",
    "authorize": "Those see it whose subscription you approve, one by one.",
}
_CONFIRM: Final = {Act.PUBLISH: "Publish", Act.UNPUBLISH: "Switch off", Act.WIPE: "Wipe"}
_TITLES: Final = {
    Act.PUBLISH: "Publish this avatar",
    Act.UNPUBLISH: "Switch the avatar off; its image stays on the server",
    Act.WIPE: "Remove the avatar and its images from the server",
}
_WORDS: Final = 300


def standing(current: Current, number: int) -> dict[str, Any]:
    """Return the avatar that is there.

    Parameters
    ----------
    current : Current
    number : int
        Of its picture in the album; -1 when it is not at hand.
    """
    facts = inspect(current.image) if current.image else None
    lines = []
    if current.descriptors:
        first = current.descriptors[0]
        shape = f"{facts.width} × {facts.height}" if facts else f"{first.width or '?'} × {first.height or '?'}"
        weight = size(facts.nbytes if facts else first.nbytes or 0)
        lines.append(f"{clean((facts and facts.mime) or first.mime or '', 60)} · {shape} · {weight}")
        lines.append(f"SHA-1 {clean(first.id or 'missing', 60)}")
        if links := [each for each in current.descriptors if each.url]:
            lines.append(f"{count(len(links), 'source')} at an address")
        if current.image is None:
            lines.append("Its image is not in PEP, or is not the announced one.")
    else:
        lines.append(f"No avatar is announced ({current.status.value.replace('_', ' ')}).")
    shown = facts is not None and bool(facts.width and facts.height)
    return {
        "picture": number if shown else -1,
        "width": facts.width if facts and shown else 0,
        "height": facts.height if facts and shown else 0,
        "there": bool(current.descriptors),
        "access": clean(current.access_model or "", 60),
        "lines": lines,
    }


def result(avatar: AvatarSet, number: int) -> dict[str, Any]:
    """Return what was made of a picture: the file to publish, and the ladder that it was chosen from."""
    made = avatar.ladder
    width, height = avatar.size
    return {
        "picture": number,
        "width": width,
        "height": height,
        "bytes": size(len(avatar.image_bytes or b"")),
        "sha1": avatar.png_id,
        "why": made.why if made else "",
        "limits": [[limit.name, limit.words] for limit in made.limits] if made else [],
        "rungs": [_rung(made, rung) for rung in made.rungs] if made else [],
        "uploads": [f"{each.width} × {each.height}, {size(each.nbytes)}, {each.mime}" for each in avatar.uploads],
    }


def _rung(made: Ladder, rung: Variant) -> dict[str, Any]:
    kept = made.keeps(rung)
    return {
        "pixels": f"{rung.width} × {rung.height}",
        "bytes": f"{rung.nbytes:,}",
        "base64": f"{rung.base64_length:,}",
        "colors": "all" if rung.colors is None else f"{rung.colors}",
        "keeps": [limit.name in kept for limit in made.limits],
        "chosen": rung is made.chosen,
    }


def proposal(plan: PublishPlan, number: int) -> dict[str, Any]:
    """Return a plan with its stanzas as pieces of text; `number` tells it from others."""
    return {
        "number": number,
        "act": plan.act.value,
        "title": _TITLES[plan.act],
        "confirm": _CONFIRM[plan.act],
        "possible": all(each.severity is not Severity.ERROR for each in plan.cautions),
        "cautions": [[each.rule, each.severity.value, clean(each.words, 600)] for each in plan.cautions],
        "steps": [
            {"words": clean(step.words, _WORDS), "stanza": _pieces(step.stanza) if step.stanza else []}
            for step in plan.steps
        ],
    }


def progress(results: Iterable[StepResult]) -> list[list[str]]:
    """Return how far each step has come, what was found, and the time it took."""
    return [
        [
            each.progress.value,
            clean(each.detail, _WORDS),
            f"{each.elapsed_ms:.0f} ms" if each.elapsed_ms is not None else "",
        ]
        for each in results
    ]


def restored(before: Current) -> AvatarSet:
    """Return the set that was there, made of the kept bytes; what is not PNG is encoded anew."""
    image = before.image or b""
    if mime_of(sniff(image)) == "image/png":
        avatar = AvatarSet()
        avatar.add_avatar_image("image/png", image_bytes=image)
    else:
        avatar = AvatarSet.from_image(image, size=512, square=False)
    for each in before.descriptors:
        if each.url and each.mime:
            # What others announced may break rules that we keep.
            with suppress(InvalidAvatarSet):
                avatar.add_avatar_image(
                    each.mime, id_=each.id, nbytes=each.nbytes, width=each.width, height=each.height, url=each.url
                )
    return avatar


def _pieces(stanza: str) -> list[tuple[str, str]]:
    return list(tokens(ElementTree.fromstring(stanza), inherited=""))
