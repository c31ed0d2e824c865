"""The HTML report: sound, self-contained, safe, small."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import xavatar.report
from tests.unit.audit_samples import NOON, facts, info, pep, photo, presence, reading, snapshot, vcard
from tests.unit.report_samples import open_images, roster
from xavatar.audit import Audit
from xavatar.model import Kind, Status, Subject
from xavatar.report.faces import wall
from xavatar.report.html import groups
from xavatar.report.plots import Bar, bars, stacked
from xavatar.report.rows import contacts

EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'\u202e"
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """A page's elements; complains about tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(audit: Audit) -> Page:
    return Page(xavatar.report.render(audit))


def test_a_full_report_holds_together() -> None:
    with open_images() as memory:
        shown = page(Audit.of(roster(memory, 60)))
    ids = [attributes["id"] for _, attributes in shown.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {(link["href"] or "").removeprefix("#") for link in shown.all("a")}
    assert targets <= set(ids)
    labels = {attributes["aria-labelledby"] for _, attributes in shown.elements if "aria-labelledby" in attributes}
    assert labels <= set(ids)
    assert len(shown.all("svg")) == 6
    # What stands beside its names needs none of its own.
    assert all(image["alt"] or image["width"] == "48" for image in shown.all("img"))
    assert all(drawing["aria-label"] for drawing in shown.all("svg"))


def test_nothing_is_fetched_and_nothing_runs() -> None:
    with open_images() as memory:
        shown = page(Audit.of(roster(memory, 60)))
    assert not {"script", "link", "iframe", "object", "embed", "form"} & {tag for tag, _ in shown.elements}
    assert all((image["src"] or "").startswith("data:image/webp;base64,") for image in shown.all("img"))
    assert all((link["href"] or "").startswith("#") for link in shown.all("a"))
    assert not any(name.startswith("on") for _, attributes in shown.elements for name in attributes)
    (policy,) = (meta["content"] for meta in shown.all("meta") if "http-equiv" in meta)
    assert "default-src 'none'" in (policy or "")


def test_words_from_the_wire_stay_words() -> None:
    who = Subject(f"{EVIL}@x.lit", Kind.CONTACT, name=EVIL)
    declared = info(id=EVIL, mime=EVIL, item_id=EVIL, url=f"https://{EVIL}/")
    found = facts(error=EVIL, exif_tags=(EVIL,), has_exif=True)
    hostile = snapshot(
        pep(reading(declared, found), who=who, problems=(f"P84-18 {EVIL}", f"{EVIL} {EVIL}")),
        vcard(status=Status.FORBIDDEN, who=who, condition=EVIL, text=EVIL),
        presence(EVIL, who=who, resource=EVIL),
    )
    text = xavatar.report.render(Audit.of(hostile))
    shown = Page(text)
    assert not shown.all("script")
    assert all("onerror" not in image for image in shown.all("img"))
    assert any("<script>alert(1)</script>" in words for words in shown.words)
    assert "\u202e" not in text


def test_a_report_of_nobody_says_so() -> None:
    shown = page(Audit.of(snapshot()))
    assert any("Nobody was looked at" in words for words in shown.words)
    assert not shown.all("svg")


def test_an_incomplete_collection_is_told_at_the_top() -> None:
    shown = page(Audit.of(snapshot(pep(), complete=False)))
    assert any("Incomplete" in words for words in shown.words)


def test_what_could_not_be_seen_is_told() -> None:
    closed = snapshot(pep(status=Status.FORBIDDEN), vcard(status=Status.TIMEOUT))
    told = " ".join(page(Audit.of(closed)).words)
    assert "PEP of 1 subject: closed to this account." in told
    assert "vCard of 1 subject: gave no answer in time." in told
    assert "1 subject sent no presence here" in told
    sound = snapshot(pep(), vcard(), presence())
    assert "Everything that was asked for was answered." in " ".join(page(Audit.of(sound)).words)


@pytest.mark.slow
def test_two_thousand_contacts_stay_small(tmp_path: Path) -> None:
    with open_images() as memory:
        target = Audit.of(roster(memory, 2000)).report(tmp_path / "audit.html")
    assert 500_000 < target.stat().st_size < 5_000_000


def test_pictures_keep_to_their_budget() -> None:
    with open_images() as memory:
        people = contacts(Audit.of(roster(memory, 60)))
        whole, part = wall(people), wall(people, budget=20_000)
    assert whole.left_out == 0
    assert sum(len(face.uri or "") for face in part.faces) <= 20_000
    assert part.left_out == sum(bool(a.uri) and not b.uri for a, b in zip(whole.faces, part.faces, strict=True)) > 0


def test_findings_with_the_same_words_are_told_once() -> None:
    who = [Subject(f"c{number}@x.lit", Kind.CONTACT) for number in range(5)]
    audit = Audit.of(snapshot(*(presence("current", who=each) for each in who)))
    (group,) = groups(audit)
    assert [(len(told.jids), told.message) for told in group.told] == [(5, "Presence advertises “current”.")]
    (group,) = groups(audit, most=2)
    assert (group.subjects, group.more, len(group.told[0].jids)) == (5, 3, 2)


def test_declared_and_real_are_marked_where_they_differ() -> None:
    lying = snapshot(pep(reading(info(mime="image/webp", nbytes=1, width=5), facts())), vcard(photo(mime="image/PNG")))
    (contact,) = contacts(Audit.of(lying))
    first, second = contact.lines
    assert [part.words for part in first.real if part.wrong] == ["PNG", "3.9 KiB", "64 × 64"]
    assert not any(part.wrong for part in second.real)


def test_bars_show_numbers_and_keep_in_the_frame() -> None:
    drawn = Page(bars("Sizes", [Bar("<big>", 1000, "bad"), Bar("small", 1, "good"), Bar("none", 0)], total=1001))
    widths = [float(rect["width"] or 0) for rect in drawn.all("rect")]
    (drawing,) = drawn.all("svg")
    assert widths == sorted(widths, reverse=True)
    assert widths[1] >= 2
    assert widths[2] == 0
    assert drawing["aria-label"] == "Sizes. <big>: 1,000 (100%), small: 1 (0%), none: 0 (0%)"
    frame = [int(number) for number in (drawing["viewbox"] or "").split()]
    assert all(float(rect["x"] or 0) + float(rect["width"] or 0) <= frame[2] for rect in drawn.all("rect"))


def test_stacked_parts_fill_their_row() -> None:
    drawn = Page(stacked("Answers", [("PEP", [Bar("ok", 3, "good"), Bar("none", 1, "dim")]), ("vCard", [])]))
    first, second = drawn.all("rect")
    assert float(second["x"] or 0) - float(first["x"] or 0) == pytest.approx(
        3 * (float(second["width"] or 0) + 1), abs=1
    )
    assert "vCard: not asked" in (drawn.all("svg")[0]["aria-label"] or "")


def test_the_notebook_display_is_whole_too() -> None:
    with open_images() as memory:
        text = Audit.of(roster(memory, 30))._repr_html_()
    assert Page(text).all("table")
    assert len(Page(text).all("tr")) <= 7, "the worst only"
    assert ".diagnose(jid)" in text
    assert len(text) < 6000
    assert not re.search(r"https?://|<script", text)
    assert NOON.strftime("%Y-%m-%d") in text
