"""One audit on three servers: what a plain cast must and must not be told."""

from __future__ import annotations

import pytest

import xavatar as xa
from tests.contract.conftest import login
from tests.servers import RunningServer
from xavatar.audit import Audit
from xavatar.model import Kind, Severity


@pytest.fixture
def audit(server: RunningServer) -> Audit:
    with xa.connect(**login(server)) as session:
        return session.audit(rooms=[server.room("balcony")], progress=False)


def test_roster_and_room_are_one_snapshot(server: RunningServer, audit: Audit) -> None:
    kinds = {case.subject.kind for case in audit.cases}
    assert {Kind.SELF, Kind.CONTACT, Kind.ROOM} <= kinds
    assert audit.snapshot.scope == f"roster and {server.room('balcony')}"
    assert audit.snapshot.complete


def test_a_sound_cast_has_no_errors(server: RunningServer, audit: Audit) -> None:
    """Each picture is a PNG under its hash; what is found is about access, removal and size."""
    assert [finding for finding in audit.results if finding.severity is Severity.ERROR] == []
    told = {finding.jid.partition("@")[0]: set[str]() for finding in audit.results}
    for finding in audit.results:
        told[finding.jid.partition("@")[0]].add(finding.rule)
    assert "P163-01" in told["friar"], "closed to this account"
    content = {"P84-01", "P84-02", "P84-03", "P84-08", "P84-09", "P84-10", "A-02", "A-07", "A-18", "A-22", "A-32"}
    assert not content & set().union(*told.values())
