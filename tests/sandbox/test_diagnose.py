"""The named cases of Verona, diagnosed live."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from xml.sax.saxutils import escape

import pytest

import xavatar as xa
from tests.servers.cast import picture
from tests.support import patience
from xavatar.audit import Diagnosis, Role, Sight
from xavatar.errors import ConfigError, SessionClosed
from xavatar.sandbox import Account, Item, Node, Sandbox, Scenario

METADATA, DATA = "urn:xmpp:avatar:metadata", "urn:xmpp:avatar:data"

ONLY_CONTACTS = "Contacts see the avatar; rooms and older clients, which go by the vCard, see none."
VERDICTS = {
    "romeo@montague.lit": "Contacts see the avatar, and so do rooms and older clients, by the vCard.",
    "benvolio@montague.lit": ONLY_CONTACTS,
    "valentine@verona.lit": ONLY_CONTACTS,
    "rosaline@capulet.lit": "Closed: only those on the owner's list see the avatar in PEP",
    "rosencrantz@elsinore.lit": "Closed to this account, which is not subscribed to their presence",
    "laurence@friary.lit": "In the vCard only: rooms and older clients see it",
    "livia@verona.lit": "Switched off in PEP, and still in the vCard",
    "petruchio@capulet.lit": "There is no avatar to see: neither PEP nor the vCard has one.",
    "susan@capulet.lit": "Nothing answers there: no such account",
    "catling@irc.globe.lit": "Nothing answers there: no such account, or a server or gateway",
    "mab@fairies.lit": "fairies.lit gives no answer now",
    "potpan@capulet.lit": "What PEP announces is not shown by clients: a picture is announced that is not there.",
    "anselme@verona.lit": "What PEP announces is not shown by clients: its id is another picture's hash",
    "katherina@padua.lit": "Closed to this account, although it is subscribed to their presence. Its vCard shows",
    "juliet@capulet.lit": "The avatar is for contacts only (access model presence); rooms and older clients",
    "balcony@rooms.capulet.lit": "Everybody who may look sees the avatar.",
}


def node(name: str, items: list[tuple[str, str]]) -> Node:
    return Node(name, tuple(Item(*item) for item in items), "open", max_items=9)


def one(jid: str, nodes: tuple[Node, ...]) -> Sandbox:
    """A server with one account."""
    account = Account(jid, password="wherefore", nodes=nodes)
    return Sandbox(Scenario("one", jid.partition("@")[2], jid, (account,)))


@pytest.fixture(scope="module")
def session() -> Iterator[xa.Session]:
    # One is silent; the others are asked one by one.
    with xa.connect(sandbox="verona", timeout=patience(0.7)) as opened:
        yield opened


@pytest.fixture(scope="module")
def told(session: xa.Session) -> dict[str, Diagnosis]:
    who = [*VERDICTS, "horatio@elsinore.lit", "escalus@verona.lit", "rebeck@telegram.globe.lit"]
    return {jid: session.diagnose(jid) for jid in who}


def rules(diagnosis: Diagnosis) -> set[str]:
    return {finding.rule for finding in diagnosis.findings}


@pytest.mark.parametrize(("jid", "verdict"), VERDICTS.items())
def test_the_verdict_names_the_case(told: dict[str, Diagnosis], jid: str, verdict: str) -> None:
    assert told[jid].verdict.startswith(verdict)


@pytest.mark.parametrize(
    ("jid", "rule"),
    [
        ("horatio@elsinore.lit", "P84-25"),
        ("escalus@verona.lit", "A-10"),
        ("rebeck@telegram.globe.lit", "P292-01"),
        ("juliet@capulet.lit", "A-14"),
        ("juliet@capulet.lit", "P398-04"),
        ("livia@verona.lit", "A-12"),
    ],
)
def test_a_closer_look_finds_what_an_audit_does_not_ask(told: dict[str, Diagnosis], jid: str, rule: str) -> None:
    assert rule in rules(told[jid])


def test_a_sound_one_breaks_nothing(told: dict[str, Diagnosis]) -> None:
    romeo = told["romeo@montague.lit"]
    assert (romeo.findings, romeo.steps) == ((), ())


def test_who_sees_it_and_who_does_not(told: dict[str, Diagnosis]) -> None:
    inside, outside, vcard = told["juliet@capulet.lit"].views
    assert (inside.sight, outside.sight, vcard.sight) == (Sight.YES, Sight.NO, Sight.NO)
    listed, others, _ = told["rosaline@capulet.lit"].views
    assert (listed.sight, others.sight) == (Sight.UNKNOWN, Sight.NO)
    _, strangers, _ = told["romeo@montague.lit"].views
    assert strangers.sight is Sight.UNKNOWN


def test_each_is_told_what_they_can_do(told: dict[str, Diagnosis]) -> None:
    (step,) = told["rosaline@capulet.lit"].steps
    assert step.who is Role.OWNER
    assert "juliet@capulet.lit on the list" in step.words
    assert [step.who for step in told["mab@fairies.lit"].steps] == [Role.READER, Role.ADMIN]
    assert str(told["susan@capulet.lit"].steps[0]).startswith("You: Check the address")
    assert Role.ADMIN in {step.who for step in told["horatio@elsinore.lit"].steps}


def test_the_own_account_tells_its_nodes_and_what_publishing_does(told: dict[str, Diagnosis]) -> None:
    facts = "\n".join(told["juliet@capulet.lit"].facts)
    assert "Data node: access model presence, 1 item, at most 1." in facts
    assert "3 clients of yours online" in facts
    assert "laptop: advertises d0d0e7c4f6ab…" in facts
    assert "tablet: says nothing of avatars" in facts
    assert "demanding access model open meets presence nodes" in facts


def test_a_picture_that_is_known_is_asked_for_all_the_same(session: xa.Session) -> None:
    session.diagnose("romeo@montague.lit")
    again = session.diagnose("romeo@montague.lit")
    (image,) = [each for each in again.exchanges if each.step == "PEP image"]
    assert "characters)" in image.answer
    assert len(image.answer) < 1000


def test_silence_has_no_stanza(told: dict[str, Diagnosis]) -> None:
    assert {each.answer for each in told["mab@fairies.lit"].exchanges} == {""}


def test_leftovers_of_ones_own_are_counted() -> None:
    ids = [hashlib.sha1(picture(n)).hexdigest() for n in range(3)]
    nodes = (
        node(DATA, [(id_, f"<data xmlns='{DATA}'>AAAA</data>") for id_ in ids]),
        node(METADATA, [("off", f"<metadata xmlns='{METADATA}'/>")]),
    )
    with one("juliet@capulet.lit", nodes) as box, xa.connect(sandbox=box) as session:
        own = session.diagnose("juliet@capulet.lit")
    assert any(fact.startswith("The data node holds 3 pictures that nothing announces") for fact in own.facts)
    assert "A-12" in rules(own)
    assert own.verdict == "There is no avatar to see: its owner switched it off."


def test_everything_from_the_wire_is_escaped() -> None:
    evil = '"><script>alert(1)</script>\u202e'
    info = f"<info id='{'a' * 40}' bytes='9' type='{escape(evil, {chr(34): '&quot;'})}'/>"
    nodes = (node(METADATA, [(evil, f"<metadata xmlns='{METADATA}'>{info}</metadata>")]),)
    with one("juliet@capulet.lit", nodes) as box, xa.connect(sandbox=box) as session:
        shown = session.diagnose("juliet@capulet.lit")
    page = shown._repr_html_()
    assert "&lt;iq type=" in page
    assert "<iq" not in page
    assert "<script" not in page
    assert "\u202e" not in page + repr(shown)
    assert "light-dark(" in page


@pytest.mark.parametrize("jid", ["capulet.lit", "romeo@montague.lit/orchard", "@", ""])
def test_what_is_no_bare_address_is_refused(session: xa.Session, jid: str) -> None:
    with pytest.raises(ConfigError):
        session.diagnose(jid)


def test_a_closed_session_says_so() -> None:
    session = xa.connect(sandbox="pair")
    session.close()
    with pytest.raises(SessionClosed):
        session.diagnose("romeo@montague.lit")


async def test_the_awaitable_twin_says_the_same(told: dict[str, Diagnosis]) -> None:
    async with xa.AsyncSession(sandbox="verona") as session:
        romeo = await session.diagnose("romeo@montague.lit")
    assert romeo.verdict == told["romeo@montague.lit"].verdict
    assert romeo.as_dict()["jid"] == "romeo@montague.lit"
