"""Drive a real kernel as a front end does: queue cells, read what comes back, interrupt."""

from __future__ import annotations

import os
import queue
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from jupyter_client.kernelspec import KernelSpec

from tests.notebooks.plugins.ipc_kernels import kernel_manager


@dataclass
class Cell:
    """A cell sent to the kernel, and what came back for it."""

    source: str
    sent: float
    replied: float | None = None
    idle: bool = False
    status: str | None = None
    stdout: str = ""
    stderr: str = ""
    error: str | None = None
    traceback: str = ""
    comms: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From sending to the reply."""
        assert self.replied is not None, f"no reply to: {self.source}"
        return self.replied - self.sent


class Kernel:
    """A kernel process, spoken to through jupyter_client's blocking client.

    Parameters
    ----------
    python : str
        The interpreter to run it with.
    **env : str
        Environment variables to add.
    """

    def __init__(self, python: str = sys.executable, **env: str) -> None:
        self._manager = kernel_manager()
        self._manager._kernel_spec = KernelSpec(
            argv=[
                python,
                "-Xfrozen_modules=off",
                "-m",
                "ipykernel_launcher",
                "-f",
                "{connection_file}",
                "--HistoryManager.enabled=False",
            ],
            interrupt_mode="signal",
        )
        self._env = {**os.environ, **env}
        self._cells: dict[str, Cell] = {}

    def __enter__(self) -> Self:
        self._manager.start_kernel(env=self._env)
        self._client = self._manager.blocking_client()
        self._client.start_channels()
        try:
            self._client.wait_for_ready(timeout=60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._manager.cleanup_resources()

    def queue(self, *sources: str, subshell: str | None = None) -> list[Cell]:
        """Send cells without waiting, as JupyterLab's Run All does."""
        return [self._send(source, subshell) for source in sources]

    def run_all(self, *sources: str, timeout: float = 60.0) -> list[Cell]:
        """Send cells at once and wait for the replies to them all."""
        cells = self.queue(*sources)
        self.wait(cells, timeout)
        return cells

    def run(self, source: str, timeout: float = 60.0, subshell: str | None = None) -> Cell:
        """Send one cell and wait for its reply."""
        (cell,) = self.queue(source, subshell=subshell)
        self.wait([cell], timeout)
        return cell

    def wait(self, cells: list[Cell], timeout: float = 60.0) -> None:
        """Read until `cells` have their replies and all their output, or fail naming those without."""
        end = time.monotonic() + timeout
        while missing := [cell.source for cell in cells if not (cell.replied and cell.idle)]:
            if time.monotonic() > end:
                raise AssertionError(f"no reply within {timeout} s to {missing}")
            if not self._manager.is_alive():
                raise AssertionError(f"the kernel died; no reply to {missing}")
            self._read()

    def wait_for_output(self, cell: Cell, text: str, timeout: float = 60.0) -> None:
        """Read until `text` is in the cell's output."""
        end = time.monotonic() + timeout
        while text not in cell.stdout:
            assert time.monotonic() < end, f"no {text!r} within {timeout} s, only {cell.stdout!r}{cell.traceback}"
            self._read()

    def interrupt(self) -> None:
        """Press the stop button."""
        self._manager.interrupt_kernel()

    def click(self, comm: str, **data: Any) -> None:
        """Send a widget's message."""
        self._client.shell_channel.send(self._client.session.msg("comm_msg", {"comm_id": comm, "data": data}))

    @property
    def ipykernel(self) -> str:
        """Version of the kernel."""
        return self.run("import ipykernel; print(ipykernel.__version__)").stdout.strip()

    @property
    def has_subshells(self) -> bool:
        """Whether it runs widgets' messages on threads of their own (ipykernel 7)."""
        info = self._client.kernel_info(reply=True, timeout=30)["content"]
        return "kernel subshells" in info.get("supported_features", ())

    def new_subshell(self) -> str:
        """Have the kernel open a subshell: one more thread that runs cells and widgets' messages."""
        self._client.control_channel.send(self._client.session.msg("create_subshell_request"))
        content: dict[str, str] = self._client.get_control_msg(timeout=30)["content"]
        return content["subshell_id"]

    def _send(self, source: str, subshell: str | None) -> Cell:
        message = self._client.session.msg(
            "execute_request",
            {"code": source, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": False},
        )
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        cell = self._cells[message["header"]["msg_id"]] = Cell(source, sent=time.monotonic())
        self._client.shell_channel.send(message)
        return cell

    def _read(self) -> None:
        with suppress(queue.Empty):
            self._on_output(self._client.get_iopub_msg(timeout=0.05))
        with suppress(queue.Empty):
            self._on_reply(self._client.get_shell_msg(timeout=0))

    def _on_reply(self, message: Mapping[str, Any]) -> None:
        cell = self._cells.get(message["parent_header"].get("msg_id", ""))
        if cell is not None and message["msg_type"] == "execute_reply":
            cell.replied = time.monotonic()
            cell.status = message["content"]["status"]
            cell.error = message["content"].get("ename")

    def _on_output(self, message: Mapping[str, Any]) -> None:
        cell = self._cells.get(message["parent_header"].get("msg_id", ""))
        if cell is None:
            return
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            setattr(cell, content["name"], getattr(cell, content["name"]) + content["text"])
        elif kind == "error":
            cell.traceback = "\n".join(content["traceback"])
        elif kind == "comm_open":
            cell.comms.append(content["comm_id"])
        elif kind == "status":
            cell.idle = content["execution_state"] == "idle"
