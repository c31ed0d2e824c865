"""What hostile pictures cost: time and memory of each sample of the corpus, then fuzzing; write HOSTILE.md.

    python -m benchmarks.hostile [--examples 20000] [--out benchmarks/HOSTILE.md]

Each sample is inspected in a process of its own (Linux), whose memory before is not counted.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit import test_imaging_facts as facts
from tests.unit.hostile import Sample, corpus
from xavatar.imaging import Fault, inspect

HEAD = """\
# Hostile pictures

Made by `python -m benchmarks.hostile`; do not edit. {when}, Python {python}, Pillow {pillow}, {cores} cores.

{fuzz}

The corpus (`tests/unit/hostile.py`): {count} files, inspected one by one, each in a process of its own. The slowest \
took {slowest:.0f} ms, the hungriest {most:.0f} MiB beyond the file itself.

| file | bytes | result | ms | MiB |
|---|--:|---|--:|--:|
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one file cost."""

    sample: Sample
    result: str
    seconds: float
    mib: float


def cost(sample: Sample) -> Cost:
    """Inspect a sample in a child; return what it took there."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        before = _memory("VmRSS")
        start = time.perf_counter()
        found = inspect(sample.data)
        seconds = time.perf_counter() - start
        grown = max(_memory("VmHWM") - before, 0)
        os.write(write, f"{Fault.of(found.error) or 'decoded'} {seconds} {grown / 1024}".encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        result, seconds, mib = answer.read().split()
    if os.waitpid(child, 0)[1]:
        raise SystemExit(f"{sample.name} ended the process that inspected it")
    return Cost(sample, result, float(seconds), float(mib))


def _memory(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


def damaged(data: st.DataObject) -> None:
    facts.test_damaged_pictures.hypothesis.inner_test(data)


def anything(head: bytes, rest: bytes) -> None:
    facts.never_raises(head + rest)


FUZZED = {
    "damaged pictures (bytes changed, cut, inserted, files cut off)": given(st.data())(damaged),
    "arbitrary bytes behind a format's signature": given(st.sampled_from(facts.HEADS), st.binary(max_size=400))(
        anything
    ),
}


def fuzz(examples: int) -> str:
    """Let Hypothesis break pictures; return the figures in words, or raise what it found."""
    parts = []
    habits = settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    for what, test in FUZZED.items():
        seen: Counter[str] = Counter()
        taken: list[float] = []
        original, facts.inspect = facts.inspect, _counting(seen, taken)
        try:
            habits(test)()
        finally:
            facts.inspect = original
        faults = ", ".join(f"{number:,} {fault}" for fault, number in seen.most_common())
        parts.append(
            f"{len(taken):,} {what}: {faults}; {sum(taken):.0f} s in `inspect`, the slowest {max(taken) * 1000:.0f} ms"
        )
    return "Fuzzed with Hypothesis, and not one exception. " + ". ".join(parts) + "."


def _counting(seen: Counter[str], taken: list[float]) -> Callable[[bytes], object]:
    def inspected(data: bytes) -> object:
        start = time.perf_counter()
        found = inspect(data)
        taken.append(time.perf_counter() - start)
        seen[str(Fault.of(found.error) or "decoded")] += 1
        return found

    return inspected


def main() -> None:
    """Measure, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "HOSTILE.md")
    arguments = parser.parse_args()
    inspect(corpus()[10].data)
    costs = [cost(sample) for sample in corpus()]
    rows = [
        f"| {each.sample.name} | {len(each.sample.data):,} | {each.result} "
        f"| {each.seconds * 1000:.1f} | {each.mib:.1f} |\n"
        for each in costs
    ]
    head = HEAD.format(
        when=datetime.now(UTC).date(), python=platform.python_version(), pillow=version("pillow"), cores=os.cpu_count(),
        fuzz=fuzz(arguments.examples), count=len(costs), slowest=1000 * max(each.seconds for each in costs),
        most=max(each.mib for each in costs),
    )  # fmt: skip
    arguments.out.write_text(head + "".join(rows))
    print(arguments.out.read_text())


if __name__ == "__main__":
    main()
