"""vCards, conversion between them and PEP, and the hash in presence (XEP-0054, 0398, 0153)."""

from __future__ import annotations

import base64
import hashlib
from xml.etree.ElementTree import Element

import pytest

from tests.sandbox.conftest import (
    BASE64,
    DATA,
    DATA_XML,
    IMAGE,
    META_XML,
    METADATA,
    PHOTO,
    SHA1,
    VCARD,
    Enter,
    Serve,
    avatar,
    scenario,
)
from tests.servers.rawclient import PUBSUB, RawClient, condition
from xavatar.sandbox import Account, Resource, Server

JULIET = "juliet@capulet.lit"
ROMEO = "romeo@montague.lit"
X = "<x xmlns='vcard-temp:x:update'/>"


async def vcard(client: RawClient, to: str = "") -> Element:
    return await client.iq("get", "<vCard xmlns='vcard-temp'/>", to)


async def write(client: RawClient, children: str) -> Element:
    return await client.iq("set", f"<vCard xmlns='vcard-temp'>{children}</vCard>")


def binval(answer: Element) -> str | None:
    return answer.findtext(".//{vcard-temp}BINVAL")


async def ids(client: RawClient, node: str) -> list[str]:
    return [item.get("id", "") for item in (await client.items(node)).iter(f"{{{PUBSUB}}}item")]


async def publish(client: RawClient, access: str | None = "open") -> None:
    for node, payload in ((DATA, DATA_XML), (METADATA, META_XML)):
        assert condition(await client.publish(node, SHA1, payload, access)) is None


async def photo(client: RawClient, children: str = "") -> str | None:
    """Send presence; return the photo others see, ``None`` without one."""
    client.send(f"<presence>{children}</presence>")
    seen = await client.receive("presence", from_=client.jid)
    found = seen.findall(".//{vcard-temp:x:update}photo")
    return found[0].text or "" if found else None


async def test_everybody_may_read_a_vcard(juliet: RawClient) -> None:
    for contact in (ROMEO, "tybalt@capulet.lit"):
        assert binval(await vcard(juliet, contact)) == BASE64


async def test_no_vcard_and_no_account_are_one_answer(juliet: RawClient) -> None:
    for contact in ("friar@capulet.lit", "mercutio@montague.lit", "nobody@capulet.lit"):
        answer = await vcard(juliet, contact)
        assert condition(answer) == "service-unavailable"
        assert answer.find("{jabber:client}error").get("type") == "cancel"


async def test_ones_own_absent_vcard(server: Server, enter: Enter) -> None:
    nurse = await enter(server, "nurse@capulet.lit")
    assert condition(await vcard(nurse)) == "item-not-found"


async def test_a_vcard_is_replaced_as_a_whole(juliet: RawClient) -> None:
    assert (await vcard(juliet)).findtext(".//{vcard-temp}FN") == "Juliet"
    assert condition(await write(juliet, "<NICKNAME>J &amp; R</NICKNAME>")) is None
    answer = await vcard(juliet, JULIET)
    assert answer.findtext(".//{vcard-temp}NICKNAME") == "J & R"
    assert answer.find(".//{vcard-temp}FN") is None


async def test_anothers_vcard_cannot_be_written(juliet: RawClient) -> None:
    answer = await juliet.iq("set", f"<vCard xmlns='vcard-temp'>{PHOTO}</vCard>", ROMEO)
    assert condition(answer) == "forbidden"


async def test_a_published_avatar_becomes_the_vcards_photo(juliet: RawClient) -> None:
    await publish(juliet)
    answer = await vcard(juliet)
    assert binval(answer) == BASE64
    assert answer.findtext(".//{vcard-temp}TYPE") == "image/png"
    assert answer.findtext(".//{vcard-temp}FN") == "Juliet"


async def test_a_private_avatar_stays_out_of_the_vcard(juliet: RawClient) -> None:
    await publish(juliet, access=None)
    assert binval(await vcard(juliet)) is None


async def test_new_data_alone_changes_no_vcard(juliet: RawClient) -> None:
    await publish(juliet)
    await juliet.publish(DATA, "other", f"<data xmlns='{DATA}'>AAAA</data>")
    assert binval(await vcard(juliet)) == BASE64


async def test_opening_the_data_node_brings_it_into_the_vcard(juliet: RawClient) -> None:
    await publish(juliet, access=None)
    field = "<field var='pubsub#access_model'><value>open</value></field>"
    form = f"<x xmlns='jabber:x:data' type='submit'>{field}</x>"
    await juliet.iq("set", f"<pubsub xmlns='{PUBSUB}#owner'><configure node='{DATA}'>{form}</configure></pubsub>")
    assert binval(await vcard(juliet)) == BASE64


async def test_data_that_does_not_match_its_id_is_not_converted(juliet: RawClient) -> None:
    await juliet.publish(DATA, SHA1, f"<data xmlns='{DATA}'>AAAA</data>", "open")
    await juliet.publish(METADATA, SHA1, META_XML, "open")
    assert binval(await vcard(juliet)) is None


async def test_the_info_without_url_is_converted(juliet: RawClient) -> None:
    url = f"<info id='{'0' * 40}' bytes='1' type='image/webp' url='https://capulet.lit/a'/>"
    await juliet.publish(DATA, SHA1, DATA_XML, "open")
    await juliet.publish(METADATA, SHA1, META_XML.replace("<info", f"{url}<info", 1), "open")
    assert binval(await vcard(juliet)) == BASE64


@pytest.mark.parametrize("how", ["empty", "retract", "purge", "delete"])
async def test_a_removed_avatar_leaves_the_vcard(juliet: RawClient, how: str) -> None:
    await publish(juliet)
    if how == "empty":
        await juliet.publish(METADATA, "off", f"<metadata xmlns='{METADATA}'/>")
    elif how == "retract":
        await juliet.iq(
            "set", f"<pubsub xmlns='{PUBSUB}'><retract node='{METADATA}'><item id='{SHA1}'/></retract></pubsub>"
        )
    else:
        await juliet.iq("set", f"<pubsub xmlns='{PUBSUB}#owner'><{how} node='{METADATA}'/></pubsub>")
    answer = await vcard(juliet)
    assert answer.find(".//{vcard-temp}PHOTO") is None
    assert answer.findtext(".//{vcard-temp}FN") == "Juliet"


async def test_a_vcards_photo_becomes_the_avatar(juliet: RawClient) -> None:
    await write(juliet, PHOTO)
    assert await ids(juliet, DATA) == await ids(juliet, METADATA) == [SHA1]
    info = (await juliet.items(METADATA)).find(f".//{{{METADATA}}}info")
    assert info.attrib == {"id": SHA1, "bytes": str(len(IMAGE)), "type": "image/png"}
    data = (await juliet.items(DATA)).findtext(f".//{{{DATA}}}data")
    assert hashlib.sha1(base64.b64decode(data)).hexdigest() == SHA1


async def test_a_vcard_without_photo_empties_both_nodes(juliet: RawClient) -> None:
    await publish(juliet)
    await write(juliet, "<FN>Juliet</FN>")
    assert await ids(juliet, DATA) == await ids(juliet, METADATA) == []


async def test_without_conversion_the_two_stores_live_apart(serve: Serve, enter: Enter) -> None:
    client = await enter(await serve(scenario(conversion=False)))
    await publish(client)
    assert binval(await vcard(client)) is None
    await write(client, "<FN>Juliet</FN>")
    assert await ids(client, METADATA) == [SHA1]


async def test_a_scenarios_disagreement_is_not_repaired(serve: Serve, enter: Enter) -> None:
    server = await serve(scenario(Account(ROMEO, nodes=avatar("open"), vcard="<vCard xmlns='vcard-temp'/>")))
    assert binval(await vcard(await enter(server), ROMEO)) is None


@pytest.mark.parametrize(("children", "expected"), [("", SHA1), (X, SHA1)])
async def test_the_hash_is_injected(juliet: RawClient, children: str, expected: str) -> None:
    await publish(juliet)
    assert await photo(juliet, children) == expected


@pytest.mark.parametrize("own", ["", "0" * 40])
async def test_a_clients_own_photo_is_respected(juliet: RawClient, own: str) -> None:
    await publish(juliet)
    assert await photo(juliet, f"<x xmlns='vcard-temp:x:update'><photo>{own}</photo></x>") == own


async def test_without_an_avatar_the_photo_is_empty(juliet: RawClient) -> None:
    assert await photo(juliet) == ""


async def test_the_item_id_is_injected_whatever_it_is(juliet: RawClient) -> None:
    await juliet.publish(METADATA, "current", META_XML)
    assert await photo(juliet) == "current"


async def test_nothing_is_injected_where_the_option_is_off(serve: Serve, enter: Enter) -> None:
    client = await enter(await serve(scenario(injection=False)))
    await publish(client)
    assert await photo(client) is None


async def test_directed_presence_is_injected_too(server: Server, enter: Enter) -> None:
    juliet, tybalt = await enter(server), await enter(server, "tybalt@capulet.lit")
    await publish(juliet)
    await photo(tybalt)
    juliet.send("<presence to='tybalt@capulet.lit'/>")
    seen = await tybalt.receive("presence", from_=JULIET)
    assert seen.findtext(".//{vcard-temp:x:update}photo") == SHA1


@pytest.mark.parametrize(
    ("children", "expected"),
    [
        ("", SHA1),
        (X, SHA1),
        ("<x xmlns='vcard-temp:x:update'><photo/></x>", None),
        ("<x xmlns='vcard-temp:x:update'><photo>current</photo></x>", "current"),
    ],
)
async def test_played_resources_are_injected_where_asked(
    serve: Serve, enter: Enter, children: str, expected: str | None
) -> None:
    played = Account(ROMEO, nodes=avatar(), vcard=VCARD, resources=(Resource("orchard", children, inject=True),))
    client = await enter(await serve(scenario(played)))
    client.send("<presence/>")
    seen = await client.receive("presence", from_=ROMEO)
    assert [element.text for element in seen.iter("{vcard-temp:x:update}photo")] == [expected]
