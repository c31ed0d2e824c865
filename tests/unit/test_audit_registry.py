"""No rule without a case that breaks it, one that keeps it, and somebody in Verona who shows it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast
from xml.etree.ElementTree import Element, fromstring

import pytest

from tests.unit.audit_samples import SELF, case, pep
from tests.unit.test_audit_rules import EXAMPLES
from xavatar.audit import RULES, Audit, Breach, Case, Level, Registry, Rule, rule
from xavatar.audit.judge import judge
from xavatar.avatar.parse import UpdateState, parse_data, parse_items, parse_update
from xavatar.client.disco import Info
from xavatar.collect.closer import CONVERSION, DATA, METADATA, Closer, Depth, NodeState
from xavatar.errors import ConfigError
from xavatar.model import Kind, Severity, Snapshot, Source, Status, Subject
from xavatar.sandbox.load import load, planted

VERONA = load("verona")
ROMEO = Subject("romeo@montague.lit")
Notes = tuple[str, ...]


def items(payload: str) -> Element:
    return fromstring(f"<items xmlns='http://jabber.org/protocol/pubsub'><item id='a'>{payload}</item></items>")


def metadata(content: str) -> Notes:
    return parse_items(items(f"<metadata xmlns='{METADATA}'>{content}</metadata>")).problems


def data(attributes: str, text: str = "iVBORw0KGgo=") -> Notes:
    return parse_data(items(f"<data xmlns='{DATA}'{attributes}>{text}</data>"), "a").problems


def presence(updates: str) -> Notes:
    return parse_update(fromstring(f"<presence>{updates}</presence>")).problems


def closely(depth: Depth, *, subject: Subject = ROMEO, heard: UpdateState | None = None) -> Notes:
    """What a closer look makes of the answers; `heard` is what the own other client's presence says."""
    sightings = [SimpleNamespace(resource="phone", update=SimpleNamespace(state=heard))] if heard else []
    book = cast("Any", SimpleNamespace(of=lambda jid: sightings))
    return Closer(cast("Any", None), book, timeout=1).problems(subject, pep(who=subject), depth)


INFO = "<info id='a' bytes='1' type='image/png'/>"
POINTER = "<pointer><x xmlns='urn:x'/></pointer>"
X = "<x xmlns='vcard-temp:x:update'/>"
CONVERTING = Info(frozenset(), frozenset({CONVERSION}), {})


def nodes(metadata: str, data: str) -> Depth:
    return Depth(nodes=(NodeState(METADATA, metadata), NodeState(DATA, data)))


# What the readers of the raw answers say of a breach, and of its contrary.
WIRE: dict[str, tuple[Callable[[], Notes], Callable[[], Notes]]] = {
    "P84-05": (lambda: data("", "iVBO\nRw0KGgo="), lambda: data("")),
    "P84-06": (lambda: data(" type='image/png'"), lambda: data("")),
    "P84-15": (lambda: metadata(INFO.replace("/>", ">words</info>")), lambda: metadata(INFO)),
    "P84-16": (lambda: metadata(POINTER), lambda: metadata(INFO + POINTER)),
    "P84-17": (lambda: metadata("<stop/>"), lambda: metadata("")),
    "P84-18": (lambda: metadata(f"{INFO}<foreign xmlns='urn:x'/>"), lambda: metadata(INFO)),
    "A-29": (lambda: presence(X + X), lambda: presence(X)),
    "P292-01": (lambda: closely(Depth(vcard4=True)), lambda: closely(Depth(vcard4=False))),
    "P84-25": (lambda: closely(Depth(listed=frozenset())), lambda: closely(Depth(listed=frozenset({METADATA})))),
    "A-14": (
        lambda: closely(nodes("open", "presence"), subject=SELF),
        lambda: closely(nodes("open", "open"), subject=SELF),
    ),
    "P398-04": (
        lambda: closely(Depth(info=CONVERTING), subject=SELF, heard=UpdateState.ABSENT),
        lambda: closely(Depth(info=CONVERTING), subject=SELF, heard=UpdateState.HASH),
    ),
}  # fmt: skip


def told(notes: Notes) -> set[str]:
    return {finding.rule for finding in judge([case(pep(problems=notes))], RULES, {}, ())}


@pytest.mark.parametrize("key", WIRE)
def test_the_readers_tell_the_breach_from_what_is_fine(key: str) -> None:
    broken, kept = WIRE[key]
    assert key in told(broken())
    assert key not in told(kept())


def test_every_rule_has_a_breaking_and_a_keeping_case() -> None:
    """And :mod:`tests.unit.test_audit_rules` holds those of the first kind to it."""
    assert {*EXAMPLES, *WIRE} == set(RULES)
    assert not EXAMPLES.keys() & WIRE.keys()


@pytest.mark.parametrize("key", sorted(RULES))
def test_every_rule_is_shown_by_somebody_in_verona(key: str) -> None:
    shown = {RULES[anomaly].id: jid for jid, anomaly in planted(VERONA)}
    assert key in shown


@pytest.mark.parametrize("key", sorted(RULES))
def test_every_rule_says_why_and_what_to_do(key: str) -> None:
    one = RULES[key]
    assert one.why.endswith(".")
    assert one.advice.endswith(".")
    assert one.how.endswith(".")
    assert bool(one.xep) == bool(one.section), "a XEP is cited with its section"
    assert one.level is Level.INFO or one.xep, "only a XEP can oblige"


# -- rules of one's own


def own(check: Callable[[Case], object], **changes: object) -> Registry:
    registry = Registry()
    rule("X-01", "Odd", why="Because.", advice="Do not.", registry=registry, **changes)(check)  # type: ignore[arg-type]
    return registry


def snapshot() -> Snapshot:
    outcome = pep(who=Subject("romeo@montague.lit", Kind.CONTACT))
    return Snapshot("nurse@capulet.lit", "roster", (outcome,), outcome.observed_at)


def test_severities_and_levels_may_be_named() -> None:
    registry = own(lambda case: [Breach("Odd.", Source.PEP, severity="warning")], severity="error", level="SHOULD")  # type: ignore[arg-type]
    assert registry["X-01"].severity is Severity.ERROR
    assert registry["X-01"].level is Level.SHOULD
    audit = Audit.of(snapshot(), rules=registry)
    assert audit.findings["severity"].tolist() == ["warning"]
    assert audit.results[0].severity is Severity.WARNING


@pytest.mark.parametrize("wrong", [{"severity": "grave"}, {"level": "MAY"}])
def test_other_names_are_refused_at_once(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"Rule X-01: '(grave|MAY)' is no (severity|level); choose one of"):
        own(lambda case: [], **wrong)


def test_a_rule_made_by_hand_is_held_to_the_same() -> None:
    with pytest.raises(ConfigError, match="no severity"):
        Registry([Rule("X-01", "Odd", "", "", Level.INFO, cast("Severity", "grave"), "Because.", "Do not.")])


def test_a_rule_that_fails_is_named() -> None:
    def check(case: Case) -> list[Breach]:
        return [Breach(str(case.pep.readings[9]))]  # type: ignore[union-attr]

    with pytest.raises(ConfigError, match=r"Rule X-01 failed on romeo@montague\.lit: IndexError") as failure:
        _ = Audit.of(snapshot(), rules=own(check)).results
    assert isinstance(failure.value.__cause__, IndexError)
    assert Audit.of(snapshot(), rules=own(check), off=["X-01"]).results == ()


def test_what_is_no_breach_is_named() -> None:
    with pytest.raises(ConfigError, match=r"Rule X-01 .*Breach"):
        _ = Audit.of(snapshot(), rules=own(lambda case: ["Odd."])).results


def test_a_disabled_avatar_is_no_stopped_one() -> None:
    assert told(pep(status=Status.DISABLED).problems) == set()
