"""One avatar, asked about live."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .exits import HELP, guarded
from .options import Way, shared

if TYPE_CHECKING:
    from xavatar.audit import Diagnosis

_SUFFIXES = (".html", ".json", ".txt")


@app.command(epilog=HELP)
@shared
def diagnose(
    whom: Annotated[
        str,
        typer.Argument(help="Whose avatar: a contact, a stranger, a room, or the account itself.", show_default=False),
    ],
    way: Way,
    stanzas: Annotated[bool, typer.Option("--stanzas", help="Print every question and answer as XML.")] = False,
) -> None:
    """Tell who can see one avatar, who cannot, why, and what to do; --out writes .html, .json or .txt."""
    with guarded(debug=way.debug):
        from xavatar.store import Store

        from .look import opened

        targets = [_checked(path) for path in way.out or ()]
        with Store(way.store) if way.store else nullcontext() as store, opened(way, store) as session:
            found = session.diagnose(whom)
        if way.json:
            print(json.dumps(found.as_dict(), indent=2, ensure_ascii=False))
        else:
            _print(found, stanzas=stanzas)
        for target in targets:
            target.write_text(_written(found, target.suffix.lower()), encoding="utf-8")
            typer.echo(f"Written: {target.absolute()}", err=way.json)


def _checked(path: Path) -> Path:
    from xavatar.errors import ConfigError

    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigError(
            f"No diagnosis is written as {path.name!r}: its suffix must be one of {', '.join(_SUFFIXES)}."
        )
    if not path.absolute().parent.is_dir():
        raise ConfigError(f"Cannot write {path}: the directory {path.parent} does not exist.")
    return path


def _written(found: Diagnosis, suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(found.as_dict(), indent=2, ensure_ascii=False) + "\n"
    if suffix == ".txt":
        return f"{found!r}\n"
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    style = "<style>:root{color-scheme:light dark}body{margin:2rem}</style>"
    return f"{head}<title>Avatar diagnosis</title>{style}<body>{found._repr_html_()}</body></html>\n"


def _print(found: Diagnosis, *, stanzas: bool) -> None:
    from rich.text import Text

    from xavatar.audit import Sight
    from xavatar.audit.text import clean

    from . import show

    tones = {Sight.YES: "green", Sight.NO: "red", Sight.UNKNOWN: "yellow"}
    out = show.console()
    out.print(Text(clean(found.jid, 80), style="bold"))
    out.print(Text(found.verdict))
    views = show.table("Who", "Sees it", "Because")
    for view in found.views:
        views.add_row(Text(view.who), Text(view.sight.value, style=tones[view.sight]), Text(view.because))
    out.print(views)
    for title, lines in (
        ("What to do", [f"{number}. {step}" for number, step in enumerate(found.steps, 1)]),
        ("Findings", [f"{each.rule} ({each.severity}): {each.message}" for each in found.findings]),
        ("Evidence", found.evidence),
        ("Also", found.facts),
    ):
        if lines:
            out.print(Text(title, style="bold"))
            out.print(Text("\n".join(f"  {line}" for line in lines)))
    for each in found.exchanges if stanzas else ():
        out.print(Text(f"\n{each.step}: {each.status}, {each.elapsed_ms:.0f} ms", style="bold"))
        out.print(Text(clean(each.request)), soft_wrap=True)
        out.print(Text(clean(each.answer) or "no answer"), soft_wrap=True)
