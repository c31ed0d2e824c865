"""A picture on the block list is never fetched again, nor shown, nor kept."""

from __future__ import annotations

from pathlib import Path

import pytest

import xavatar as xa
from tests.support import patience
from xavatar.audit import Audit
from xavatar.model import Source, Status
from xavatar.report import render
from xavatar.store import Store

# One of Verona is silent; the others have little to wait for each other.
SOON = xa.Settings(timeout=patience(0.5), concurrency=16, presence_wait=0.1)


def pictures(audit: Audit, sha1: str) -> list[tuple[Status, str | None]]:
    return [
        (reading.image_status, reading.image_condition)
        for case in audit.cases
        for reading in case.readings(Source.PEP)
        if reading.descriptor.id == sha1
    ]


@pytest.mark.slow
def test_a_blocked_picture_is_not_asked_for(tmp_path: Path) -> None:
    with Store(tmp_path / "kept.sqlite") as store, xa.sandbox("verona") as box:
        with xa.connect(sandbox=box, settings=SOON, store=store) as session:
            before = session.audit(progress=False)
        (romeo,) = [case for case in before.cases if case.subject.jid == "romeo@montague.lit"]
        (sha1,) = romeo.hashes(Source.PEP)
        assert pictures(before, sha1) == [(Status.OK, None)]
        store.block(sha1, "shock", erase=True)
        for _ in range(2):
            asked = box.stats().by_kind["data"]
            with xa.connect(sandbox=box, settings=SOON, store=store) as session:
                after = session.audit(progress=False)
            again = box.stats().by_kind["data"] - asked
            assert pictures(after, sha1) == [(Status.SKIPPED, "blocked")]
        assert store.get(sha1) is None
        assert "blocked" in render(after)
        # The same ones as ever are asked for again, since they never came or were not what they should be.
        store.unblock(sha1)
        asked = box.stats().by_kind["data"]
        with xa.connect(sandbox=box, settings=SOON, store=store) as session:
            assert pictures(session.audit(progress=False), sha1) == [(Status.OK, None)]
        # Its vCard brought the bytes back before PEP was asked, or PEP was asked once more.
        assert box.stats().by_kind["data"] - asked - again in (0, 1)
