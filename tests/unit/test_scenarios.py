"""The scenarios: what the loader makes of them, and that what they plant is really there."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import patience
from tests.unit.scenario_view import View, occupant_view, room_view, view
from xavatar.errors import SandboxError
from xavatar.sandbox import _faces
from xavatar.sandbox._data import data_dir, picture
from xavatar.sandbox._faces import face
from xavatar.sandbox.load import load, names, planted
from xavatar.sandbox.scenario import Options, Scenario

VERONA = load("verona")

# A client's or a server's behaviour, which no content of a server can show.
NOT_CONTENT = {"A-28", "A-30", "A-31", "A-35"}
ANOMALIES = {f"A-{number:02}" for number in range(1, 38)} - NOT_CONTENT
RULES = {
    *(f"P84-{number:02}" for number in (*range(1, 19), 25)),
    *(f"P153-{number:02}" for number in (1, 3, 4, 5, 6, 9, 10, 12, 13, 14, 15, 16, 17)),
    *(f"P398-{number:02}" for number in (2, 3, 4, 7, 8)),
    *(f"P486-{number:02}" for number in (1, 3, 5, 7, 8, 9)),
    *("P54-01", "P60-01", "P60-02", "P60-03", "P163-01", "P292-01"),
}
COMMON = ("image/png", "image/gif", "image/jpeg")
EMPTY = hashlib.sha1(b"").hexdigest()
LARGE = 9400  # base64 characters up to which phones publish

# Each id by what it looks like in a server's content: written from the XEPs and DOMAIN 2, apart from the audit.
SHOWN: dict[str, Callable[[View], bool]] = {
    "A-01": lambda v: v.item_id == "current" and "current" in v.hashes,
    "A-02": lambda v: any(not v.is_sha1(info.get("id", "")) for info in v.infos),
    "A-03": lambda v: v.disabled and any(not v.is_sha1(each) for each in v.hashes),
    "A-04": lambda v: any(v.is_sha1(each) and each != each.strip().lower() for each in (*v.hashes, *v.ids)),
    "A-05": lambda v: any(v.format(each) not in ("png", None) for each in v.data.values()),
    "A-06": lambda v: "P84-10" in v.lies,
    "A-07": lambda v: any(mime and v.mime(data) not in (mime, None) for mime, data in v.labelled),
    "A-08": lambda v: any(photo.bytes and photo.type is None for photo in v.photos),
    "A-09": lambda v: any("url" not in info and info.get("id") not in v.data for info in v.infos),
    "A-10": lambda v: v.items > 1,
    "A-11": lambda v: v.purged and v.vcard is not None and not v.photos,
    "A-12": lambda v: v.disabled and any(photo.bytes for photo in v.photos),
    "A-13": lambda v: v.announces and not any(photo.bytes or photo.url for photo in v.photos),
    "A-14": lambda v: v.own and any(model != "open" for model in v.access),
    "A-15": lambda v: any(v.is_sha1(each) and each not in v.photo_ids for each in v.hashes),
    "A-16": lambda v: any(url.startswith("http") for url in v.urls),
    "A-17": lambda v: any(len(data) * 4 / 3 > LARGE for data in v.pictures),
    "A-18": lambda v: any(not v.decodes(data) for data in v.data.values()),
    "A-19": lambda v: bool(v.bad_base64),
    "A-20": lambda v: EMPTY in v.hashes and any(photo.bytes == b"" for photo in v.photos),
    "A-21": lambda v: any(photo.url and photo.bytes is None for photo in v.photos),
    "A-22": lambda v: bool(v.photo_ids) and bool(v.data_ids) and not v.photo_ids & v.data_ids,
    "A-23": lambda v: len({each.strip().lower() for each in v.hashes}) > 1,
    "A-24": lambda v: bool(v.hashes & v.known),
    "A-25": lambda v: v.refuses_queries,
    "A-26": lambda v: any(fault.on in ("metadata", "any") and fault.kind in ("error", "silence") for fault in v.faults),
    "A-27": lambda v: v.borrowed_nick,
    "A-29": lambda v: v.updates > 1,
    "A-32": lambda v: any(v.has_gps(data) for data in v.pictures),
    "A-33": lambda v: any(v.frames(data) > 1 or v.format(data) == "svg" for data in v.pictures),
    "A-34": lambda v: v.domain.endswith(".globe.lit"),
    "A-36": lambda v: v.contact and bool(v.photo_ids) and not v.items and not v.faults,
    "A-37": lambda v: bool(v.photo_ids) and bool(v.hashes) and not v.hashes & v.photo_ids,
    "P84-01": lambda v: any(v.sha1(data) != each.lower() for each, data in v.data.items()),
    "P84-02": lambda v: bool(v.infos) and v.item_id not in v.ids,
    "P84-03": lambda v: SHOWN["A-09"](v),
    "P84-04": lambda v: SHOWN["A-05"](v),
    "P84-05": lambda v: any("\n" in text for text in v.data_texts),
    "P84-06": lambda v: v.data_attributes,
    "P84-07": lambda v: any({"bytes", "id", "type", "width", "height"} - set(info) for info in v.infos),
    "P84-08": lambda v: "P84-08" in v.lies,
    "P84-09": lambda v: "P84-09" in v.lies,
    "P84-10": lambda v: "P84-10" in v.lies,
    "P84-11": lambda v: any(not info.get("type", "image/").startswith(("image/", "video/")) for info in v.infos),
    "P84-12": lambda v: bool(v.infos) and all(info.get("type") != "image/png" for info in v.infos),
    "P84-13": lambda v: len(v.data) > 1,
    "P84-14": lambda v: any(not url.startswith(("http:", "https:")) for url in v.urls),
    "P84-15": lambda v: v.info_content,
    "P84-16": lambda v: v.pointer_wrong,
    "P84-17": lambda v: "stop" in v.metadata_children,
    "P84-18": lambda v: v.metadata_disorder,
    "P84-25": lambda v: bool(v.infos) and any(fault.on == "disco" for fault in v.faults),
    "P153-01": lambda v: any(not v.is_sha1(each) for each in v.hashes) and not v.disabled,
    "P153-03": lambda v: v.silent_resources > 0,
    "P153-04": lambda v: v.not_ready,
    "P153-05": lambda v: v.denies and bool(v.photo_ids or v.infos),
    "P153-06": lambda v: v.not_ready and bool(v.photo_ids),
    "P153-09": lambda v: v.own and v.silent_resources > 0,
    "P153-10": lambda v: v.own and bool(v.hashes - v.data_ids),
    "P153-12": lambda v: any(photo.url or photo.type not in (*COMMON, None) for photo in v.photos),
    "P153-13": lambda v: any(photo.bytes and not v.small(photo.bytes) for photo in v.photos),
    "P153-14": lambda v: any(photo.bytes and v.format(photo.bytes) in ("svg", "webp") for photo in v.photos),
    "P153-15": lambda v: any("*" in photo.text for photo in v.photos),
    "P153-16": lambda v: any(photo.bytes and photo.type and v.mime(photo.bytes) != photo.type for photo in v.photos),
    "P153-17": lambda v: SHOWN["A-15"](v) and bool(v.photo_ids),
    "P398-02": lambda v: SHOWN["A-21"](v) and any("url" not in info for info in v.infos),
    "P398-03": lambda v: bool(v.photos) and any("width" not in info for info in v.infos),
    "P398-04": lambda v: v.domain == VERONA.domain and v.silent_resources > 0,
    "P398-07": lambda v: "open" not in v.access and bool(v.infos) and not v.photo_ids,
    "P398-08": lambda v: SHOWN["A-24"](v),
    "P486-01": lambda v: v.room is not None and not v.room.vcards,
    "P486-03": lambda v: SHOWN["P486-01"](v),
    "P486-05": lambda v: v.room is not None and bool(v.room.hashes) and not v.photo_ids & set(v.room.hashes or ()),
    "P486-07": lambda v: v.room is not None and SHOWN["P153-14"](v),
    "P486-08": lambda v: v.room is not None and len(v.photos) > 1,
    "P486-09": lambda v: v.room is not None and v.room.legacy_presence,
    "P54-01": lambda v: any(fault.on == "vcard" and fault.condition == "item-not-found" for fault in v.faults),
    "P60-01": lambda v: v.refused,
    "P60-02": lambda v: not v.exists,
    "P60-03": lambda v: SHOWN["A-14"](v),
    "P163-01": lambda v: v.refused,
    "P292-01": lambda v: v.vcard4_photo,
}


def views(scenario: Scenario) -> dict[str, View]:
    """Return what each account, room and occupant shows, by JID."""
    known = (each for each in scenario.accounts if each.subscription is not None or each.jid == scenario.user)
    shown = {account.jid: view(account, scenario) for account in known}
    for room in scenario.rooms:
        shown[room.jid] = room_view(room)
        for occupant in room.occupants:
            shown[f"{room.jid}/{occupant.nick}"] = occupant_view(occupant, room, scenario)
    return shown


VIEWS = views(VERONA)
PLANTED = planted(VERONA)


def test_verona_plants_every_anomaly_and_rule_a_server_can_show() -> None:
    assert {each for _, each in PLANTED} == ANOMALIES | RULES
    assert set(SHOWN) == ANOMALIES | RULES


@pytest.mark.parametrize(("jid", "identity"), PLANTED)
def test_what_is_planted_is_really_there(jid: str, identity: str) -> None:
    assert SHOWN[identity](VIEWS[jid])


@pytest.mark.parametrize("jid", [jid for jid in VIEWS if not any(jid == other for other, _ in PLANTED)])
def test_who_plants_nothing_shows_nothing(jid: str) -> None:
    assert [identity for identity, shown in SHOWN.items() if shown(VIEWS[jid])] == []


def test_verona_has_people_in_order_and_says_why_each_is_there() -> None:
    right = [account for account in VERONA.accounts if not account.plants and account.subscription == "both"]
    assert sum(bool(account.nodes and account.vcard) for account in right) >= 4
    assert all(account.note for account in VERONA.accounts)
    assert len({account.name for account in VERONA.accounts}) == len(VERONA.accounts)


@cache
def loaded(name: str) -> Scenario:
    return load(name)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "campus" else []) for name in names()]
)
def test_every_scenario_loads_with_a_user_who_can_log_in(name: str) -> None:
    scenario = loaded(name)
    user = scenario.account(scenario.user)
    assert user.password == f"pw-{user.jid.partition('@')[0]}"
    assert user.subscription is None
    assert scenario.title
    assert scenario.description


def test_the_pair_can_both_log_in_and_have_no_avatar_yet() -> None:
    pair = load("pair").accounts
    assert len(pair) == 2
    assert all(account.password and not account.nodes and account.vcard is None for account in pair)


@pytest.fixture
def campus() -> Scenario:
    return loaded("campus")


@pytest.mark.slow
def test_campus_is_large_quick_and_always_the_same(campus: Scenario) -> None:
    started = time.process_time()
    again = load("campus")
    assert time.process_time() - started < patience(3)
    assert again == campus
    assert len(campus.accounts) == 2001
    odd = [account for account in campus.accounts if account.plants]
    assert 0.05 < len(odd) / len(campus.accounts) < 0.35


@pytest.mark.slow
def test_campus_plants_what_is_really_there(campus: Scenario) -> None:
    shown, pairs = views(campus), planted(campus)
    assert [pair for pair in pairs if not SHOWN[pair[1]](shown[pair[0]])] == []
    quiet = shown.keys() - {jid for jid, _ in pairs}
    assert [(jid, key) for jid in quiet for key, test in SHOWN.items() if test(shown[jid])] == []


@pytest.mark.parametrize("side", [48, 64, 80])
def test_faces_are_small_sound_and_different(side: int, tmp_path: Path) -> None:
    faces = [face(number * 7919, side) for number in range(40)]
    assert len({each.sha1 for each in faces}) == 40
    for each in faces:
        assert 2000 < len(each.content) < 8000
        (tmp_path / "face.png").write_bytes(each.content)
        with Image.open(tmp_path / "face.png") as image:
            image.load()
            assert image.size == (side, side)
            assert len(image.convert("RGB").getcolors(10_000) or []) > 5


def test_a_face_is_drawn_in_the_colours_of_its_number() -> None:
    """Beside Pillow: the same drawing in full colour, four pixels to one."""
    look, (skin, hair, cloth, back) = _faces._traits(7919)
    drawn = _faces._drawn(look, 2 * 64)
    ink, white = (59, 42, 42), (255, 255, 255)
    parts = (back, _faces._mix(back, white), skin, _faces._mix(skin, ink), hair, cloth, ink)
    drawn.putpalette([level for part in parts for level in part])
    wanted = np.asarray(drawn.convert("RGB").reduce(2), int)
    found = np.asarray(Image.open(io.BytesIO(face(7919, 64).content)).convert("RGB"), int)
    assert np.abs(found - wanted).max() <= 1


def test_the_pictures_stay_below_a_megabyte() -> None:
    assert sum(path.stat().st_size for path in (data_dir() / "pictures").iterdir()) < 1_000_000


HEAD = 'domain = "a.lit"\nrooms-domain = "rooms.a.lit"\n[user]\njid = "me@a.lit"\npassword = "pw-me"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("domain = ", "cannot be read"),
        (HEAD.replace("domain", "demesne", 1), "`domain` is missing"),
        (HEAD.replace('password = "pw-me"', ""), "me@a.lit needs a password"),
        ('typo = 1\n' + HEAD, "unknown key `typo`"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\nphotos = "x"', "contact 1 (b@a.lit): unknown key `photos`"),
        (HEAD + '[[contact]]\nname = "B"', "`jid` is missing"),
        (HEAD + '[[contact]]\njid = "B@a.lit"', "lower case"),
        (HEAD + '[[contact]]\njid = "a.lit"', "must be a bare JID"),
        (HEAD + '[[contact]]\njid = "me@a.lit"', "me@a.lit is there twice"),
        (HEAD + '[[contact]]\njid = "b@c.lit"\npassword = "x"', "only accounts at a.lit can log in"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\npicture = "nobody.png"', "(b@a.lit): There is no picture 'nobody.png'"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\npicture = "../draw.py"', "There is no picture"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\npicture = 3', "`picture` must be str, not 3"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\npresence = "injct"', "`presence` is 'injct'"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\npresence = "hash"', "hash (with a picture or photo)"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\nvcard = "<vCard>"', "not well-formed"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\nvcard = "{sha2:romeo.png}"', "'{sha2:romeo.png}' is none of sha1"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\naccess = "public"', "`access` must be one of open"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\nsubscription = "all"', "`subscription` must be one of"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\nplants = "huge"', "'huge', which is no id"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\n[[contact.fault]]\nkind = "rain"', "fault 1: `kind` must be one of"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\n[[contact.fault]]\nkind = "error"', "needs `condition` and `type`"),
        (HEAD + '[[contact]]\njid = "b@a.lit"\n[[contact.fault]]\nkind = "delay"', "needs `seconds`"),
        (HEAD + '[[room]]\njid = "r@a.lit"', "must lie at `rooms-domain`"),
        (HEAD + '[[room]]\njid = "r@rooms.a.lit"\nowner = "x@a.lit"', "x@a.lit is no account"),
        (
            HEAD + '[[room]]\njid = "r@rooms.a.lit"\n' + '[[room.occupant]]\nnick = "n"\njid = "me@a.lit"\n' * 2,
            "two occupants called 'n'",
        ),
        (HEAD + "[crowd]\nseed = 'x'", "`given` is missing"),
    ],
)  # fmt: skip
def test_a_scenario_that_cannot_be_used_says_what_and_where(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(SandboxError) as raised:
        load(path)
    assert words in str(raised.value)
    assert "mine.toml" in str(raised.value)


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"no scenario 'padua'; take campus, pair, verona"):
        load("padua")
    with pytest.raises(SandboxError, match="no scenario"):
        load(tmp_path / "absent.toml")


def test_shorthands_expand_to_a_correct_avatar(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        HEAD.replace("[user]", "[options]\nconversion = false\nforbid-unknown = false\n[user]")
        + '[[contact]]\njid = "b@a.lit"\nname = "B & C"\n'
        + 'picture = "romeo.png"\nphoto = "romeo.png"\npresence = "hash"\n'
    )
    scenario = load(str(path))
    assert scenario.options == Options(conversion=False, forbid_unknown=False)
    shown = view(scenario.account("b@a.lit"), scenario)
    romeo = picture("romeo.png")
    assert shown.data == {romeo.sha1: romeo.content}
    assert shown.infos == [
        {"id": romeo.sha1, "bytes": str(len(romeo.content)), "type": "image/png", "width": "96", "height": "96"}
    ]
    assert shown.item_id == romeo.sha1
    assert shown.photo_ids == shown.hashes == {romeo.sha1}
    assert "<FN>B &amp; C</FN>" in (scenario.account("b@a.lit").vcard or "")
