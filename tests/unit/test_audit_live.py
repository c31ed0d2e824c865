"""What a diagnosis tells of one's own account: clients, nodes, leftovers, what publishing would do."""

from __future__ import annotations

import pytest

from tests.unit.audit_samples import GOOD, JULIET, OTHER, SELF, facts, pep, photo, presence, vcard
from xavatar.audit import diagnose_live
from xavatar.client.disco import Info
from xavatar.collect.closer import CONVERSION, DATA, METADATA, Depth, NodeState
from xavatar.collect.probe import Probe
from xavatar.model import Outcome, Status

PEP = ("pubsub", "pep")
OPTIONS = "http://jabber.org/protocol/pubsub#publish-options"


def info(*features: str) -> Info:
    return Info(frozenset({PEP}), frozenset(features), {})


def told(depth: Depth, *outcomes: Outcome) -> str:
    said = outcomes or (pep(who=SELF), vcard(who=SELF))
    return "\n".join(diagnose_live(Probe(SELF, said, depth), SELF.jid).facts)


def test_the_other_clients() -> None:
    clients = (
        presence(who=SELF),
        presence("u-1", who=SELF, resource="desk"),
        presence(status=Status.EMPTY, who=SELF, resource="web"),
        presence(status=Status.UNSUPPORTED, who=SELF, resource="bot"),
    )
    text = told(Depth(), pep(who=SELF), vcard(who=SELF), *clients)
    assert "4 clients of yours online" in text
    assert f"phone: advertises {GOOD[:12]}…" in text
    assert "desk: advertises u-1, no hash" in text
    assert "web: says there is no picture; bot: says nothing of avatars." in text
    assert "online" not in told(Depth())


def test_the_nodes() -> None:
    nodes = (NodeState(METADATA, "open", "1", (GOOD,)), NodeState(DATA, "presence", "max", (GOOD, OTHER)))
    text = told(Depth(nodes=nodes))
    assert "Metadata node: access model open, 1 item, at most 1." in text
    assert "Data node: access model presence, 2 items, at most max." in text
    assert "The data node holds 1 picture that nothing announces; wiping removes them." in text


def test_leftovers() -> None:
    left = Depth(items=("current", GOOD), info=info(CONVERSION))
    text = told(left, pep(status=Status.DISABLED, who=SELF), vcard(photo(facts(OTHER)), who=SELF))
    assert "The metadata node holds 2 items" in text
    assert "has the item current, which is no hash" in text
    assert "still holds a picture (A-12)" in text
    clean = told(Depth(items=(GOOD,), info=info(CONVERSION)))
    assert not any(rule in clean for rule in ("A-03", "A-10", "A-12", "holds 2 items"))


@pytest.mark.parametrize(
    ("depth", "words"),
    [
        (Depth(), "the server does not tell what it offers"),
        (Depth(info=Info(frozenset(), frozenset(), {})), "no PEP, so only the vCard"),
        (Depth(info=info(CONVERSION, OPTIONS)), "one publication in PEP is enough"),
        (Depth(info=info(OPTIONS)), "the vCard has to be written beside it"),
        (Depth(info=info(CONVERSION)), "an access model cannot be demanded along with it"),
        (Depth(info=info(OPTIONS), nodes=(NodeState(DATA, "presence"),)), "demanding access model open meets presence"),
    ],
)
def test_what_would_happen_on_publishing(depth: Depth, words: str) -> None:
    (forecast,) = [line for line in told(depth).splitlines() if line.startswith("On publishing: ")]
    assert words in forecast


def test_others_are_not_told_of_their_nodes() -> None:
    said = (pep(), vcard(), presence())
    assert "On publishing" not in "\n".join(diagnose_live(Probe(JULIET, said, Depth()), SELF.jid).facts)


def test_nothing_in_pep_is_not_something_that_pep_announces() -> None:
    said = (pep(status=Status.EMPTY), vcard(photo(facts(OTHER))), presence(status=Status.EMPTY))
    verdict = diagnose_live(Probe(JULIET, said, Depth()), SELF.jid).verdict
    assert verdict.startswith(
        "There is a picture, and nobody is shown it: the vCard has a picture, but presence does not"
    )
