"""Measure how a fleet's analysis grows with snapshots, partitions and workers; writes benchmarks/SCALE.md.

python -m benchmarks.scale [--contacts 2000] [--snapshots 16]
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import random
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
RUNS = 2


class Cost(NamedTuple):
    """What a question takes: seconds by the clock, and of all workers' processors."""

    wall: float
    cpu: float


class Run(NamedTuple):
    snapshots: int
    descriptors: int
    partitions: int
    workers: int
    findings: Cost
    summary: Cost
    duplicates: Cost
    peak_mib: float
    busy: float


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


def cost(work: Callable[[], object], processors: Callable[[], float] = time.process_time, runs: int = RUNS) -> Cost:
    """Return the least of several runs."""
    found: list[Cost] = []
    for _ in range(runs):
        before, start = processors(), time.perf_counter()
        work()
        found.append(Cost(time.perf_counter() - start, processors() - before))
    return Cost(min(each.wall for each in found), min(each.cpu for each in found))


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
        costs = [cost(each, lambda: sum(client.run(time.process_time).values())) for each in asked]
        highest = max(client.run(_peak).values())
    descriptors = sum(item.head.descriptors for item in fleet.items)
    return Run(len(fleet), descriptors, len(fleet.pieces), workers, *costs, highest, os.getloadavg()[0])


def _peak() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def alone(place: Path, ids: list[str]) -> tuple[Cost, Cost]:
    """Return what it costs one process without Dask, over the same export."""
    export = Exported.at(place)
    outcomes: list[Outcome] = []

    def judge() -> None:
        for each in ids:
            snapshot = Snapshot("", "", export.outcomes(each), datetime.now(UTC))
            outcomes.extend(snapshot.outcomes)
            assert len(Audit.of(snapshot).findings)

    return cost(judge, runs=1), cost(lambda: duplicates(outcomes))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contacts", type=int, default=2000)
    parser.add_argument("--snapshots", type=int, default=16)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "export")
        first = seen(wanted.contacts)
        with Store.temporary() as store:
            for number in range(wanted.snapshots):
                store.save(like(first, number))
            export = cost(lambda: store.export(place), runs=1)
        disk = sum(each.stat().st_size for each in place.rglob("*.parquet"))
        whole = scale.read(place, rows=1)
        ids = list(whole.snapshots["id"])
        runs: list[Run] = []
        sizes = [wanted.snapshots // 4, wanted.snapshots]
        rows = int(whole.snapshots["descriptors"].iloc[0])
        plan = [(size, rows, workers) for size in sizes for workers in (1, 2)]
        plan += [(wanted.snapshots, rows * each, 2) for each in (4, wanted.snapshots // 2)]
        for size, share, workers in plan:
            fleet = scale.read(place, rows=share).only(*ids[:size])
            runs.append(on_cluster(fleet, workers, folder))
            print(runs[-1], flush=True)
        single = alone(place, ids)
    OUT.write_text(page(runs, single, wanted, export, disk), encoding="utf-8")


def page(runs: list[Run], single: tuple[Cost, Cost], wanted: argparse.Namespace, export: Cost, disk: int) -> str:
    shared = round(1 / SHARED)
    average = disk / wanted.snapshots
    rows = (
        f"| {each.snapshots} | {each.descriptors:,} | {each.partitions} | {each.workers} | {told(each.findings)} | "
        f"{told(each.summary)} | {told(each.duplicates)} | {each.findings.cpu / each.descriptors * 1e6:,.0f} | "
        f"{each.peak_mib:.0f} | {each.busy:.0f} |"
        for each in runs
    )
    return PAGE.format(
        shared=shared, runs=RUNS, today=f"{datetime.now(UTC):%Y-%m-%d}", cores=os.cpu_count(),
        python=platform.python_version(), dask=dask.__version__, pandas=pd.__version__, pyarrow=pyarrow.__version__,
        rows="\n".join(rows), snapshots=wanted.snapshots, single=single, export=export, kib=average / 1024,
        contacts=wanted.contacts, each=average / wanted.contacts,
    )  # fmt: skip


def told(cost: Cost) -> str:
    return f"{cost.cpu:.2f} ({cost.wall:.2f})"


PAGE = """\
# Scale

Made by `python -m benchmarks.scale`; do not edit. Rosters of the campus scenario, each of another account, with people
and pictures of its own (one picture in {shared} is the same in all of them), exported as Parquet and judged by
`xavatar.scale` on a LocalCluster of processes with one thread each. The bytes of the pictures are not looked at again;
imports and the start of the cluster do not count.

{today}, **{cores} cores**, which workers, scheduler and *other work* shared: `load` is the load average after each run.
So seconds are of the workers' processors, all together, and by the clock in brackets, the least of {runs} runs. Python
{python}, dask {dask}, pandas {pandas}, pyarrow {pyarrow}.

| snapshots | descriptors | partitions | workers | findings s | summary s | duplicates s | µs | peak MiB | load |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
{rows}

`µs` is processor time for one descriptor's findings, `peak MiB` the largest worker's memory over all questions.

One process without Dask, all {snapshots} snapshots of the same export: findings {single[0].cpu:.2f}
({single[0].wall:.2f}) s, duplicates {single[1].cpu:.2f} ({single[1].wall:.2f}) s, with all outcomes in memory already.

To write the export took {export.cpu:.2f} ({export.wall:.2f}) s. Its Parquet is {kib:.0f} KiB for a roster of
{contacts:,}: {each:.0f} bytes for a contact.
"""


if __name__ == "__main__":
    main()
