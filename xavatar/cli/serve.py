"""The sandbox as a program: a server that other clients can log in to."""

from __future__ import annotations

import json
import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from .app import app
from .exits import HELP, guarded

if TYPE_CHECKING:
    from xavatar.sandbox import Sandbox


@app.command(epilog=HELP)
def sandbox(
    name: Annotated[str, typer.Argument(help="A scenario's name, or a TOML file of your own.")] = "verona",
    host: Annotated[
        str, typer.Option(help="Address to listen on; the passwords are for everybody to read.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port for STARTTLS; 0 takes a free one.", min=0, max=65535)] = 0,
    names: Annotated[bool, typer.Option("--list", help="List the scenarios and exit.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON instead.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where errors come from.")] = False,
) -> None:
    """Run an XMPP server with a seeded cast, until Ctrl-C; log in with any client."""
    with guarded(debug=debug):
        if names:
            _list()
            return
        from xavatar.sandbox import sandbox as start

        with start(name, host=host, port=port) as box:
            _tell_json(box) if as_json else _tell(box)
            _wait()
        if not as_json:
            print("Stopped.")


def _list() -> None:
    from rich.text import Text

    from xavatar.sandbox.load import load, names

    from . import show

    table = show.table("Name", "Title", "Accounts")
    for each in names():
        scenario = load(each)
        table.add_row(each, Text(scenario.title), str(len(scenario.accounts)))
    show.console().print(table)


def _tell(box: Sandbox) -> None:
    from rich.text import Text

    from xavatar.audit.text import clean

    from . import show

    out, scenario = show.console(), box.scenario
    out.print(Text(f"Sandbox {scenario.name}: {scenario.title}", style="bold"))
    out.print(Text(f"host {box.host}   port {box.port} (STARTTLS), {box.tls_port} (direct TLS)"))
    out.print(Text(f"trust {box.ca_file}"), soft_wrap=True)
    table = show.table("Log in as", "Demo password", "Who")
    for jid, login in sorted(box.logins.items(), key=lambda item: item[0] != scenario.user):
        account = scenario.account(jid)
        table.add_row(jid, login.password, Text(clean(account.note or account.name or "", 80)))
    out.print(table)
    out.print(Text("In another terminal:", style="dim"))
    login = box.login
    command = f"XAVATAR_PASSWORD={login.password} xavatar audit {login.jid} --host {box.host} --port {box.port}"
    out.print(Text(f"  {command} --ca-file {box.ca_file}"), soft_wrap=True)
    out.print(Text("Ctrl-C stops it.", style="dim"))


def _tell_json(box: Sandbox) -> None:
    told = {
        "scenario": box.scenario.name,
        "host": box.host,
        "port": box.port,
        "tls_port": box.tls_port,
        "ca_file": str(box.ca_file),
        "user": box.scenario.user,
        "accounts": {jid: login.password for jid, login in box.logins.items()},
    }
    print(json.dumps(told), flush=True)


def _wait() -> None:
    """Return on Ctrl-C, or when the process is asked to end."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        # Windows delivers no signal to a thread that waits without end.
        while not ended.wait(0.5):
            pass
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
