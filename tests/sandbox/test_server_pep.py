"""PEP: reading and its refusals, publishing, the owner's requests, events (XEP-0060, 0163)."""

from __future__ import annotations

from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest

from tests.sandbox.conftest import (
    DATA,
    DATA_XML,
    META_XML,
    METADATA,
    SHA1,
    Enter,
    Serve,
    scenario,
)
from tests.servers.rawclient import PUBSUB, RawClient, condition
from xavatar.errors import SandboxError
from xavatar.sandbox import Account, Item, Node, Server

JULIET = "juliet@capulet.lit"
ROMEO = "romeo@montague.lit"
TYBALT = "tybalt@capulet.lit"
ERRORS = "http://jabber.org/protocol/pubsub#errors"
EVENT = "http://jabber.org/protocol/pubsub#event"
MOOD = "http://jabber.org/protocol/mood"
DISCO = "http://jabber.org/protocol/disco#info"
CAPS = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://client.lit' ver='{}'/>"


def application(stanza: Element) -> str | None:
    """The application-specific condition of XEP-0060."""
    return next((e.tag.partition("}")[2] for e in stanza.iter() if e.tag.startswith(f"{{{ERRORS}}}")), None)


def refusal(stanza: Element) -> tuple[str | None, str | None, str | None]:
    error = stanza.find("{jabber:client}error")
    return (error.get("type") if error is not None else None), condition(stanza), application(stanza)


def ids(answer: Element) -> list[str]:
    assert condition(answer) is None
    return [item.get("id", "") for item in answer.iter(f"{{{PUBSUB}}}item")]


def form(kind: str, **fields: str) -> str:
    inner = "".join(f"<field var='pubsub#{name}'><value>{value}</value></field>" for name, value in fields.items())
    hidden = f"<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/pubsub#{kind}</value></field>"
    return f"<x xmlns='jabber:x:data' type='submit'>{hidden}{inner}</x>"


async def ask(client: RawClient, kind: str, verb: str, to: str = "", *, owner: bool = False) -> Element:
    return await client.iq(kind, f"<pubsub xmlns='{PUBSUB}{'#owner' if owner else ''}'>{verb}</pubsub>", to)


async def configure(client: RawClient, node: str, **fields: str) -> Element:
    verb = f"<configure node='{node}'>{form('node_config', **fields)}</configure>"
    return await ask(client, "set", verb, owner=True)


async def interested(client: RawClient, *nodes: str, ver: str = "1", asked: bool = True) -> None:
    """Send presence with capabilities, and answer the server's question about them."""
    client.send(f"<presence>{CAPS.format(ver)}</presence>")
    if asked:
        question = await client.receive("iq", type="get")
        query = question.find(f"{{{DISCO}}}query")
        assert query is not None
        assert query.get("node") == f"https://client.lit#{ver}"
        features = "".join(f"<feature var='{node}+notify'/>" for node in nodes)
        client.send(
            f"<iq type='result' id='{question.get('id')}' to='{question.get('from')}'>"
            f"<query xmlns='{DISCO}' node='{query.get('node')}'>{features}</query></iq>"
        )
    await client.iq("get", "<ping xmlns='urn:xmpp:ping'/>")


async def event(client: RawClient) -> tuple[str, str, str, list[str]]:
    """Return sender, node, what happened and the ids of the next event."""
    message = await client.receive("message", type="headline")
    inner = message.find(f"{{{EVENT}}}event")
    assert inner is not None
    kinds = {child.tag.partition("}")[2] for child in inner[0]} or {inner[0].tag.partition("}")[2]}
    return message.get("from", ""), inner[0].get("node", ""), kinds.pop(), [item.get("id", "") for item in inner[0]]


async def no_event(client: RawClient) -> None:
    await client.iq("get", "<ping xmlns='urn:xmpp:ping'/>")
    assert not [stanza for stanza in client.backlog if stanza.tag == "{jabber:client}message"]


# Reading


async def test_items_come_as_the_scenario_holds_them(serve: Serve, enter: Enter) -> None:
    odd = f"<metadata xmlns='{METADATA}'><info bytes='12.5' width='64px'>text</info><stop/></metadata>"
    nodes = (Node(METADATA, (Item("current", odd), Item("bare")), "open"),)
    client = await enter(await serve(scenario(Account(TYBALT, subscription=None, nodes=nodes))))
    answer = await client.items(METADATA, TYBALT, "current")
    info = answer.find(f".//{{{METADATA}}}info")
    assert info is not None
    assert (info.attrib, info.text) == ({"bytes": "12.5", "width": "64px"}, "text")
    assert ids(await client.items(METADATA, TYBALT)) == ["bare", "current"]


async def test_ids_and_max_items_choose(serve: Serve, enter: Enter) -> None:
    node = Node(METADATA, tuple(Item(name, META_XML) for name in "abc"), "open", 10)
    client = await enter(await serve(scenario(Account(ROMEO, nodes=(node,)))))
    assert ids(await client.items(METADATA, ROMEO)) == ["c", "b", "a"]
    assert ids(await ask(client, "get", f"<items node='{METADATA}' max_items='2'/>", ROMEO)) == ["c", "b"]
    assert ids(await client.items(METADATA, ROMEO, "a")) == ["a"]
    assert ids(await client.items(METADATA, ROMEO, "z")) == []


@pytest.mark.parametrize("forbid_unknown", [True, False])
@pytest.mark.parametrize(
    ("jid", "node", "prosody", "xep"),
    [
        (TYBALT, METADATA, ("auth", "forbidden", None), ("auth", "not-authorized", "presence-subscription-required")),
        (TYBALT, MOOD, ("auth", "forbidden", None), ("cancel", "item-not-found", None)),
        ("nobody@capulet.lit", METADATA, ("auth", "forbidden", None), ("cancel", "item-not-found", None)),
        ("mercutio@montague.lit", METADATA, ("auth", "forbidden", None), ("cancel", "item-not-found", None)),
        (ROMEO, MOOD, ("cancel", "item-not-found", None), ("cancel", "item-not-found", None)),
        ("friar@capulet.lit", METADATA, *[("cancel", "not-allowed", "closed-node")] * 2),
        ("friar@capulet.lit", DATA, *[("auth", "not-authorized", "not-in-roster-group")] * 2),
        ("nobody@elsewhere.lit", METADATA, *[("cancel", "remote-server-not-found", None)] * 2),
    ],
)
async def test_refusals(
    serve: Serve, enter: Enter, forbid_unknown: bool, jid: str, node: str, prosody: tuple, xep: tuple
) -> None:
    client = await enter(await serve(scenario(forbid_unknown=forbid_unknown)))
    assert refusal(await client.items(node, jid)) == (prosody if forbid_unknown else xep)


async def test_an_outcast_is_refused_even_an_open_node(server: Server, enter: Enter) -> None:
    juliet, nurse = await enter(server), await enter(server, "nurse@capulet.lit")
    assert ids(await juliet.items(METADATA, "nurse@capulet.lit")) == [SHA1]
    for affiliation, expected in (("outcast", "forbidden"), ("none", None)):
        entry = f"<affiliation jid='{JULIET}' affiliation='{affiliation}'/>"
        await ask(nurse, "set", f"<affiliations node='{METADATA}'>{entry}</affiliations>", owner=True)
        assert condition(await juliet.items(METADATA, "nurse@capulet.lit")) == expected


async def test_a_member_may_read_a_whitelisted_node(server: Server, enter: Enter) -> None:
    juliet, tybalt = await enter(server), await enter(server, TYBALT)
    await configure(tybalt, METADATA, access_model="whitelist")
    assert application(await juliet.items(METADATA, TYBALT)) == "closed-node"
    entry = f"<affiliation jid='{JULIET}' affiliation='member'/>"
    await ask(tybalt, "set", f"<affiliations node='{METADATA}'>{entry}</affiliations>", owner=True)
    assert ids(await juliet.items(METADATA, TYBALT)) == [SHA1]
    listed = await ask(tybalt, "get", f"<affiliations node='{METADATA}'/>", owner=True)
    assert {e.get("jid"): e.get("affiliation") for e in listed[0][0]} == {TYBALT: "owner", JULIET: "member"}


async def test_a_roster_group_may_read(server: Server, enter: Enter) -> None:
    juliet, nurse = await enter(server), await enter(server, "nurse@capulet.lit")
    await configure(nurse, METADATA, access_model="roster", roster_groups_allowed="Household")
    assert application(await juliet.items(METADATA, "nurse@capulet.lit")) == "not-in-roster-group"
    item = f"<item jid='{JULIET}'><group>Household</group></item>"
    await nurse.iq("set", f"<query xmlns='jabber:iq:roster'>{item}</query>")
    assert ids(await juliet.items(METADATA, "nurse@capulet.lit")) == [SHA1]


# Publishing


async def test_what_is_published_can_be_read(server: Server, enter: Enter) -> None:
    juliet, romeo, tybalt = [await enter(server, jid) for jid in (JULIET, ROMEO, TYBALT)]
    payload = f"<mood xmlns='{MOOD}' xml:lang='en' a=\"'&quot;\"><text>&lt;3 &amp;c</text></mood>"
    answer = await juliet.publish(MOOD, "one", payload)
    assert ids(answer) == ["one"]
    for reader, to in ((juliet, ""), (romeo, JULIET)):
        item = (await reader.items(MOOD, to)).find(f".//{{{PUBSUB}}}item")
        assert item is not None
        assert item[0].attrib == {"{http://www.w3.org/XML/1998/namespace}lang": "en", "a": "'\""}
        assert item[0][0].text == "<3 &c"
    assert condition(await tybalt.items(MOOD, JULIET)) == "forbidden"


async def test_an_item_without_id_gets_one(juliet: RawClient) -> None:
    verb = f"<publish node='{MOOD}'><item><mood xmlns='{MOOD}'/></item></publish>"
    (made,) = ids(await ask(juliet, "set", verb))
    assert ids(await juliet.items(MOOD)) == [made]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("<item id='a'/>", ("modify", "bad-request", "payload-required")),
        (f"<item id='a'><a xmlns='{MOOD}'/><b xmlns='{MOOD}'/></item>", ("modify", "bad-request", "invalid-payload")),
        ("", ("modify", "bad-request", "item-required")),
        (
            f"<item id='a'><a xmlns='{MOOD}'>{'x' * (1 << 20)}</a></item>",
            ("modify", "not-acceptable", "payload-too-big"),
        ),
    ],
)
async def test_what_cannot_be_published(juliet: RawClient, item: str, expected: tuple) -> None:
    assert refusal(await ask(juliet, "set", f"<publish node='{MOOD}'>{item}</publish>")) == expected


async def test_nobody_publishes_for_another(juliet: RawClient) -> None:
    verb = f"<publish node='{MOOD}'><item id='a'><mood xmlns='{MOOD}'/></item></publish>"
    assert condition(await ask(juliet, "set", verb, ROMEO)) == "forbidden"
    assert condition(await ask(juliet, "set", f"<delete node='{METADATA}'/>", ROMEO, owner=True)) == "forbidden"


async def test_max_items_drops_the_oldest(juliet: RawClient) -> None:
    for name in "ab":
        await juliet.publish(MOOD, name, f"<mood xmlns='{MOOD}'/>")
    assert ids(await juliet.items(MOOD)) == ["b"]
    await configure(juliet, MOOD, max_items="2")
    await juliet.publish(MOOD, "c", f"<mood xmlns='{MOOD}'/>")
    assert ids(await juliet.items(MOOD)) == ["c", "b"]
    await juliet.publish(MOOD, "b", f"<mood xmlns='{MOOD}'/>")
    assert ids(await juliet.items(MOOD)) == ["b", "c"]


async def test_publish_options_create_or_have_to_fit(juliet: RawClient) -> None:
    item = f"<item id='a'><mood xmlns='{MOOD}'/></item>"

    async def publish(**options: str) -> Element:
        wanted = f"<publish-options>{form('publish-options', **options)}</publish-options>"
        return await ask(juliet, "set", f"<publish node='{MOOD}'>{item}</publish>{wanted}")

    assert condition(await publish(access_model="open", max_items="3")) is None
    answer = await ask(juliet, "get", f"<configure node='{MOOD}'/>", owner=True)
    fields = {field.get("var"): field[0].text for field in answer.iter("{jabber:x:data}field") if len(field)}
    assert (fields["pubsub#access_model"], fields["pubsub#max_items"]) == ("open", "3")
    assert refusal(await publish(access_model="presence")) == ("cancel", "conflict", "precondition-not-met")
    assert condition(await publish(access_model="open")) is None
    assert condition(await publish(access_model="wide")) == "not-acceptable"


async def test_a_node_is_created_configured_and_deleted(juliet: RawClient) -> None:
    configured = f"<configure>{form('node_config', access_model='open')}</configure>"
    assert condition(await ask(juliet, "set", f"<create node='{MOOD}'/>{configured}")) is None
    assert refusal(await ask(juliet, "set", f"<create node='{MOOD}'/>")) == ("cancel", "conflict", None)
    assert ids(await juliet.items(MOOD)) == []
    assert condition(await configure(juliet, MOOD, access_model="sideways")) == "not-acceptable"
    assert condition(await configure(juliet, "none", access_model="open")) == "item-not-found"
    assert condition(await ask(juliet, "set", f"<delete node='{MOOD}'/>", owner=True)) is None
    assert condition(await juliet.items(MOOD)) == "item-not-found"


async def test_removals_of_what_is_not_there(juliet: RawClient) -> None:
    assert condition(await ask(juliet, "set", f"<purge node='{MOOD}'/>", owner=True)) == "item-not-found"
    await juliet.publish(MOOD, "a", f"<mood xmlns='{MOOD}'/>")
    verb = f"<retract node='{MOOD}'><item id='b'/></retract>"
    assert condition(await ask(juliet, "set", verb)) == "item-not-found"


async def test_an_item_of_a_fleeting_node_is_told_but_not_kept(juliet: RawClient) -> None:
    await interested(juliet, MOOD)
    configured = f"<configure>{form('node_config', persist_items='false')}</configure>"
    await ask(juliet, "set", f"<create node='{MOOD}'/>{configured}")
    await juliet.publish(MOOD, "a", f"<mood xmlns='{MOOD}'/>")
    assert await event(juliet) == (JULIET, MOOD, "item", ["a"])
    assert ids(await juliet.items(MOOD)) == []


# Events


async def test_events_reach_those_who_want_them(server: Server, enter: Enter) -> None:
    juliet, romeo, nurse = [await enter(server, jid) for jid in (JULIET, ROMEO, "nurse@capulet.lit")]
    other = await enter(server, JULIET, "other")
    await interested(romeo, MOOD)
    await interested(nurse, MOOD, asked=False)
    await interested(other, ver="2")
    await interested(juliet, MOOD, asked=False)
    await juliet.publish(MOOD, "a", f"<mood xmlns='{MOOD}'/>")
    for client in (juliet, romeo):
        assert await event(client) == (JULIET, MOOD, "item", ["a"])
    await no_event(other)
    await no_event(nurse)


async def test_the_features_of_a_version_are_asked_once(server: Server, enter: Enter) -> None:
    juliet, romeo = await enter(server), await enter(server, ROMEO)
    await interested(juliet, METADATA)
    romeo.send(f"<presence>{CAPS.format('1')}</presence>")
    await romeo.publish(METADATA, "a", META_XML)
    assert (await event(romeo))[1:] == (METADATA, "item", [SHA1])
    assert (await event(romeo))[3] == ["a"]
    assert not [stanza for stanza in romeo.backlog if stanza.get("type") == "get"]


async def test_another_is_asked_when_the_first_left_without_an_answer(server: Server, enter: Enter) -> None:
    first, second = await enter(server, resource="first"), await enter(server, ROMEO)
    first.send(f"<presence>{CAPS.format('1')}</presence>")
    await first.receive("iq", type="get")
    second.send(f"<presence>{CAPS.format('1')}</presence>")
    await no_event(second)
    await first.close()
    assert (await second.receive("iq", type="get")).get("to") == second.jid


async def test_the_last_items_are_pushed_on_presence(server: Server, enter: Enter) -> None:
    juliet = await enter(server)
    await interested(juliet, METADATA)
    senders = {(await event(juliet))[0] for _ in range(2)}
    assert senders == {ROMEO, "nurse@capulet.lit"}
    await no_event(juliet)


async def test_some_servers_push_nothing(serve: Serve, enter: Enter) -> None:
    client = await enter(await serve(scenario(push_on_presence=False)))
    await interested(client, METADATA)
    await no_event(client)


async def test_new_interests_bring_what_was_missing(server: Server, enter: Enter) -> None:
    juliet = await enter(server)
    await interested(juliet)
    await no_event(juliet)
    await interested(juliet, METADATA, ver="2")
    assert (await event(juliet))[1] == METADATA


async def test_every_way_of_removing_is_told(server: Server, enter: Enter) -> None:
    juliet, romeo = await enter(server), await enter(server, ROMEO)
    await interested(juliet, METADATA)
    await event(juliet)
    await event(juliet)
    verb = f"<retract node='{METADATA}' notify='true'><item id='{SHA1}'/></retract>"
    assert condition(await ask(romeo, "set", verb)) is None
    assert await event(juliet) == (ROMEO, METADATA, "retract", [SHA1])
    assert condition(await ask(romeo, "set", f"<purge node='{METADATA}'/>", owner=True)) is None
    assert await event(juliet) == (ROMEO, METADATA, "purge", [])
    assert condition(await ask(romeo, "set", f"<delete node='{METADATA}'/>", owner=True)) is None
    assert await event(juliet) == (ROMEO, METADATA, "delete", [])


async def test_who_may_not_read_is_not_told(server: Server, enter: Enter) -> None:
    juliet, romeo = await enter(server), await enter(server, ROMEO)
    await interested(juliet, METADATA)
    await event(juliet)
    await event(juliet)
    await configure(romeo, METADATA, access_model="whitelist")
    await romeo.publish(METADATA, "b", META_XML)
    await no_event(juliet)


async def test_an_explicit_subscription(server: Server, enter: Enter) -> None:
    tybalt, juliet = await enter(server, TYBALT), await enter(server)
    juliet.send("<presence/>")
    subscribe = f"<subscribe node='{DATA}' jid='{JULIET}'/>"
    assert condition(await ask(juliet, "set", subscribe, TYBALT)) == "forbidden"
    await configure(tybalt, DATA, access_model="open")
    answer = await ask(juliet, "set", subscribe, TYBALT)
    assert answer[0][0].get("subscription") == "subscribed"
    assert await event(juliet) == (TYBALT, DATA, "item", [SHA1])
    await tybalt.publish(DATA, "b", DATA_XML)
    assert (await event(juliet))[3] == ["b"]
    listed = await ask(juliet, "get", "<subscriptions/>", TYBALT)
    assert [entry.get("node") for entry in listed[0][0]] == [DATA]
    unsubscribe = f"<unsubscribe node='{DATA}' jid='{JULIET}'/>"
    assert condition(await ask(juliet, "set", unsubscribe, TYBALT)) is None
    assert application(await ask(juliet, "set", unsubscribe, TYBALT)) == "not-subscribed"
    await tybalt.publish(DATA, "c", DATA_XML)
    await no_event(juliet)


async def test_a_new_subscription_to_presence_brings_the_last_items(server: Server, enter: Enter) -> None:
    tybalt, juliet = await enter(server, TYBALT), await enter(server)
    await interested(juliet, METADATA)
    await event(juliet)
    await event(juliet)
    tybalt.send("<presence/>")
    juliet.send(f"<presence type='subscribe' to='{TYBALT}'/>")
    await tybalt.receive("presence", type="subscribe")
    tybalt.send(f"<presence type='subscribed' to='{JULIET}'/>")
    assert await event(juliet) == (TYBALT, METADATA, "item", [SHA1])


@pytest.mark.parametrize("payload", ["<metadata", "<a></b>", "<!-- a --><a/>", "<a>&b;</a>", "text</item>"])
def test_a_scenario_whose_text_would_break_the_stream_is_refused(payload: str) -> None:
    broken = Account(ROMEO, nodes=(Node(METADATA, (Item("a", payload),)),))
    with pytest.raises(SandboxError, match=r"romeo@montague\.lit.*'a'"):
        Server(scenario(broken))


@pytest.mark.parametrize(
    ("accounts", "message"),
    [
        ((Account("juliet@capulet.lit"), Account("juliet@capulet.lit")), "twice"),
        ((Account("Juliet@capulet.lit"),), "bare JID"),
        ((Account("juliet@capulet.lit/here"),), "bare JID"),
        ((Account("romeo@montague.lit"),), "not among"),
        ((Account("juliet@capulet.lit"), Account("a@b.c", subscription="half")), "half"),
    ],
)
def test_a_cast_that_cannot_be(accounts: tuple[Account, ...], message: str) -> None:
    with pytest.raises(SandboxError, match=message):
        Server(replace(scenario(), accounts=accounts))
