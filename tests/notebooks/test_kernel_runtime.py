"""The loop thread and nested runs in real kernels, cells queued as Run All queues them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notebooks.kernel import Kernel
from xavatar.runtime.environment import release as release_of

pytest.importorskip("ipykernel")

SETUP = """
import asyncio, os, threading, time
from xavatar.runtime import LoopThread, run_on, enable_nested, environment, acquire
left = []
async def work(seconds):
    await asyncio.sleep(seconds)
    return f"slept on {threading.current_thread().name}"
async def collect():
    got = []
    try:
        while True:
            got.append(len(got))
            await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        left.append("cleaned")
        return got
loop = asyncio.get_running_loop()
thread = acquire().thread
"""


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with Kernel() as kernel:
        cell = kernel.run(SETUP)
        assert cell.status == "ok", cell.traceback
        yield kernel


RUN_ALL = {
    "thread": ("print(thread.call(work(1)))", "print(thread.call(work(0.2)))", "slept on xavatar-loop"),
    "kernel-loop": ("print(run_on(loop, work(1)))", "print(run_on(loop, work(0.2)))", "slept on MainThread"),
    "asyncio.run": (
        "enable_nested(); print(asyncio.run(work(1)))",
        "print(asyncio.run(work(0.2)))",
        "slept on MainThread",
    ),
}


@pytest.mark.parametrize("how", RUN_ALL)
def test_run_all_loses_no_cell(kernel: Kernel, how: str) -> None:
    first, second, where = RUN_ALL[how]
    cells = kernel.run_all(
        first, "print('B')", "print('C')", second, "await asyncio.sleep(0.1); print('E')", "print('F')"
    )
    assert [(cell.stdout.strip(), cell.status) for cell in cells] == [
        (text, "ok") for text in (where, "B", "C", where, "E", "F")
    ]
    assert kernel.run("print('alive')").stdout == "alive\n"


def test_nested_runs_among_busy_background_tasks(kernel: Kernel) -> None:
    cells = kernel.run_all(
        "async def flutter():\n    while True: await asyncio.sleep(0.001)",
        "flutters = [loop.create_task(flutter()) for _ in range(20)]\nprint(run_on(loop, work(0.2)))",
        *["run_on(loop, work(0.02)); print('ok')"] * 10,
    )
    assert [cell.stdout.strip() for cell in cells] == ["", "slept on MainThread", *["ok"] * 10]


INTERRUPTS = {
    "thread": "thread.call(collect())",
    "kernel-loop": "run_on(loop, collect())",
}


@pytest.mark.parametrize("how", INTERRUPTS)
def test_interrupt_cancels_the_work(kernel: Kernel, how: str) -> None:
    (cell,) = kernel.queue(
        f"""
print("begun")
try:
    {INTERRUPTS[how]}
except KeyboardInterrupt as interrupt:
    print(left, len(interrupt.partial) > 5)
    raise
"""
    )
    kernel.wait_for_output(cell, "begun")
    time.sleep(0.4)
    kernel.interrupt()
    kernel.wait([cell])
    assert (cell.stdout, cell.error) == ("begun\n['cleaned'] True\n", "KeyboardInterrupt")
    assert kernel.run(RUN_ALL[how][1]).stdout.strip() == RUN_ALL[how][2]
    assert kernel.run("print(len(asyncio.all_tasks(thread.loop)), left)").stdout == "0 ['cleaned']\n"


def test_interrupting_an_awaiting_cell_cancels_the_work(kernel: Kernel) -> None:
    (cell,) = kernel.queue("print('begun'); await thread.submit(collect())")
    kernel.wait_for_output(cell, "begun")
    time.sleep(0.3)
    kernel.interrupt()
    kernel.wait([cell])
    assert cell.status == "error"
    assert kernel.run("time.sleep(0.1); print(left)").stdout == "['cleaned']\n"


def test_subshell_thread(kernel: Kernel) -> None:
    """Where JupyterLab runs the handlers of widgets: a thread with a loop of its own."""
    if not kernel.has_subshells:
        pytest.skip("this ipykernel has no subshells")
    subshell = kernel.new_subshell()
    cell = kernel.run("print(threading.current_thread() is threading.main_thread())", subshell=subshell)
    assert cell.stdout == "False\n"
    assert kernel.run("print(run_on(loop, work(0.1), timeout=20))", subshell=subshell).stdout == "slept on MainThread\n"
    (busy,) = kernel.queue("print('busy'); time.sleep(5)")
    kernel.wait_for_output(busy, "busy")
    quick = kernel.run("print(thread.call(work(0.1)))", subshell=subshell)
    assert quick.stdout == "slept on xavatar-loop\n"
    late = kernel.run("run_on(loop, work(0.1), timeout=0.3)", subshell=subshell)
    assert late.error == "TimeoutError"
    assert busy.replied is None
    kernel.wait([busy])
    assert kernel.run("print(run_on(loop, work(0.1), timeout=20))", subshell=subshell).stdout == "slept on MainThread\n"


def test_click_during_a_blocking_call_is_not_lost(kernel: Kernel) -> None:
    opened = kernel.run(
        """
from comm import create_comm
clicks = []
button = create_comm(target_name="test")
button.on_msg(lambda message: clicks.append((message["content"]["data"]["n"], thread.call(work(0.05)))))
"""
    )
    (comm,) = opened.comms
    for n, blocking in enumerate(("thread.call(work(1))", "run_on(loop, work(1))")):
        (cell,) = kernel.queue(f"print('begun'); {blocking}")
        kernel.wait_for_output(cell, "begun")
        kernel.click(comm, n=n)
        kernel.wait([cell])
        assert cell.status == "ok", cell.traceback
        assert kernel.run(f"print(clicks[{n}])").stdout == f"({n}, 'slept on xavatar-loop')\n"


def test_computing_cell_does_not_stop_the_loop_thread(kernel: Kernel) -> None:
    cells = kernel.run_all(
        """
ticks = []
async def tick():
    while True:
        ticks.append(time.monotonic())
        await asyncio.sleep(0.05)
ticking = thread.submit(tick())
""",
        "end = time.monotonic() + 3\nn = 0\nwhile time.monotonic() < end: n += 1",
        "gaps = [b - a for a, b in zip(ticks, ticks[1:])]\nprint(len(ticks) > 10, max(gaps) < 2.5)\nticking.cancel()",
    )
    assert cells[-1].stdout == "True True\n", cells[-1].traceback


def test_environment_of_a_kernel(kernel: Kernel) -> None:
    assert (
        kernel.run(
            "e = environment(); print(e.in_ipython, e.in_notebook, e.shows_progress, e.terminal, e.loop, "
            "e.ipykernel == __import__('ipykernel').__version__, e.nest.name, e.nest.applied)"
        ).stdout
        == "True True True False asyncio True nest-asyncio2 False\n"
    )


def write_package(folder: Path, distribution: str, version: str, source: str) -> None:
    """Lay out an installed package."""
    module = distribution.replace("-", "_")
    (folder / f"{module}.py").write_text(source)
    info = folder / f"{module}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")


WARNINGS = {
    "too-old": (
        "nest-asyncio2",
        "1.7.2",
        "enable_nested(); enable_nested()",
        "Run `pip install 'nest-asyncio2>=1.7.3'`, then restart the kernel.",
    ),
    "applied-by-the-user": (
        "nest-asyncio",
        "1.6.0",
        "import nest_asyncio; nest_asyncio.apply(); enable_nested(); enable_nested()",
        (
            "Run `pip install 'nest-asyncio2>=1.7.3'` and import nest_asyncio2 instead of nest_asyncio, "
            "then restart the kernel."
        ),
    ),
}


@pytest.mark.parametrize("case", WARNINGS)
def test_library_that_loses_cells_is_named_once_with_the_cure(case: str, tmp_path: Path) -> None:
    name, release, source, cure = WARNINGS[case]
    marks = (
        "asyncio._nest_patched = True"
        if name == "nest-asyncio"
        else "asyncio._nest_patched = asyncio._nest_asyncio2 = 1"
    )
    write_package(tmp_path, name, release, f"import asyncio\ndef apply(loop=None): {marks}\n")
    with Kernel(PYTHONPATH=os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", "")))) as kernel:
        _, cell = kernel.run_all("from xavatar.runtime import enable_nested", source)
        ipykernel = kernel.ipykernel
    assert cell.status == "ok", cell.traceback
    loses = release_of(ipykernel) >= (7, 1)
    assert (f"{name} {release} loses queued cells and clicks on ipykernel {ipykernel}. {cure}" in cell.stderr) is loses
    assert cell.stderr.count("loses") == loses
