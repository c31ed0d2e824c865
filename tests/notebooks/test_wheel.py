"""The lessons as a user gets them: from the wheel, in an environment that knows nothing of the checkout."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.error
import urllib.request
import venv
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.notebooks.plugins import ipc_kernels

pytestmark = pytest.mark.timeout(400)  # a wheel is built and installed first
ROOT = Path(__file__).parents[2]
PROGRAM = ("-c", "from xavatar.cli import main; main()")
HERE = "import xavatar, xavatar.lessons\nassert xavatar.__file__.startswith({root!r}), xavatar.__file__"


class Installation:
    """A virtual environment with the wheel, and all it needs from the environment the tests run in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "venv"
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=170)
        (self.wheel,) = folder.glob("*.whl")
        venv.create(self.folder)
        packages = Path(sysconfig.get_path("purelib", vars={"base": str(self.folder), "platbase": str(self.folder)}))
        with zipfile.ZipFile(self.wheel) as archive:
            archive.extractall(packages)
        # Added so, a folder's own .pth files are not read: the editable installation stays out.
        (packages / "needs.pth").write_text(sysconfig.get_path("purelib"))
        self.python = self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def env(self) -> Mapping[str, str]:
        """The environment without what could lead to the checkout."""
        return {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "PYTEST"))}

    def run(self, *args: str, cwd: Path, timeout: float = 170, **env: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.python), *args]
        return subprocess.run(
            command, cwd=cwd, env={**self.env, **env}, capture_output=True, text=True, timeout=timeout
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return Installation(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def lessons(installed: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the lessons as `xavatar lab` copies them."""
    folder = tmp_path_factory.mktemp("pupil") / "lessons"
    copied = installed.run(*PROGRAM, "lab", "--no-open", "--dir", str(folder), cwd=folder.parent)
    assert copied.returncode == 0, copied.stderr
    return folder


def test_the_wheel_brings_the_lessons_and_not_what_makes_them(installed: Installation) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    brought = {Path(name).name for name in names if name.startswith("xavatar/lessons/notebooks/")}
    assert brought == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert not [name for name in names if name.startswith(("notebooks", "tests", "docs"))]
    assert "xavatar/data/pictures/valentine-photo.jpg" in names
    assert len(names) == len(set(names))


def test_the_editable_installation_finds_the_lessons_too() -> None:
    from xavatar.lessons.folder import lessons_dir

    assert lessons_dir() == ROOT / "notebooks"


@pytest.mark.timeout(600)
def test_the_lessons_run_from_the_wheel(installed: Installation, lessons: Path) -> None:
    found = installed.run("-c", HERE.format(root=str(installed.folder)), cwd=lessons)
    assert found.returncode == 0, found.stderr
    nbmake = ("-p", "no:cacheprovider", "--nbmake", "--nbmake-timeout=180", "-n", "2", "-q", "-c", os.devnull)
    kernels = ("-p", Path(ipc_kernels.__file__).stem, f"--rootdir={lessons}", str(lessons))
    plugins = {"PYTHONPATH": str(Path(ipc_kernels.__file__).parent)}
    ran = installed.run("-m", "pytest", *nbmake, *kernels, cwd=lessons, timeout=590, **plugins)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    count = len(list(lessons.glob("*.ipynb")))
    assert count > 4
    assert re.search(rf"\b{count} passed", ran.stdout), ran.stdout


@pytest.fixture
def jupyterlab(installed: Installation, lessons: Path) -> Iterator[str]:
    """Start JupyterLab by `xavatar lab`, and return its address."""
    (lessons / "random.py").write_text("raise ImportError('a pupil wrote this')")
    options = ["--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root", "--IdentityProvider.token=t"]
    command = [str(installed.python), *PROGRAM, "lab", "--dir", str(lessons), "--", *options]
    private = {name: str(lessons.parent / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    private["JUPYTERLAB_DIR"] = str(Path(sys.prefix) / "share" / "jupyter" / "lab")  # what pip puts beside the packages
    with subprocess.Popen(
        command, env={**installed.env, **private}, cwd=lessons.parent, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        said = []
        try:
            for line in process.stderr:
                said.append(line)
                if found := re.search(r"(http://127\.0\.0\.1:\d+)/lab", line):
                    break
            else:
                pytest.fail("".join(said))
            yield found[1]
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.stderr.read()
            (lessons / "random.py").unlink()


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_lab_starts_jupyterlab_on_the_lessons(jupyterlab: str, lessons: Path) -> None:
    listed = _answer(f"{jupyterlab}/api/contents?token=t")
    assert all(path.name in listed for path in lessons.glob("*.ipynb"))


def _answer(url: str) -> str:
    """Ask until it listens, which is a moment after it has told where."""
    deadline = time.monotonic() + 20
    while True:
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                body: bytes = answer.read()
            return body.decode()
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_what_the_wheel_says_it_needs_is_what_the_project_says(installed: Installation) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = zipfile.ZipFile(installed.wheel).read(f"xavatar-{project['version']}.dist-info/METADATA").decode()
    for extra in ("lab", "scale", "plots"):
        assert f"Provides-Extra: {extra}" in metadata
