"""Every rule: a case that breaks it, and one that keeps it."""

from __future__ import annotations

import pytest

from tests.unit.audit_samples import (
    GOOD,
    JULIET,
    OCCUPANT,
    OTHER,
    ROOM,
    SELF,
    case,
    facts,
    info,
    pep,
    photo,
    presence,
    reading,
    sha1,
    vcard,
)  # fmt: skip
from xavatar.audit import RULES, Case, Face, Surroundings
from xavatar.audit.judge import cases, judge
from xavatar.audit.limits import Limits
from xavatar.frames.agreement import EMPTY_SHA1
from xavatar.model import ImageFacts, Kind, Outcome, Reading, Severity, Source, Status, Subject

SOUND = case(pep(), vcard(), presence())
JPEG = {"format": "jpeg", "mime": "image/jpeg"}
UUID = "2f6d3a50-9d0e-4a08-9f51-3d3a3f1b8e77"


def broken(*readings: Reading, **rest: object) -> Case:
    return case(pep(*readings, **rest))


def url(address: str) -> Case:
    return broken(reading(), reading(info(url=address, info_index=1), status=Status.SKIPPED))


def own(*presences: Outcome) -> Case:
    return case(pep(who=SELF), *presences)


EXAMPLES: dict[str, tuple[Case, Case]] = {
    "P84-01": (broken(reading(info(), facts(OTHER))), broken(reading(info(id=GOOD.upper()), facts()))),
    "P84-08": (broken(reading(info(mime="image/jpeg"), facts(OTHER, **JPEG))), broken(reading(info(), facts(OTHER)))),
    "P84-02": (broken(reading(info(item_id="current"), facts())), broken(reading(info(item_id=GOOD.upper()), facts()))),
    "A-02": (broken(reading(info(id=UUID, item_id=UUID), facts())), broken(reading(info(id=f" {GOOD}"), facts()))),
    "P153-01": (case(pep(), presence("current")), case(pep(status=Status.DISABLED), presence("current"))),
    "A-03": (case(pep(status=Status.DISABLED), presence(UUID)), case(pep(), presence(UUID))),
    "A-04": (case(pep(), presence(f"{GOOD.upper()}\n")), case(pep(), presence(UUID))),
    "A-20": (case(pep(), presence(EMPTY_SHA1)), case(pep(), presence(OTHER))),
    "P84-03": (broken(reading(status=Status.EMPTY)), broken(reading(info(url="https://a.lit/b"), status=Status.EMPTY))),
    "P84-07": (broken(reading(info(mime=None), facts())), broken(reading(info(mime=""), facts()))),
    "P84-04": (broken(reading(info(), facts(**JPEG))), broken(reading(info(), facts(format="apng")))),
    "P84-12": (
        broken(reading(info(mime="image/jpeg"), facts(**JPEG))),
        broken(reading(info(mime=" IMAGE/PNG"), facts())),
    ),
    "P84-11": (broken(reading(info(mime="png"), facts())), broken(reading(info(mime="video/mp4"), facts()))),
    "A-07": (case(vcard(photo(facts(**JPEG)))), case(vcard(photo(facts(**JPEG), mime="image/jpg")))),
    "P84-09": (broken(reading(info(nbytes=3999), facts())), broken(reading(info(nbytes=None), facts()))),
    "P84-10": (broken(reading(info(width=65), facts())), broken(reading(info(width=None), facts()))),
    "P84-13": (
        broken(reading(), reading(info(id=OTHER, info_index=1), facts(OTHER, dhash="f0f0f0f0f0f0f0f0"))),
        broken(reading(), reading(info(id=OTHER, info_index=1), facts(OTHER, dhash="0f0f0f0f0f0f0f0e"))),
    ),
    "A-10": (
        broken(reading(), reading(info(item_id=OTHER), facts())),
        broken(reading(), reading(info(info_index=1), facts())),
    ),
    "A-17": (broken(reading(info(), facts(nbytes=80_000))), broken(reading(info(), facts(nbytes=7050)))),
    "P153-13": (case(vcard(photo(facts(width=97)))), case(vcard(photo(facts(width=96, height=96, nbytes=8191))))),
    "A-18": (
        broken(reading(info(), facts(width=20000, height=20000, nbytes=1_200_000))),
        broken(reading(info(), facts(width=1900, height=1900, nbytes=20_000))),
    ),
    "A-19": (broken(reading(status=Status.MALFORMED)), broken(reading(status=Status.TIMEOUT))),
    "P153-14": (case(vcard(photo(facts(format="webp")))), case(vcard(photo(facts(format="gif"))))),
    "P153-12": (case(vcard(photo(mime="image/webp"))), case(vcard(photo(mime="image/svg+xml"), who=ROOM))),
    "A-08": (case(vcard(photo(mime=None))), case(vcard(photo(mime=None, url="https://a.lit/b")))),
    "A-21": (case(vcard(photo(url="https://a.lit/b"))), case(vcard(photo(facts(), url="https://a.lit/b")))),
    "P486-05": (case(vcard(who=ROOM), presence(OTHER, who=ROOM)), case(vcard(who=ROOM), presence(who=ROOM))),
    "P486-01": (
        case(vcard(status=Status.NOT_FOUND, condition="service-unavailable", who=ROOM)),
        case(vcard(status=Status.NOT_FOUND, condition="service-unavailable")),
    ),
    "P486-08": (case(vcard(photo(), photo(info_index=1), who=ROOM)), case(vcard(who=ROOM))),
    "P486-09": (case(presence(who=ROOM, resource=None)), case(presence(who=ROOM, resource="disco#info"))),
    "P84-14": (url("file:///etc/passwd"), url("http://a.lit/b.png")),
    "A-16": (url("https://a.lit/b.png"), url("ftp://a.lit/b.png")),
    "A-32": (broken(reading(info(), facts(has_gps=True, has_exif=True))), broken(reading(info(), facts(has_icc=True)))),
    "A-33": (broken(reading(info(), facts(frames=12))), broken(reading(info(), facts(frames=None)))),
    "A-24": (
        case(vcard(who=OCCUPANT), around=Surroundings(own=frozenset({GOOD}))),
        case(vcard(), around=Surroundings(own=frozenset({GOOD}))),
    ),
    "P153-03": (case(presence(status=Status.UNSUPPORTED)), case(presence(status=Status.UNAVAILABLE))),
    "P153-05": (
        case(pep(), presence(status=Status.EMPTY)),
        case(pep(status=Status.NOT_FOUND), presence(status=Status.EMPTY)),
    ),
    "P153-04": (
        case(presence(status=Status.UNAVAILABLE, condition="not-ready")),
        case(presence(status=Status.UNAVAILABLE, condition="offline")),
    ),
    "A-23": (
        case(presence(), presence(status=Status.EMPTY, resource="laptop")),
        case(presence(), presence(GOOD.upper(), resource="laptop")),
    ),
    "P153-10": (
        own(presence(who=SELF), presence(OTHER, resource="laptop", who=SELF)),
        case(presence(), presence(OTHER, resource="laptop")),
    ),
    "P153-09": (
        own(presence(who=SELF), presence(status=Status.UNSUPPORTED, resource="bot", who=SELF)),
        case(pep(), presence(), presence(status=Status.UNSUPPORTED, resource="bot")),
    ),
    "A-22": (case(pep(), vcard(photo(facts(OTHER)))), case(pep(), vcard(), presence(OTHER))),
    "P153-17": (case(vcard(), presence(OTHER)), case(pep(), presence(OTHER))),
    "A-12": (case(pep(status=Status.DISABLED), vcard()), case(pep(status=Status.EMPTY), vcard())),
    "A-36": (case(pep(status=Status.NOT_FOUND), vcard()), case(pep(status=Status.FORBIDDEN), vcard())),
    "P398-07": (
        case(pep(), vcard(status=Status.NOT_FOUND)),
        case(pep(), vcard(status=Status.TIMEOUT)),
    ),
    "A-13": (
        case(pep(status=Status.FORBIDDEN), vcard(status=Status.EMPTY), presence()),
        case(pep(status=Status.FORBIDDEN), vcard(status=Status.TIMEOUT), presence()),
    ),
    "P163-01": (
        case(pep(status=Status.FORBIDDEN)),
        case(pep(status=Status.FORBIDDEN), around=Surroundings(frozenset({("capulet.lit", 5)}))),
    ),
    "A-26": (case(pep(status=Status.TIMEOUT)), case(pep(status=Status.NOT_FOUND))),
    "A-11": (
        case(pep(status=Status.EMPTY), vcard(status=Status.EMPTY)),
        case(pep(status=Status.NOT_FOUND), vcard(status=Status.EMPTY)),
    ),
    "A-27": (
        case(
            vcard(who=OCCUPANT), around=Surroundings(faces=(Face("x@a.lit", frozenset({"moon"}), frozenset({OTHER})),))
        ),
        case(
            vcard(who=OCCUPANT), around=Surroundings(faces=(Face("x@a.lit", frozenset({"moon"}), frozenset({GOOD})),))
        ),
    ),
    "A-34": (
        case(pep(), around=Surroundings(gateways=frozenset({("capulet.lit", 3, 1)}))),
        case(pep(), around=Surroundings(gateways=frozenset({("irc.capulet.lit", 3, 1)}))),
    ),
    "P398-03": (
        case(pep(reading(info(width=None, height=None), facts())), vcard()),
        case(pep(reading(info(width=None, height=None), facts())), vcard(photo(facts(OTHER)))),
    ),
    "P54-01": (
        case(vcard(status=Status.NOT_FOUND), around=Surroundings(older=frozenset({(JULIET.jid, 2)}))),
        case(vcard(status=Status.NOT_FOUND), around=Surroundings(older=frozenset({("nurse@capulet.lit", 2)}))),
    ),
    "A-25": (
        case(vcard(status=Status.FORBIDDEN, who=OCCUPANT), around=Surroundings(frozenset({(ROOM.jid, 5)}))),
        case(vcard(status=Status.FORBIDDEN, who=OCCUPANT)),
    ),
}


def broken_rules(subject: Case) -> set[str]:
    return {finding.rule for finding in judge([subject], RULES, {}, ())}


@pytest.mark.parametrize("key", EXAMPLES)
def test_a_rule_tells_the_breach_from_what_is_fine(key: str) -> None:
    breaking, keeping = EXAMPLES[key]
    assert key in broken_rules(breaking)
    assert key not in broken_rules(keeping)


def test_every_rule_has_its_examples() -> None:
    assert set(EXAMPLES) == {rule.id for rule in RULES.values() if rule.check}


def test_a_sound_avatar_breaks_no_rule() -> None:
    assert judge([SOUND], RULES, {}, ()) == ()


@pytest.mark.parametrize("key", [rule.id for rule in RULES.values() if rule.check is None])
def test_what_the_reader_noted_becomes_a_finding(key: str) -> None:
    (finding,) = judge([case(pep(problems=(f"{key} info 0 is odd",)))], RULES, {}, ())
    assert (finding.rule, finding.source, finding.message) == (key, Source.PEP, "Info 0 is odd.")
    assert finding.severity is RULES[key].severity


def test_a_note_under_another_id_of_the_rule_is_not_told_twice() -> None:
    noted = broken(reading(status=Status.EMPTY), problems=("A-09 no data", "P84-07 info 0 lacks type"))
    assert [finding.rule for finding in judge([noted], RULES, {}, ())] == ["P84-03", "P84-07"]


def test_an_unknown_note_is_told_all_the_same() -> None:
    (finding,) = judge([case(pep(problems=("Z-99 odd",)))], RULES, {}, ())
    assert (finding.rule, finding.severity) == ("Z-99", Severity.WARNING)


def test_a_number_that_is_none_is_not_called_missing() -> None:
    odd = broken(reading(info(width=None), facts()), problems=("P84-10 info 0 has width='wide'",))
    assert broken_rules(odd) == {"P84-10"}


@pytest.mark.parametrize(
    ("nbytes", "severity"),
    [(7050, None), (7051, Severity.INFO), (73_728, Severity.INFO), (73_729, Severity.WARNING),
     (187_500, Severity.WARNING), (187_501, Severity.ERROR), (300_000, Severity.ERROR)],
)  # fmt: skip
def test_the_ladder_of_sizes(nbytes: int, severity: Severity | None) -> None:
    found = judge([broken(reading(info(nbytes=nbytes), facts(nbytes=nbytes)))], RULES, {}, ())
    assert [finding.severity for finding in found if finding.rule == "A-17"] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("address", "severity"),
    [("https://a.lit/b.png", Severity.INFO), ("http://a.lit/b.png", Severity.WARNING)]
    + [(f"https://{host}/b.png", Severity.ERROR) for host in (
        "127.0.0.1", "10.1.2.3", "192.168.0.9", "169.254.169.254", "[::1]", "[fe80::1]", "[::ffff:10.0.0.1]",
        "localhost", "printer", "nas.local", "2130706433", "0x7f000001", "127.1", "[fd00::1]", "100.64.0.1")],
)  # fmt: skip
def test_where_an_address_leads(address: str, severity: Severity) -> None:
    found = judge([url(address)], RULES, {}, ())
    assert [finding.severity for finding in found if finding.rule == "A-16"] == [severity]


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:image/png;base64,AA", "https://", "http://[::1", "b.png"]
)
def test_an_address_that_is_none(address: str) -> None:
    assert "P84-14" in broken_rules(url(address))


def test_a_picture_that_is_gone_has_no_hash_to_compare() -> None:
    gone = case(pep(reading(status=Status.EMPTY)), vcard(photo(facts(OTHER))))
    assert broken_rules(gone) == {"P84-03"}


def test_unreadable_data_is_not_called_missing() -> None:
    assert broken_rules(broken(reading(status=Status.EMPTY), problems=("A-19 not base64",))) == {"A-19"}


@pytest.mark.parametrize(("found", "words"), [(None, "not fetched"), (facts(nbytes=2 << 20), "not kept")])
def test_what_a_session_does_not_take(found: ImageFacts | None, words: str) -> None:
    status = Status.SKIPPED if found is None else Status.OK
    big = broken(reading(info(nbytes=2 << 20), found, status, "over-limit"))
    assert [f.message for f in judge([big], RULES, {}, ())] == [f"2 MiB: {words}, more than this session takes."]


def test_who_was_not_asked_because_others_were_refused() -> None:
    skipped = case(pep(status=Status.SKIPPED, condition="breaker-open", text="10 refusals in a row."))
    (finding,) = judge([skipped], RULES, {}, ())
    assert (finding.rule, finding.message) == ("A-26", "PEP: not asked; 10 refusals in a row.")


def test_a_domain_that_refuses_everybody_is_told_as_one() -> None:
    subjects = [Subject(f"{name}@montague.lit", Kind.CONTACT) for name in ("romeo", "benvolio", "abraham")]
    found = cases([pep(status=Status.FORBIDDEN, who=who) for who in subjects], Limits())
    assert {finding.rule for finding in judge(found, RULES, {}, ())} == {"A-26"}
    found = cases([pep(status=Status.FORBIDDEN, who=who) for who in subjects[:2]], Limits())
    assert {finding.rule for finding in judge(found, RULES, {}, ())} == {"P163-01"}


def test_photos_that_differ_weigh_more() -> None:
    other = photo(facts(OTHER, dhash="f0f0f0f0f0f0f0f0"), info_index=1)
    found = judge([case(vcard(photo(), other, who=ROOM))], RULES, {}, ())
    assert [finding.severity for finding in found if finding.rule == "P486-08"] == [Severity.WARNING]


def test_a_room_that_refuses_everybody_is_told_of_the_room_too() -> None:
    people = [Subject(f"{ROOM.jid}/{nick}", Kind.OCCUPANT, nick=nick) for nick in "abc"]
    found = cases([vcard(who=ROOM), *(vcard(status=Status.FORBIDDEN, who=who) for who in people)], Limits())
    told = [finding for finding in judge(found, RULES, {}, ()) if finding.rule == "A-25"]
    assert [finding.jid for finding in told] == [ROOM.jid, *(who.jid for who in people)]


def test_oneself_is_found_in_a_room_with_the_help_of_another_snapshot() -> None:
    room = [vcard(who=OCCUPANT)]
    (finding,) = judge(cases(room, Limits(), [pep(who=SELF)]), RULES, {}, ())
    assert (finding.rule, finding.jid) == ("A-24", OCCUPANT.jid)
    assert judge(cases(room, Limits(), [pep(who=JULIET)]), RULES, {}, ()) == ()


def test_occupants_are_compared_with_others_only_on_request() -> None:
    outcomes = [pep(who=JULIET), vcard(who=OCCUPANT)]
    assert judge(cases(outcomes, Limits()), RULES, {}, ()) == ()
    (finding,) = judge(cases(outcomes, Limits(join_occupants=True)), RULES, {}, ())
    assert (finding.rule, finding.jid) == ("A-24", OCCUPANT.jid)
    assert JULIET.jid in finding.message


def test_words_from_the_wire_cannot_steer_a_terminal() -> None:
    evil = "\x9b31m\u202e\x1b]0;x\x07" + "x" * 500
    (finding,) = (f for f in judge([case(pep(), presence(evil))], RULES, {}, ()) if f.rule == "P153-01")
    assert finding.message.isprintable()
    assert len(finding.message) < 120


def test_one_hash_of_several_formats_is_enough_to_agree() -> None:
    two = pep(
        reading(),
        reading(info(id=OTHER, info_index=1, mime="image/webp"), facts(OTHER, format="webp", mime="image/webp")),
    )
    assert "A-22" not in broken_rules(case(two, vcard(photo(facts(OTHER, format="png")))))
    assert "A-22" in broken_rules(case(two, vcard(photo(facts(sha1("third"))))))


@pytest.mark.parametrize(
    ("error", "severity"),
    [
        (None, None),
        ("svg", None),
        ("trailing: 12 bytes", Severity.WARNING),
        ("truncated", Severity.ERROR),
        ("of another time", Severity.ERROR),
    ],
)
def test_pictures_that_do_not_decode(error: str | None, severity: Severity | None) -> None:
    found = judge([broken(reading(info(), facts(error=error)))], RULES, {}, ())
    assert [finding.severity for finding in found if finding.rule == "A-18"] == ([severity] if severity else [])


def test_svg_is_told_as_such() -> None:
    found = judge([broken(reading(info(), facts(format="svg", error="svg")))], RULES, {}, ())
    assert [finding.severity for finding in found if finding.rule == "A-33"] == [Severity.WARNING]


def test_contacts_behind_a_gateway_are_counted_together() -> None:
    there = [Subject(f"user{number}@telegram.globe.lit") for number in range(3)]
    found = cases([pep(who=there[0]), *(pep(status=Status.NOT_FOUND, who=who) for who in there[1:])], Limits())
    told = {finding.message for finding in judge(found, RULES, {}, ()) if finding.rule == "A-34"}
    assert told == {"telegram.globe.lit: 1 of 3 contacts there with a picture."}
    assert not {f for f in judge(cases([pep(who=JULIET)], Limits()), RULES, {}, ()) if f.rule == "A-34"}


def test_an_old_answer_is_told_once_for_each_domain() -> None:
    people = [Subject(f"user{number}@{domain}") for domain in ("a.lit", "b.lit") for number in range(4)]
    said = [vcard(status=Status.NOT_FOUND, condition="item-not-found", who=who) for who in people]
    told = [finding for finding in judge(cases(said, Limits()), RULES, {}, ()) if finding.rule == "P54-01"]
    assert [finding.jid for finding in told] == ["user0@a.lit", "user0@b.lit"]
    assert told[0].message == "a.lit says item-not-found of 4 contacts."


def test_a_borrowed_nickname_is_found_with_the_help_of_the_roster() -> None:
    moon = Subject("moon@sky.lit", name="Luna")
    for nick in ("moon", "LUNA"):
        who = Subject(f"{ROOM.jid}/{nick}", Kind.OCCUPANT, nick=nick)
        (occupant,) = cases([vcard(photo(facts(OTHER)), who=who)], Limits(), beside=[pep(who=moon)])
        assert "A-27" in broken_rules(occupant)
        (same,) = cases([vcard(who=who)], Limits(), beside=[pep(who=moon)])
        assert "A-27" not in broken_rules(same)


def test_nodes_of_a_domain_that_refuses_everybody_are_not_called_listed() -> None:
    people = [Subject(f"user{number}@padua.lit", subscription="both") for number in range(3)]
    listed = ("P84-25 the metadata node is listed by disco#items, and refused (forbidden)",)
    refused = [pep(status=Status.FORBIDDEN, who=who, problems=listed) for who in people]
    assert {finding.rule for finding in judge(cases(refused, Limits()), RULES, {}, ())} == {"A-26"}
    (alone,) = cases(refused[:1], Limits())
    assert "P84-25" in broken_rules(alone)


def test_an_occupants_client_has_no_name() -> None:
    silent = presence(status=Status.UNSUPPORTED, resource=None, who=OCCUPANT)
    (finding,) = judge([case(vcard(who=OCCUPANT), silent)], RULES, {}, ())
    assert (finding.rule, finding.message) == ("P153-03", "No XEP-0153 element from their client.")
