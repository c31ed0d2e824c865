"""One scenario on three servers gives one frame, but for the differences written down here."""

from __future__ import annotations

import hashlib
from typing import Any

import pandas as pd
import pytest

import xavatar as xa
from tests.avatar_support import until
from tests.contract.conftest import login
from tests.servers import RunningServer, picture
from xavatar.frames.schema import DTYPES

PICTURES = {number: hashlib.sha1(picture(number)).hexdigest() for number in range(1, 9)}
ROMEO, NURSE, TYBALT, FRIAR, JULIET, BALCONY = (PICTURES[number] for number in (1, 2, 3, 4, 7, 8))

# user: (PEP status, PEP picture), (vCard status, vCard picture), as the XEPs have it.
CONVERTED = {
    "romeo": (("ok", ROMEO), ("ok", ROMEO)),
    "nurse": (("ok", NURSE), ("not_found", None)),  # her data node is not open: no copy (P398-07)
    "tybalt": (("ok", TYBALT), ("ok", TYBALT)),
    "paris": (("disabled", None), ("not_found", None)),
    "friar": (("forbidden", None), ("not_found", None)),
    "balthasar": (("not_found", None), ("not_found", None)),
    "mercutio": (("forbidden", None), ("not_found", None)),
}
UNCONVERTED = CONVERTED | {
    "romeo": (("ok", ROMEO), ("not_found", None)),
    "tybalt": (("not_found", None), ("ok", TYBALT)),
}

# Where a server differs, and why.
# No vCard is an empty vCard to ejabberd always, and to Prosody where it makes vCards of PEP items;
# P54-01 wants an error.
EMPTY_CARDS = {("ejabberd", True), ("ejabberd", False), ("prosody", True)}
OTHERWISE = {
    # Its vCard is made for each reader from the items that this reader may see (P398-07).
    ("prosody", True): {"nurse": (("ok", NURSE), ("ok", NURSE))},
    ("ejabberd", True): {
        # Its conversion asks no access model: whoever may not see the item sees the vCard (against P398-07).
        "nurse": (("ok", NURSE), ("ok", NURSE)),
        "friar": (("forbidden", None), ("ok", FRIAR)),
        # It tells an account that does not exist from one that hides (against P60-02).
        "mercutio": (("not_found", None), ("empty", None)),
    },
    ("ejabberd", False): {"mercutio": (("not_found", None), ("empty", None))},
}


def expected(server: RunningServer) -> dict[str, Any]:
    """Return what this server is known to tell."""
    key = (server.kind, server.conversion)
    table = CONVERTED if server.conversion else UNCONVERTED
    if key in EMPTY_CARDS:
        table = {
            user: (pep, ("empty", None) if vcard[0] == "not_found" else vcard) for user, (pep, vcard) in table.items()
        }
    return table | OTHERWISE.get(key, {})


def told(frame: pd.DataFrame, jid: str) -> tuple[tuple[str, str | None], ...]:
    """Return what PEP and vCard say of somebody: status and picture."""
    rows = frame[frame["jid"] == jid]

    def of(source: str) -> tuple[str, str | None]:
        (row,) = rows[rows["source"] == source].itertuples()
        return row.status, None if row.sha1 is pd.NA else row.sha1

    return of("pep"), of("vcard")


@pytest.fixture
def roster(server: RunningServer) -> pd.DataFrame:
    with xa.connect(**login(server)) as session:
        return session.roster()


@pytest.fixture
def plain_roster(unconverted: RunningServer) -> pd.DataFrame:
    with xa.connect(**login(unconverted)) as session:
        return session.roster()


def test_the_same_frame_with_conversion(server: RunningServer, roster: pd.DataFrame) -> None:
    known = expected(server)
    assert {user: told(roster, server.jid(user)) for user in known} == known
    assert roster.dtypes.astype(str).to_dict() == DTYPES


def test_the_same_frame_without_conversion(unconverted: RunningServer, plain_roster: pd.DataFrame) -> None:
    known = expected(unconverted)
    assert {user: told(plain_roster, unconverted.jid(user)) for user in known} == known


def test_every_image_is_verified_and_measured(roster: pd.DataFrame, server: RunningServer) -> None:
    seen = roster[roster["sha1"].notna()]
    assert set(seen["mime_real"]) == {"image/png"}
    assert seen[["width_real", "height_real"]].eq(64).all(axis=None)
    assert seen.loc[seen["source"] == "pep", "hash_ok"].all()
    images = roster.xavatar.images()
    assert hashlib.sha1(images[ROMEO]).hexdigest() == ROMEO


def test_the_roster_itself_is_kept(roster: pd.DataFrame, server: RunningServer) -> None:
    people = roster.drop_duplicates("jid").set_index("jid")
    nurse = people.loc[server.jid("nurse")]
    assert (nurse["name"], nurse["groups"], nurse["subscription"]) == ("Nurse", "Friends; Household", "both")
    assert people.loc[server.jid("mercutio"), "name"] == "Mercutio †"
    assert people.loc[server.jid("balthasar"), "subscription"] == "to"


def test_strangers_are_not_in_the_roster(roster: pd.DataFrame, server: RunningServer) -> None:
    assert not set(roster["jid"]) & {server.jid("sampson"), server.jid("gregory")}


async def test_who_has_none_is_asked_once_where_accounts_push(server: RunningServer) -> None:
    balthasar, romeo = server.jid("balthasar"), server.jid("romeo")
    async with xa.AsyncSession(**login(server)) as session:
        if server.kind != "ejabberd":  # a first login is asked what it wants to hear, before it hears it
            await until(lambda: romeo in session._connection.pushes.known())
        first = await session.roster(images=False, sources=["pep"])
        with session.recording() as trace:
            again = await session.roster(images=False, sources=["pep"])
    assert told_by_pep(first, balthasar) == told_by_pep(again, balthasar) == "not_found"
    asked = {entry.to for entry in trace.filter(direction="out", xep=84)}
    assert (balthasar in asked) == (server.kind == "ejabberd")  # which pushes nothing of who is away
    assert server.jid("friar") in asked


def told_by_pep(frame: pd.DataFrame, jid: str) -> str:
    (status,) = frame.loc[(frame["jid"] == jid) & (frame["source"] == "pep"), "status"]
    return str(status)


def test_the_room_s_own_avatar(server: RunningServer) -> None:
    with xa.connect(**login(server)) as session:
        room = session.room(server.room("balcony"))
    (vcard,) = room[(room["kind"] == "room") & (room["source"] == "vcard")].itertuples()
    assert (vcard.status, vcard.sha1) == ("ok", BALCONY)
    hashes = room[(room["kind"] == "room") & (room["source"] == "presence")]
    (announced,) = hashes[hashes["resource"] == "disco#info"].itertuples()
    if server.kind == "ejabberd":  # 23.01 announces no muc#roominfo_avatarhash (P486-05)
        assert announced.status == "empty"
    else:
        assert announced.id == BALCONY


async def test_occupants_are_asked_through_the_room(server: RunningServer) -> None:
    room_jid = server.room("tomb")
    async with await server.raw("romeo", resource="stage") as romeo:
        romeo.send(f"<presence to='{room_jid}/Montague'><x xmlns='http://jabber.org/protocol/muc'/></presence>")
        await romeo.receive("presence", from_=f"{room_jid}/Montague")
        async with xa.AsyncSession(**login(server)) as session:
            room = await session.room(room_jid)
    occupant = room[room["kind"] == "occupant"]
    assert set(occupant["nick"]) == {"Montague"}
    by_source = occupant.set_index("source")
    assert by_source.loc["pep", "status"] == "skipped"
    assert (by_source.loc["vcard", "status"], by_source.loc["vcard", "sha1"]) == ("ok", ROMEO)


def test_one_s_own_account(server: RunningServer) -> None:
    with xa.connect(**login(server)) as session:
        me = session.me()
        features = session.features()
    rows = me.set_index("source")
    assert rows.loc["pep", "sha1"] == rows.loc["vcard", "sha1"] == JULIET
    assert features.pep
    assert features.pep_vcard_conversion
    assert features.rooms == (server.rooms_domain,)


def test_invisible_sessions_see_no_presence(server: RunningServer) -> None:
    with xa.connect(**login(server), presence=False) as session:
        roster = session.roster(images=False)
    presence = roster[roster["source"] == "presence"]
    assert set(presence["condition"]) == {"presence-off"}
    assert set(roster["image_status"].dropna()) <= {"skipped", "ok"}
