"""Rosters, presence and subscriptions."""

from __future__ import annotations

import asyncio
from xml.etree.ElementTree import Element

import pytest

from tests.sandbox.conftest import SHA1, UPDATE, Enter, Serve, avatar, scenario
from tests.servers.rawclient import RawClient, condition
from xavatar.sandbox import Account, Resource, Server

ROSTER = "jabber:iq:roster"
CONVERSION = "urn:xmpp:pep-vcard-conversion:0"
ROMEO = "romeo@montague.lit"
JULIET = "juliet@capulet.lit"


def entries(element: Element) -> dict[str, tuple[str, str]]:
    return {
        item.get("jid", ""): (item.get("subscription", ""), item.get("ask", ""))
        for item in element.iter(f"{{{ROSTER}}}item")
    }


async def roster(client: RawClient) -> dict[str, tuple[str, str]]:
    return entries(await client.iq("get", f"<query xmlns='{ROSTER}'/>"))


async def online(client: RawClient, children: str = "") -> None:
    """Send initial presence and wait until the server has it."""
    client.send(f"<presence>{children}</presence>")
    await client.receive("presence", from_=client.jid.partition("/")[0])


async def silence(client: RawClient) -> list[Element]:
    """Return what is there once all that was sent so far is answered."""
    await client.iq("get", "<ping xmlns='urn:xmpp:ping'/>")
    return client.backlog


async def test_the_roster_is_the_scenarios(juliet: RawClient) -> None:
    answer = await juliet.iq("get", f"<query xmlns='{ROSTER}'/>")
    assert entries(answer) == {
        ROMEO: ("both", ""),
        "nurse@capulet.lit": ("to", ""),
        "friar@capulet.lit": ("both", ""),
        "mercutio@montague.lit": ("both", ""),
    }
    romeo = next(answer.iter(f"{{{ROSTER}}}item"))
    assert romeo.get("name") == "Romeo"
    assert [group.text for group in romeo] == ["Friends", "Night & Day"]


async def test_a_contacts_roster_mirrors_the_users(server: Server, enter: Enter) -> None:
    nurse = await enter(server, "nurse@capulet.lit")
    assert await roster(nurse) == {JULIET: ("from", "")}


async def test_changes_are_pushed_to_those_who_asked_for_the_roster(server: Server, enter: Enter) -> None:
    one, two, three = [await enter(server, resource=name) for name in ("one", "two", "three")]
    await roster(one)
    await roster(two)
    item = "<item jid='benvolio@montague.lit' name='Ben' subscription='both'><group>Kin</group></item>"
    assert (await one.iq("set", f"<query xmlns='{ROSTER}'>{item}</query>")).get("type") == "result"
    for client in (one, two):
        push = await client.receive("iq", type="set")
        assert entries(push) == {"benvolio@montague.lit": ("none", "")}
    assert await silence(three) == []
    item = "<item jid='benvolio@montague.lit' subscription='remove'/>"
    assert (await two.iq("set", f"<query xmlns='{ROSTER}'>{item}</query>")).get("type") == "result"
    assert entries(await one.receive("iq", type="set")) == {"benvolio@montague.lit": ("remove", "")}
    again = await two.iq("set", f"<query xmlns='{ROSTER}'>{item}</query>")
    assert condition(again) == "item-not-found"


async def test_pings_tell_nothing_of_accounts(juliet: RawClient) -> None:
    for to in ("", "capulet.lit", ROMEO, "nobody@capulet.lit"):
        assert condition(await juliet.iq("get", "<ping xmlns='urn:xmpp:ping'/>", to)) is None


async def test_another_ones_roster_is_not_for_reading(juliet: RawClient) -> None:
    assert condition(await juliet.iq("get", f"<query xmlns='{ROSTER}'/>", ROMEO)) == "service-unavailable"


async def test_initial_presence_brings_the_played_ones(juliet: RawClient) -> None:
    juliet.send("<presence/>")
    presence = await juliet.receive("presence", from_=ROMEO)
    assert presence.get("from") == f"{ROMEO}/orchard"
    assert presence.findtext(".//{vcard-temp:x:update}photo") == SHA1


async def test_played_presence_is_sent_as_written(serve: Serve) -> None:
    odd = "<x xmlns='vcard-temp:x:update'><photo>current</photo></x><x xmlns='vcard-temp:x:update'/><show>away</show>"
    server = await serve(scenario(Account(ROMEO, resources=(Resource("orchard", odd),))))
    client = await RawClient.login(
        server.host, server.port, "juliet", "capulet.lit", "wherefore", ca_file=server.ca_file
    )
    async with client:
        client.send("<presence/>")
        presence = await client.receive("presence", from_=ROMEO)
    assert [child.tag for child in presence] == ["{vcard-temp:x:update}x"] * 2 + ["{jabber:client}show"]
    assert presence.findtext(".//{vcard-temp:x:update}photo") == "current"


async def test_presence_follows_the_subscription(server: Server, enter: Enter) -> None:
    juliet, romeo = await enter(server), await enter(server, ROMEO)
    nurse, tybalt = await enter(server, "nurse@capulet.lit"), await enter(server, "tybalt@capulet.lit")
    for client in (romeo, nurse, tybalt):
        await online(client)
    await online(juliet, "<status>on the balcony</status>")
    heard = await romeo.receive("presence", from_=JULIET)
    assert heard.findtext("{jabber:client}status") == "on the balcony"
    await juliet.receive("presence", from_="nurse@capulet.lit")
    for stranger in (nurse, tybalt):
        assert not [stanza for stanza in await silence(stranger) if stanza.get("from", "").startswith(JULIET)]
    assert not [stanza for stanza in await silence(juliet) if stanza.get("from", "").startswith("tybalt")]


async def test_own_resources_see_each_other(server: Server, enter: Enter) -> None:
    one, two = await enter(server, resource="one"), await enter(server, resource="two")
    await online(one)
    two.send("<presence><priority>5</priority></presence>")
    assert (await one.receive("presence", from_=f"{JULIET}/two")).findtext("{jabber:client}priority") == "5"
    await two.receive("presence", from_=f"{JULIET}/one")


async def test_leaving_is_told_to_all_who_knew(server: Server, enter: Enter) -> None:
    juliet, romeo, tybalt = [await enter(server, jid) for jid in (JULIET, ROMEO, "tybalt@capulet.lit")]
    await online(romeo)
    await online(tybalt)
    await online(juliet)
    await romeo.receive("presence", from_=JULIET)
    juliet.send("<presence to='tybalt@capulet.lit'><status>psst</status></presence>")
    assert (await tybalt.receive("presence", from_=JULIET)).findtext("{jabber:client}status") == "psst"
    await juliet.close()
    for client in (romeo, tybalt):
        assert (await client.receive("presence", from_=JULIET)).get("type") == "unavailable"


async def test_a_broken_connection_is_a_leaving_too(server: Server, enter: Enter) -> None:
    juliet, romeo = await enter(server), await enter(server, ROMEO)
    await online(romeo)
    await online(juliet)
    await romeo.receive("presence", from_=JULIET)
    juliet._writer.transport.abort()
    assert (await romeo.receive("presence", from_=JULIET)).get("type") == "unavailable"


async def test_subscribing_and_leaving_again(server: Server, enter: Enter) -> None:
    juliet, tybalt = await enter(server), await enter(server, "tybalt@capulet.lit")
    await roster(juliet)
    await roster(tybalt)
    await online(juliet)
    await online(tybalt, UPDATE)
    juliet.send("<presence type='subscribe' to='tybalt@capulet.lit'><status>peace</status></presence>")
    assert entries(await juliet.receive("iq", type="set")) == {"tybalt@capulet.lit": ("none", "subscribe")}
    request = await tybalt.receive("presence", type="subscribe")
    assert request.get("from") == JULIET
    assert request.findtext("{jabber:client}status") == "peace"
    tybalt.send(f"<presence type='subscribed' to='{JULIET}'/>")
    await juliet.receive("presence", type="subscribed")
    assert entries(await juliet.receive("iq", type="set")) == {"tybalt@capulet.lit": ("to", "")}
    assert entries(await tybalt.receive("iq", type="set")) == {JULIET: ("from", "")}
    shown = await juliet.receive("presence", from_="tybalt@capulet.lit", type="")
    assert shown.findtext(".//{vcard-temp:x:update}photo") == SHA1
    tybalt.send(f"<presence type='unsubscribed' to='{JULIET}'/>")
    assert (await juliet.receive("presence", type="unavailable")).get("from") == tybalt.jid
    await juliet.receive("presence", type="unsubscribed")
    assert (await roster(juliet))["tybalt@capulet.lit"] == ("none", "")


async def test_a_request_waits_for_the_contact_to_come(server: Server, enter: Enter) -> None:
    juliet = await enter(server)
    juliet.send("<presence type='subscribe' to='tybalt@capulet.lit'/>")
    assert (await roster(juliet))["tybalt@capulet.lit"] == ("none", "subscribe")
    tybalt = await enter(server, "tybalt@capulet.lit")
    tybalt.send("<presence/>")
    assert (await tybalt.receive("presence", type="subscribe")).get("from") == JULIET


async def test_removing_a_contact_ends_both_directions(server: Server, enter: Enter) -> None:
    juliet, romeo = await enter(server), await enter(server, ROMEO)
    await roster(romeo)
    await online(juliet)
    await online(romeo)
    await juliet.iq("set", f"<query xmlns='{ROSTER}'><item jid='{ROMEO}' subscription='remove'/></query>")
    await romeo.receive("presence", type="unsubscribe")
    await romeo.receive("presence", type="unsubscribed")
    assert await roster(romeo) == {JULIET: ("none", "")}
    assert ROMEO not in await roster(juliet)


async def test_messages_and_requests_reach_other_sessions(server: Server, enter: Enter) -> None:
    juliet, romeo = await enter(server), await enter(server, ROMEO)
    await online(romeo)
    juliet.send(f"<message to='{ROMEO}' type='chat' id='m1'><body>wherefore &lt;art&gt; thou</body></message>")
    heard = await romeo.receive("message")
    assert (heard.get("from"), heard.findtext("{jabber:client}body")) == (juliet.jid, "wherefore <art> thou")
    asking = asyncio.create_task(juliet.iq("get", "<query xmlns='urn:test'/>", romeo.jid))
    question = await romeo.receive("iq", type="get")
    answer = f"<iq type='result' id='{question.get('id')}' to='{question.get('from')}'>"
    romeo.send(f"{answer}<query xmlns='urn:test'/></iq>")
    assert (await asking).get("from") == romeo.jid
    juliet.send("<message to='friar@capulet.lit' type='chat' id='m2'><body>?</body></message>")
    assert condition(await juliet.receive("message", type="error")) == "service-unavailable"


@pytest.mark.parametrize(
    ("kind", "to", "expected"),
    [
        ("get", "a@b@c", "jid-malformed"),
        ("get", "a@nowhere.lit", "remote-server-not-found"),
        ("get", f"{ROMEO}/gone", "service-unavailable"),
        ("oops", "", "bad-request"),
    ],
)
async def test_badly_addressed_requests(juliet: RawClient, kind: str, to: str, expected: str) -> None:
    assert condition(await juliet.iq(kind, "<ping xmlns='urn:xmpp:ping'/>", to)) == expected


async def test_the_server_and_its_accounts_introduce_themselves(juliet: RawClient) -> None:
    async def features(to: str) -> set[str]:
        answer = await juliet.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", to)
        assert condition(answer) is None
        return {feature.get("var", "") for feature in answer.iter("{http://jabber.org/protocol/disco#info}feature")}

    assert {"urn:xmpp:ping", "vcard-temp"} <= await features("capulet.lit")
    assert {CONVERSION, "http://jabber.org/protocol/pubsub#publish-options"} <= await features("")
    assert CONVERSION in await features(ROMEO)
    refused = await juliet.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>", "tybalt@capulet.lit")
    assert condition(refused) == "service-unavailable"


async def test_conversion_is_announced_only_where_it_is_done(serve: Serve, enter: Enter) -> None:
    client = await enter(await serve(scenario(conversion=False)))
    answer = await client.iq("get", "<query xmlns='http://jabber.org/protocol/disco#info'/>")
    assert CONVERSION not in {element.get("var") for element in answer.iter()}


async def test_items_of_an_account_are_the_nodes_one_may_read(serve: Serve, enter: Enter) -> None:
    metadata, data = avatar("whitelist")[0], avatar("open")[1]
    server = await serve(scenario(Account(ROMEO, nodes=(metadata, data))))
    client = await enter(server)
    answer = await client.iq("get", "<query xmlns='http://jabber.org/protocol/disco#items'/>", ROMEO)
    assert [item.get("node") for item in answer[0]] == [data.name]
