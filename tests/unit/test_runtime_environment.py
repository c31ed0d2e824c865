"""What runs around us."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from importlib.metadata import version
from types import ModuleType, SimpleNamespace

import pytest

from xavatar.runtime import environment
from xavatar.runtime.environment import Nest, loop_kind, release


def test_plain_script() -> None:
    script = (
        "import sys; from xavatar.runtime import environment; e = environment();"
        "print(e.in_ipython, e.in_notebook, e.ipykernel, e.loop, e.emscripten, e.terminal, e.shows_progress);"
        "print('IPython' in sys.modules, 'nest_asyncio2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False False None None False False False\nFalse False\n"


async def test_running_loop_and_library() -> None:
    here = environment()
    assert here.loop == "asyncio"
    assert here.nest == Nest("nest-asyncio2", version("nest-asyncio2"), applied=False)
    assert here.nest.module == "nest_asyncio2"
    assert here.python == ".".join(map(str, sys.version_info[:3]))


def test_kind_of_a_foreign_loop() -> None:
    class Loop(asyncio.AbstractEventLoop):
        pass

    loop = Loop()  # type: ignore[abstract]
    Loop.__module__ = "qasync.windows"
    assert loop_kind(loop) == "qasync.windows." + Loop.__qualname__
    Loop.__module__ = "uvloop.loop"
    assert loop_kind(loop) == "uvloop"
    assert loop_kind(None) is None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Closed(io.StringIO):
    def isatty(self) -> bool:
        raise ValueError("I/O operation on closed file")


@pytest.mark.parametrize(
    ("stderr", "expected"), [(Terminal(), True), (io.StringIO(), False), (Closed(), False), (None, False)]
)
def test_terminal(monkeypatch: pytest.MonkeyPatch, stderr: io.StringIO | None, expected: bool) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "stderr", stderr)
    here = environment()
    monkeypatch.undo()
    assert here.terminal is here.shows_progress is expected


def test_marimo_counts_as_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    marimo = ModuleType("marimo")
    marimo.running_in_notebook = lambda: True  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "marimo", marimo)
    here = environment()
    assert (here.in_notebook, here.in_ipython, here.ipykernel) == (True, False, None)


def test_ipython_in_a_terminal_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    ipython = ModuleType("IPython")
    ipython.get_ipython = lambda: SimpleNamespace()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    here = environment()
    assert (here.in_ipython, here.in_notebook, here.ipykernel) == (True, False, None)


@pytest.mark.parametrize(
    ("name", "library", "ipykernel", "loses"),
    [
        ("nest-asyncio", "1.6.0", "7.4.0", True),
        ("nest-asyncio", "1.6.0", "7.1.0a1", True),
        ("nest-asyncio", "1.6.0", "7.0.1", False),
        ("nest-asyncio", "1.6.0", "6.31.0", False),
        ("nest-asyncio", "1.6.0", None, False),
        ("nest-asyncio", "", "10.0", True),
        ("nest-asyncio2", "1.7.2", "7.4.0", True),
        ("nest-asyncio2", "1.7.3", "7.4.0", False),
        ("nest-asyncio2", "1.10.0", "7.4.0", False),
        ("nest-asyncio2", "", "7.4.0", False),
    ],
)
def test_which_pairs_lose_messages(name: str, library: str, ipykernel: str | None, loses: bool) -> None:
    assert Nest(name, library, applied=True).loses_messages(ipykernel) is loses


def test_release() -> None:
    assert release("1.7.10.dev3") == (1, 7, 10)
    assert release("8") < release("8.1")
