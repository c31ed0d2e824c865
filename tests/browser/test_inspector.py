"""The inspector: its page with the real class behind it, and a sandbox behind that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

import xavatar as xa
from tests.browser.axe import faults
from tests.browser.blank import Blank
from tests.browser.people import EVIL, TURNED, crowd, one, picture
from xavatar.errors import ConfigError, QueryTimeout, StoreError
from xavatar.frames import frame
from xavatar.model import Finding, Severity, Source
from xavatar.widgets import Inspector

Make = Callable[..., Blank]
DRAWN = (
    "() => document.querySelector('.xav-sheet') && [...document.querySelectorAll('.xav img')].every((one) => one.src)"
)


@pytest.fixture(scope="module")
def session() -> Iterator[xa.Session]:
    with xa.connect(sandbox="verona") as opened:
        yield opened


def shown(blank: Make, inspector: Inspector, threads: str = "main", theme: str = "light") -> Blank:
    here = blank(threads, theme)
    here.show(inspector)
    here.page.wait_for_function(DRAWN)
    return here


@pytest.mark.parametrize("threads", ["main", "subshell"])
def test_asking_anew(blank: Make, session: xa.Session, threads: str) -> None:
    inspector = session.inspector("hamlet@elsinore.lit")
    here = shown(blank, inspector, threads)
    told = "P153-01", "Presence advertises something that is not a hash", "A contact with a modern client (PEP)"
    for words in told:
        expect(here.page.get_by_text(words).first).to_be_visible()
    before = inspector.diagnosis
    here.page.get_by_role("button", name="Refresh").click()
    here.until(lambda: inspector.diagnosis is not before, "another diagnosis")
    before = inspector.diagnosis
    here.page.get_by_text("questions and answers").click()
    stanza = here.page.locator(".xav-xml", has_text="urn:xmpp:avatar:metadata").first
    stanza.wait_for()
    here.page.get_by_text("Asking the server").wait_for(state="detached")
    here.page.get_by_role("button", name="Refresh").click()  # what is unfolded stays so
    here.until(lambda: inspector.diagnosis is not before, "a third diagnosis")
    stanza.wait_for()


def test_an_audit_is_enough(blank: Make, session: xa.Session) -> None:
    """Without a session nothing is asked anew; an audit still diagnoses."""
    inspector = Inspector(session.audit(progress=False), "romeo@montague.lit")
    here = shown(blank, inspector)
    expect(here.page.get_by_role("button", name="Refresh")).to_be_disabled()
    here.page.get_by_role("button", name="Diagnose").click()
    here.page.get_by_role("region", name="Diagnosis").wait_for()
    assert inspector.diagnosis is not None
    inspector.jid = "hamlet@elsinore.lit"
    here.page.get_by_role("heading", name="Hamlet").wait_for()
    expect(here.page.get_by_role("region", name="Diagnosis")).to_have_count(0)
    with pytest.raises(ConfigError, match=r"s\.inspector"):
        inspector.refresh()
    with pytest.raises(ConfigError, match="nobody@nowhere"):
        inspector.jid = "nobody@nowhere.lit"


@pytest.mark.parametrize(
    ("size", "wanted", "native"), [((300, 150), [32, 48, 96], (256, 128)), ((40, 80), [32, 40, 40], (40, 80))]
)
def test_sizes(blank: Make, size: tuple[int, int], wanted: list[int], native: tuple[int, int]) -> None:
    """P84-21: nothing is scaled up; what is not square fills a square."""
    outcome, kept = one(0, picture(0, *size))
    here = shown(blank, Inspector(frame([outcome]), pictures=dict([kept])))
    boxes = [image.bounding_box() for image in here.page.locator(".xav-on-dark .xav-round img").all()]
    assert [(box["width"], box["height"]) for box in boxes if box] == [(side, side) for side in wanted]
    whole = here.page.locator(".xav-on-light td[rowspan] img").bounding_box()
    assert whole is not None
    assert (whole["width"], whole["height"]) == native
    assert here.page.evaluate("""() => [...document.querySelectorAll(".xav-ladder img")].every((image) =>
        Math.min(image.naturalWidth, image.naturalHeight) >= Math.min(image.clientWidth, image.clientHeight))""")


def test_the_file_is_saved_as_published(blank: Make, tmp_path: Path) -> None:
    outcome, (sha1, data) = one(0, picture(0))
    inspector = Inspector(frame([outcome]), pictures={sha1: data})
    here = shown(blank, inspector)
    with here.page.expect_download() as download:
        here.page.get_by_role("button", name="Save image").click()
    assert download.value.suggested_filename == "user0@verona.lit.png"
    assert Path(download.value.path()).read_bytes() == data
    assert inspector.save(tmp_path / "face.png").read_bytes() == data
    gone = Inspector(frame([outcome]), pictures={})
    with pytest.raises(StoreError, match="not at hand"):
        gone.save(tmp_path / "none.png")


def test_hostile_text_is_text(blank: Make) -> None:
    outcome, kept = one(0, picture(0), EVIL)
    finding = Finding("A-01", Severity.ERROR, "user0@verona.lit", Source.PEP, EVIL + TURNED, EVIL)
    here = shown(blank, Inspector(frame([outcome]), pictures=dict([kept]), findings=[finding]))
    assert here.page.title() == "Widgets"
    expect(here.page.locator("main script, main img[src=x]")).to_have_count(0)
    expect(here.page.get_by_role("heading", name=EVIL)).to_be_visible()
    expect(here.page.get_by_text("\ufffdevil\ufffdname")).to_be_visible()


def test_what_fails_is_told(blank: Make) -> None:
    outcome, kept = one(0, picture(0))

    def ask(jid: str) -> Future[Any]:
        answer: Future[Any] = Future()
        answer.set_exception(QueryTimeout(jid, "PEP metadata"))
        return answer

    inspector = Inspector(frame([outcome]), pictures=dict([kept]), ask=ask)
    here = shown(blank, inspector)
    here.page.get_by_role("button", name="Refresh").click()
    here.page.get_by_role("alert").get_by_text("PEP metadata of user0@verona.lit").wait_for()
    assert inspector.busy == ""


def test_a_closed_session(blank: Make) -> None:
    here = blank()
    with xa.connect(sandbox="pair") as session:
        inspector = session.inspector(session.jid.partition("/")[0])
        here.show(inspector)
    here.page.get_by_role("button", name="Refresh").click()
    here.page.get_by_role("alert").get_by_text("is closed. Open a new one").wait_for()


def test_somebody_without_a_picture(blank: Make) -> None:
    table, pictures = crowd(10)
    here = blank()
    inspector = Inspector(table, "user9@mantua.lit", pictures=pictures)
    here.show(inspector)
    here.page.get_by_role("img", name="no avatar of Romeo 0009 to show").wait_for()
    expect(here.page.get_by_role("button", name="Save image")).to_be_disabled()
    inspector.jid = "user0@verona.lit"
    here.page.get_by_role("img", name="avatar of Juliet 0000").wait_for()
    inspector.close()
    here.page.wait_for_function("() => document.querySelector('.xav') === null")
    here.page.wait_for_function("() => notebook.unrevoked() === 0")


@pytest.mark.parametrize("theme", ["light", "dark", "bare"])
def test_accessibility(blank: Make, session: xa.Session, theme: str) -> None:
    here = shown(blank, session.inspector("hamlet@elsinore.lit"), theme=theme)
    here.page.get_by_text("questions and answers").click()
    assert faults(here.page) == []
