"""Addresses are prepared as aioxmpp prepares them, only faster."""

from __future__ import annotations

import aioxmpp.structs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xavatar.wire.addresses import PROFILES, hasten

ODD = st.sampled_from("AaZ09.-_ \t\x7f\"&'/:<>@\\[]^`{}~ßİſéÅΣ\u0660\u05d0\u00ad\u200b\u3002\ud7ff\U0001f600")


def original(profile: str) -> object:
    prepare = getattr(aioxmpp.structs, profile)
    return getattr(prepare, "__wrapped__", prepare)


def outcome(prepare: object, *arguments: object) -> str:
    try:
        return repr(prepare(*arguments))  # type: ignore[operator]
    except ValueError as refused:
        return str(refused)


@pytest.mark.parametrize("profile", PROFILES)
@given(st.text(max_size=6) | st.text(ODD, max_size=8), st.booleans())
@example("".join(map(chr, range(33, 127))), False)
def test_same_results(profile: str, text: str, unassigned: bool) -> None:
    hasten()
    fast = getattr(aioxmpp.structs, profile)
    assert fast is not original(profile)
    for part in {text, *text}:
        assert outcome(fast, part, unassigned) == outcome(original(profile), part, unassigned)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_ascii_character(profile: str) -> None:
    hasten()
    for character in map(chr, range(128)):
        assert outcome(getattr(aioxmpp.structs, profile), character) == outcome(original(profile), character)


def test_hastened_once() -> None:
    hasten()
    before = [getattr(aioxmpp.structs, profile) for profile in PROFILES]
    hasten()
    assert [getattr(aioxmpp.structs, profile) for profile in PROFILES] == before
