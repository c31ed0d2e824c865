"""What runs around us: kernel, event loop, nested-loop library, terminal."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import re
import sys
from dataclasses import dataclass
from typing import Any

from .pending import running_loop

__all__ = ["Environment", "Nest", "environment", "find_nest"]

# From 7.1 on ipykernel runs all shell messages in one shared context, which nested loops that do
# not know it fail to enter; they lose the message (queued cells, clicks of widgets).
_SHARED_CONTEXT = (7, 1)
_NEST2_SAFE = (1, 7, 3)


@dataclass(frozen=True, slots=True)
class Nest:
    """A library that lets event loops run nested.

    Parameters
    ----------
    name : str
        The distribution: ``"nest-asyncio2"`` or ``"nest-asyncio"``, which it forked.
    version : str
        Its version, ``""`` when unknown.
    applied : bool
        Whether asyncio is patched by it already.
    """

    name: str
    version: str
    applied: bool

    @property
    def module(self) -> str:
        """The name to import."""
        return self.name.replace("-", "_")

    def loses_messages(self, ipykernel: str | None) -> bool:
        """Whether nested runs lose cells and clicks on that version of ipykernel."""
        if ipykernel is None or release(ipykernel) < _SHARED_CONTEXT:
            return False
        return self.name != "nest-asyncio2" or bool(self.version and release(self.version) < _NEST2_SAFE)


@dataclass(frozen=True, slots=True)
class Environment:
    """What runs around us.

    Parameters
    ----------
    python : str
        Version of Python.
    in_ipython, in_notebook : bool
        Whether IPython's shell runs; whether it, or marimo, is a notebook's kernel.
    ipykernel : str or None
        Version of ipykernel, when it runs this process.
    loop : str or None
        The running event loop of this thread: ``"asyncio"``, ``"uvloop"``, or its class's full name.
    nest : Nest or None
        The library for nested loops.
    emscripten : bool
        Whether this is a browser's Python, which has neither threads nor sockets.
    terminal : bool
        Whether a person sits at a terminal: standard input and error are one.
    """

    python: str
    in_ipython: bool
    in_notebook: bool
    ipykernel: str | None
    loop: str | None
    nest: Nest | None
    emscripten: bool
    terminal: bool

    @property
    def shows_progress(self) -> bool:
        """Whether somebody would see a progress bar."""
        return self.in_notebook or self.terminal


def environment() -> Environment:
    """Look around; nothing is imported or changed by it."""
    shell = _shell()
    return Environment(
        python=sys.version.split()[0],
        in_ipython=shell is not None,
        in_notebook=_in_kernel(shell) or _in_marimo(),
        ipykernel=ipykernel_version(),
        loop=loop_kind(running_loop()),
        nest=find_nest(),
        emscripten=sys.platform == "emscripten",
        terminal=_is_terminal(sys.stdin) and _is_terminal(sys.stderr),
    )


def find_nest() -> Nest | None:
    """Find the library for nested loops: the one applied already, else the best one installed."""
    if hasattr(asyncio, "_nest_patched"):
        name = "nest-asyncio2" if hasattr(asyncio, "_nest_asyncio2") else "nest-asyncio"
        return Nest(name, _version(name), applied=True)
    for name in ("nest-asyncio2", "nest-asyncio"):
        if importlib.util.find_spec(name.replace("-", "_")) is not None:
            return Nest(name, _version(name), applied=False)
    return None


def ipykernel_version() -> str | None:
    """Return the version of ipykernel, when this process is one of its kernels."""
    version = getattr(sys.modules.get("ipykernel"), "__version__", None)
    return str(version) if version is not None and _in_kernel(_shell()) else None


def loop_kind(loop: asyncio.AbstractEventLoop | None) -> str | None:
    """Name the kind of a loop."""
    if loop is None:
        return None
    package = type(loop).__module__.partition(".")[0]
    return package if package in {"asyncio", "uvloop"} else f"{type(loop).__module__}.{type(loop).__qualname__}"


def release(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version, comparable."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _shell() -> Any:
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return None if get_ipython is None else get_ipython()


def _in_kernel(shell: Any) -> bool:
    return getattr(shell, "kernel", None) is not None


def _in_marimo() -> bool:
    running = getattr(sys.modules.get("marimo"), "running_in_notebook", None)
    return running is not None and bool(running())


def _is_terminal(stream: Any) -> bool:
    # A kernel's streams may be closed or missing (pythonw).
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False
