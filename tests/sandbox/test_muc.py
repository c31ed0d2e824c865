"""Chat rooms: entering, being seen, being asked, and the rooms' own avatars (XEP-0045, XEP-0486)."""

from __future__ import annotations

import base64
import hashlib
from xml.etree.ElementTree import Element

import pytest

from tests.sandbox.conftest import (
    BASE64,
    METADATA,
    PHOTO,
    SHA1,
    UPDATE,
    VCARD,
    Enter,
    Serve,
    avatar,
    scenario,
)
from tests.servers.rawclient import PUBSUB, RawClient, condition
from xavatar.sandbox import Account, Fault, Occupant, Room, Scenario, Server
from xavatar.sandbox._data import picture
from xavatar.sandbox.load import load
from xavatar.sandbox.muc import Muc

SERVICE = "rooms.capulet.lit"
BALCONY, TOMB, MARKET = (f"{name}@{SERVICE}" for name in ("balcony", "tomb", "market"))
USER = "{http://jabber.org/protocol/muc#user}"
INFO = "http://jabber.org/protocol/disco#info"
ITEMS = "http://jabber.org/protocol/disco#items"
OWNER = "http://jabber.org/protocol/muc#owner"
X = "<x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x>"
JULIET, NURSE, TYBALT = "juliet@capulet.lit", "nurse@capulet.lit", "tybalt@capulet.lit"
OTHER = base64.b64encode(b"another picture").decode()
OTHER_SHA1 = hashlib.sha1(b"another picture").hexdigest()


def rooms() -> Scenario:
    """The cast with an open avatar for Tybalt's rival, and three rooms."""
    cast = scenario(Account("paris@verona.lit", subscription=None, nodes=avatar("open"), vcard=VCARD))
    figures = (
        Occupant("Montecchio", "romeo@montague.lit", UPDATE, role="moderator"),
        Occupant("Prince of Cats", TYBALT, inject=True),
        Occupant("Count", "paris@verona.lit", "<x xmlns='vcard-temp:x:update'/>"),
    )
    vcard = f"<vCard xmlns='vcard-temp'>{PHOTO}</vCard>"
    return Scenario(
        "rooms", cast.domain, cast.user, cast.accounts,
        rooms=(
            Room(BALCONY, "The balcony", figures, vcard, owner=JULIET, legacy_presence=True),
            Room(TOMB, "The tomb", figures[:1], allow_query_users=False, anonymity="non"),
            Room(MARKET, vcards=False, owner=JULIET),
        ),
        rooms_domain=SERVICE,
    )  # fmt: skip


@pytest.fixture
async def server(serve: Serve) -> Server:
    """Serve the cast with its rooms."""
    return await serve(rooms())


async def join(client: RawClient, room: str = BALCONY, nick: str = "me", children: str = "") -> list[Element]:
    """Enter; return all stanzas up to the subject, which ends the entering."""
    client.backlog.clear()
    client.send(f"<presence to='{room}/{nick}'>{X}{children}</presence>")
    subject = await client.receive("message", from_=room)
    assert subject.find("{jabber:client}subject") is not None
    seen, client.backlog = [*client.backlog, subject], []
    return seen


async def settle(client: RawClient) -> list[Element]:
    """Return what has arrived until now."""
    await client.iq("get", "<ping xmlns='urn:xmpp:ping'/>", SERVICE)
    seen, client.backlog = client.backlog, []
    return seen


def codes(stanza: Element) -> list[str]:
    return [status.get("code", "") for status in stanza.iter(f"{USER}status")]


def item(stanza: Element) -> dict[str, str]:
    found = stanza.find(f".//{USER}item")
    return dict(found.attrib) if found is not None else {}


def photo(stanza: Element) -> str | None:
    found = stanza.find(".//{vcard-temp:x:update}photo")
    return None if found is None else found.text or ""


def nick(stanza: Element) -> str:
    return stanza.get("from", "").partition("/")[2]


def feature_set(info: Element) -> set[str]:
    return {feature.get("var", "") for feature in info.iter(f"{{{INFO}}}feature")}


def fields(info: Element) -> dict[str, list[str]]:
    return {
        field.get("var", ""): [value.text or "" for value in field.iter("{jabber:x:data}value")]
        for field in info.iter("{jabber:x:data}field")
    }


async def ask(client: RawClient, payload: str, to: str, kind: str = "get") -> Element:
    return await client.iq(kind, payload, to)


async def test_the_service_is_found_and_lists_its_rooms(juliet: RawClient) -> None:
    found = await ask(juliet, f"<query xmlns='{ITEMS}'/>", "capulet.lit")
    assert SERVICE in [each.get("jid") for each in found.iter(f"{{{ITEMS}}}item")]
    info = await ask(juliet, f"<query xmlns='{INFO}'/>", SERVICE)
    assert info.find(f".//{{{INFO}}}identity[@category='conference']") is not None
    assert {"vcard-temp", "http://jabber.org/protocol/muc"} <= feature_set(info)
    listed = await ask(juliet, f"<query xmlns='{ITEMS}'/>", SERVICE)
    names = {each.get("jid"): each.get("name") for each in listed.iter(f"{{{ITEMS}}}item")}
    assert names == {BALCONY: "The balcony", TOMB: "The tomb", MARKET: None}


async def test_entering_shows_the_room_then_oneself_then_the_subject(juliet: RawClient) -> None:
    seen = await join(juliet)
    assert [nick(each) for each in seen] == ["", "Montecchio", "Prince of Cats", "Count", "me", ""]
    assert [codes(each) for each in seen] == [[], [], [], [], ["110"], []]
    assert photo(seen[0]) == SHA1
    assert item(seen[4]) == {"affiliation": "owner", "role": "moderator", "jid": juliet.jid}
    assert item(seen[1])["role"] == "moderator"


async def test_played_occupants_show_their_hash_or_have_it_injected(juliet: RawClient) -> None:
    seen = {nick(each): each for each in await join(juliet)}
    assert photo(seen["Montecchio"]) == SHA1
    assert photo(seen["Prince of Cats"]) == SHA1
    assert photo(seen["Count"]) is None


async def test_an_injected_occupant_follows_the_account(server: Server, enter: Enter, juliet: RawClient) -> None:
    tybalt = await enter(server, TYBALT)
    await tybalt.publish(METADATA, OTHER_SHA1, f"<metadata xmlns='{METADATA}'/>")
    assert photo({nick(each): each for each in await join(juliet)}["Prince of Cats"]) == OTHER_SHA1


async def test_only_moderators_see_real_addresses_in_a_semi_anonymous_room(
    server: Server, enter: Enter, juliet: RawClient
) -> None:
    await join(juliet)
    nurse = await enter(server, NURSE)
    seen = {nick(each): each for each in await join(nurse, nick="nurse")}
    assert "jid" not in item(seen["me"])
    assert "jid" not in item(seen["Montecchio"])
    assert item(seen["nurse"])["jid"] == nurse.jid
    entered = await juliet.receive("presence", from_=f"{BALCONY}/nurse")
    assert item(entered) == {"affiliation": "none", "role": "participant", "jid": nurse.jid}


async def test_a_non_anonymous_room_says_so_and_shows_all(server: Server, enter: Enter) -> None:
    nurse = await enter(server, NURSE)
    seen = {nick(each): each for each in await join(nurse, TOMB)}
    assert codes(seen["me"]) == ["100", "110"]
    assert item(seen["Montecchio"])["jid"] == "romeo@montague.lit"


async def test_a_taken_nick_is_a_conflict(juliet: RawClient) -> None:
    juliet.send(f"<presence to='{BALCONY}/Montecchio'>{X}</presence>")
    refused = await juliet.receive("presence", type="error")
    assert (condition(refused), refused.get("from")) == ("conflict", f"{BALCONY}/Montecchio")


async def test_two_sessions_of_one_account_share_a_nick(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(nurse, nick="nurse")
    other = await enter(server, resource="other")
    await join(juliet)
    assert codes((await join(other))[-2]) == ["110"]
    await settle(nurse)
    juliet.send(f"<presence type='unavailable' to='{BALCONY}/me'/>")
    gone = await juliet.receive("presence", type="unavailable")
    assert codes(gone) == ["110"]
    assert [each.get("type") for each in await settle(nurse) if nick(each) == "me"] == [None]
    other.send(f"<presence type='unavailable' to='{BALCONY}/me'/>")
    assert (await nurse.receive("presence", type="unavailable")).get("from") == f"{BALCONY}/me"


async def test_a_presence_needs_a_nick_and_the_wish_to_enter(juliet: RawClient) -> None:
    juliet.send(f"<presence to='{BALCONY}'>{X}</presence>")
    assert condition(await juliet.receive("presence", type="error")) == "jid-malformed"
    juliet.send(f"<presence to='{BALCONY}/me'/>")
    assert condition(await juliet.receive("presence", type="error")) == "item-not-found"


async def test_entering_again_shows_the_room_again(juliet: RawClient) -> None:
    await join(juliet)
    assert len(await join(juliet)) == 6


async def test_leaving_is_told_to_all(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(nurse, nick="nurse")
    await join(juliet)
    juliet.send(f"<presence type='unavailable' to='{BALCONY}/me'><status>Anon!</status></presence>")
    own = await juliet.receive("presence", type="unavailable")
    assert (codes(own), item(own)["role"]) == (["110"], "none")
    seen = await nurse.receive("presence", type="unavailable")
    assert (codes(seen), nick(seen), item(seen)) == ([], "me", {"affiliation": "owner", "role": "none"})
    assert seen.findtext("{jabber:client}status") == "Anon!"


async def test_who_loses_the_connection_leaves(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(nurse, nick="nurse")
    await join(juliet)
    await nurse.close()
    assert nick(await juliet.receive("presence", type="unavailable")) == "nurse"


async def test_a_new_nick_is_told_under_the_old_one(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(nurse, nick="nurse")
    await join(juliet)
    nurse.send(f"<presence to='{BALCONY}/angelica'/>")
    for client, own in ((nurse, ["110"]), (juliet, [])):
        left = await client.receive("presence", from_=f"{BALCONY}/nurse", type="unavailable")
        assert (codes(left), item(left)["nick"], item(left)["role"]) == (["303", *own], "angelica", "participant")
        assert codes(await client.receive("presence", from_=f"{BALCONY}/angelica")) == own
    nurse.send(f"<presence to='{BALCONY}/me'/>")
    assert condition(await nurse.receive("presence", type="error")) == "conflict"


async def test_an_occupants_new_hash_is_relayed(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(juliet)
    await join(nurse, nick="nurse", children="<x xmlns='vcard-temp:x:update'><photo/></x>")
    assert photo(await juliet.receive("presence", from_=f"{BALCONY}/nurse")) == ""
    nurse.send(f"<presence to='{BALCONY}/nurse'>{UPDATE.replace(SHA1, OTHER_SHA1)}</presence>")
    assert photo(await juliet.receive("presence", from_=f"{BALCONY}/nurse")) == OTHER_SHA1


async def test_the_server_injects_the_hash_into_presence_to_a_room(
    server: Server, enter: Enter, juliet: RawClient
) -> None:
    nurse = await enter(server, NURSE)
    await join(juliet)
    await join(nurse, nick="nurse")
    assert photo(await juliet.receive("presence", from_=f"{BALCONY}/nurse")) == SHA1


async def test_an_occupant_cannot_forge_the_rooms_words(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(juliet)
    forged = (
        "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='owner' role='moderator'/></x>"
        "<occupant-id xmlns='urn:xmpp:occupant-id:0' id='somebody else'/>"
    )
    await join(nurse, nick="nurse", children=forged)
    seen = await juliet.receive("presence", from_=f"{BALCONY}/nurse")
    assert item(seen)["affiliation"] == "none"
    assert [each.get("id") for each in seen.iter("{urn:xmpp:occupant-id:0}occupant-id")] != ["somebody else"]


def mark(stanza: Element) -> str:
    marks = [each.get("id", "") for each in stanza.iter("{urn:xmpp:occupant-id:0}occupant-id")]
    assert len(marks) == 1
    return marks[0]


async def test_the_occupant_id_stays_with_the_account(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(juliet)
    await join(nurse, nick="nurse")
    first = mark(await juliet.receive("presence", from_=f"{BALCONY}/nurse"))
    nurse.send(f"<presence to='{BALCONY}/angelica'/>")
    assert mark(await juliet.receive("presence", from_=f"{BALCONY}/angelica")) == first
    nurse.send(f"<message type='groupchat' to='{BALCONY}'><body>Anon!</body></message>")
    assert mark(await juliet.receive("message", from_=f"{BALCONY}/angelica")) == first
    assert first != mark((await join(juliet))[1])
    assert NURSE not in first


async def test_messages_reach_all_and_private_ones_one(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(juliet)
    await join(nurse, nick="nurse")
    nurse.send(f"<message type='groupchat' id='m1' to='{BALCONY}'><body>Madam!</body></message>")
    for client in (nurse, juliet):
        heard = await client.receive("message", type="groupchat", id="m1")
        assert (nick(heard), heard.findtext("{jabber:client}body")) == ("nurse", "Madam!")
    nurse.send(f"<message type='chat' id='m2' to='{BALCONY}/me'><body>psst</body></message>")
    heard = await juliet.receive("message", type="chat", id="m2")
    assert (nick(heard), heard.findtext("{jabber:client}body")) == ("nurse", "psst")
    assert not [each for each in await settle(nurse) if each.get("id") == "m2"]


@pytest.mark.parametrize(
    ("to", "kind", "refusal"),
    [
        (f"{BALCONY}/nobody", "chat", "item-not-found"),
        (f"{BALCONY}/me", "groupchat", "bad-request"),
        (BALCONY, "chat", "bad-request"),
        (TOMB, "groupchat", "not-acceptable"),
        (f"void@{SERVICE}", "groupchat", "item-not-found"),
        (SERVICE, "chat", "service-unavailable"),
    ],
)
async def test_messages_that_lead_nowhere_are_refused(juliet: RawClient, to: str, kind: str, refusal: str) -> None:
    await join(juliet)
    juliet.send(f"<message type='{kind}' to='{to}'><body>?</body></message>")
    assert condition(await juliet.receive("message", type="error")) == refusal


async def test_moderators_change_the_subject(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(nurse, nick="nurse")
    await join(juliet)
    subject = f"<message type='groupchat' to='{BALCONY}'><subject>Names</subject></message>"
    nurse.send(subject)
    assert condition(await nurse.receive("message", type="error")) == "forbidden"
    juliet.send(subject)
    told = await nurse.receive("message", from_=f"{BALCONY}/me")
    assert told.findtext("{jabber:client}subject") == "Names"
    nurse.send(f"<presence to='{BALCONY}/nurse'>{X}</presence>")
    told = await nurse.receive("message", from_=f"{BALCONY}/me")
    assert told.findtext("{jabber:client}subject") == "Names"


async def test_an_occupants_vcard_is_the_accounts(juliet: RawClient) -> None:
    await join(juliet)
    for name in ("Montecchio", "Prince of Cats", "Count"):
        answer = await ask(juliet, "<vCard xmlns='vcard-temp'/>", f"{BALCONY}/{name}")
        assert answer.findtext(".//{vcard-temp}BINVAL") == BASE64
        assert answer.get("from") == f"{BALCONY}/{name}"


async def test_a_real_occupants_vcard_is_answered_for_it(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(juliet)
    await join(nurse, nick="nurse")
    answer = await ask(juliet, "<vCard xmlns='vcard-temp'/>", f"{BALCONY}/nurse")
    assert condition(answer) == "service-unavailable"
    await nurse.iq("set", VCARD)
    answer = await ask(juliet, "<vCard xmlns='vcard-temp'/>", f"{BALCONY}/nurse")
    assert answer.findtext(".//{vcard-temp}BINVAL") == BASE64
    assert not [each for each in await settle(nurse) if each.tag.endswith("}iq")]


async def test_an_accounts_faults_hit_its_occupants_too(server: Server, juliet: RawClient) -> None:
    await join(juliet)
    server.state.faults.add(TYBALT, Fault("error", "vcard", "item-not-found", "cancel"))
    answer = await ask(juliet, "<vCard xmlns='vcard-temp'/>", f"{BALCONY}/Prince of Cats")
    assert condition(answer) == "item-not-found"


@pytest.mark.parametrize(("name", "refusal"), [("Montecchio", "forbidden"), ("Count", None)])
async def test_pep_of_an_occupant_is_seen_as_by_a_stranger(juliet: RawClient, name: str, refusal: str | None) -> None:
    await join(juliet)
    answer = await juliet.items(METADATA, f"{BALCONY}/{name}")
    assert condition(answer) == refusal
    ids = [each.get("id") for each in answer.iter(f"{{{PUBSUB}}}item")]
    assert ids == ([] if refusal else [SHA1])


async def test_a_room_that_lets_nobody_be_asked_still_answers_for_oneself(juliet: RawClient) -> None:
    await juliet.iq("set", VCARD)
    await join(juliet, TOMB)
    refused = await ask(juliet, "<vCard xmlns='vcard-temp'/>", f"{TOMB}/Montecchio")
    assert condition(refused) == "not-allowed"
    own = await ask(juliet, "<vCard xmlns='vcard-temp'/>", f"{TOMB}/me")
    assert own.findtext(".//{vcard-temp}BINVAL") == BASE64


@pytest.mark.parametrize(
    ("to", "inside", "refusal"),
    [
        (f"{BALCONY}/Count", False, "not-acceptable"),
        (f"{BALCONY}/nobody", True, "item-not-found"),
        (f"void@{SERVICE}/me", False, "item-not-found"),
        (f"void@{SERVICE}", False, "item-not-found"),
    ],
)
async def test_questions_that_lead_nowhere_are_refused(juliet: RawClient, to: str, inside: bool, refusal: str) -> None:
    if inside:
        await join(juliet)
    assert condition(await ask(juliet, "<vCard xmlns='vcard-temp'/>", to)) == refusal


async def test_nobody_writes_an_occupants_vcard(juliet: RawClient) -> None:
    await join(juliet)
    assert condition(await juliet.iq("set", VCARD, f"{BALCONY}/Count")) == "forbidden"


async def test_a_self_ping_tells_whether_one_is_inside(juliet: RawClient) -> None:
    ping = "<ping xmlns='urn:xmpp:ping'/>"
    assert condition(await ask(juliet, ping, f"{BALCONY}/me")) == "not-acceptable"
    await join(juliet)
    assert condition(await ask(juliet, ping, f"{BALCONY}/me")) is None
    assert condition(await ask(juliet, ping, f"{BALCONY}/Count")) is None


async def test_other_questions_reach_the_occupants_client_and_come_back(
    server: Server, enter: Enter, juliet: RawClient
) -> None:
    nurse = await enter(server, NURSE)
    await join(juliet)
    await join(nurse, nick="nurse")
    juliet.send(f"<iq type='get' id='v1' to='{BALCONY}/nurse'><query xmlns='jabber:iq:version'/></iq>")
    asked = await nurse.receive("iq", type="get")
    assert asked.get("from") == f"{BALCONY}/me"
    assert asked[0].tag == "{jabber:iq:version}query"
    answer = f"<iq type='result' id='{asked.get('id')}' to='{BALCONY}/me'><query xmlns='jabber:iq:version'/></iq>"
    nurse.send(answer)
    back = await juliet.receive("iq", id="v1")
    assert (back.get("from"), back.get("type"), len(back)) == (f"{BALCONY}/nurse", "result", 1)
    nurse.send(answer)
    assert not [each for each in await settle(juliet) if each.tag.endswith("}iq")]


async def test_a_played_occupant_has_no_client_to_ask(juliet: RawClient) -> None:
    await join(juliet)
    answer = await ask(juliet, "<query xmlns='jabber:iq:version'/>", f"{BALCONY}/Count")
    assert condition(answer) == "service-unavailable"


async def test_a_room_tells_about_itself(juliet: RawClient) -> None:
    info = await ask(juliet, f"<query xmlns='{INFO}'/>", BALCONY)
    assert {"vcard-temp", "muc_semianonymous", "muc_persistent", "urn:xmpp:occupant-id:0"} <= feature_set(info)
    assert fields(info)["FORM_TYPE"] == ["http://jabber.org/protocol/muc#roominfo"]
    assert fields(info)["muc#roominfo_avatarhash"] == [SHA1]
    assert fields(info)["muc#roominfo_occupants"] == ["3"]
    listed = await ask(juliet, f"<query xmlns='{ITEMS}'/>", BALCONY)
    assert [each.get("name") for each in listed.iter(f"{{{ITEMS}}}item")] == ["Montecchio", "Prince of Cats", "Count"]


async def test_a_room_without_avatar_claims_none(juliet: RawClient) -> None:
    info = await ask(juliet, f"<query xmlns='{INFO}'/>", TOMB)
    assert "vcard-temp" in feature_set(info)
    assert "muc_nonanonymous" in feature_set(info)
    assert "muc#roominfo_avatarhash" not in fields(info)
    assert condition(await ask(juliet, "<vCard xmlns='vcard-temp'/>", TOMB)) == "item-not-found"


async def test_a_room_without_vcards_takes_none(juliet: RawClient) -> None:
    info = await ask(juliet, f"<query xmlns='{INFO}'/>", MARKET)
    assert "vcard-temp" not in feature_set(info)
    for kind, payload in (("get", "<vCard xmlns='vcard-temp'/>"), ("set", VCARD)):
        assert condition(await juliet.iq(kind, payload, MARKET)) == "service-unavailable"


async def test_the_owner_changes_the_rooms_avatar_and_all_are_told(
    server: Server, enter: Enter, juliet: RawClient
) -> None:
    nurse = await enter(server, NURSE)
    await join(nurse, nick="nurse")
    new = f"<vCard xmlns='vcard-temp'><PHOTO><TYPE>image/png</TYPE><BINVAL>{OTHER}</BINVAL></PHOTO></vCard>"
    assert condition(await nurse.iq("set", new, BALCONY)) == "forbidden"
    assert condition(await juliet.iq("set", new, BALCONY)) is None
    told = await settle(nurse)
    assert [(each.get("from"), photo(each), codes(each)) for each in told] == [
        (BALCONY, OTHER_SHA1, []),
        (BALCONY, None, ["104"]),
    ]
    assert fields(await ask(nurse, f"<query xmlns='{INFO}'/>", BALCONY))["muc#roominfo_avatarhash"] == [OTHER_SHA1]
    answer = await ask(nurse, "<vCard xmlns='vcard-temp'/>", BALCONY)
    assert answer.findtext(".//{vcard-temp}BINVAL") == OTHER
    assert condition(await juliet.iq("set", new, BALCONY)) is None
    assert await settle(nurse) == []


async def test_an_empty_vcard_takes_the_rooms_avatar_away(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(nurse, nick="nurse")
    await juliet.iq("set", "<vCard xmlns='vcard-temp'/>", BALCONY)
    assert [photo(each) for each in await settle(nurse)] == ["", None]
    assert "muc#roominfo_avatarhash" not in fields(await ask(nurse, f"<query xmlns='{INFO}'/>", BALCONY))
    answer = await ask(nurse, "<vCard xmlns='vcard-temp'/>", BALCONY)
    assert condition(answer) is None
    assert len(answer[0]) == 0


async def test_several_photos_are_several_hashes(juliet: RawClient) -> None:
    two = f"<vCard xmlns='vcard-temp'>{PHOTO}<PHOTO><BINVAL>{OTHER}</BINVAL></PHOTO></vCard>"
    await juliet.iq("set", two, BALCONY)
    info = await ask(juliet, f"<query xmlns='{INFO}'/>", BALCONY)
    assert fields(info)["muc#roominfo_avatarhash"] == [SHA1, OTHER_SHA1]


async def test_entering_an_unknown_room_makes_it_ones_own(server: Server, enter: Enter, juliet: RawClient) -> None:
    orchard = f"orchard@{SERVICE}"
    assert codes((await join(juliet, orchard))[0]) == ["110", "201"]
    submit = f"<query xmlns='{OWNER}'><x xmlns='jabber:x:data' type='submit'/></query>"
    assert condition(await juliet.iq("set", submit, orchard)) is None
    nurse = await enter(server, NURSE)
    assert codes((await join(nurse, orchard, "nurse"))[1]) == ["110"]
    assert condition(await nurse.iq("set", VCARD, orchard)) == "forbidden"
    assert condition(await juliet.iq("set", VCARD, orchard)) is None
    for client in (juliet, nurse):
        client.send(f"<presence type='unavailable' to='{orchard}/x'/>")
        await client.receive("presence", type="unavailable", from_=orchard)
    assert condition(await ask(juliet, f"<query xmlns='{INFO}'/>", orchard)) == "item-not-found"


async def test_the_owner_configures_the_room(server: Server, enter: Enter, juliet: RawClient) -> None:
    nurse = await enter(server, NURSE)
    await join(nurse, nick="nurse")
    query = f"<query xmlns='{OWNER}'/>"
    assert condition(await ask(nurse, query, BALCONY)) == "forbidden"
    form = fields(await ask(juliet, query, BALCONY))
    assert (form["muc#roomconfig_whois"], form["allow_query_users"]) == (["moderators"], ["1"])
    changes = {"muc#roomconfig_whois": "anyone", "allow_query_users": "0", "muc#roomconfig_roomname": "A < B"}
    filled = "".join(
        f"<field var='{name}'><value>{value.replace('<', '&lt;')}</value></field>" for name, value in changes.items()
    )
    submit = f"<query xmlns='{OWNER}'><x xmlns='jabber:x:data' type='submit'>{filled}</x></query>"
    assert condition(await juliet.iq("set", submit, BALCONY)) is None
    assert [codes(each) for each in await settle(nurse)] == [["172"]]
    info = await ask(nurse, f"<query xmlns='{INFO}'/>", BALCONY)
    assert fields(info)["muc#roomconfig_roomname"] == ["A < B"]
    assert "muc_nonanonymous" in feature_set(info)
    refused = await ask(nurse, "<vCard xmlns='vcard-temp'/>", f"{BALCONY}/Count")
    assert condition(refused) == "not-allowed"


async def test_the_owner_destroys_the_room(juliet: RawClient) -> None:
    await join(juliet)
    end = f"<query xmlns='{OWNER}'><destroy><reason>Night</reason></destroy></query>"
    assert condition(await juliet.iq("set", end, BALCONY)) is None
    gone = await juliet.receive("presence", type="unavailable")
    assert gone.findtext(f".//{USER}destroy/{USER}reason") == "Night"
    assert condition(await ask(juliet, f"<query xmlns='{INFO}'/>", BALCONY)) == "item-not-found"


async def test_after_a_crash_the_room_has_forgotten_its_sessions(serve: Serve, enter: Enter) -> None:
    server = await serve(rooms())
    await join(await enter(server, NURSE), nick="nurse")
    await server.kill()
    await server.start()
    seen = await join(await enter(server))
    assert [nick(each) for each in seen] == ["", "Montecchio", "Prince of Cats", "Count", "me", ""]


async def test_a_figure_enters_while_others_watch(server: Server, juliet: RawClient) -> None:
    muc = next(each for each in server.state.router.services() if isinstance(each, Muc))
    await join(juliet)
    muc.play(BALCONY, Occupant("Friar", "friar@capulet.lit", UPDATE))
    assert photo(await juliet.receive("presence", from_=f"{BALCONY}/Friar")) == SHA1
    muc.set_vcard(BALCONY, "<vCard xmlns='vcard-temp'/>")
    assert codes(await juliet.receive("message", from_=BALCONY)) == ["104"]


async def test_veronas_rooms_show_what_they_plant(serve: Serve, enter: Enter) -> None:
    verona = load("verona")
    server = await serve(verona)
    juliet = await enter(server, verona.user)
    tomb, market, forest = (f"{name}@{verona.rooms_domain}" for name in ("tomb", "market", "forest"))
    seen = {nick(each): each for each in await join(juliet, f"balcony@{verona.rooms_domain}")}
    assert photo(seen["Capuletta"]) == picture("juliet.png").sha1
    assert photo(seen["Orlando"]) == picture("orlando.png").sha1
    assert photo(seen["Aliena"]) == picture("celia.png").sha1
    assert photo(seen["Jaques"]) is None
    vcard = await ask(juliet, "<vCard xmlns='vcard-temp'/>", f"balcony@{verona.rooms_domain}/Orlando")
    assert vcard.find(".//{vcard-temp}PHOTO") is None
    await join(juliet, tomb)
    assert condition(await ask(juliet, "<vCard xmlns='vcard-temp'/>", f"{tomb}/Page")) == "not-allowed"
    claimed = fields(await ask(juliet, f"<query xmlns='{INFO}'/>", market))["muc#roominfo_avatarhash"]
    binval = (await ask(juliet, "<vCard xmlns='vcard-temp'/>", market)).findtext(".//{vcard-temp}BINVAL") or ""
    assert claimed != [hashlib.sha1(base64.b64decode(binval)).hexdigest()]
    assert photo((await join(juliet, market))[0]) == claimed[0]
    svg = (await ask(juliet, "<vCard xmlns='vcard-temp'/>", forest)).findtext(".//{vcard-temp}BINVAL") or ""
    assert base64.b64decode(svg).startswith(b"<svg")
