"""xavatar's blocking session, asked for what the peers fetch: PEP alone, every image verified and looked at besides."""

from __future__ import annotations

import xavatar.session
from benchmarks.race import Result, Task, clock, report, task

SOURCES = ("pep",)


def run(task: Task, sources: tuple[str, ...] = SOURCES) -> Result:
    """Fetch everything, login and roster included."""
    result = Result(contacts=task.contacts)
    with clock(result):
        session = xavatar.session.connect(
            f"{task.user}@{task.domain}", task.password, host=task.host, port=task.port, ca_file=task.ca_file
        )
        frame = session.roster(images=True, sources=sources, progress=False)
    session.close()
    pep = frame[(frame["source"] == "pep") & frame["sha1"].notna()]
    result.avatars, result.nbytes = len(pep), int(pep["nbytes_real"].sum())
    return result


if __name__ == "__main__":
    report(run(task()))
