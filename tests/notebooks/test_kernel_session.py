"""Sessions in real kernels: attached clients, queued cells, busy cells, saved notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebooks.kernel import Kernel
from tests.notebooks.plugins.ipc_kernels import IPCKernelManager
from xavatar.sandbox import Sandbox, sandbox

ATTACH = """
import aioxmpp, xavatar as xa
from xavatar.avatar import AvatarService
login = dict(host={host!r}, port={port})
layer = aioxmpp.make_security_layer({password!r}, no_verify=True)
client = aioxmpp.PresenceManagedClient(
    aioxmpp.JID.fromstr({jid!r}), layer,
    override_peer=[({host!r}, {port}, aioxmpp.connector.STARTTLSConnector())],
)
avatars = client.summon(AvatarService)
client.presence = aioxmpp.PresenceState(True)
established = client.on_stream_established.future()
await established
print("connected")
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with sandbox("verona") as running:
        yield running


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with Kernel() as kernel:
        yield kernel


def test_attached_clients_answer_in_queued_cells(kernel: Kernel, box: Sandbox) -> None:
    login = box.login
    setup = kernel.run(ATTACH.format(jid=login.jid, password=login.password, host=login.host, port=login.port), 30)
    assert setup.status == "ok", setup.traceback
    cells = kernel.run_all(
        "s = xa.attach(client); print(s)",
        "a = s.roster(images=False); print('rows', len(a))",
        "b = s.roster(sources=['vcard']); print('vcards', len(b))",
        "c = len(await avatars.get_avatar_metadata(aioxmpp.JID.fromstr('romeo@montague.lit'))); print('romeo', c)",
        "print('me', len(s.me()), s.state)",
        "s.close(); print('still', client.established)",
        timeout=60,
    )
    assert [cell.status for cell in cells] == ["ok"] * len(cells), [cell.traceback for cell in cells]
    texts = [cell.stdout for cell in cells]
    assert "online" in texts[0]
    assert int(texts[1].split()[1]) > 90
    assert texts[3].split() == ["romeo", "1"]
    assert texts[5].split() == ["still", "True"]


@pytest.mark.timeout(120)
def test_a_cell_that_computes_for_30_s_does_not_drop_the_connection(kernel: Kernel) -> None:
    cells = kernel.run_all(
        "import time, xavatar as xa; s = xa.connect(sandbox='pair'); t = s._twin._connection.client",
        "import datetime; t.stream.soft_timeout = datetime.timedelta(seconds=3)\n"
        "t.stream.round_trip_time = datetime.timedelta(seconds=3)",
        "end = time.monotonic() + 30\nwhile time.monotonic() < end: sum(range(10_000))",
        "print(s.state, s.last_error, len(s.roster()) > 0); s.close()",
        timeout=100,
    )
    assert [cell.status for cell in cells] == ["ok"] * 4, [cell.traceback for cell in cells]
    assert cells[3].stdout.split() == ["online", "None", "True"]


def test_the_stop_button_keeps_what_was_collected(kernel: Kernel) -> None:
    setup = kernel.run(
        "import xavatar as xa; s = xa.connect(sandbox='campus', settings=xa.Settings(concurrency=1))", 60
    )
    assert setup.status == "ok", setup.traceback
    (cell,) = kernel.queue("s.roster(images=False, progress=lambda done, total: done == 40 and print('forty'))")
    kernel.wait_for_output(cell, "forty")
    kernel.interrupt()
    kernel.wait([cell])
    assert cell.status == "error"
    after = kernel.run("print(s.last.complete, s.state, len(s.me()) > 0); s.close()")
    assert after.stdout.split() == ["False", "online", "True"]


def test_no_password_in_a_saved_notebook(box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    login = box.login
    monkeypatch.setenv("XAVATAR_PASSWORD", login.password)
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(source)
            for source in (
                "import xavatar as xa, logging; logging.basicConfig(level=logging.DEBUG)",
                f"way = dict(host={login.host!r}, port={login.port}, ca_file={str(login.ca_file)!r})",
                f"s = xa.connect({login.jid!r}, **way)",
                "s",
                "s.roster(images=False)",
                "vars(s._twin), s.last",
                "s.close(); s",
            )
        ]
    )
    NotebookClient(notebook, timeout=60, kernel_name="python3", kernel_manager_class=IPCKernelManager).execute()
    saved = tmp_path / "saved.ipynb"
    nbformat.write(notebook, saved)
    text = saved.read_text()
    assert "SENT" in text, "the log was not there to be searched"
    assert login.password not in text
