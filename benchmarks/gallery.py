"""Show many avatars in JupyterLab in three ways, side by side, and write GALLERY.md.

    python -m benchmarks.gallery [--many 100,1000,5000] [--rounds 3]

Every run is a notebook with a kernel of its own, in one JupyterLab and one headless Chromium.
"""

from __future__ import annotations

import argparse
import io
import os
import pickle
import platform
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

import pandas as pd
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as TooLate

from tests.browser.chromium import chromium
from tests.browser.lab import CURRENT, Lab, Notebook
from tests.browser.people import name, one
from xavatar.frames import frame

MIB = 1 << 20
PATIENCE = 60_000
LOAD = """
import gc, pickle
table, pictures = pickle.load(open({path!r}, "rb"))
names, images = table["name"].tolist(), [pictures[sha1] for sha1 in table["sha1"]]
def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * 4096
import ipywidgets as w, xavatar.widgets
table.head(50).xavatar.thumbnails()._repr_html_()  # as in every notebook, pandas and Pillow have been used before
from IPython.display import HTML, display
"""
WAYS = {
    "df.xavatar.gallery()": "shown = table.xavatar.gallery(pictures=pictures)\nshown",
    "HTML with data URIs": """
import base64, html
cells = "".join(
    f'<figure style="margin:0;width:112px"><img loading=lazy width=64 height=64 '
    f'src="data:image/png;base64,{base64.b64encode(data).decode()}"><figcaption>{html.escape(name)}</figcaption></figure>'
    for name, data in zip(names, images))
shown = w.HTML(f'<div style="display:flex;flex-wrap:wrap;height:460px;overflow:auto">{cells}</div>')
shown
""",
    "GridBox of Image": """
shown = w.GridBox(
    [w.VBox([w.Image(value=data, width=64, height=64), w.Label(name)]) for name, data in zip(names, images)],
    layout=w.Layout(grid_template_columns="repeat(auto-fill, 112px)", height="460px", overflow="auto"))
shown
""",
}
# Usable: what is in sight is painted, and the cell has ended.
USABLE = """() => {
  const output = document.querySelectorAll(".jp-CodeCell")[1]?.querySelector(".jp-OutputArea");
  const images = [...(output?.querySelectorAll("img") ?? [])].filter((image) => {
    const { top, bottom } = image.getBoundingClientRect();
    return bottom > 0 && top < innerHeight;
  });
  return images.length >= 9 && images.every((image) => image.complete && image.naturalWidth);
}"""
SHOW = f"""async (usable) => {{
  const ready = eval(usable);
  const start = performance.now();
  {CURRENT}.content.activeCellIndex = 1;
  const ran = jupyterapp.commands.execute("notebook:run-cell");
  while (!ready()) {{
    if (performance.now() - start > {PATIENCE}) return null;
    await new Promise(requestAnimationFrame);
  }}
  await ran;
  return (performance.now() - start) / 1000;
}}"""
HEAD = """\
# Many avatars in a notebook

Made by `python -m benchmarks.gallery`; do not edit. Pictures of 64 x 64 pixels, all different, about 3 kB each, in
JupyterLab in headless Chromium; from running the cell until all pictures in sight are painted. Medians of {rounds} runs
(least and most in brackets), each with a kernel of its own. What browser and kernel hold is what the cell added.

{when}, Python {python}, {packages}.

"""
BUDGET = {"seconds": 0.8, "elements": 300, "kernel": 10.0}


@dataclass(frozen=True, slots=True)
class Run:
    """What one way took; seconds and MiB. `seconds` is None when nothing usable came within a minute."""

    seconds: float | None
    received: float
    elements: int
    nodes: int
    heap: float
    kernel: float


def stage(folder: Path, many: int) -> Path:
    """Write a frame of so many people and their pictures, all different, about 3 kB each."""
    outcomes, pictures = [], {}
    for number in range(many):
        outcome, (sha1, data) = one(number, _portrait(number), name(number))
        outcomes.append(outcome)
        pictures[sha1] = data
    table: pd.DataFrame = frame(outcomes)
    path = folder / f"{many}.pickle"
    path.write_bytes(pickle.dumps((table, pictures)))
    return path


def _portrait(number: int, side: int = 64) -> bytes:
    dice = random.Random(number)
    image = Image.new("RGB", (side, side), tuple(dice.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, size = dice.randrange(side), dice.randrange(side), dice.randrange(6, 34)
        draw.ellipse((x - size, y - size, x + size, y + size), fill=tuple(dice.randrange(256) for _ in range(3)))
    out = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(1.2)).save(out, "PNG")
    return out.getvalue()


def measure(lab: Lab, browser: Browser, path: Path, way: str) -> Run:
    """Show them once, in a notebook of its own."""
    context = browser.new_context(viewport={"width": 1300, "height": 1000})
    page = context.new_page()
    received = [0]
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: _add(received, data)))
    here = Notebook.open(
        lab, page, Path(f"run-{random.randrange(10**9)}.ipynb"), [LOAD.format(path=str(path)), WAYS[way]]
    )
    try:
        here.run(0)
        kernel, (heap, nodes) = here.ask("resident()"), _browser(page)
        received[0] = 0
        page.set_default_timeout(2 * PATIENCE)
        try:
            seconds = page.evaluate(SHOW, USABLE)
        except TooLate:
            seconds = None
        if seconds is None:
            return Run(None, received[0] / MIB, 0, 0, 0.0, 0.0)
        sent, elements = (
            received[0],
            page.evaluate(
                "() => document.querySelectorAll('.jp-CodeCell')[1].querySelectorAll('.jp-OutputArea-output *').length"
            ),
        )
        later, more = _browser(page)
        return Run(
            seconds, sent / MIB, elements, more - nodes, (later - heap) / MIB, (here.ask("resident()") - kernel) / MIB
        )
    finally:
        here.close()
        context.close()


def _add(received: list[int], data: str | bytes) -> None:
    received[0] += len(data)


def _browser(page: Page) -> tuple[float, int]:
    """Return bytes of the heap in use, and nodes of all documents, after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    told = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return told["JSHeapUsedSize"], int(told["Nodes"])


def rows(measured: dict[tuple[int, str], list[Run]]) -> Iterator[str]:
    """Yield the table's lines."""
    yield "| way | avatars | s until usable | MiB received | elements | nodes | JS heap MiB | kernel MiB |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for (many, way), runs in measured.items():
        done = [run for run in runs if run.seconds is not None]
        if not done:
            yield f"| {way} | {many} | not within {PATIENCE // 1000} s | {runs[0].received:.1f} | | | | |"
            continue
        seconds = [run.seconds for run in done if run.seconds is not None]
        middle = [median(getattr(run, field) for run in done) for field in Run.__slots__[1:]]
        received, elements, nodes, heap, kernel = middle
        yield (
            f"| {way} | {many} | {median(seconds):.2f} [{min(seconds):.2f}, {max(seconds):.2f}] | {received:.2f} "
            f"| {elements:.0f} | {nodes:.0f} | {heap:.1f} | {kernel:.1f} |"
        )


def beyond(runs: list[Run]) -> list[str]:
    """Return where our gallery of the most avatars misses its budget."""
    found = []
    for field, most in BUDGET.items():
        values = [getattr(run, field) for run in runs]
        if None in values or median(values) > most:
            found.append(f"{field}: {values}, not within {most}")
    return found


def main() -> None:
    """Measure, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--many", default="100,1000,5000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="a part of a way's name")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "GALLERY.md")
    arguments = parser.parse_args()
    counts = [int(many) for many in arguments.many.split(",")]
    ways = [way for way in WAYS if arguments.only in way]
    measured: dict[tuple[int, str], list[Run]] = {(many, way): [] for many in counts for way in ways}
    others = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, Lab.start(Path(name)) as lab, chromium() as browser:
        staged = {many: stage(Path(name), many) for many in counts}
        for turn in range(arguments.rounds):
            for (many, way), runs in measured.items():
                if turn and runs[0].seconds is None:
                    continue
                runs.append(measure(lab, browser, staged[many], way))
                print(f"{turn} {many:5} {way:22} {runs[-1]}", flush=True)
    packages = ", ".join(f"{each} {version(each)}" for each in ("jupyterlab", "ipykernel", "ipywidgets", "anywidget"))
    when = f"{datetime.now(UTC).date()}, {os.cpu_count()} cores, load average {others:.1f} before the first run"
    head = HEAD.format(rounds=arguments.rounds, when=when, python=platform.python_version(), packages=packages)
    if not arguments.only:
        arguments.out.write_text(head + "\n".join(rows(measured)) + "\n")
    print("\n".join(rows(measured)))
    ours = next(iter(WAYS))
    if ours in ways and (missed := beyond(measured[max(counts), ours])):
        sys.exit(f"{ours} of {max(counts)} misses its budget: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
