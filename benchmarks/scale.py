"""Measure how a fleet's analysis grows with snapshots, partitions and workers; writes benchmarks/SCALE.md.

python -m benchmarks.scale [--contacts 2000] [--snapshots 16]
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import dask
import distributed
import pandas as pd
import pyarrow

import xavatar as xa
from xavatar import scale
from xavatar.audit import Audit, duplicates
from xavatar.model import ImageFacts, Outcome, Reading, Snapshot
from xavatar.sandbox.load import load
from xavatar.store import Exported, Store

OUT = Path(__file__).with_name("SCALE.md")
SHARED = 0.05
RUNS = 3


class Run(NamedTuple):
    snapshots: int
    descriptors: int
    partitions: int
    workers: int
    findings: float
    summary: float
    duplicates: float
    peak_mib: float


def seen(contacts: int) -> Snapshot:
    """Return a roster of the campus, as an audit of the sandbox sees it."""
    campus = load("campus")
    with (
        Store.temporary() as store,
        xa.sandbox(replace(campus, accounts=campus.accounts[:contacts])) as box,
        xa.connect(sandbox=box, store=store, timeout=30, presence=False) as session,
    ):
        return session.audit(progress=False).snapshot


def like(snapshot: Snapshot, number: int) -> Snapshot:
    """Return another account's roster of the same kind: other people with other pictures, some of them shared."""
    chance = random.Random(number)
    known: dict[str, ImageFacts] = {}

    def other(facts: ImageFacts) -> ImageFacts:
        if facts.sha1 not in known:
            mine = replace(facts, sha1=f"{chance.getrandbits(160):040x}")
            if facts.dhash and not facts.blank:
                mine = replace(mine, dhash=f"{chance.getrandbits(64):016x}", phash=f"{chance.getrandbits(64):016x}")
            known[facts.sha1] = facts if chance.random() < SHARED else mine
        return known[facts.sha1]

    def reading(each: Reading) -> Reading:
        facts = each.facts and other(each.facts)
        id = facts.sha1 if facts and each.descriptor.id else each.descriptor.id
        return replace(each, facts=facts, descriptor=replace(each.descriptor, id=id))

    def outcome(each: Outcome) -> Outcome:
        user, _, domain = each.subject.jid.partition("@")
        subject = replace(each.subject, jid=f"{user}@{number}.{domain}")
        return replace(each, subject=subject, readings=tuple(map(reading, each.readings)))

    account = f"dean@{number}.campus.example"
    return replace(snapshot, account=account, outcomes=tuple(map(outcome, snapshot.outcomes)), id=f"{number:06}")


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def on_cluster(fleet: scale.Fleet, workers: int, scratch: str) -> Run:
    """Ask a cluster of so many processes, of one thread each."""
    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
            local_directory=scratch, memory_limit=0, silence_logs=logging.ERROR,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        fleet.only(fleet.snapshots["id"].iloc[0]).findings().compute()  # imports
        asked: list[Callable[[], Any]] = [
            lambda: len(fleet.findings()),
            lambda: fleet.summary().compute(),
            lambda: fleet.duplicates().compute(),
        ]
        times = [statistics.median(timed(each) for _ in range(RUNS)) for each in asked]
        highest = max(client.run(_peak).values())
    descriptors = sum(item.head.descriptors for item in fleet.items)
    return Run(len(fleet), descriptors, len(fleet.pieces), workers, *times, highest)


def _peak() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def alone(place: Path, ids: list[str]) -> tuple[float, float]:
    """Return the seconds that one process takes without Dask, over the same export."""
    export = Exported.at(place)
    outcomes: list[Outcome] = []

    def judge() -> None:
        for each in ids:
            snapshot = Snapshot("", "", export.outcomes(each), datetime.now(UTC))
            outcomes.extend(snapshot.outcomes)
            assert len(Audit.of(snapshot).findings)

    return timed(judge), timed(lambda: duplicates(outcomes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=2000)
    parser.add_argument("--snapshots", type=int, default=16)
    wanted = parser.parse_args()
    load_average = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "export")
        first = seen(wanted.contacts)
        with Store.temporary() as store:
            for number in range(wanted.snapshots):
                store.save(like(first, number))
            export = timed(lambda: store.export(place))
        disk = sum(each.stat().st_size for each in place.rglob("*.parquet"))
        whole = scale.read(place, rows=1)
        ids = list(whole.snapshots["id"])
        runs: list[Run] = []
        sizes = [wanted.snapshots // 4, wanted.snapshots // 2, wanted.snapshots]
        rows = int(whole.snapshots["descriptors"].iloc[0])
        plan = [(size, rows, workers) for size in sizes for workers in (1, 2)]
        plan += [(wanted.snapshots, rows * each, 2) for each in (2, wanted.snapshots // 2)]
        for size, share, workers in plan:
            fleet = scale.read(place, rows=share).only(*ids[:size])
            runs.append(on_cluster(fleet, workers, folder))
            print(runs[-1], flush=True)
        single = alone(place, ids)
    OUT.write_text(page(runs, single, wanted, export, disk, load_average), encoding="utf-8")


def page(
    runs: list[Run], single: tuple[float, float], wanted: argparse.Namespace, export: float, disk: int, busy: float
) -> str:
    shared = round(1 / SHARED)
    average = disk / wanted.snapshots
    rows = (
        f"| {each.snapshots} | {each.descriptors:,} | {each.partitions} | {each.workers} | {each.findings:.2f} | "
        f"{each.summary:.2f} | {each.duplicates:.2f} | {each.descriptors / each.findings:,.0f} | "
        f"{each.peak_mib:.0f} |"
        for each in runs
    )
    return PAGE.format(
        shared=shared, runs=RUNS, today=f"{datetime.now(UTC):%Y-%m-%d}", cores=os.cpu_count(), busy=busy,
        python=platform.python_version(), dask=dask.__version__, pandas=pd.__version__, pyarrow=pyarrow.__version__,
        rows="\n".join(rows), snapshots=wanted.snapshots, single=single, export=export, kib=average / 1024,
        contacts=wanted.contacts, each=average / wanted.contacts,
    )  # fmt: skip


PAGE = """\
# Scale

Made by `python -m benchmarks.scale`; do not edit. Rosters of the campus scenario, each of another account, with people
and pictures of its own (one picture in {shared} is the same in all of them), exported as Parquet and judged by
`xavatar.scale` on a LocalCluster of processes with one thread each. Seconds are medians of {runs} runs; imports and the
start of the cluster do not count. The bytes of the pictures are not looked at again.

{today}, **{cores} cores**, which workers, scheduler and whatever else ran here shared, load average {busy:.1f} before
the first run, Python {python}, dask {dask}, pandas {pandas}, pyarrow {pyarrow}.

| snapshots | descriptors | partitions | workers | findings s | summary s | duplicates s | descriptors/s | peak MiB |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|
{rows}

`descriptors/s` is of the findings, `peak MiB` the largest worker's.

One process without Dask, all {snapshots} snapshots of the same export: findings {single[0]:.2f} s, duplicates
{single[1]:.2f} s with all outcomes in memory.

To write the export took {export:.2f} s. Its Parquet is {kib:.0f} KiB for a roster of {contacts:,}: {each:.0f} bytes for
a contact.
"""


if __name__ == "__main__":
    main()
