"""One avatar's diagnosis on three servers: who can see it, who cannot, and why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import xavatar as xa
from tests.contract.conftest import login
from tests.servers import RunningServer

CONTACTS = "Contacts see the avatar"
CONTACTS_ONLY = "Contacts see the avatar; rooms and older clients, which go by the vCard, see none."
LISTED = "Closed: only those on the owner's list"
CLOSED = "Closed to this account, although it is subscribed"
STRANGER = "Closed to this account, which is not subscribed"
FOR_CONTACTS = "For contacts only: this account is not subscribed"
GONE = "Refused, although this account is subscribed to their presence, and no node is listed"
NOTHING = "Nothing answers there"

# user: how the verdict begins where PEP and vCard know nothing of each other.
VERDICTS = {
    "romeo": CONTACTS_ONLY,
    "nurse": CONTACTS_ONLY,
    "tybalt": "In the vCard only",
    "paris": "There is no avatar to see: its owner switched it off.",
    "friar": LISTED,
    "balthasar": "There is no avatar to see: neither PEP nor the vCard has one.",
    "mercutio": NOTHING,
    "sampson": "Whoever looks in PEP sees the avatar; rooms and older clients",
    "gregory": STRANGER,
    "juliet": "Whoever looks in PEP sees the avatar; rooms and older clients",
}
CONVERTED = VERDICTS | {
    "romeo": f"{CONTACTS}, and so do rooms",
    "tybalt": f"{CONTACTS}, and so do rooms",
    "sampson": "Everybody who may look sees the avatar.",
    "juliet": "Everybody who may look sees the avatar.",
}
# Where a server says less, or more, than the others.
OTHERWISE = {
    # It gives no reason with a refusal; of an account that does not exist it lists no node.
    "prosody": {"friar": CLOSED, "mercutio": GONE},
    # It says why it refuses a stranger (XEP-0060, 6.5.9.3).
    "ejabberd": {"gregory": FOR_CONTACTS},
}
# Both make the vCard's copy for contacts too, see test_roster.
COPIED = {"nurse": f"{CONTACTS}, and so do rooms"}


def expected(server: RunningServer) -> dict[str, str]:
    """Return how each verdict begins on this server."""
    if not server.conversion:
        return VERDICTS | OTHERWISE.get(server.kind, {})
    return CONVERTED | OTHERWISE.get(server.kind, {}) | (COPIED if server.kind in OTHERWISE else {})


@pytest.fixture
def session(server: RunningServer) -> Iterator[xa.Session]:
    with xa.connect(**login(server)) as opened:
        yield opened


@pytest.fixture
def plain_session(unconverted: RunningServer) -> Iterator[xa.Session]:
    with xa.connect(**login(unconverted)) as opened:
        yield opened


def wrong(server: RunningServer, session: xa.Session) -> dict[str, str]:
    """Return the verdicts that begin otherwise than they should."""
    told = {user: session.diagnose(server.jid(user)).verdict for user in VERDICTS}
    return {user: words for user, words in told.items() if not words.startswith(expected(server)[user])}


def test_every_verdict_with_conversion(server: RunningServer, session: xa.Session) -> None:
    assert not wrong(server, session)


def test_every_verdict_without_conversion(unconverted: RunningServer, plain_session: xa.Session) -> None:
    assert not wrong(unconverted, plain_session)


def test_the_own_nodes_are_told(server: RunningServer, session: xa.Session) -> None:
    own = session.diagnose(server.jid("juliet"))
    assert "Metadata node: access model open, 1 item, at most 1." in own.facts
    assert "Data node: access model open, 1 item, at most 1." in own.facts
    assert any(fact.startswith("On publishing: one publication in PEP is enough") for fact in own.facts)


def test_stanzas_are_evidence(server: RunningServer, session: xa.Session) -> None:
    friar = session.diagnose(server.jid("friar"))
    refused = friar.exchanges[0]
    assert (refused.step, refused.status) == ("PEP metadata", "forbidden")
    assert "urn:xmpp:avatar:metadata" in refused.request
    assert 'type="error"' in refused.answer
    assert "urn:ietf:params:xml:ns:xmpp-stanzas" in refused.answer
