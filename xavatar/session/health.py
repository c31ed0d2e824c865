"""What is installed here, and whether it fits together; nothing is asked of any server."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from xavatar.errors import StoreError
from xavatar.runtime.environment import Nest, environment, release
from xavatar.store import Store


class State(StrEnum):
    """How a check went."""

    FINE = "fine"
    NOTE = "note"
    """Something that is not there, or not needed; no fault."""
    WARNING = "warning"
    """It works perhaps, but nobody has tried."""
    PROBLEM = "problem"
    """It does not work, or loses something."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    area : str
        What it belongs to, as ``Versions`` or ``Store``.
    name : str
    state : State
    told : str
        What was seen, for a person.
    fix : str
        What to do about it; empty where there is nothing to do.
    """

    area: str
    name: str
    state: State
    told: str
    fix: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it as JSON takes it."""
        return {key: str(value) for key, value in asdict(self).items()}


PYTHON: Final = ((3, 11), (3, 13))
TESTED: Final = {
    "aioxmpp": "0.13", "anywidget": "0.11", "dask": "2026.8", "duckdb": "2.0", "ipykernel": "7.4", "ipywidgets": "8.1",
    "jupyterlab": "4.6", "nest-asyncio2": "1.7", "numpy": "2.5", "pandas": "3.1", "pillow": "13.0", "pyarrow": "26.0",
    "pyopenssl": "26.4", "traitlets": "5.16",
}  # fmt: skip
"""The newest releases our tests have run with; a test compares them with ``constraints.txt``."""
_AIOXMPP: Final = "0.13.3"
_EXTRAS: Final = {
    "dask": "scale", "duckdb": "scale", "ipykernel": "lab", "jupyterlab": "lab", "pyarrow": "parquet",
}  # fmt: skip
_MANAGER: Final = 5
"""Major version of the widget manager in JupyterLab that speaks ipywidgets 8."""
_SERVERS: Final = {"Prosody": ("prosody", "prosody"), "ejabberd": ("ejabberdctl", "ejabberd")}


def local(store: Path) -> Iterator[Check]:
    """Yield all checks of this machine.

    Parameters
    ----------
    store : Path
        The store to look at.
    """
    yield from versions()
    yield from loops()
    yield from widgets()
    yield from servers()
    yield kept(store)


def versions() -> Iterator[Check]:
    """Compare what is installed with what our tests ran with."""
    lowest, highest = (".".join(map(str, each)) for each in PYTHON)
    told = f"{platform.python_implementation()} {platform.python_version()} on {platform.system()}"
    fits = PYTHON[0] <= sys.version_info[:2] <= PYTHON[1]
    fix = "" if fits else f"Tested are {lowest} to {highest}: make a virtual environment with one of them."
    yield Check("Versions", "Python", State.FINE if fits else State.WARNING, told, fix)
    yield Check("Versions", "xavatar", State.FINE, f"{version('xavatar') or 'from its sources'}, in {_home()}")
    lowest_of = _lowest()
    for name, newest in TESTED.items():
        yield _version(name, version(name), lowest_of.get(name, ""), newest)


def _version(name: str, found: str | None, lowest: str, newest: str) -> Check:
    extra = _EXTRAS.get(name)
    if name == "aioxmpp" and found != _AIOXMPP:
        fix = f"pip install --no-deps aioxmpp=={_AIOXMPP}"
        return Check("Versions", name, State.PROBLEM, found or "not installed", fix)
    if found is None:
        if extra is None:
            return Check("Versions", name, State.PROBLEM, "not installed", f"pip install {name}")
        return Check("Versions", name, State.NOTE, f'not installed; it comes with pip install "xavatar[{extra}]"')
    if lowest and release(found) < release(lowest):
        fix = f'pip install --upgrade "{name}>={lowest}"'
        return Check("Versions", name, State.PROBLEM, f"{found} is too old, {lowest} is needed", fix)
    if release(found)[:2] > release(newest)[:2]:
        fix = f'If something breaks: pip install "{name}<={newest}.999".'
        return Check("Versions", name, State.WARNING, f"{found} is newer than any tested, {newest}", fix)
    return Check("Versions", name, State.FINE, found)


def loops() -> Iterator[Check]:
    """Tell what event loops run here, and whether nested ones lose anything."""
    here = environment()
    running = here.loop or "none is running; a session brings its own, in a thread"
    yield Check("Event loop", "running", State.FINE, running)
    yield _nested(here.nest, here.ipykernel or version("ipykernel"))
    uvloop = version("uvloop")
    told = "not installed, not needed" if uvloop is None else f"{uvloop}; xa.attach cannot run nested on it"
    yield Check("Event loop", "uvloop", State.NOTE, told)


def _nested(nest: Nest | None, ipykernel: str | None) -> Check:
    area, name = "Event loop", "nested loops"
    if nest is None:
        fix = "pip install 'nest-asyncio2>=1.7.3'"
        return Check(area, name, State.WARNING, "no library for them: xa.attach cannot block a cell", fix)
    told = f"{nest.name} {nest.version}, {'applied already' if nest.applied else 'applied by xa.attach only'}"
    if nest.loses_messages(ipykernel):
        fix = "pip install 'nest-asyncio2>=1.7.3', take nest_asyncio.apply() out of the notebook, restart the kernel."
        return Check(area, name, State.PROBLEM, f"{told}: it loses cells and clicks on ipykernel {ipykernel}", fix)
    return Check(area, name, State.FINE, told)


def widgets() -> Iterator[Check]:
    """Compare the two halves of the widgets: Python's and the front end's."""
    area = "Widgets"
    if version("jupyterlab") is None:
        told = 'none in this environment: pip install "xavatar[lab]", or a front end of another one'
        yield Check(area, "JupyterLab", State.NOTE, told)
    ours = version("anywidget")
    theirs = _extension("anywidget")
    if ours is not None and theirs is not None and release(ours)[:2] != release(theirs)[:2]:
        told = f"Python has {ours}, the front end {theirs}"
        fix = "pip install --force-reinstall anywidget, then reload the page."
        yield Check(area, "anywidget", State.PROBLEM, told, fix)
    else:
        yield Check(area, "anywidget", *_half(ours, theirs))
    ours, theirs = version("ipywidgets"), _extension("@jupyter-widgets/jupyterlab-manager")
    if theirs is not None and release(theirs)[0] != _MANAGER:
        told = f"ipywidgets {ours}, but the front end's manager is {theirs}, made for another one"
        yield Check(area, "ipywidgets", State.PROBLEM, told, "pip install --upgrade ipywidgets jupyterlab_widgets")
    else:
        yield Check(area, "ipywidgets", *_half(ours, theirs))


def _half(ours: str | None, theirs: str | None) -> tuple[State, str, str]:
    if ours is None:
        return State.PROBLEM, "not installed", "pip install anywidget ipywidgets"
    if theirs is None:
        told = f"{ours}; no front end in this environment, the one that shows the notebook must have its own"
        return State.NOTE, told, ""
    return State.FINE, f"{ours}, and the front end's half {theirs}", ""


def servers() -> Iterator[Check]:
    """Tell which real servers are here to try things on."""
    for name, (command, package) in _SERVERS.items():
        places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
        found = shutil.which(command, path=places)
        told = found or f"not installed; only our own contract tests need it (package {package})"
        yield Check("Servers", name, State.FINE if found else State.NOTE, told)


def kept(path: Path) -> Check:
    """Read a whole store, and tell what is wrong with it."""
    area, name = "Store", str(path)
    if not path.exists():
        return Check(area, name, State.NOTE, "not there yet; `xavatar audit JID --store FILE` or `xa.Store()` makes it")
    try:
        with Store(path, read_only=True) as store:
            count, pictures, wrong = len(store.snapshots()), len(store), store.check()
    except (OSError, StoreError) as error:
        return Check(area, name, State.PROBLEM, str(error), "Open another one with --store, or upgrade xavatar.")
    told = f"{path.stat().st_size / 2**20:.1f} MiB, {count} snapshots, {pictures} pictures"
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        fix = "Copy the file away, export what can be read (`xavatar export DIRECTORY`), and begin a new one."
        return Check(area, name, State.PROBLEM, f"{told}; {wrong[0]}{more}", fix)
    return Check(area, name, State.FINE, f"{told}, all sound")


def worst(checks: Iterable[Check]) -> State:
    """Return the gravest state among checks."""
    grave = list(State)
    return max((check.state for check in checks), key=grave.index, default=State.FINE)


def version(distribution: str) -> str | None:
    """Return the installed version, or ``None``."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _lowest() -> dict[str, str]:
    """Return the lowest versions our own metadata asks for."""
    try:
        told = importlib.metadata.requires("xavatar") or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    found = (re.match(r"([\w.-]+)(?:\[.*?\])?[^;]*?>=([\d.]+)", each) for each in told)
    return {match[1].lower(): match[2] for match in found if match}


def _extension(name: str) -> str | None:
    """Return the version of a JupyterLab extension, found where Jupyter looks first."""
    roots = [*filter(None, os.environ.get("JUPYTER_PATH", "").split(os.pathsep)), f"{sys.prefix}/share/jupyter"]
    for root in roots:
        try:
            package: Any = json.loads(Path(root, "labextensions", name, "package.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        return str(package.get("version", "")) or None
    return None


def _home() -> Path:
    return Path(__file__).parent.parent
