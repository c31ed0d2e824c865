"""A small cast by hand, a server for it, and clients: bare stanzas, aioxmpp and slixmpp."""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Protocol

import pytest

from tests.servers.rawclient import RawClient
from xavatar.sandbox import Account, Item, Node, Options, Resource, Scenario, Server

METADATA = "urn:xmpp:avatar:metadata"
DATA = "urn:xmpp:avatar:data"
IMAGE = b"\x89PNG\r\n\x1a\n" + b"not really a picture, but bytes"
SHA1 = hashlib.sha1(IMAGE).hexdigest()
BASE64 = base64.b64encode(IMAGE).decode()
INFO = f"<info bytes='{len(IMAGE)}' id='{SHA1}' type='image/png' width='8' height='8'/>"
META_XML = f"<metadata xmlns='{METADATA}'>{INFO}</metadata>"
DATA_XML = f"<data xmlns='{DATA}'>{BASE64}</data>"
PHOTO = f"<PHOTO><TYPE>image/png</TYPE><BINVAL>{BASE64}</BINVAL></PHOTO>"
VCARD = f"<vCard xmlns='vcard-temp'><FN>Romeo</FN>{PHOTO}</vCard>"
UPDATE = f"<x xmlns='vcard-temp:x:update'><photo>{SHA1}</photo></x>"


def avatar(access: str = "presence") -> tuple[Node, Node]:
    """Both nodes of a correct avatar."""
    return Node(METADATA, (Item(SHA1, META_XML),), access), Node(DATA, (Item(SHA1, DATA_XML),), access)


CAST = (
    Account("juliet@capulet.lit", password="wherefore", vcard="<vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard>"),
    Account(
        "romeo@montague.lit", password="art", name="Romeo", groups=("Friends", "Night & Day"),
        nodes=avatar(), vcard=VCARD, resources=(Resource("orchard", UPDATE),),
    ),
    Account("nurse@capulet.lit", password="ay me", subscription="to", nodes=avatar("open")),
    Account("tybalt@capulet.lit", password="peace", subscription=None, nodes=avatar(), vcard=VCARD),
    Account("friar@capulet.lit", nodes=(Node(METADATA, (), "whitelist"), Node(DATA, (), "roster"))),
    Account("mercutio@montague.lit", exists=False),
)
SCENARIO = Scenario("test", "capulet.lit", "juliet@capulet.lit", CAST)


def scenario(*accounts: Account, **options: bool) -> Scenario:
    """The cast, with accounts put in the place of those of their name or added, and the server's habits."""
    cast = {account.jid: account for account in (*CAST, *accounts)}
    return replace(SCENARIO, accounts=tuple(cast.values()), options=Options(**options))


class Serve(Protocol):
    """Starts a server that ends with the test."""

    async def __call__(self, scenario: Scenario = SCENARIO, **options: object) -> Server: ...


class Enter(Protocol):
    """Logs somebody in, until the test's end."""

    async def __call__(self, server: Server, jid: str = "juliet@capulet.lit", resource: str = "raw") -> RawClient: ...


@pytest.fixture(autouse=True)
def _no_lull(request: pytest.FixtureRequest) -> None:
    """For tests of sessions; the others need not import so much."""
    if "xavatar.session" in sys.modules:
        request.getfixturevalue("no_lull")


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What is to be closed at the test's end."""
    async with AsyncExitStack() as opened:
        yield opened


@pytest.fixture
def serve(stack: AsyncExitStack) -> Serve:
    """Start servers that end with the test."""

    async def start(scenario: Scenario = SCENARIO, **options: object) -> Server:
        server = Server(scenario, **options)
        stack.push_async_callback(server.stop)
        await server.start()
        return server

    return start


@pytest.fixture
def enter(stack: AsyncExitStack) -> Enter:
    """Log in with the client of bare stanzas."""

    async def login(server: Server, jid: str = "juliet@capulet.lit", resource: str = "raw") -> RawClient:
        user, _, domain = jid.partition("@")
        password = server.scenario.account(jid).password
        client = await RawClient.login(
            server.host, server.port, user, domain, password, ca_file=server.ca_file, resource=resource
        )
        return await stack.enter_async_context(client)

    return login


@pytest.fixture
async def server(serve: Serve) -> Server:
    """Serve the cast with the usual habits."""
    return await serve()


@pytest.fixture
async def juliet(server: Server, enter: Enter) -> RawClient:
    """Log the user of the cast in, without presence."""
    return await enter(server)


