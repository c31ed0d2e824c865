"""xavatar in a new process's first session, with a store that an earlier audit filled: only metadata travels."""

from __future__ import annotations

import tempfile
from pathlib import Path

import xavatar.session
from benchmarks.race import Result, Task, clock, peak_rss_mib, report, task
from benchmarks.travelled import travelled
from xavatar.session import Session
from xavatar.store import Store


def connect(task: Task, store: Store) -> Session:
    """Log in with a store."""
    return xavatar.session.connect(
        f"{task.user}@{task.domain}", task.password, host=task.host, port=task.port, ca_file=task.ca_file, store=store
    )


def run(task: Task) -> Result:
    """Fill a store, then take the time of another session with it, login included; count what a third one sends."""
    result = Result(contacts=task.contacts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        for clocked in (False, True):
            with Store(path) as store, clock(result if clocked else Result()):
                session = connect(task, store)
                frame = session.roster(images=True, sources=("pep",), progress=False)
            session.close()
        result.rss_mib = peak_rss_mib()
        with Store(path) as store, connect(task, store) as session:
            result.again = travelled(session)
    pep = frame[(frame["source"] == "pep") & frame["sha1"].notna()]
    result.avatars, result.nbytes = len(pep), int(pep["nbytes_real"].sum())
    return result


if __name__ == "__main__":
    report(run(task()))
