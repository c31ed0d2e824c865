"""Verona shows its anomalies on purpose: an audit must find those that can be seen."""

from __future__ import annotations

import pytest

from xavatar import session
from xavatar.audit import RULES, Audit
from xavatar.sandbox import sandbox
from xavatar.sandbox.load import load, planted

VERONA = load("verona")
# (who, what) that no onlooker sees this way, and why.
UNSEEN = {
    ("escalus@verona.lit", "A-10"): "the node is asked for its newest item only",
    ("rebeck@telegram.globe.lit", "P292-01"): "vCard4 is not read",
    ("balcony@rooms.capulet.lit/Montecchio", "A-24"): "others are compared on request only",
    ("balcony@rooms.capulet.lit/Montecchio", "P398-08"): "others are compared on request only",
}
PLANTED = set(planted(VERONA))
# With a hash in presence, a picture for contacts only is told as A-13.
TWICE = {(jid, "P398-07") for jid, key in PLANTED if key == "A-13"}
CAST = [(jid, key) for jid, key in planted(VERONA) if key in RULES and (jid, key) not in UNSEEN.keys() | TWICE]


@pytest.fixture(scope="module")
def broken() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    with sandbox(VERONA) as box, session.connect(sandbox=box, timeout=10) as seen:
        seen.me(progress=False)
        me = seen.last
        seen.roster(progress=False)
        snapshots = [me, seen.last]
        for room in VERONA.rooms:
            seen.room(room.jid, nick="Onlooker", progress=False)
            snapshots.append(seen.last)
        for snapshot in snapshots:
            assert snapshot is not None
            for finding in Audit.of(snapshot, beside=me).results:
                found.setdefault(finding.jid, set()).add(finding.rule)
    return found


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("jid", "key"), CAST)
def test_what_is_planted_is_found(broken: dict[str, set[str]], jid: str, key: str) -> None:
    assert RULES[key].id in broken.get(jid, set())


def test_the_sound_ones_are_left_in_peace(broken: dict[str, set[str]]) -> None:
    sound = {account.jid for account in VERONA.accounts if not account.plants}
    assert len(sound) > 10
    assert not sound & broken.keys()


def test_the_exceptions_are_still_needed() -> None:
    assert UNSEEN.keys() <= PLANTED
