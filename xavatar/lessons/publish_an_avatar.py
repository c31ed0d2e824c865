"""Judges of lesson 03, *Publish an avatar properly*."""

from __future__ import annotations

import io

from PIL import Image

from xavatar.avatar import AvatarSet
from xavatar.avatar.plan import Progress, Publication
from xavatar.lessons.checking import exercise, same


@exercise("03.1")
def _small(answer: AvatarSet) -> str | None:
    image = answer.image_bytes
    if image is None:
        return "there is no PNG in it. Make it with AvatarSet.from_image."
    if _blue_on_top(image):
        return "that is the sky and a boat. Give crop=face."
    if len(image) > 5000:
        return f"it has {len(image):,} bytes. max_bytes allows fewer colours, and then fewer pixels."
    width, _ = answer.size
    return None if width == 64 else f"it has {width} pixels a side. size is what to begin with."


def _blue_on_top(image: bytes) -> bool:
    """Tell whether there is sky where Valentine's hat should be."""
    red, _, blue = Image.open(io.BytesIO(image)).convert("RGB").resize((8, 8)).crop((3, 1, 4, 2)).tobytes()
    return blue > red


@exercise("03.2")
def _for_contacts(answer: Publication) -> str | None:
    if answer.plan.access_model is None:
        return "you left it to the server. Say which access model you want."
    if answer.plan.access_model != "presence":
        return f"{answer.plan.access_model!r} lets others in, or nobody. Contacts are subscribed to your presence."
    if any(result.progress is Progress.PLANNED for result in answer.results):
        return "it is planned, and not done yet: leave dry_run out."
    return None if answer.done else "a step was not done; look at what `answer` shows."


@exercise("03.3")
def _without_conversion(answer: str) -> str | None:
    return same(answer, ["P398-01"], "Look at bare.plan(avatar).cautions; the first is the heaviest.")
