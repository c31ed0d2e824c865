"""The doctor: what is installed, whether it fits, how far a connection gets, and what to do."""

from __future__ import annotations

import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from typer.testing import Result

from tests.cli_support import invoke
from tests.support import patience
from tests.unit.test_store_export import PICTURES, showing
from tests.unit.test_store_snapshots import snapshot
from xavatar.client import Features
from xavatar.imaging import inspect
from xavatar.runtime.environment import Nest, release
from xavatar.sandbox import Sandbox, sandbox
from xavatar.session import checkup, health
from xavatar.session.health import Check, State
from xavatar.store import Store

pytestmark = pytest.mark.usefixtures("no_lull")

PASSWORD = "pw-valentine"
HERE = Path(__file__).parents[2]
WAIT = ("--timeout", str(patience(3.0)))


def run(*args: str, **env: str) -> Result:
    return invoke(["doctor", *args], env=env)


@pytest.fixture(scope="module")
def pair() -> Iterator[Sandbox]:
    with sandbox("pair") as box:
        yield box


def way(box: Sandbox) -> list[str]:
    login = box.login
    return [login.jid, "--host", login.host, "--port", str(login.port), "--ca-file", str(login.ca_file), *WAIT]


def named(result: Result, area: str) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in json.loads(result.stdout)["checks"] if check["area"] == area}


def test_this_machine_is_in_order(tmp_path: Path) -> None:
    result = run(XAVATAR_STORE=str(tmp_path / "none.sqlite"))
    assert result.exit_code == 0, result.output
    for area in ("Versions", "Event loop", "Widgets", "Servers", "Store", "Connection"):
        assert f"\n{area}\n" in f"\n{result.stdout}"
    assert "✓ sandbox: login, TLS and" in result.stdout
    assert "not there yet" in result.stdout
    assert "Account" not in result.stdout
    assert result.stdout.rstrip().splitlines()[-1].startswith("0 problems, ")


def test_an_account_step_by_step(pair: Sandbox) -> None:
    result = run(*way(pair), "--json", XAVATAR_PASSWORD=PASSWORD)
    assert result.exit_code == 0, result.output
    account = named(result, "Account")
    assert {name for name, check in account.items() if check["state"] == "fine"} >= {
        "address", "TLS", "login", "server", "PEP", "publish-options", "vCard",
    }  # fmt: skip
    assert account["TLS"]["told"] == "certificate checked"
    assert account["login"]["told"].startswith("valentine@verona.lit/")
    assert PASSWORD not in result.output


def test_a_wrong_password(pair: Sandbox) -> None:
    result = run(*way(pair), "--json", XAVATAR_PASSWORD="hunter2")
    assert result.exit_code == 3
    login = named(result, "Account")["login"]
    assert login["state"] == "problem"
    assert "XAVATAR_PASSWORD comes before the keyring" in login["fix"]
    assert "hunter2" not in result.output
    assert run(*way(pair), XAVATAR_PASSWORD="").exit_code == 3


def test_a_certificate_nobody_knows(pair: Sandbox) -> None:
    login = pair.login
    where = [login.jid, "--host", login.host, "--port", str(login.port), *WAIT]
    result = run(*where, XAVATAR_PASSWORD=PASSWORD)
    assert result.exit_code == 3
    assert "✗ TLS: " in result.stdout
    assert "--ca-file" in result.stdout
    unchecked = run(*where, "--no-verify", "--json", XAVATAR_PASSWORD=PASSWORD)
    assert unchecked.exit_code == 0
    assert named(unchecked, "Account")["TLS"]["state"] == "warning"


def test_nothing_listens() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    result = run("a@localhost", "--host", "127.0.0.1", "--port", str(port), *WAIT, XAVATAR_PASSWORD="x")
    assert result.exit_code == 3
    assert "5222 is for STARTTLS" in result.stdout


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A name server on loopback: `xmpp.test` has two services, `silent.test` is not answered, others do not exist."""
    records = {
        "_xmpp-client._tcp.xmpp.test.": "5 0 5222 one.xmpp.test.",
        "_xmpps-client._tcp.xmpp.test.": "5 0 5223 two.xmpp.test.",
    }
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))

        def answer() -> None:
            while True:
                try:
                    data, sender = listener.recvfrom(4096)
                except OSError:
                    return
                if not data:
                    return
                query = dns.message.from_wire(data)
                name = query.question[0].name.to_text()
                if "silent" in name:
                    continue
                reply = dns.message.make_response(query)
                if name in records:
                    reply.answer = [dns.rrset.from_text(name, 60, "IN", "SRV", records[name])]
                else:
                    reply.set_rcode(dns.rcode.NXDOMAIN)
                listener.sendto(reply.to_wire(), sender)

        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], listener.getsockname()[1]
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
        thread = threading.Thread(target=answer)
        thread.start()
        yield
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stop:
            stop.sendto(b"", listener.getsockname())
        thread.join()


@pytest.mark.usefixtures("names")
def test_what_dns_says() -> None:
    found = checkup.addresses("xmpp.test", patience(2.0))
    assert found.state is State.FINE
    assert found.told == "one.xmpp.test:5222 (STARTTLS), two.xmpp.test:5223 (direct TLS)"
    assert checkup.addresses("nobody.test", patience(2.0)).state is State.NOTE
    silent = checkup.addresses("silent.test", 0.3)
    assert silent.state is State.WARNING
    assert "--host" in silent.fix


def test_what_a_server_offers() -> None:
    def states(offered: Features) -> dict[str, State]:
        return {check.name: check.state for check in checkup.features(offered)}

    nothing = states(Features())
    assert nothing["PEP"] is State.PROBLEM
    assert nothing["vCard"] is State.WARNING
    assert nothing["XEP-0398"] is nothing["upload"] is State.NOTE
    everything = Features(
        pep=True, pep_vcard_conversion=True, publish_options=True, vcard=True, upload="up.x", upload_profile=True,
        rooms=("rooms.x",),
    )  # fmt: skip
    assert set(states(everything).values()) == {State.FINE}
    assert any("purpose profile" in check.told for check in checkup.features(everything))
    assert all(check.fix for check in checkup.features(Features()) if check.state in (State.PROBLEM, State.WARNING))


def test_versions_beside_those_that_were_tested() -> None:
    told = {
        found: health._version("pandas", found, "2.2", "3.1").state
        for found in ("2.1.4", "2.2.0", "3.1.9", "3.2.0", "4.0")
    }
    assert list(told.values()) == [State.PROBLEM, State.FINE, State.FINE, State.WARNING, State.WARNING]
    assert health._version("aioxmpp", "0.13.2", "", "0.13").fix == "pip install --no-deps aioxmpp==0.13.3"
    assert health._version("pandas", None, "2.2", "3.1").state is State.PROBLEM
    missing = health._version("dask", None, "2025.1", "2026.8")
    assert missing.state is State.NOTE
    assert "xavatar[scale]" in missing.told
    assert health._lowest()["pandas"] == "2.2"


def test_the_tested_versions_are_those_of_the_constraints() -> None:
    lines = (line.partition(";")[0].strip() for line in (HERE / "constraints.txt").read_text().splitlines())
    newest: dict[str, str] = {}
    for name, _, version in (line.partition("==") for line in lines if "==" in line):
        newest[name.lower()] = max(newest.get(name.lower(), "0"), version, key=release)
    for name, told in health.TESTED.items():
        assert release(newest[name])[:2] == release(told)[:2], name


def test_a_library_that_loses_clicks() -> None:
    assert health._nested(Nest("nest-asyncio", "1.6.0", applied=True), "7.1.0").state is State.PROBLEM
    assert health._nested(Nest("nest-asyncio", "1.6.0", applied=True), "6.29").state is State.FINE
    assert health._nested(Nest("nest-asyncio2", "1.7.3", applied=False), "7.4").state is State.FINE
    assert health._nested(None, "7.4").state is State.WARNING


def test_halves_of_the_widgets_that_do_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, version in (("anywidget", "0.2.0"), ("@jupyter-widgets/jupyterlab-manager", "3.1.1")):
        place = tmp_path / "labextensions" / name
        place.mkdir(parents=True)
        (place / "package.json").write_text(json.dumps({"version": version}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    told = {check.name: check for check in health.widgets()}
    assert told["anywidget"].state is told["ipywidgets"].state is State.PROBLEM
    assert "the front end 0.2.0" in told["anywidget"].told
    assert "--force-reinstall anywidget" in told["anywidget"].fix
    (tmp_path / "labextensions" / "anywidget" / "package.json").write_text("no JSON")
    assert next(check for check in health.widgets() if check.name == "anywidget").state is not State.PROBLEM


def test_a_store_that_is_sound_and_one_that_is_not(tmp_path: Path) -> None:
    path, data = tmp_path / "store.sqlite", PICTURES[".png"]
    with Store(path) as store:
        store.put(inspect(data).sha1, data)
        store.save(snapshot(showing(data), id="one"))
    check = health.kept(path)
    assert check.state is State.FINE
    assert "1 snapshots, 1 pictures, all sound" in check.told
    with sqlite3.connect(path) as db:
        db.execute("UPDATE images SET data = ?", (b"other",))
    db.close()
    result = run("--store", str(path), "--json")
    assert result.exit_code == 1
    (damaged,) = named(result, "Store").values()
    assert damaged["state"] == "problem"
    assert "its bytes hash to" in damaged["told"]
    assert "xavatar export" in damaged["fix"]
    path.write_bytes(b"no database at all" * 100)
    assert health.kept(path).state is State.PROBLEM


def test_the_gravest_decides() -> None:
    def check(state: State) -> Check:
        return Check("", "", state, "")

    assert health.worst([]) is State.FINE
    assert health.worst(map(check, (State.NOTE, State.WARNING, State.FINE))) is State.WARNING
    assert health.worst(map(check, State)) is State.PROBLEM
    assert checkup.logged_in([check(State.PROBLEM)])
