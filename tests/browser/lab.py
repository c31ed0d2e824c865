"""A real JupyterLab, and notebooks in it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import nbformat
from nbformat import NotebookNode
from playwright.sync_api import Page

from tests.notebooks.plugins.ipc_kernels import OPTION
from tests.servers.base import free_ports

READY = """() => {
  const current = window.jupyterapp?.shell?.currentWidget;
  return current?.context?.isReady && current.sessionContext?.session?.kernel?.status === "idle";
}"""
CURRENT = "window.jupyterapp.shell.currentWidget"


@dataclass(frozen=True, slots=True)
class Lab:
    """A running server.

    Parameters
    ----------
    url, token : str
    folder : Path
        Where its notebooks are.
    """

    url: str
    token: str
    folder: Path

    @classmethod
    @contextlib.contextmanager
    def start(cls, folder: Path) -> Iterator[Self]:
        """Start a server that knows no user's settings and asks the network for nothing."""
        token, (port,) = secrets.token_hex(16), free_ports(1)
        (folder / "notebooks").mkdir()
        quiet = folder / "jupyterlab_settings_dir/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
        quiet.parent.mkdir(parents=True)
        quiet.write_text('{"fetchNews": "false", "checkForUpdates": false}')
        command = [
            "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}",
            f"--ServerApp.root_dir={folder / 'notebooks'}",
            OPTION, "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ]  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        with serving(command, folder, f"{url}/api/status?token={token}"):
            yield cls(url, token, folder / "notebooks")


@contextlib.contextmanager
def serving(command: Sequence[str], folder: Path, url: str, timeout: float = 90.0) -> Iterator[None]:
    """Run a Python module as a server that keeps its settings in a folder, from when it answers at an address."""
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR",
             "IPYTHONDIR")  # fmt: skip
    own = {name: str(folder / name.lower()) for name in names} | {"JUPYTER_PREFER_ENV_PATH": "1"}
    # Short, unlike the folder: the kernels' sockets are in it (see ipc_kernels).
    runtime = tempfile.TemporaryDirectory(prefix="jupyter-", ignore_cleanup_errors=True)
    own["JUPYTER_RUNTIME_DIR"] = runtime.name
    log = folder / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", *command], stdout=out, stderr=out, env={**os.environ, **own}, start_new_session=True
        )
    try:
        end = time.monotonic() + timeout
        while not _answers(url):
            assert server.poll() is None, f"{command[0]} ended:\n{log.read_text()[-2000:]}"
            assert time.monotonic() < end, f"no {command[0]} within {timeout} s:\n{log.read_text()[-2000:]}"
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        runtime.cleanup()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook in a page.

    Parameters
    ----------
    page : Page
    path : Path
    """

    page: Page
    path: Path

    @classmethod
    def open(cls, lab: Lab, page: Page, name: Path, cells: Sequence[str], theme: str = "light") -> Self:
        """Write a notebook and open it, with a kernel that is ready."""
        path = lab.folder / name
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        written = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
        )
        nbformat.write(written, path)
        page.set_default_timeout(40_000)
        page.goto(f"{lab.url}/lab/tree/{name}?token={lab.token}&reset", wait_until="domcontentloaded")
        page.wait_for_function("() => window.jupyterapp?.started", timeout=80_000)
        page.evaluate("async () => { await jupyterapp.started; await jupyterapp.restored; }")
        if theme == "dark":
            page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
        page.wait_for_function(READY, timeout=80_000)
        return cls(page, path)

    def run(self, number: int) -> None:
        """Run one cell and wait for its end."""
        self.page.evaluate(
            f"""async (number) => {{
              {CURRENT}.content.activeCellIndex = number;
              await jupyterapp.commands.execute("notebook:run-cell");
            }}""",
            number,
        )
        self._check(number)

    def run_all(self) -> None:
        """Queue all cells at once, and wait until the last has ended."""
        self.page.evaluate("async () => { await jupyterapp.commands.execute('notebook:run-all-cells'); }")
        for number in range(self.page.evaluate(f"() => {CURRENT}.content.widgets.length")):
            self._check(number)

    def outputs(self, number: int) -> list[dict[str, Any]]:
        """Return a cell's outputs, as a saved notebook would have them."""
        found: list[dict[str, Any]] = self.page.evaluate(
            f"(number) => {CURRENT}.content.widgets[number].model.outputs.toJSON()", number
        )
        return found

    def text(self, number: int) -> str:
        """Return what a cell printed."""
        return "".join(output.get("text", "") for output in self.outputs(number))

    def ask(self, expression: str) -> Any:
        """Evaluate an expression in the kernel, without a cell."""
        reply = self.page.evaluate(
            f"""async (code) => {{
              const future = {CURRENT}.sessionContext.session.kernel.requestExecute(
                {{ code: "", silent: true, user_expressions: {{ it: code }} }});
              return (await future.done).content.user_expressions.it;
            }}""",
            f"__import__('json').dumps({expression})",
        )
        assert reply["status"] == "ok", reply
        return json.loads(eval(reply["data"]["text/plain"]))

    def until(self, expression: str, timeout: float = 30.0) -> None:
        """Wait until an expression is true in the kernel."""
        end = time.monotonic() + timeout
        while not self.ask(f"bool({expression})"):
            assert time.monotonic() < end, f"not within {timeout} s: {expression}"

    def restart(self) -> None:
        """Restart the kernel, as its menu does."""
        self.page.evaluate(f"async () => {{ await {CURRENT}.sessionContext.restartKernel(); }}")

    def save(self) -> NotebookNode:
        """Save the notebook, and return what is in the file."""
        self.page.evaluate("async () => { await jupyterapp.commands.execute('docmanager:save'); }")
        return nbformat.read(self.path, as_version=4)

    def close(self) -> None:
        """End the kernel."""
        with contextlib.suppress(Exception):
            self.page.evaluate(f"async () => {{ await {CURRENT}.sessionContext.shutdown(); }}")
        self.page.close()

    def _check(self, number: int) -> None:
        errors = [output for output in self.outputs(number) if output["output_type"] == "error"]
        assert not errors, "\n".join(errors[0]["traceback"])
