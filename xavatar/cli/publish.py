"""Changing the account's own avatar."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .app import app
from .exits import HELP, guarded
from .options import Way, shared

if TYPE_CHECKING:
    from xavatar.avatar import Publication
    from xavatar.session import Session

_VCARD = typer.Option("--vcard", help="Change the vCard's photo too, where the server does not do it by itself.")
_DRY = typer.Option("--dry-run", help="Show what would be done, and do nothing.")
_STANZAS = typer.Option("--stanzas", help="Print every stanza as XML.")


@app.command(epilog=HELP)
@shared
def publish(
    file: Annotated[str, typer.Argument(help="The picture: a file, or an https address.", show_default=False)],
    way: Way,
    access_model: Annotated[
        str | None,
        typer.Option(
            help="Who may see it: open for everybody, presence for contacts; by default as it is.", show_default=False
        ),
    ] = None,
    size: Annotated[int, typer.Option(help="Pixels per side of the PNG in PEP.", min=1)] = 192,
    max_bytes: Annotated[int, typer.Option(help="Size of the PNG in bytes, at most.", min=1)] = 72 << 10,
    large: Annotated[
        int | None,
        typer.Option(
            help="Upload the picture with so many pixels per side too, and announce its address.",
            min=1,
            show_default=False,
        ),
    ] = None,
    square: Annotated[bool, typer.Option(help="Cut it to the square in its middle.")] = True,
    vcard: Annotated[bool, _VCARD] = False,
    dry_run: Annotated[bool, _DRY] = False,
    stanzas: Annotated[bool, _STANZAS] = False,
) -> None:
    """Make a picture the account's avatar: turned upright, cut, small, without metadata; then read it back."""

    def change(session: Session) -> Publication:
        from xavatar.avatar import AvatarSet

        avatar = AvatarSet.from_image(
            file,
            size=size,
            max_bytes=max_bytes,
            large=large,
            square=square,
            stanza_bytes=session.stanza_bytes,
        )
        return session.publish(avatar, access_model=access_model, vcard=vcard, dry_run=dry_run)

    _change(way, change, stanzas=stanzas)


@app.command(epilog=HELP)
@shared
def unpublish(
    way: Way,
    vcard: Annotated[bool, _VCARD] = False,
    dry_run: Annotated[bool, _DRY] = False,
    stanzas: Annotated[bool, _STANZAS] = False,
) -> None:
    """Switch the account's avatar off; its image stays on the server."""
    _change(way, lambda session: session.unpublish(vcard=vcard, dry_run=dry_run), stanzas=stanzas)


@app.command(epilog=HELP)
@shared
def wipe(
    way: Way,
    vcard: Annotated[bool, _VCARD] = False,
    dry_run: Annotated[bool, _DRY] = False,
    stanzas: Annotated[bool, _STANZAS] = False,
) -> None:
    """Remove the account's avatar and all its images from the server."""
    _change(way, lambda session: session.wipe(vcard=vcard, dry_run=dry_run), stanzas=stanzas)


def _change(way: Way, change: Callable[[Session], Publication], *, stanzas: bool) -> None:
    with guarded(debug=way.debug):
        from xavatar.avatar import PublicationFailed

        from .look import opened

        failure = None
        with opened(way, None) as session:
            try:
                done = change(session)
            except PublicationFailed as error:
                failure, done = error, error.publication
        if way.json:
            print(json.dumps(_plain(done), indent=2, ensure_ascii=False))
        else:
            _print(done, stanzas=stanzas)
        if failure is not None:
            raise failure


def _plain(done: Publication) -> dict[str, Any]:
    plan = done.plan
    return {
        "account": plan.account,
        "act": plan.act,
        "done": done.done,
        "id": plan.avatar.png_id if plan.avatar is not None else None,
        "access_model": plan.access_model,
        "replaces": [each.id for each in plan.current.descriptors],
        "cautions": [{"rule": each.rule, "severity": each.severity, "words": each.words} for each in plan.cautions],
        "steps": [
            {
                "kind": result.step.kind,
                "words": result.step.words,
                "progress": result.progress,
                "detail": result.detail,
                "elapsed_ms": result.elapsed_ms,
                "stanza": result.step.stanza,
            }
            for result in done.results
        ],
    }


def _print(done: Publication, *, stanzas: bool) -> None:
    from rich.text import Text

    from xavatar.audit.text import clean
    from xavatar.avatar.plan_display import shortened

    from . import show

    out = show.console()
    for line in repr(done).splitlines():
        out.print(Text(clean(line)), soft_wrap=True)
    if done.plan.avatar is not None and done.plan.avatar.ladder is not None:
        out.print(Text(f"  {done.plan.avatar.ladder.why}"), soft_wrap=True)
    for result in done.results if stanzas else ():
        out.print(Text(f"\n{result.step.words}", style="bold"), soft_wrap=True)
        out.print(Text(clean(shortened(result.step.stanza))), soft_wrap=True)
