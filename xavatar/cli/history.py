"""What was kept: a list of snapshots, and what changed between two of them. Needs no network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .app import FailOn, app
from .exits import HELP, Exit, guarded

if TYPE_CHECKING:
    from xavatar.store import Diff, Store

_FILE = Annotated[
    Path | None,
    typer.Option(
        "--store",
        help="The file that `audit --store` wrote; by default the one in the user's data directory.",
        envvar="XAVATAR_STORE",
        show_default=False,
    ),
]
_JSON = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_DEBUG = Annotated[bool, typer.Option("--debug", help="Show where errors come from.")]


@app.command(epilog=HELP)
def snapshots(store: _FILE = None, as_json: _JSON = False, debug: _DEBUG = False) -> None:
    """List what a store holds, the oldest first."""
    with guarded(debug=debug):
        from rich.text import Text

        from xavatar.audit.text import clean
        from xavatar.report.tables import records

        from . import show

        with _opened(store) as kept:
            listed = kept.snapshots()
        if as_json:
            print(json.dumps(records(listed), indent=2, ensure_ascii=False))
            return
        made = show.table(*(str(name) for name in listed.columns))
        for row in listed.itertuples(index=False):
            made.add_row(*(Text(clean(str(cell), 60)) for cell in row))
        show.console().print(made)


@app.command(epilog=HELP)
def diff(
    before: Annotated[
        str | None, typer.Argument(help="A snapshot's id; by default the one before AFTER.", show_default=False)
    ] = None,
    after: Annotated[
        str | None, typer.Argument(help="A snapshot's id; by default the newest.", show_default=False)
    ] = None,
    store: _FILE = None,
    fail_on: Annotated[FailOn, typer.Option(help="Exit with 1 when a finding at or above it is new.")] = FailOn.NEVER,
    as_json: _JSON = False,
    debug: _DEBUG = False,
) -> None:
    """Tell what changed between two snapshots: people, pictures, access, and findings that are new or gone."""
    with guarded(debug=debug):
        from xavatar.report.tables import records

        with _opened(store) as kept:
            found = _compared(kept, before, after)
        if as_json:
            print(json.dumps(records(found.table), indent=2, ensure_ascii=False))
        else:
            _print(found)
        if fail_on.fails(found.worst):
            raise typer.Exit(Exit.FINDINGS)


@app.command(epilog=HELP)
def show(
    snapshot: Annotated[
        str | None, typer.Argument(help="A snapshot's id; by default the newest.", show_default=False)
    ] = None,
    store: _FILE = None,
    out: Annotated[
        list[Path] | None, typer.Option("--out", "-o", help="Write a file, as `audit` does; may be repeated.")
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Print every row, however many.")] = False,
    as_json: _JSON = False,
    debug: _DEBUG = False,
) -> None:
    """Judge a stored snapshot by today's rules, and tell or write what was found; nothing is asked of any server."""
    with guarded(debug=debug):
        from xavatar.audit import Audit
        from xavatar.audit.writers import find
        from xavatar.errors import SnapshotNotFound
        from xavatar.report import as_dict

        from . import show as shown

        for path in out or ():
            find(path)
        with _opened(store) as kept:
            seen = kept.load(snapshot) if snapshot else kept.previous()
            try:
                before = kept.previous(seen)
            except SnapshotNotFound:
                before = None
            judged = Audit.of(seen, previous=before)
            if as_json:
                print(json.dumps(as_dict(judged), indent=2, ensure_ascii=False))
            else:
                console = shown.console()
                shown.head(console, judged)
                shown.findings(console, judged, everybody=everybody)
                shown.duplicates(console, judged, everybody=everybody)
                shown.changes(console, judged)
            for path in out or ():
                typer.echo(f"Written: {judged.report(path).absolute()}", err=as_json)


@app.command(epilog=HELP)
def export(
    directory: Annotated[
        Path, typer.Argument(help="Where to; what is there is brought up to date.", show_default=False)
    ],
    ids: Annotated[list[str] | None, typer.Argument(help="Only these snapshots.", show_default=False)] = None,
    store: _FILE = None,
    debug: _DEBUG = False,
) -> None:
    """Write snapshots as Parquet, partitioned by snapshot, and their pictures beside."""
    with guarded(debug=debug), _opened(store) as kept:
        typer.echo(f"Written: {kept.export(directory, ids or None).absolute()}")


def _opened(path: Path | None) -> Store:
    from xavatar.store import Store, default_path

    return Store(path or default_path(), read_only=True)


def _compared(store: Store, before: str | None, after: str | None) -> Diff:
    from xavatar.audit import Audit

    later = store.load(after) if after else store.previous()
    earlier = store.load(before) if before else store.previous(later)
    # Both by today's rules: a rule that is new has not been broken since.
    return Audit.of(later).diff(earlier)


def _print(found: Diff) -> None:
    from rich.text import Text

    from xavatar.audit.text import clean
    from xavatar.store.diff import words

    from . import show

    out = show.console()
    out.print(Text(repr(found).partition("\n")[0], style="bold"))
    made = show.table("Change", "Who", "What")
    for each in found.news:
        made.add_row(Text(each.change.value), Text(clean(each.jid, 60)), Text(clean(words(each))))
    if made.row_count:
        out.print(made)
