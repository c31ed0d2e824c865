"""Where accounts push their avatars, silence is an answer, too (XEP-0163, 4.3)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import xavatar as xa
from tests.support import patience
from xavatar.sandbox import Account, Fault, Item, Sandbox, Scenario
from xavatar.wire.xml import METADATA

ME = Account("juliet@capulet.lit", password="wherefore")
TYBALT = Account("tybalt@capulet.lit")
SILENT = Account("susan@capulet.lit")
NO_NODE = Fault("error", "metadata", condition="item-not-found", error_type="cancel")
UNSEEN = Account("peter@capulet.lit", subscription="from", faults=(NO_NODE,))
"""Whose presence we do not get, and so no push; servers that tell such accounts apart answer so (P60-02)."""
ELSEWHERE = Account("laurence@friary.lit")
"""Where nobody pushed anything."""
OFF = Item("off", f"<metadata xmlns='{METADATA}'/>")


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(Scenario("silence", "capulet.lit", ME.jid, (ME, TYBALT, SILENT, UNSEEN, ELSEWHERE))) as box:
        box.set_item(TYBALT.jid, METADATA, OFF)
        yield box


def look(session: xa.Session) -> tuple[dict[str, str], set[str]]:
    """Return what PEP says of everybody, and who was asked for it."""
    with session.recording() as trace:
        roster = session.roster(images=False, sources=["pep"])
    asked = {entry.to for entry in trace.filter(direction="out", xep=84)}
    return roster.set_index("jid")["status"].to_dict(), asked


def test_who_had_none_and_would_push_is_asked_once(box: Sandbox) -> None:
    with xa.connect(sandbox=box) as session:
        first, asked = look(session)
        assert first == {
            TYBALT.jid: "disabled", SILENT.jid: "not_found", UNSEEN.jid: "not_found", ELSEWHERE.jid: "not_found",
        }  # fmt: skip
        assert asked == {SILENT.jid, UNSEEN.jid, ELSEWHERE.jid}
        assert look(session) == (first, {UNSEEN.jid, ELSEWHERE.jid})
        coming = session.changes().follow(timeout=patience(10))
        box.set_item(SILENT.jid, METADATA, OFF)
        assert next(coming).jid == SILENT.jid
        assert look(session) == (first | {SILENT.jid: "disabled"}, {UNSEEN.jid, ELSEWHERE.jid})


def test_another_session_asks_anew(box: Sandbox) -> None:
    for _ in range(2):
        with xa.connect(sandbox=box) as session:
            assert SILENT.jid in look(session)[1]
