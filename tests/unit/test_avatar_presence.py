from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xavatar.avatar.parse import Update, UpdateState
from xavatar.avatar.presence import Pace, PresenceRules, Todo

A, B = "a" * 40, "b" * 40
SILENT = Update(UpdateState.ABSENT)
READY = Update(UpdateState.NOT_READY)
NONE = Update(UpdateState.EMPTY)


def says(value: str) -> Update:
    return Update(UpdateState.HASH, value)


def online(photo: str | None = A) -> PresenceRules:
    """Rules of a session on a server without XEP-0398 that has said its hash."""
    rules = PresenceRules()
    rules.learned(converts=False)
    assert rules.sent(rules.says) is Todo.FETCH
    if rules.fetched(photo) is Todo.SEND:
        rules.sent(rules.says)
    return rules


def test_a_session_begins_not_ready_and_says_its_hash_once_known() -> None:  # P153-04, P153-06, D-17, D-18
    rules = PresenceRules()
    assert rules.says is None
    assert rules.sent(None) is Todo.NOTHING
    assert rules.learned(converts=False) is Todo.FETCH
    assert rules.says is None
    assert rules.fetched(A) is Todo.SEND
    assert rules.says == A
    assert rules.sent(A) is Todo.NOTHING
    assert not rules.due()


def test_a_card_without_photo_is_said_empty_an_unreadable_one_not_at_all() -> None:  # P153-05, D-16
    assert online("").says == ""
    rules = online(None)
    assert rules.says is None
    assert not rules.due()


def test_nothing_survives_the_stream() -> None:  # D-19
    rules = online()
    rules.heard("phone", SILENT)
    rules.disconnected()
    assert rules.says is None
    assert not rules.silent_resources
    assert rules.sent(None) is Todo.NOTHING
    assert rules.learned(converts=False) is Todo.FETCH


def test_on_a_converting_server_only_the_empty_element_is_said() -> None:  # P398-05, D-40, D-41, D-46
    rules = PresenceRules()
    rules.sent(None)
    assert rules.learned(converts=True) is Todo.NOTHING
    for update in (SILENT, NONE, says(A), says("c82ffc88-3277"), says(B), READY):
        assert rules.heard("phone", update) is Todo.NOTHING
    assert rules.gone("phone") is Todo.NOTHING
    assert rules.stored(A) is Todo.NOTHING
    assert rules.says is None


def test_injection_can_be_declined() -> None:  # D-18
    rules = PresenceRules()
    rules.opted_out = True
    assert rules.says == ""


def test_a_silent_resource_stops_the_hash_until_all_of_them_are_gone() -> None:  # P153-09
    rules = online()
    assert rules.heard("old", SILENT) is Todo.SEND
    assert rules.says is None
    rules.sent(None)
    assert rules.heard("older", SILENT) is Todo.NOTHING
    assert rules.gone("old") is Todo.NOTHING
    assert rules.silent_resources == {"older"}
    assert rules.gone("older") is Todo.FETCH
    assert rules.fetched(B) is Todo.SEND


def test_a_silent_resource_that_learns_frees_us_too() -> None:  # D-21
    rules = online()
    rules.heard("old", SILENT)
    rules.sent(None)
    assert rules.heard("old", READY) is Todo.FETCH
    assert rules.fetched(A) is Todo.SEND
    assert rules.says == A


def test_another_hash_resets_and_the_card_decides() -> None:  # P153-10, P153-11
    rules = online(A)
    assert rules.heard("phone", says(B)) == Todo.FETCH | Todo.SEND
    assert rules.says is None
    rules.sent(None)
    assert rules.fetched(B) is Todo.SEND
    rules.sent(B)
    assert rules.heard("phone", says(f" {B.upper()}")) is Todo.NOTHING


def test_an_empty_photo_elsewhere_makes_us_look_and_keep_what_the_card_has() -> None:  # P153-10
    rules = online(A)
    assert rules.heard("phone", NONE) is Todo.FETCH
    assert rules.says == A
    assert rules.fetched(A) is Todo.NOTHING
    assert rules.heard("tablet", NONE) is Todo.FETCH
    assert rules.fetched("") is Todo.SEND


@pytest.mark.parametrize("update", [READY, says(A), says("current"), says("c82ffc88-3277-4f0a-9f0e-0d2b7c1f8f5e")])
def test_what_calls_for_nothing(update: Update) -> None:  # D-40 (a)
    assert online(A).heard("phone", update) is Todo.NOTHING


def test_the_same_value_again_is_no_news() -> None:  # D-22, D-40
    rules = online(A)
    rules.heard("phone", says(B))
    rules.sent(None)
    rules.fetched(A)
    rules.sent(A)
    for _ in range(100):
        assert rules.heard("phone", says(B)) is Todo.NOTHING


def test_two_sessions_and_a_server_that_keeps_injecting_a_stale_hash_come_to_rest() -> None:  # D-40
    one, two = online(A), online(A)
    broadcasts = 0
    queue = [(two, "one"), (one, "two")]
    for _ in range(1000):
        if not queue:
            break
        listener, speaker = queue.pop(0)
        todo = listener.heard(speaker, says(B))
        name, other = ("two", one) if listener is two else ("one", two)
        for step in (todo, listener.fetched(A) if Todo.FETCH in todo else Todo.NOTHING):
            if Todo.SEND in step:
                listener.sent(listener.says)
                broadcasts += 1
                queue.append((other, name))
    assert not queue
    assert broadcasts <= 4


def test_switched_off_nothing_is_asked_and_nothing_sent() -> None:  # D-20
    rules = online(A)
    assert rules.toggled(False) is Todo.NOTHING
    for update in (SILENT, NONE, says(B)):
        assert rules.heard("phone", update) is Todo.NOTHING
    assert rules.gone("phone") is Todo.NOTHING
    assert rules.toggled(True) is Todo.FETCH
    assert rules.says is None


def test_a_stored_photo_is_said_at_once() -> None:  # D-15
    rules = online(A)
    assert rules.stored(B) is Todo.SEND
    assert rules.says == B
    rules.sent(B)
    assert rules.stored("") is Todo.SEND


def test_an_offline_session_says_nothing() -> None:
    rules = PresenceRules()
    assert rules.learned(converts=False) is Todo.NOTHING
    assert rules.stored(A) is Todo.NOTHING


def test_resources_are_bounded() -> None:
    rules = online(A)
    for number in range(1000):
        rules.heard(f"r{number}", SILENT)
    assert len(rules.silent_resources) <= 64


UPDATES = st.one_of(
    st.sampled_from([SILENT, READY, NONE, says(A), says(B), says("uuid")]), st.text(max_size=50).map(says)
)


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.one_of(st.none(), UPDATES), st.sampled_from(["", A, B, None]))))
def test_after_any_history_a_sent_presence_leaves_nothing_due(
    history: list[tuple[str, Update | None, str | None]],
) -> None:
    rules = online(A)
    for resource, update, photo in history:
        todo = rules.gone(resource) if update is None else rules.heard(resource, update)
        if Todo.FETCH in todo:
            todo |= rules.fetched(photo)
        assert rules.due() == (rules.says != rules._said)
        if Todo.SEND in todo:
            assert rules.sent(rules.says) is Todo.NOTHING
        if rules.silent_resources:
            assert rules.says is None
        assert not rules.due() or rules.says is not None


def test_pace_lets_the_first_go_and_holds_the_next() -> None:
    pace = Pace(gap=10, longest=60)
    assert pace.wait(0) == 0
    pace.spent(0)
    assert pace.wait(3) == 7
    assert pace.wait(10) == 0


def test_pace_slows_down_while_every_chance_is_taken_and_recovers() -> None:
    pace = Pace(gap=10, longest=60)
    now = 0.0
    times = []
    for _ in range(8):
        now += pace.wait(now)
        times.append(now)
        pace.spent(now)
    assert times == [0, 10, 30, 70, 130, 190, 250, 310]
    pace.spent(now + 500)
    assert pace.wait(now + 500) == 10
