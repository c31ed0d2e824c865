"""An audit that enters rooms: one snapshot, and occupants joined with the roster on request only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import xavatar as xa
from tests.cli_support import invoke
from tests.support import patience
from xavatar.audit import Audit, Change, PrivacyWarning
from xavatar.errors import ConfigError
from xavatar.model import Kind, Status
from xavatar.sandbox import Sandbox
from xavatar.store import Store

BALCONY, NOWHERE = "balcony@rooms.capulet.lit", "nowhere@rooms.nowhere.lit"

# One of Verona is silent; the others have little to wait for each other.
SOON = xa.Settings(timeout=patience(0.5), concurrency=16, presence_wait=0.1)


@pytest.fixture(scope="module")
def verona() -> Iterator[Sandbox]:
    with xa.sandbox("verona") as box:
        yield box


@pytest.fixture(scope="module")
def session(verona: Sandbox) -> Iterator[xa.Session]:
    with Store.temporary() as store, xa.connect(sandbox=verona, settings=SOON, store=store) as opened:
        yield opened


def kinds(audit: Audit) -> set[Kind]:
    return {case.subject.kind for case in audit.cases}


def recognised(audit: Audit) -> set[str]:
    return {finding.jid.rpartition("/")[2] for finding in audit.results if finding.rule == "A-24"}


def test_rooms_are_audited_along_with_the_roster(session: xa.Session) -> None:
    found = session.audit(rooms=[f"{BALCONY}/ignored"], progress=False)
    assert kinds(found) == {Kind.SELF, Kind.CONTACT, Kind.ROOM, Kind.OCCUPANT}
    assert found.snapshot.scope == f"roster and {BALCONY}"
    assert found.snapshot == session.last
    assert found.snapshot.complete
    assert recognised(found) == {"Capuletta"}, "only oneself, without being asked for more"


def test_joining_occupants_warns(session: xa.Session) -> None:
    with pytest.warns(PrivacyWarning, match=r"A-24.*who is behind a nickname"):
        found = session.audit(rooms=[BALCONY], join_occupants=True, progress=False)
    assert recognised(found) == {"Capuletta", "Montecchio"}
    together = [set(group["kind"]) for _, group in found.duplicates.groupby("group")]
    assert {"occupant", "contact"} in together


def test_a_room_that_cannot_be_entered_is_a_row(session: xa.Session) -> None:
    found = session.audit(rooms=[NOWHERE, BALCONY], images=False, progress=False)
    (nowhere,) = [case for case in found.cases if case.subject.jid == NOWHERE]
    assert nowhere.subject.kind is Kind.ROOM
    assert nowhere.outcomes[0].status not in (Status.OK, Status.SKIPPED)
    assert nowhere.outcomes[0].text
    assert Kind.OCCUPANT in kinds(found), "the rooms after it are entered all the same"


def test_what_is_no_room_is_told_before_anything_is_asked(session: xa.Session) -> None:
    before = session.last
    with pytest.raises(ConfigError, match="room"):
        session.audit(rooms=["rooms.capulet.lit"], progress=False)
    assert session.last is before


def test_an_audit_knows_the_one_before(verona: Sandbox, tmp_path: Path) -> None:
    with Store(tmp_path / "kept.sqlite") as store, xa.connect(sandbox=verona, settings=SOON, store=store) as opened:
        first = opened.audit(images=False, progress=False)
        assert first.changes is None
        store.save(first.snapshot, first.results)
        again = opened.audit(images=False, progress=False)
    assert again.previous is not None
    assert again.previous.id == first.snapshot.id
    assert again.changes is not None
    assert set(again.changes.counts) <= {Change.FINDING_STILL}


@pytest.mark.slow
def test_from_the_shell(verona: Sandbox, tmp_path: Path) -> None:
    login = verona.login
    args = [
        *("audit", login.jid, "--host", verona.host, "--port", str(verona.port), "--ca-file", str(verona.ca_file)),
        *("--room", BALCONY, "--timeout", "1", "--fail-on", "never", "--no-progress", "--store", str(tmp_path / "s")),
    ]
    password = {"XAVATAR_PASSWORD": login.password}
    alone = invoke(args, env=password)
    assert alone.exit_code == 0, alone.output
    assert "Shared picture" in alone.stdout
    assert "PrivacyWarning" not in alone.stderr
    assert "A-24" not in alone.stderr
    joined = invoke([*args, "--join-occupants", "--out", str(tmp_path / "audit.html")], env=password)
    assert joined.exit_code == 0, joined.output
    assert "xavatar: Occupants are compared with the roster by picture (A-24)" in joined.stderr
    assert "xavatar diff" in joined.stdout
    assert 'id="changes"' in (tmp_path / "audit.html").read_text(encoding="utf-8")
