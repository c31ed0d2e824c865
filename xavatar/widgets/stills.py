"""What the publisher shows where no kernel runs."""

from __future__ import annotations

import base64
from html import escape

from xavatar.avatar import AvatarSet, Current, Publication, PublishPlan
from xavatar.imaging import thumbnail


def publisher_still(
    account: str, current: Current | None, avatar: AvatarSet | None, told: PublishPlan | Publication | None
) -> str:
    """Return the plan, or what became of it; before there is one, the avatar that is there and the new one."""
    if told is not None:
        return str(told._repr_html_())
    shown = [_figure(current.image if current else None, "now")]
    if avatar is not None:
        shown.append(_figure(avatar.image_bytes, "new"))
    return (
        f'<div style="font:14px system-ui,sans-serif"><b>Publisher</b> of {escape(account)}<div>{"".join(shown)}</div>'
        "<small>A still picture: run the cell to go on.</small></div>"
    )


def _figure(image: bytes | None, caption: str) -> str:
    small = thumbnail(image, 96) if image else None
    if small is None:
        return f'<figure style="display:inline-block;margin:8px">{caption}: none</figure>'
    uri = f"data:image/png;base64,{base64.b64encode(small).decode()}"
    return (
        f'<figure style="display:inline-block;margin:8px"><img src="{uri}" alt="avatar, {caption}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )
