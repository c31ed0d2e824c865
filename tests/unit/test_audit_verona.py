"""Verona shows its anomalies on purpose: an audit finds all of them, and nothing else."""

from __future__ import annotations

import pytest

from tests.support import patience
from tests.unit.scenario_view import prompt
from xavatar import session
from xavatar.audit import RULES, Audit, Limits, PrivacyWarning
from xavatar.sandbox import sandbox
from xavatar.sandbox.load import load, planted
from xavatar.settings import Settings
from xavatar.store import Store

VERONA = load("verona")
# Few are asked at once, so that the others answer in time on a busy machine too.
SHORT = Settings(timeout=patience(0.7), concurrency=8, presence_wait=0.1)
PLANTED = set(planted(VERONA))
# With a hash in presence, a picture for contacts only is told as A-13, once.
TWICE = {(jid, "P398-07") for jid, key in PLANTED if key == "A-13"}
# What only a closer look finds, which a plain audit does not take.
DEEP = {"A-10", "A-14", "P60-03", "P84-25", "P292-01", "P398-04"}


def by_subject(*audits: Audit) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for audit in audits:
        for finding in audit.results:
            found.setdefault(finding.jid, set()).add(finding.rule)
    return found


def pairs(found: dict[str, set[str]]) -> set[tuple[str, str]]:
    return {(jid, rule) for jid, rules in found.items() for rule in rules}


@pytest.fixture(scope="module")
def audits() -> dict[str, list[Audit]]:
    """The roster and every room, looked at closely and in passing."""
    with (
        sandbox(prompt(VERONA)) as box,
        Store.temporary() as own,
        session.connect(sandbox=box, settings=SHORT, store=own) as seen,
    ):
        thorough, plain = (seen.audit(thorough=each, progress=False) for each in (True, False))
        rooms, shy = [], []
        for room in VERONA.rooms:
            seen.room(room.jid, nick="Onlooker", progress=False)
            assert seen.last is not None
            everybody = Limits(join_occupants=True)
            with pytest.warns(PrivacyWarning):
                rooms.append(Audit.of(seen.last, beside=thorough.snapshot, limits=everybody))
            shy.append(Audit.of(seen.last, beside=thorough.snapshot))
    return {"thorough": [thorough, *rooms], "plain": [plain, *shy]}


@pytest.fixture(scope="module")
def thorough(audits: dict[str, list[Audit]]) -> dict[str, set[str]]:
    return by_subject(*audits["thorough"])


@pytest.fixture(scope="module")
def plain(audits: dict[str, list[Audit]]) -> dict[str, set[str]]:
    return by_subject(*audits["plain"])


def test_every_planted_anomaly_has_a_rule() -> None:
    assert {key for _, key in PLANTED} <= RULES.keys() | {key for rule in RULES.values() for key in rule.also}


@pytest.mark.parametrize(("jid", "key"), sorted(PLANTED - TWICE))
def test_what_is_planted_is_found(thorough: dict[str, set[str]], jid: str, key: str) -> None:
    assert RULES[key].id in thorough.get(jid, set())


def test_what_is_not_planted_is_not_found(thorough: dict[str, set[str]]) -> None:
    wanted = {(jid, RULES[key].id) for jid, key in PLANTED}
    assert pairs(thorough) - wanted == set()


def test_a_plain_audit_misses_only_what_it_does_not_ask(
    thorough: dict[str, set[str]], plain: dict[str, set[str]]
) -> None:
    missed = pairs(thorough) - pairs(plain)
    assert {rule for _, rule in missed} <= {RULES[key].id for key in DEEP} | {"A-24"}
    assert {jid for jid, rule in missed if rule == "A-24"} == {"balcony@rooms.capulet.lit/Montecchio"}
    assert pairs(plain) <= pairs(thorough)


def test_the_sound_ones_are_left_in_peace(thorough: dict[str, set[str]]) -> None:
    sound = {account.jid for account in VERONA.accounts if not account.plants}
    assert len(sound) > 10
    assert not sound & thorough.keys()
