"""xavatar a second time in one session, when nothing has changed: no image travels again."""

from __future__ import annotations

import xavatar.session
from benchmarks.race import Result, Task, clock, peak_rss_mib, report, task
from benchmarks.travelled import travelled


def run(task: Task) -> Result:
    """Fetch everything once, then take the time of the second fetch."""
    result = Result(contacts=task.contacts)
    with xavatar.session.connect(
        f"{task.user}@{task.domain}", task.password, host=task.host, port=task.port, ca_file=task.ca_file
    ) as session:
        session.roster(images=True, sources=("pep",), progress=False)
        with clock(result):
            frame = session.roster(images=True, sources=("pep",), progress=False)
        result.rss_mib = peak_rss_mib()
        result.again = travelled(session)
    pep = frame[(frame["source"] == "pep") & frame["sha1"].notna()]
    result.avatars, result.nbytes = len(pep), int(pep["nbytes_real"].sum())
    return result


if __name__ == "__main__":
    report(run(task()))
